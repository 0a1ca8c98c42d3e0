"""What was made and from what: assets, provenance, projects."""
