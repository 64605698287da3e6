"""The processes of one training, as torchrun starts them: joined, and of one mind.

Alone, a process is its own group and every function here gives back what it got.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from mamri.records import InputError

# While the first process reads exams or validates; torchrun itself notices one that died.
_PATIENCE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Ranks:
    """Which of how many processes this one is; torchrun tells.

    Parameters
    ----------
    rank, world : int
    local : int
        Number of the process on its machine, and so of its GPU.
    """

    rank: int = 0
    world: int = 1
    local: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.rank < self.world or self.local < 0:
            raise InputError(
                f"process numbers run from 0 to below how many there are, got {self.rank} of "
                f"{self.world}; start the processes with torchrun"
            )


@contextmanager
def joined(ranks: Ranks, device: str) -> Iterator[torch.device]:
    """Meet the other processes, and part from them at the end.

    Parameters
    ----------
    ranks : Ranks
    device : {"cpu", "cuda"}

    Yields
    ------
    torch.device
        Of this process.

    Raises
    ------
    InputError
        If there is no such device.
    """
    where = torch.device(device)
    if where.type == "cuda":
        if not torch.cuda.is_available() or ranks.local >= torch.cuda.device_count():
            raise InputError(
                f"a GPU was needed for each process, torch sees {torch.cuda.device_count()}; start "
                "fewer processes, install torch for your GPU, or use --device cpu"
            )
        where = torch.device("cuda", ranks.local)
        torch.cuda.set_device(where)
    if ranks.world == 1:
        yield where
        return
    backend = "cpu:gloo,cuda:nccl" if where.type == "cuda" else "gloo"
    dist.init_process_group(backend, rank=ranks.rank, world_size=ranks.world, timeout=_PATIENCE)
    try:
        yield where
        # One that leaves while another still talks to it can take that one down.
        wait_for_all()
    finally:
        dist.destroy_process_group()


def use_threads(count: int | None) -> None:
    """Set the CPU threads of this process; None leaves torch's choice."""
    if count is not None:
        torch.set_num_threads(count)


def is_joined() -> bool:
    """Whether there are other processes."""
    return dist.is_available() and dist.is_initialized()


def n_processes() -> int:
    """Processes of this training."""
    return dist.get_world_size() if is_joined() else 1


def from_first(values: list[float]) -> list[float]:
    """What the first process has; every process hands over as many values."""
    if not is_joined():
        return values
    tensor = torch.tensor(values, dtype=torch.float64)
    dist.broadcast(tensor, src=0)
    return tensor.tolist()


def is_any(claim: bool) -> bool:
    """Whether a claim holds in any process."""
    if not is_joined():
        return claim
    tensor = torch.tensor([float(claim)])
    dist.all_reduce(tensor, dist.ReduceOp.MAX)
    return bool(tensor.item())


def wait_for_all() -> None:
    """Go on when every process is here."""
    is_any(False)


def summed(tensor: torch.Tensor) -> torch.Tensor:
    """Sum over all processes, with gradients to each."""
    return _Sum.apply(tensor) if is_joined() else tensor  # type: ignore[no-untyped-call]


class _Sum(torch.autograd.Function):
    """All-reduce whose backward pass is one too."""

    @staticmethod
    def forward(ctx: Any, tensor: torch.Tensor) -> torch.Tensor:
        total = tensor.detach().clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        return total
