"""Models, pipelines and media. Engines know requests and files, and nothing about users."""
