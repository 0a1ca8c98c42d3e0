"""The model families, one folder each: ``family.py``, ``detect.yaml``, ``twin.py``, ``entries/*.yaml``.

``engines.catalog.family_folders`` finds them; there is no list to maintain.
"""
