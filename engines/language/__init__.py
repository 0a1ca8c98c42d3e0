"""Writing with language models: on the processor (llama), in torch, or on an Ollama server.

``sight`` says what a model can see at once, ``budget`` fits a conversation into it, a module a runtime writes.
"""
