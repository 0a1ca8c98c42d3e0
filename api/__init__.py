"""What scripts see: REST under /api, and named endpoints for gradio_client."""
