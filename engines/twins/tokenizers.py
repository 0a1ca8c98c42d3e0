"""Tokenizers of the real classes over a vocabulary of single bytes: no file needed, every text fits."""

from typing import Any


def byte_letters() -> list[str]:
    """The printable letter that byte-level tokenizers write for each byte value, in order."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    spare = iter(range(256, 512))
    return [chr(value if value in printable else next(spare)) for value in range(256)]


def clip_tokenizer(length: int = 77) -> Any:
    """A CLIPTokenizer with 514 words: each byte, each byte that ends a word, start and end of the text."""
    from transformers import CLIPTokenizer

    letters = byte_letters()
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={word: id for id, word in enumerate(words)}, merges=[], model_max_length=length)


QWEN_MARKS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
"""The marks of a Qwen vocabulary; in the twins' they follow the 256 bytes."""

_QWEN_CHAT = """{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content -%}
{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part.text }}{% endif -%}
{% endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def qwen_tokenizer(length: int = 4096) -> Any:
    """A Qwen2Tokenizer with 263 words: each byte, and the marks of a conversation with pictures."""
    from transformers import Qwen2Tokenizer

    words = [*byte_letters(), *QWEN_MARKS]
    tokenizer = Qwen2Tokenizer(vocab={word: id for id, word in enumerate(words)}, merges=[], model_max_length=length)
    tokenizer.add_special_tokens({"additional_special_tokens": list(QWEN_MARKS[1:]), "eos_token": "<|im_end|>"})
    tokenizer.chat_template = _QWEN_CHAT
    return tokenizer
