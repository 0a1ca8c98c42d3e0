"""The samples that come with the studio: pictures of presets and looks, and voices. ``python -m tools.samples`` makes
them again with the starter models."""
