"""Decode and encode pictures, sounds, clips, subtitles and documents, and inspect uploads."""
