"""The cast: characters, products, places and styles that any prompt can name with ``@``."""
