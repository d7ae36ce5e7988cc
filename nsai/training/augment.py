"""Images moved about: shifts for augmentation, and to test what a model makes of them."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


def shift(
    x: Float[Tensor, "batch channels height width"],
    down: Int[Tensor, "..."] | int,
    right: Int[Tensor, "..."] | int,
    *,
    fill: float = 0.0,
) -> Float[Tensor, "batch channels height width"]:
    """Move each image by whole pixels; what leaves the frame is lost.

    Parameters
    ----------
    x
        Images, (batch, channels, height, width).
    down, right
        Pixels to move by, negative for up and left: one number for all images, or one each.
    fill
        Value of the pixels that come into the frame.

    Raises
    ------
    ValueError
        If `x` has not four axes, or there are not as many shifts as images.

    Examples
    --------
    >>> shift(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), down=1, right=0)
    tensor([[[[0., 0.],
              [1., 2.]]]])
    """
    if x.ndim != 4:
        raise ValueError(f"x must be (batch, channels, height, width), got {tuple(x.shape)}")
    rows = _sources(down, "down", len(x), x.shape[2], x.device)
    columns = _sources(right, "right", len(x), x.shape[3], x.device)
    # One row and one column of `fill` around the image stand for everything outside it.
    framed = F.pad(x, (1, 1, 1, 1), value=fill)
    image = torch.arange(len(x), device=x.device)[:, None, None]
    return framed[image, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _sources(by: Tensor | int, name: str, images: int, length: int, device: torch.device) -> Tensor:
    """Where each pixel along one axis comes from, in the framed image."""
    moves = torch.as_tensor(by, device=device)
    if moves.ndim > 1 or (moves.ndim == 1 and len(moves) != images):
        expected = f"a number or {images} numbers"
        raise ValueError(f"{name} must be {expected}, got shape {tuple(moves.shape)}")
    here = torch.arange(1, length + 1, device=device) - moves.reshape(-1, 1)
    return here.clamp(0, length + 1).expand(images, length)


def random_shifts(
    batches: Iterable[Any], *, most: int, generator: torch.Generator
) -> Iterator[tuple[Any, ...]]:
    """Return batches whose images are moved by up to `most` pixels each way, at random.

    Parameters
    ----------
    batches
        Tuples whose first entry holds images, as `minibatches` yields them.
    most
        Largest shift along either axis; all shifts are equally likely.
    generator
        Source of the shifts, on the CPU.

    Returns
    -------
    iterator of tuples
        The batch with its images moved.

    Examples
    --------
    >>> g = torch.Generator().manual_seed(0)
    >>> ((moved, label),) = random_shifts([(torch.ones(3, 1, 5, 5), "same")], most=2, generator=g)
    >>> moved.shape, label
    (torch.Size([3, 1, 5, 5]), 'same')
    """
    if most < 0:
        raise ValueError(f"most must be >= 0, got {most}")
    return _Shifted(iter(batches), most, generator)


class _Shifted(Iterator[tuple[Any, ...]]):
    """Has the state of the batches that it moves, if they have one, and its own."""

    def __init__(self, batches: Iterator[Any], most: int, generator: torch.Generator) -> None:
        self.batches, self.most, self.generator = batches, most, generator
        if hasattr(batches, "state_dict"):
            self.state_dict, self.load_state_dict = self._state_dict, self._load_state_dict

    def __next__(self) -> tuple[Any, ...]:
        x, *rest = next(self.batches)
        moves = torch.randint(-self.most, self.most + 1, (2, len(x)), generator=self.generator)
        down, right = moves.to(x.device)
        return (shift(x, down, right), *rest)

    def _state_dict(self) -> dict[str, Any]:
        inner: Any = self.batches
        return {"batches": inner.state_dict(), "generator": self.generator.get_state()}

    def _load_state_dict(self, state_dict: dict[str, Any]) -> None:
        inner: Any = self.batches
        inner.load_state_dict(state_dict["batches"])
        self.generator.set_state(state_dict["generator"])
