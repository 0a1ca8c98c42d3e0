"""Storybook: a small picture model of our own, from drawn scenes to weights."""
