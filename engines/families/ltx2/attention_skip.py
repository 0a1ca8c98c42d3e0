"""Let an LTX-2 transformer skip the self-attention of single blocks, which spatio-temporal guidance is made of."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def attention_skip(transformer: Any) -> Iterator[None]:
    """Let the blocks of a transformer skip their self-attention when they are asked to, for the duration of the block.

    LTX-2.3's repository says in its config that they can. LTX-2's does not, although its makers use the same guidance:
    its blocks would silently ignore it, and the pass that it takes would change nothing.
    """
    from diffusers.models.transformers.transformer_ltx2 import LTX2PerturbedAttnProcessor

    blocks = [block for block in transformer.transformer_blocks if not block.perturbed_attn]
    processors = {attention: attention.processor for block in blocks for attention in (block.attn1, block.audio_attn1)}
    for attention in processors:
        attention.set_processor(LTX2PerturbedAttnProcessor())
    for block in blocks:
        block.perturbed_attn = True
    try:
        yield
    finally:
        for attention, processor in processors.items():
            attention.set_processor(processor)
        for block in blocks:
            block.perturbed_attn = False
