"""LoRAs: recognize files, find the models they are for, and read their weights."""
