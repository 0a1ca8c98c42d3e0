"""Generate and edit pictures from prompts.

``generate`` runs a request from start to finish, ``inputs`` opens and crops its pictures, and ``composite`` merges a
model's changes into the original picture. ``engines.diffusion`` runs the models.
"""
