"""Recipes: chains of requests, each working on what an earlier one made; kept, run, looked at step by step."""
