"""The cast: characters, products, places and styles that any prompt may name with ``@``."""
