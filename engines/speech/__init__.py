"""Text to speech: a text is cut into phrases, each is spoken, and they are joined as a person would breathe."""

from engines.speech.speaking import speak

__all__ = ["speak"]
