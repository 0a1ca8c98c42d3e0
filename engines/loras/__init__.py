"""LoRAs: what a file of one is told by, which models it is for, and how its weights are read."""
