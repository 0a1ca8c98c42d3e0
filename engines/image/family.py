"""What a family of models is to the studio: which pipeline does which task, and how it is spoken to."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.catalog import Entry

if TYPE_CHECKING:
    import numpy as np
    import torch
    from PIL.Image import Image

Words = dict[str, Any]
"""What the encoders made of the words (and of pictures the words are about): arguments of the pipeline's call, for one
picture. Tensors among them are kept in main memory between jobs."""

Factors = list[list[float]]
"""For each latent channel (red, green, blue)."""


@dataclass(frozen=True)
class Control:
    """A structure to keep: ``map`` is the drawing of it (edges, depths, …), ``strength`` 0 to 2; ``by`` is the model
    that drew it, if one did."""

    kind: str
    map: "Image"
    strength: float
    by: Entry | None = None


@dataclass(frozen=True)
class Work:
    """A request as a family gets it: words settled, pictures opened, upright, RGB, at a size that is legal for it.

    ``image`` (with ``mask``, L, white is new) has the size ``width`` x ``height``; ``references`` have their own.
    ``strength`` is that of the change, 0 to 1; ``helpers`` are installed models that are needed beside its own.
    """

    task: str
    entry: Entry
    prompt: str
    negative_prompt: str
    width: int
    height: int
    steps: int
    guidance: float
    strength: float = 1.0
    image: "Image | None" = None
    mask: "Image | None" = None
    references: "tuple[Image, ...]" = ()
    control: Control | None = None
    helpers: tuple[Entry, ...] = ()

    @property
    def pictures(self) -> int:
        """How many pictures it goes by: the one to change among them."""
        return len(self.references) + (self.task == "edit_image")


class Family:
    """How the studio speaks to the pipelines of one family. Holds no state; subclasses say what differs.

    A job reads first and paints then: ``readers`` are the parts that make something of the words, ``painters`` those
    that make the picture, so that both need never be in memory together. Parts that an entry does not have are left
    out (None in the pipeline).
    """

    name: ClassVar[str]
    pipelines: ClassVar[Mapping[str, str]]
    """The class for each task: its name in diffusers, or ``module:Name`` of our own."""
    controlled: ClassVar[str] = ""
    """The class that makes a new picture in which a structure is kept; empty where there is none."""
    readers: ClassVar[tuple[str, ...]] = ("tokenizer", "text_encoder")
    painters: ClassVar[tuple[str, ...]] = ("transformer", "vae")
    reads_pictures: ClassVar[bool] = True
    """Whether what is read depends on the pictures and the task; else the same words are read once for all."""
    text_tokens: ClassVar[int]
    """How many tokens of a prompt it reads, marks and orders among them, where the entry says nothing else; 0 for
    prompts of any length."""
    multiple: ClassVar[int] = 16
    """What width and height must be a multiple of, in px."""
    working_bytes_a_pixel: ClassVar[int] = 3000
    """What painting takes beside the weights, at the largest step, in the precision of a processor."""
    reading_part: ClassVar[float] = 0.05
    """What reading the longest text takes beside the weights of the readers, as a part of these: what each layer makes
    of every token where it is kept, and the scores of the next word where they are worked out. From the widths of the
    layers in half precision, not measured."""
    reading_part_a_picture: ClassVar[float] = 0
    """What a picture adds to that which is read with the words."""
    reference_bytes_a_pixel: ClassVar[int] = 0
    """What a picture that is gone by takes in a step for each pixel of the model's best area, in half precision: its
    tokens lie beside those of the new one. 0 where they do not."""
    vae_dtype: ClassVar[str] = ""
    """The precision that its autoencoder must compute in, torch's name; empty where it takes the denoiser's."""
    looks_in: ClassVar[tuple[str, ...]] = ("create_image", "edit_image")
    """The tasks in which it goes by pictures, where the model goes by any: beside the one that is worked on."""
    looks_with: ClassVar[str] = ""
    """The role of the helper without which it cannot go by pictures; empty where it needs none."""

    def pipeline(self, work: Work) -> str:
        """The class that does this piece of work."""
        return self.controlled if work.control else self.pipelines[work.task]

    def working_bytes_of(self, entry: Entry, pixels: int, pictures: int) -> int:
        """What painting one picture of an area takes beside the weights, with so many ``pictures`` gone by: those to
        change among them."""
        beside = pictures * (entry.pixels or pixels) * self.reference_bytes_a_pixel
        return pixels * self.working_bytes_a_pixel + beside

    def painting_bytes(self, work: Work) -> int:
        """What painting one picture, or filming one clip, of a piece of work takes beside the weights."""
        return self.working_bytes_of(work.entry, work.width * work.height, work.pictures)

    def reading_bytes(self, weights: int, pictures: int) -> int:
        """What reading the words, and so many ``pictures`` with them, takes beside ``weights``; both are bytes."""
        return round(weights * (self.reading_part + pictures * self.reading_part_a_picture))

    def options(self, work: Work) -> dict[str, Any]:
        """What the pipeline's constructor takes beside its parts."""
        return dict(work.entry.options.get("pipeline", {}))

    def read(self, pipeline: Any, work: Work) -> Words:
        """What the encoders make of the words. ``pipeline`` has the readers alone."""
        raise NotImplementedError

    def arguments(self, work: Work) -> dict[str, Any]:
        """The call's arguments beside the words, seeds, steps and callbacks."""
        raise NotImplementedError

    def paint(
        self, pipeline: Any, work: Work, words: Words, generators: "Sequence[torch.Generator]", **call: Any
    ) -> "np.ndarray":
        """One picture for each generator: (count, height, width, 3), 0 to 1. ``pipeline`` has the painters."""
        made: np.ndarray = pipeline(
            **words,
            **self.arguments(work),
            num_inference_steps=work.steps,
            num_images_per_prompt=len(generators),
            generator=list(generators),
            output_type="np",
            **call,
        ).images
        return made

    @contextmanager
    def helped(self, pipeline: Any, work: Work, files: Mapping[str, Path]) -> Iterator[None]:
        """While it lasts, the painters have what the helpers add to them (``files`` by part); afterwards they are as
        they were."""
        yield

    def first(self, latents: "torch.Tensor", work: Work) -> "torch.Tensor":
        """The first picture's latents as (channels, height, width), for the preview."""
        return latents[0]

    def colours(self, pipeline: Any, work: Work) -> Factors:
        """How much red, green and blue (-1 to 1) each latent channel adds to the preview; empty where nobody knows."""
        known: Factors = work.entry.options.get("latent_rgb", [])
        return known

    def words_left_out(self, pipeline: Any, work: Work) -> str:
        """The end of a prompt that is too long for the model to read; ``pipeline`` has the readers."""
        return ""
