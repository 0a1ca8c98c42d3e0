"""GGUF files of facsimiles: the weights of twins, with the names and metadata of the published files.

Every quantization is stored with 8 bits per weight here: types like Q4_K_S use blocks of 256 weights, and the rows of a
twin have fewer.
"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gguf

from tests.engines.weights import gguf_files

if TYPE_CHECKING:
    import torch

_WRITER: dict[str, Any] = {
    "vocab_size": 264,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
}
"""A Qwen2 with random weights; its tokens are single bytes and special tokens."""


def painter(weights: "dict[str, torch.Tensor]", architecture: str) -> bytes:
    """A GGUF file of a denoiser, with tensors only."""
    return _written(weights, architecture, lambda writer: None)


def writer(architecture: str) -> bytes:
    """A GGUF file of a Qwen2, the only architecture of a language model here, with tokenizer and chat template."""
    assert architecture == "qwen2"
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    from engines.twins.tokenizers import QWEN_MARKS, byte_letters, qwen_tokenizer

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = Qwen2ForCausalLM(Qwen2Config(**_WRITER))
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN2, model.config.num_hidden_layers)
    weights = {str(names.get_name(name, (".weight", ".bias"))): one for name, one in model.state_dict().items()}

    def describe(file: gguf.GGUFWriter) -> None:
        file.add_context_length(model.config.max_position_embeddings)
        file.add_embedding_length(model.config.hidden_size)
        file.add_block_count(model.config.num_hidden_layers)
        file.add_feed_forward_length(model.config.intermediate_size)
        file.add_head_count(model.config.num_attention_heads)
        file.add_head_count_kv(model.config.num_key_value_heads)
        file.add_layer_norm_rms_eps(model.config.rms_norm_eps)
        words = [*byte_letters(), *QWEN_MARKS, "ab"]
        marks = [gguf.TokenType.CONTROL] * len(QWEN_MARKS)
        file.add_tokenizer_model("gpt2")
        file.add_tokenizer_pre("qwen2")
        file.add_token_list(words)
        file.add_token_types([*[gguf.TokenType.NORMAL] * 256, *marks, gguf.TokenType.NORMAL])
        file.add_token_merges(["a b"])
        file.add_eos_token_id(words.index("<|im_end|>"))
        file.add_chat_template(qwen_tokenizer().chat_template)

    return _written(weights, architecture, describe)


def _written(weights: "dict[str, torch.Tensor]", architecture: str, describe: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        arrays = {name: tensor.float().numpy() for name, tensor in weights.items()}
        return gguf_files.write(Path(folder) / "file.gguf", architecture, arrays, describe=describe).read_bytes()
