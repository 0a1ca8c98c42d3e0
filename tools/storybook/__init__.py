"""Storybook: the studio's own small picture model, from drawn scenes to weights."""
