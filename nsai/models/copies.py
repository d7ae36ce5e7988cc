"""Networks of one form, each with weights of its own, run side by side."""

import copy
from collections.abc import Sequence

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state
from torch.nn.attention import SDPBackend, sdpa_kernel


class Copies(nn.Module):
    """Copies of a network that see data of their own, at little more than the cost of one.

    Parameters
    ----------
    networks
        Modules of the same form, without buffers; their weights are taken over, stacked along a
        first axis.

    Raises
    ------
    ValueError
        For no networks, or for networks with buffers, such as batch normalisation.

    Examples
    --------
    >>> copies = Copies([nn.Linear(3, 2) for _ in range(5)])
    >>> copies(torch.zeros(5, 10, 3)).shape
    torch.Size([5, 10, 2])
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        if not networks:
            raise ValueError("networks must be at least one, got none")
        weights, buffers = stack_module_state(list(networks))
        if buffers:
            raise ValueError(f"networks must have no buffers, got {', '.join(buffers)}")
        self.count, self.names = len(networks), tuple(weights)
        for name, value in weights.items():
            self.register_parameter(name.replace(".", "_"), nn.Parameter(value.detach()))
        # In a tuple, so that the form is no submodule and its weights are not trained.
        self.form = (copy.deepcopy(networks[0]).to("meta"),)

    def forward(self, x: Num[Tensor, "copies batch ..."]) -> Float[Tensor, "copies batch ..."]:
        """Return what each copy says of its own batch, (copies, batch, ...)."""
        if len(x) != self.count:
            raise ValueError(f"x must have {self.count} copies first, got {tuple(x.shape)}")
        weights: dict[str, Tensor]
        weights = {name: self.get_parameter(name.replace(".", "_")) for name in self.names}

        def one(weights: dict[str, Tensor], x: Tensor) -> Tensor:
            return functional_call(self.form[0], weights, (x,))

        with sdpa_kernel(SDPBackend.MATH):  # the fused kernels cannot be mapped over copies
            return torch.func.vmap(one)(weights, x)
