"""The API for scripts: REST under /api, and named endpoints for gradio_client."""
