"""Finish clips for editing programs and clients, without a model.

``deliver`` runs a request from start to finish, ``writer`` writes a file; ``formats`` are the file formats, ``picture``
the filters that every frame passes, ``timing`` chooses the frames.
"""
