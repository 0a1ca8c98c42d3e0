"""The unit the swapper loads and unloads: a torch module, an ONNX session, an ncnn network …"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from engines import torch_setup
from engines.memory.device import Device, out_of_memory
from engines.weights import sizes
from errors import StudioError

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

Place = Literal["device", "host"]


class Component(Protocol):
    """Something that takes memory while it is loaded. Components with the same key are the same.

    ``bytes`` is the expected size, ``place`` the memory it counts against (the device's or main memory), ``note`` its
    display name. A component that is streamed to the device also has ``host_bytes``, its size in main memory.
    """

    key: str
    bytes: int
    place: Place
    note: str

    def load(self, device: Device) -> Any:
        """Load it. Raises StudioError if its files are missing or damaged."""

    def drop(self, model: Any) -> None:
        """Free what ``load`` returned."""


def measure_bytes(component: Component, model: Any) -> int:
    """Return the actual size of a loaded component: exact for torch modules, else the expected size, also if only some
    layers are on the device at a time."""
    whole = hasattr(model, "parameters") and hasattr(model, "buffers") and not host_bytes(component)
    return sizes.module_bytes(model) if whole else component.bytes


def host_bytes(component: Component) -> int:
    """Return the bytes of main memory that a component on the device takes in addition."""
    return getattr(component, "host_bytes", 0)


@contextmanager
def load_errors(path: Path) -> Iterator[None]:
    """Turn any library's error about a model file into one sentence: missing, no permission, damaged, or intact but of
    another architecture than its config says. Errors about memory and disks are raised unchanged."""
    if not path.exists():
        raise _missing(path)
    try:
        yield
    except StudioError:
        raise
    except FileNotFoundError as error:
        raise _missing(Path(error.filename) if error.filename else path) from error
    except PermissionError as error:
        raise StudioError(
            "no_access",
            f"The studio has no permission to read the model file {path.name}.",
            f"The account that runs the studio cannot read {path}.",
            "Give that account read access, then try again.",
            status=500,
        ) from error
    except Exception as error:
        # The libraries also raise their own OSError, without an errno, for invalid files.
        if out_of_memory(error) or (isinstance(error, OSError) and error.errno):
            raise
        message = f"{type(error).__name__}: {error}".replace(f"{path.parent}/", "")  # folders are only for the log
        log.warning("%s cannot be loaded", path, exc_info=error)
        if sizes.intact(path):
            raise _misfit(path, message) from error
        raise sizes.corrupt(path, message) from error


def _missing(path: Path) -> StudioError:
    return StudioError(
        "missing_model",
        f"The model file {path.name} is missing.",
        "It was moved or deleted, or its download did not finish.",
        "Download the model again on the Models page, then try again.",
        status=500,
    )


def _misfit(path: Path, message: str) -> StudioError:
    return StudioError(
        "unsupported_model",
        f"The model {path.name} cannot be loaded.",
        f"Its files are complete, but do not match the model class they are loaded as ({message.strip()[:200]}).",
        "Update the studio, or choose another model. Downloading it again does not help.",
        status=422,
    )


class OnnxSession:
    """An ONNX Runtime session on the CPU. ``load`` returns an ``onnxruntime.InferenceSession``."""

    place: Place = "host"

    def __init__(self, key: str, path: Path, note: str = "") -> None:
        self.key = key
        self.note = note
        self.bytes = sizes.file_bytes(path)
        self._path = path

    def load(self, device: Device) -> Any:
        with load_errors(self._path):
            import onnxruntime

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = torch_setup.threads()
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            options.log_severity_level = 4
            return onnxruntime.InferenceSession(str(self._path), options, providers=["CPUExecutionProvider"])

    def drop(self, model: Any) -> None:
        pass  # freed with its last reference


class NcnnNet:
    """An ncnn network on the CPU. ``load`` returns an ``ncnn.Net``."""

    place: Place = "host"

    def __init__(self, key: str, param: Path, bin: Path, note: str = "") -> None:
        self.key = key
        self.note = note
        self.bytes = 2 * sizes.file_bytes(bin)  # stored in half precision, run in float32
        self._param = param
        self._bin = bin

    def load(self, device: Device) -> Any:
        with load_errors(self._param), load_errors(self._bin):
            import ncnn

            net = ncnn.Net()
            net.opt.use_vulkan_compute = False
            net.opt.num_threads = torch_setup.threads()
            for path, load in ((self._param, net.load_param), (self._bin, net.load_model)):
                if load(str(path)) != 0:
                    raise sizes.corrupt(path, "ncnn cannot load it")
            return net

    def drop(self, model: Any) -> None:
        model.clear()


class TorchModule:
    """A torch module. ``build`` creates it on a device in a precision (None: that of its file)."""

    place: Place = "device"

    def __init__(
        self,
        key: str,
        build: "Callable[[torch.device, torch.dtype | None], torch.nn.Module]",
        bytes: int,
        note: str = "",
    ) -> None:
        self.key = key
        self.bytes = bytes
        self.note = note
        self._build = build

    @classmethod
    def from_safetensors(
        cls, key: str, path: Path, build: "Callable[[], torch.nn.Module]", note: str = ""
    ) -> "TorchModule":
        """Create a module of our own; the tensor names of its safetensors file must match exactly."""

        def load(device: "torch.device", dtype: "torch.dtype | None") -> "torch.nn.Module":
            import torch
            from safetensors.torch import load_file

            with load_errors(path):
                with torch.device("meta"):
                    module = build()
                module.load_state_dict(load_file(path), assign=True)
                return module.to(device=device, dtype=dtype)

        return cls(key, load, sizes.weight_bytes(path) if path.exists() else 0, note)

    def load(self, device: Device) -> Any:
        torch_setup.import_heavy()
        import torch

        name = device.dtype(self.bytes)
        dtype: torch.dtype | None = getattr(torch, name) if name else None
        return self._build(torch.device(device.torch), dtype).eval().requires_grad_(False)

    def drop(self, model: Any) -> None:
        # Frees the memory even if a hook or a traceback still refers to the module.
        model.to("meta")
