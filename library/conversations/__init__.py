"""Conversations with language models, kept with the project."""
