"""Upscaling, frame interpolation, background removal and style transfer."""
