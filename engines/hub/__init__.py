"""Download, recognize, add and remove models, from the Hugging Face hub or from local files."""

from engines.hub.download_task import fetch_model
from engines.hub.lora_download import fetch_lora

__all__ = ["fetch_lora", "fetch_model"]
