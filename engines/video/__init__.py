"""Generate clips from prompts and pictures.

``generate`` runs a request from start to finish; ``first_frame`` generates the first frame for models that can only
animate pictures. ``engines.diffusion`` runs the models, as it does for pictures.
"""
