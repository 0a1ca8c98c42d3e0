"""Write with language models: on the CPU (llama.cpp), in torch, or on an Ollama server.

``context_length`` finds how many tokens a model takes at once, ``context_window`` fits a conversation into them, and
there is one module for each runtime.
"""
