"""IFNet of RIFE 4: optical flow from an intermediate time to both frames, refined from coarse to fine.

Four blocks process the two frames at increasingly fine scales, warped by the flow so far. Each block adds to the flow
(two vectors per pixel, one to each frame) and to the mask that blends the two warped frames. Attribute names are those
of the published weights.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

MULTIPLE = 64
"""Sides must be multiples of this: the coarsest scale (16) times the stride of a block (4)."""

_SCALES = (8, 4, 2, 1)
_LARGE_MOTION = 32.0
"""If the second block changes both flows by more pixels than this, estimation restarts at half the resolution."""


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1), nn.PReLU(outputs))


def _resize(x: Tensor, factor: float) -> Tensor:
    return functional.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


class FlowBlock(nn.Module):
    """Estimates flow and mask, or changes to them, at one scale."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.conv0 = nn.Sequential(_conv(inputs, width // 2, 2), _conv(width // 2, width, 2))
        self.convblock = nn.Sequential(*(_conv(width, width) for _ in range(8)))
        self.lastconv = nn.ConvTranspose2d(width, 5, 4, 2, 1)

    def forward(self, x: Tensor, flow: Tensor | None, scale: int) -> tuple[Tensor, Tensor]:
        """Return the changes to flow (in pixels) and mask; ``scale`` is the factor by which the input is reduced."""
        x = _resize(x, 1 / scale)
        if flow is not None:
            x = torch.cat((x, _resize(flow, 1 / scale) / scale), 1)
        features = self.conv0(x)
        out = _resize(self.lastconv(self.convblock(features) + features), 2 * scale)
        return out[:, :4] * (2 * scale), out[:, 4:]


class IFNet(nn.Module):
    """Interpolates a frame between two frames."""

    def __init__(self) -> None:
        super().__init__()
        self.block0 = FlowBlock(7, 192)
        self.block1 = FlowBlock(12, 128)
        self.block2 = FlowBlock(12, 96)
        self.block3 = FlowBlock(12, 64)

    def forward(self, first: Tensor, second: Tensor, moment: float, coarser: int = 1) -> Tensor:
        """Return the frame at ``moment`` (0 is the first frame, 1 the second).

        Frames are [batch, 3, height, width] in 0..1, with sides that are multiples of MULTIPLE. ``coarser`` 2 estimates
        the flow at half the resolution, for frames much larger than HD.
        """
        time = torch.full_like(first[:, :1], moment)
        scales = [scale * coarser for scale in _SCALES]
        flow, mask = self.block0(torch.cat((first, second, time), 1), None, scales[0])
        flow_step, mask_step = self._step(1, first, second, time, flow, mask, scales)
        if coarser == 1 and min(flow_step[:, :2].abs().max(), flow_step[:, 2:].abs().max()) > _LARGE_MOTION:
            return self.forward(first, second, moment, coarser=2)
        for index in (2, 3):
            flow, mask = flow + flow_step, mask + mask_step
            flow_step, mask_step = self._step(index, first, second, time, flow, mask, scales)
        flow, mask = flow + flow_step, torch.sigmoid(mask + mask_step)
        return warp(first, flow[:, :2]) * mask + warp(second, flow[:, 2:]) * (1 - mask)

    def _step(
        self, index: int, first: Tensor, second: Tensor, time: Tensor, flow: Tensor, mask: Tensor, scales: Sequence[int]
    ) -> tuple[Tensor, Tensor]:
        block = (self.block0, self.block1, self.block2, self.block3)[index]
        features = torch.cat((warp(first, flow[:, :2]), warp(second, flow[:, 2:]), time, mask), 1)
        out: tuple[Tensor, Tensor] = block(features, flow, scales[index])
        return out


def warp(frame: Tensor, flow: Tensor) -> Tensor:
    """Return the frame sampled at each pixel displaced by ``flow`` (x, y in pixels); the border repeats its edge."""
    height, width = frame.shape[2:]
    y = torch.linspace(-1, 1, height, device=frame.device, dtype=frame.dtype)
    x = torch.linspace(-1, 1, width, device=frame.device, dtype=frame.dtype)
    at_x = x[None, None, :] + flow[:, 0] * (2 / (width - 1))
    at_y = y[None, :, None] + flow[:, 1] * (2 / (height - 1))
    grid = torch.stack((at_x, at_y), 3)
    out: Tensor = functional.grid_sample(frame, grid, mode="bilinear", padding_mode="border", align_corners=True)
    return out
