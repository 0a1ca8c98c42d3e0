"""The library: assets, their provenance, and projects."""
