"""Between tensors and the arrays that kernels take."""

import numpy as np
import torch
from torch import Tensor


def has_kernel(x: Tensor) -> bool:
    """Return whether the kernels take an input; others go step by step."""
    return x.is_cpu and x.dtype in (torch.float32, torch.float64)


def as_array(tensor: Tensor | None) -> np.ndarray | None:
    """Return a tensor of the CPU as a contiguous array that shares its memory if it can."""
    return None if tensor is None else tensor.detach().contiguous().numpy()
