"""Making and changing pictures with models that read words.

``making`` leads a request through; ``families`` knows what is peculiar to each kind of model; the other modules each
do one thing on the way: open pictures, remember what words mean to an encoder, add LoRAs, put changes back in place.
"""
