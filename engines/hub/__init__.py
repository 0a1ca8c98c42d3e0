"""Models from the Hugging Face hub and from elsewhere: fetched, recognised, entered in the catalog, removed."""

from engines.hub.loras import fetch_lora
from engines.hub.task import fetch_model

__all__ = ["fetch_lora", "fetch_model"]
