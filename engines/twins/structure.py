"""Twins of Depth Anything and of RT-DETR with ViTPose. They find people in any picture."""

from pathlib import Path

import torch

from engines.twins.twin import Twin


def save_depth(folder: Path) -> None:
    """Save a Depth Anything with its image processor."""
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config, DPTImageProcessor

    seeing = Dinov2Config(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        mlp_ratio=2,
        image_size=56,
        patch_size=14,
        out_features=["stage1", "stage2", "stage3", "stage4"],
        reshape_hidden_states=False,
        apply_layernorm=True,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(31)
        model = DepthAnythingForDepthEstimation(
            DepthAnythingConfig(
                backbone_config=seeing,
                reassemble_hidden_size=16,
                neck_hidden_sizes=[4, 8, 16, 16],
                fusion_hidden_size=8,
                head_hidden_size=4,
            )
        )
    with torch.no_grad():
        model.head.conv3.bias.fill_(1.0)  # otherwise everything is infinitely far away
    model.save_pretrained(folder)
    DPTImageProcessor(
        size={"height": 56, "width": 56}, keep_aspect_ratio=True, ensure_multiple_of=14, resample=3
    ).save_pretrained(folder)


def save_pose(folder: Path) -> None:
    """Save a ViTPose and its person detector, which are two repositories."""
    _detector(folder / "detector")
    _pose(folder / "pose")


def _detector(folder: Path) -> None:
    from transformers import RTDetrConfig, RTDetrForObjectDetection, RTDetrImageProcessor, RTDetrResNetConfig

    seeing = RTDetrResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 8, 16, 16],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    config = RTDetrConfig(
        backbone_config=seeing,
        encoder_hidden_dim=16,
        encoder_in_channels=[8, 16, 16],
        encoder_ffn_dim=16,
        encoder_attention_heads=2,
        d_model=16,
        num_queries=4,
        decoder_in_channels=[16, 16, 16],
        decoder_ffn_dim=16,
        decoder_layers=2,
        decoder_attention_heads=2,
        id2label={0: "person", 1: "chair"},
    )
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(32)
        model = RTDetrForObjectDetection(config)
        for layer in model.model.decoder.class_embed:
            layer.bias.copy_(torch.tensor([3.0, -3.0]))  # everything is a person
    model.save_pretrained(folder)
    RTDetrImageProcessor(size={"height": 64, "width": 64}).save_pretrained(folder)


def _pose(folder: Path) -> None:
    from transformers import VitPoseBackboneConfig, VitPoseConfig, VitPoseForPoseEstimation, VitPoseImageProcessor

    seeing = VitPoseBackboneConfig(
        image_size=(64, 48), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, out_indices=[2]
    )
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(33)
        model = VitPoseForPoseEstimation(VitPoseConfig(backbone_config=seeing, num_labels=17, use_simple_decoder=True))
        model.head.conv.weight.normal_()
        model.head.conv.bias.fill_(1.0)  # full confidence in every joint
    model.save_pretrained(folder)
    VitPoseImageProcessor(size={"height": 64, "width": 48}).save_pretrained(folder)


TWINS = {"depth-anything": Twin(save_depth), "vitpose": Twin(save_pose)}
"""The twins by their names in entries."""
