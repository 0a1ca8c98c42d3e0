"""Conversations: what was asked of a language model and what it said, kept with the project."""
