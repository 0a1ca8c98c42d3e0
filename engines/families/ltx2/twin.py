"""The twins of LTX-2 and LTX-2.3."""

from pathlib import Path
from typing import Any

from engines.twins import parts
from engines.twins.parts import scale_weights
from engines.twins.tokenizers import gemma_tokenizer
from engines.twins.twin import SHORT, Twin

_TEXT, _LAYERS = 16, 2
"""Width and number of Gemma's layers."""
_HEADS, _HEAD, _AUDIO_HEAD = 2, 8, 4
"""Attention heads, and their width in the streams of the picture and of the sound."""
_LATENT, _AUDIO_LATENT = 8, 2
"""Latent channels."""
_MEL, _CHANNELS = 8, 2
"""Bins of a spectrogram, and its channels: left and right."""
_SMALL_RESNETS = {"resnet_kernel_sizes": [3], "resnet_dilations": [[1, 3, 5]]}
"""Settings of the vocoders."""


def save_20(folder: Path) -> None:
    """Save LTX-2: one text projection for both streams, and a vocoder of 24 kHz."""
    parts.save(lambda: _pipeline(_transformer(), _connectors(), _vocoder()), folder)


def save_23(folder: Path) -> None:
    """Save LTX-2.3: a text projection for each stream, gated attention, and a vocoder that widens its band to 48 kHz.
    Its config says that blocks can skip their attention."""
    adaptive = {"gated_attn": True, "cross_attn_mod": True, "audio_gated_attn": True, "audio_cross_attn_mod": True}
    transformer = {**adaptive, "use_prompt_embeddings": False, "perturbed_attn": True}
    connectors = {
        "video_gated_attn": True,
        "audio_gated_attn": True,
        "audio_connector_attention_head_dim": _AUDIO_HEAD,
        "per_modality_projections": True,
        "video_hidden_dim": _HEADS * _HEAD,
        "audio_hidden_dim": _HEADS * _AUDIO_HEAD,
        "proj_bias": True,
    }
    parts.save(lambda: _pipeline(_transformer(**transformer), _connectors(**connectors), _wide_vocoder()), folder)


def _pipeline(transformer: Any, connectors: Any, vocoder: Any) -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler, LTX2Pipeline

    return LTX2Pipeline(
        tokenizer=gemma_tokenizer(),
        text_encoder=_gemma(),
        connectors=connectors,
        vae=_autoencoder(),
        audio_vae=_audio_autoencoder(),
        vocoder=scale_weights(vocoder),
        scheduler=FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True, base_shift=0.95, max_shift=2.05, base_image_seq_len=1024, shift_terminal=0.1
        ),
        transformer=scale_weights(transformer),
    )


def _gemma() -> Any:
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    text = {
        "vocab_size": 400,
        "hidden_size": _TEXT,
        "intermediate_size": 32,
        "num_hidden_layers": _LAYERS,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
        "max_position_embeddings": 2048,
        "sliding_window": 64,
    }
    vision = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 32,
        "patch_size": 8,
    }
    marks = {"image_token_index": 5, "boi_token_index": 6, "eoi_token_index": 7}
    return Gemma3ForConditionalGeneration(
        Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4, **marks)
    )


def _connectors(**more: Any) -> Any:
    from diffusers.pipelines.ltx2 import LTX2TextConnectors

    stream = {"num_attention_heads": _HEADS, "attention_head_dim": _HEAD, "num_layers": 1}
    stream["num_learnable_registers"] = 32
    settings = {f"{kind}_connector_{name}": value for kind in ("video", "audio") for name, value in stream.items()}
    return LTX2TextConnectors(
        caption_channels=_TEXT,
        text_proj_in_factor=_LAYERS + 1,
        rope_type="split",
        rope_double_precision=False,
        **(settings | more),
    )


def _transformer(**more: Any) -> Any:
    from diffusers import LTX2VideoTransformer3DModel

    return LTX2VideoTransformer3DModel(
        in_channels=_LATENT,
        out_channels=_LATENT,
        num_attention_heads=_HEADS,
        attention_head_dim=_HEAD,
        cross_attention_dim=_HEADS * _HEAD,
        audio_in_channels=_AUDIO_LATENT * _MEL // 4,
        audio_out_channels=_AUDIO_LATENT * _MEL // 4,
        audio_num_attention_heads=_HEADS,
        audio_attention_head_dim=_AUDIO_HEAD,
        audio_cross_attention_dim=_HEADS * _AUDIO_HEAD,
        num_layers=2,
        caption_channels=_TEXT,
        rope_type="split",
        rope_double_precision=False,
        **more,
    )


def _autoencoder() -> Any:
    from diffusers import AutoencoderKLLTX2Video

    return AutoencoderKLLTX2Video(
        latent_channels=_LATENT,
        block_out_channels=(8,) * 4,
        decoder_block_out_channels=(8, 16, 32),
        layers_per_block=(1,) * 5,
        decoder_layers_per_block=(1,) * 4,
        decoder_causal=False,
        spatial_compression_ratio=32,
        temporal_compression_ratio=8,
    )


def _audio_autoencoder() -> Any:
    from diffusers import AutoencoderKLLTX2Audio

    return AutoencoderKLLTX2Audio(
        base_channels=_AUDIO_LATENT * _MEL // 4,
        output_channels=_CHANNELS,
        ch_mult=(1, 1, 1),
        num_res_blocks=1,
        in_channels=_CHANNELS,
        resolution=32,
        latent_channels=_AUDIO_LATENT,
        mel_bins=_MEL,
    )


def _vocoder() -> Any:
    from diffusers.pipelines.ltx2 import LTX2Vocoder

    return LTX2Vocoder(in_channels=_CHANNELS * _MEL, hidden_channels=32, **_SMALL_RESNETS)


def _wide_vocoder() -> Any:
    from diffusers.pipelines.ltx2 import LTX2VocoderWithBWE

    return LTX2VocoderWithBWE(
        in_channels=_CHANNELS * _MEL,
        hidden_channels=64,
        bwe_in_channels=_CHANNELS * _MEL,
        bwe_hidden_channels=32,
        num_mel_channels=_MEL,
        **_SMALL_RESNETS,
        **{f"bwe_{name}": value for name, value in _SMALL_RESNETS.items()},
    )


_CHANGES = {**SHORT, "options": {"text_tokens": 128, "stg_blocks": [1]}}
TWINS = {"ltx-2": Twin(save_20, _CHANGES), "ltx-2.3": Twin(save_23, _CHANGES)}
"""The twins by the name that entries use."""
