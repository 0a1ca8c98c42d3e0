"""What does the work: models, pipelines, media. Knows requests and files; knows nothing of users."""
