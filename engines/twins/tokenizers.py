"""Tokenizers of the real classes with a vocabulary of single bytes: they need no file and can encode any text."""

from typing import Any


def byte_letters() -> list[str]:
    """Return the printable characters that byte-level tokenizers use for the byte values, in order."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    spare = iter(range(256, 512))
    return [chr(value if value in printable else next(spare)) for value in range(256)]


def clip_tokenizer(length: int = 77) -> Any:
    """Return a CLIPTokenizer with 514 tokens: each byte, each byte that ends a word, start and end of text."""
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
"""The special tokens of a Qwen vocabulary; in the twins, they follow the 256 bytes."""

_QWEN_CHAT = """{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content -%}
{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part.text }}{% endif -%}
{% endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def qwen_tokenizer(length: int = 4096) -> Any:
    """Return a Qwen2Tokenizer with 263 tokens: each byte, and the special tokens of a conversation with pictures."""
    from transformers import Qwen2Tokenizer

    words = [*byte_letters(), *QWEN_MARKS]
    tokenizer = Qwen2Tokenizer(vocab={word: id for id, word in enumerate(words)}, merges=[], model_max_length=length)
    tokenizer.add_special_tokens({"additional_special_tokens": list(QWEN_MARKS[1:]), "eos_token": "<|im_end|>"})
    tokenizer.chat_template = _QWEN_CHAT
    return tokenizer


def t5_tokenizer(length: int = 512, extra: int = 100) -> Any:
    """Return a T5Tokenizer with 99 single-character pieces and ``extra`` sentinels; UMT5 uses it too."""
    import string

    from transformers import T5Tokenizer

    letters = [(letter, -3.0) for letter in string.ascii_letters + string.digits + string.punctuation]
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -2.0), *letters]
    return T5Tokenizer(vocab=pieces, extra_ids=extra, model_max_length=length)


def llama_tokenizer() -> Any:
    """Return a LlamaTokenizer with a token for each byte and each printable character."""
    import string

    from transformers import LlamaTokenizer

    marks = ["<unk>", "<s>", "</s>"]
    letters = ["\u2581", *string.ascii_letters, *string.digits, *string.punctuation, "\n"]
    words = [*marks, *(f"<0x{byte:02X}>" for byte in range(256)), *letters]
    return LlamaTokenizer(vocab={word: id for id, word in enumerate(words)}, merges=[])


def gemma_tokenizer() -> Any:
    """Return a GemmaTokenizer with a token for each byte and each printable character; it pads on the left."""
    import string

    from transformers import GemmaTokenizer

    marks = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    letters = ["\u2581", *string.ascii_letters, *string.digits, *string.punctuation, "\n"]
    words = [*marks, *(f"<0x{byte:02X}>" for byte in range(256)), *letters]
    return GemmaTokenizer(vocab={word: id for id, word in enumerate(words)}, merges=[], padding_side="left")


def pixtral_tokenizer() -> Any:
    """Return the fast tokenizer of a Mistral vision model, with 263 tokens: its special tokens and each byte."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    marks = ["<unk>", "<s>", "</s>", "<pad>", *PIXTRAL_MARKS]
    words = Tokenizer(models.BPE(vocab={word: id for id, word in enumerate([*marks, *byte_letters()])}, merges=[]))
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        padding_side="left",
        additional_special_tokens=list(PIXTRAL_MARKS),
    )


PIXTRAL_MARKS = ("[IMG]", "[IMG_BREAK]", "[IMG_END]")
"""The special tokens of a picture; their ids in the twins' vocabulary start at 4."""
