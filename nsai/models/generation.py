"""Writing with a language model: draw a symbol, append it, go on."""

import torch
from jaxtyping import Int
from torch import Tensor

from nsai.models.transformer import GPT


@torch.no_grad()
def generate(
    model: GPT,
    prompt: Int[Tensor, "batch time"],
    length: int,
    *,
    generator: torch.Generator,
    temperature: float = 1.0,
    top: int | None = None,
    cached: bool = True,
) -> Int[Tensor, "batch longer"]:
    r"""Continue a prompt, drawing each symbol from softmax(logits / temperature).

    With a cache, a new symbol costs one place instead of a whole pass. Once the text outgrows
    the model's block, only the last `block` symbols are read, and since all of them then move
    by one place at every step, nothing can be kept and whole passes take over.

    Parameters
    ----------
    model
        The language model; read in evaluation mode and left as it was.
    prompt
        Symbols to continue, (batch, time), at least one.
    length
        Number of symbols to add.
    generator
        Source of the draws, on the CPU.
    temperature
        Below 1 prefers what is likely; 0 always takes the likeliest symbol.
    top
        Draw among so many of the likeliest symbols only; None means all.
    cached
        Whether to keep keys and values between steps.

    Returns
    -------
    Tensor
        Prompt and continuation, (batch, time + length).

    Raises
    ------
    ValueError
        If the prompt is empty, the temperature or length negative, or `top` below 1.

    Examples
    --------
    >>> model = GPT(5, block=8, layers=1, heads=2, width=4)
    >>> g = torch.Generator().manual_seed(0)
    >>> generate(model, torch.tensor([[0, 1]]), 3, generator=g).shape
    torch.Size([1, 5])
    """
    if prompt.shape[1] < 1:
        raise ValueError("prompt must hold at least one symbol, got none")
    if length < 0 or temperature < 0 or (top is not None and top < 1):
        raise ValueError(
            "expected length >= 0, temperature >= 0 and top >= 1 or None; "
            f"got {length}, {temperature} and {top}"
        )
    training = model.training
    model.eval()
    text, cache = prompt, model.cache()
    for _ in range(length):
        if cached and text.shape[1] <= model.block:
            logits = model(text[:, len(cache) :], cache)[:, -1]
        else:
            logits = model(text[:, -model.block :])[:, -1]
        drawn = _draw(logits.float().cpu(), temperature, top, generator)
        text = torch.cat((text, drawn.to(text.device)), 1)
    model.train(training)
    return text


def _draw(
    logits: Tensor, temperature: float, top: int | None, generator: torch.Generator
) -> Tensor:
    if temperature == 0:
        return logits.argmax(-1, keepdim=True)
    if top is not None and top < logits.shape[-1]:
        least = logits.topk(top).values[:, -1:]
        logits = logits.masked_fill(logits < least, -torch.inf)
    return torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)
