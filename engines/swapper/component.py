"""The unit the swapper keeps and drops: a torch module, an onnx session, an ncnn network …"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from engines import runtime
from engines.swapper import sizes
from engines.swapper.device import Device, out_of_memory
from errors import StudioError

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

Place = Literal["device", "host"]


class Component(Protocol):
    """Something that takes memory while it is loaded. Components with the same key are one.

    ``bytes`` is what it is expected to take, ``place`` whose memory it counts against (the device's, or the main
    memory beside it), ``note`` how a person would call it. One that is streamed to the device also says what it takes
    of the main memory, as ``beside_bytes``.
    """

    key: str
    bytes: int
    place: Place
    note: str

    def load(self, device: Device) -> Any:
        """Bring it in. Raises StudioError where its files are missing or damaged."""

    def drop(self, model: Any) -> None:
        """Let go of what ``load`` gave."""


def measured(component: Component, model: Any) -> int:
    """What a loaded component really takes: exact for torch modules, else (also where only layers of it are on the
    device at a time) what was expected."""
    whole = hasattr(model, "parameters") and hasattr(model, "buffers") and not beside(component)
    return sizes.module_bytes(model) if whole else component.bytes


def beside(component: Component) -> int:
    """Bytes that a component on the device takes of the main memory too."""
    return getattr(component, "beside_bytes", 0)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever a library says about a model file into one sentence: missing, closed to the studio, damaged, or
    whole but of another build than its config names. Errors of memory and of the disk go on as they are."""
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
            f"The studio may not read the model file {path.name}.",
            f"Its owner does not let this account read {path}.",
            "Give the account that runs the studio the right to read it, then try again.",
            status=500,
        ) from error
    except Exception as error:
        # The libraries also raise OSError of their own, without a number, for files they cannot make sense of.
        if out_of_memory(error) or (isinstance(error, OSError) and error.errno):
            raise
        said = f"{type(error).__name__}: {error}".replace(f"{path.parent}/", "")  # folders are for the log alone
        log.warning("%s cannot be loaded", path, exc_info=error)
        if sizes.intact(path):
            raise _misfit(path, said) from error
        raise sizes.corrupt(path, said) from error


def _missing(path: Path) -> StudioError:
    return StudioError(
        "missing_model",
        f"The model file {path.name} is not there.",
        "It was moved or deleted, or its download did not finish.",
        "Download the model again on the Models page, then try again.",
        status=500,
    )


def _misfit(path: Path, said: str) -> StudioError:
    return StudioError(
        "unsupported_model",
        f"The model {path.name} cannot be loaded.",
        f"Its files are complete, but do not match the model class they are loaded as ({said.strip()[:200]}).",
        "Update the studio, or choose another model. Downloading it again does not help.",
        status=422,
    )


class OnnxSession:
    """An onnxruntime session on the processor. ``load`` gives an ``onnxruntime.InferenceSession``."""

    place: Place = "host"

    def __init__(self, key: str, path: Path, note: str = "") -> None:
        self.key = key
        self.note = note
        self.bytes = sizes.file_bytes(path)
        self._path = path

    def load(self, device: Device) -> Any:
        with reading(self._path):
            import onnxruntime

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = runtime.threads()
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            options.log_severity_level = 4
            return onnxruntime.InferenceSession(str(self._path), options, providers=["CPUExecutionProvider"])

    def drop(self, model: Any) -> None:
        pass  # it goes with its last reference


class NcnnNet:
    """An ncnn network on the processor. ``load`` gives an ``ncnn.Net``."""

    place: Place = "host"

    def __init__(self, key: str, param: Path, bin: Path, note: str = "") -> None:
        self.key = key
        self.note = note
        self.bytes = 2 * sizes.file_bytes(bin)  # stored in half precision, run in float32
        self._param = param
        self._bin = bin

    def load(self, device: Device) -> Any:
        with reading(self._param), reading(self._bin):
            import ncnn

            net = ncnn.Net()
            net.opt.use_vulkan_compute = False
            net.opt.num_threads = runtime.threads()
            for path, load in ((self._param, net.load_param), (self._bin, net.load_model)):
                if load(str(path)) != 0:
                    raise sizes.corrupt(path, "ncnn refuses it")
            return net

    def drop(self, model: Any) -> None:
        model.clear()


class TorchModule:
    """A torch module. ``build`` makes it for a device in a precision (None: that of its file), in evaluation mode."""

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
        """A module we wrote ourselves, its weights read from a safetensors file whose names fit exactly."""

        def load(device: "torch.device", dtype: "torch.dtype | None") -> "torch.nn.Module":
            import torch
            from safetensors.torch import load_file

            with reading(path):
                with torch.device("meta"):
                    module = build()
                module.load_state_dict(load_file(path), assign=True)
                return module.to(device=device, dtype=dtype)

        return cls(key, load, sizes.weight_bytes(path) if path.exists() else 0, note)

    def load(self, device: Device) -> Any:
        runtime.heavy()
        import torch

        name = device.dtype(self.bytes)
        dtype: torch.dtype | None = getattr(torch, name) if name else None
        return self._build(torch.device(device.torch), dtype).eval().requires_grad_(False)

    def drop(self, model: Any) -> None:
        # Gives the memory back even where a hook or a traceback still refers to the module.
        model.to("meta")
