"""The network of TransNet V2, with the tensor names of the published weights."""

import torch
from torch import nn
from torch.nn import functional

HEIGHT, WIDTH = 27, 48
"""The size in px that frames are scaled to."""

_FILTERS = (16, 32, 64)
_DILATIONS = (1, 2, 4, 8)
_NEIGHBORS = 101
"""Each frame is compared with the 50 before and after it."""


class TransNetV2(nn.Module):
    """Returns how likely a clip cuts after each of its frames."""

    def __init__(self) -> None:
        super().__init__()
        inputs = (3, *(4 * filters for filters in _FILTERS[:-1]))
        self.SDDCNN = nn.ModuleList(map(_Stack, inputs, _FILTERS))
        self.frame_sim_layer = _FrameSimilarity()
        self.color_hist_layer = _ColorSimilarity()
        self.fc1 = nn.Linear(4 * _FILTERS[-1] * 3 * 6 + 2 * 128, 1024)
        self.cls_layer1 = nn.Linear(1024, 1)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Return a number from 0 to 1 for each frame of uint8 [count, HEIGHT, WIDTH, 3]."""
        x = frames.permute(3, 0, 1, 2)[None].to(self.fc1.weight.dtype) / 255
        features = []
        for stack in self.SDDCNN:
            x = stack(x)
            features.append(x)
        each = x.permute(0, 2, 3, 4, 1).flatten(2)
        x = torch.cat([self.color_hist_layer(frames), self.frame_sim_layer(features), each], dim=2)
        return torch.sigmoid(self.cls_layer1(functional.relu(self.fc1(x))))[0, :, 0]


class _Stack(nn.Module):
    def __init__(self, inputs: int, filters: int) -> None:
        super().__init__()
        self.DDCNN = nn.ModuleList([_Dilated(inputs, filters), _Dilated(4 * filters, filters)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = functional.relu(self.DDCNN[0](x))
        return functional.avg_pool3d(functional.relu(self.DDCNN[1](first)) + first, (1, 2, 2))


class _Dilated(nn.Module):
    """Convolutions that look at frames 1, 2, 4 and 8 away."""

    def __init__(self, inputs: int, filters: int) -> None:
        super().__init__()
        for dilation in _DILATIONS:
            self.add_module(f"Conv3D_{dilation}", _Convolution(inputs, filters, dilation))
        self.bn = nn.BatchNorm3d(4 * filters, eps=1e-3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = [self.get_submodule(f"Conv3D_{dilation}")(x) for dilation in _DILATIONS]
        normalized: torch.Tensor = self.bn(torch.cat(parts, dim=1))
        return normalized


class _Convolution(nn.Module):
    """A convolution in space, then one in time."""

    def __init__(self, inputs: int, filters: int, dilation: int) -> None:
        super().__init__()
        space = nn.Conv3d(inputs, 2 * filters, (1, 3, 3), padding=(0, 1, 1), bias=False)
        time = nn.Conv3d(
            2 * filters, filters, (3, 1, 1), dilation=(dilation, 1, 1), padding=(dilation, 0, 0), bias=False
        )
        self.layers = nn.Sequential(space, time)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        changed: torch.Tensor = self.layers(x)
        return changed


class _FrameSimilarity(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.projection = nn.Linear(4 * sum(_FILTERS), 128)
        self.fc = nn.Linear(_NEIGHBORS, 128)

    def forward(self, features: list[torch.Tensor]) -> torch.Tensor:
        x = torch.cat([feature.mean(dim=(3, 4)) for feature in features], dim=1).transpose(1, 2)
        return functional.relu(self.fc(_similarities(self.projection(x))))


class _ColorSimilarity(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(_NEIGHBORS, 128)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Compare the histograms of frames of uint8 in 8 × 8 × 8 colors."""
        red, green, blue = (frames.flatten(1, 2).long() >> 5).unbind(dim=2)
        bins = (red << 6) + (green << 3) + blue
        histograms = torch.zeros(len(frames), 512, dtype=self.fc.weight.dtype, device=frames.device)
        histograms.scatter_add_(1, bins, torch.ones_like(bins, dtype=histograms.dtype))
        return functional.relu(self.fc(_similarities(histograms[None])))


def _similarities(x: torch.Tensor) -> torch.Tensor:
    """Return how similar each of the vectors [1, count, size] is to its neighbors, as [1, count, _NEIGHBORS]."""
    x = functional.normalize(x, dim=2)
    padded = functional.pad(x @ x.transpose(1, 2), (_NEIGHBORS // 2, _NEIGHBORS // 2))
    count = x.shape[1]
    columns = torch.arange(count, device=x.device)[:, None] + torch.arange(_NEIGHBORS, device=x.device)
    return padded.gather(2, columns[None])
