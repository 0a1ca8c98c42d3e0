"""Making clips with models that read words.

``making`` leads a request through; ``families`` knows what is peculiar to each kind of model. What clips share with
pictures (reading words, parts, LoRAs, watching the steps) is done by ``engines.image``.
"""
