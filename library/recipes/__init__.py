"""Recipes: chains of requests that build on earlier results; saved, run and reviewed step by step."""
