"""Seeded random draws: numbers on the CPU, noise on the device that computes.

Whatever decides geometry, contrast and artefacts is drawn on the CPU, so a pair has the same shape
and look on every device; only voxel-wise noise differs between CPU and GPU.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Random numbers from two generators.

    Parameters
    ----------
    numbers : torch.Generator
        On the CPU.
    noise : torch.Generator
        On the device of the images.
    """

    numbers: torch.Generator
    noise: torch.Generator

    def uniform(self, bounds: tuple[float, float]) -> float:
        """One number between two bounds."""
        low, high = bounds
        return low + (high - low) * torch.rand((), generator=self.numbers).item()

    def log_uniform(self, bounds: tuple[float, float]) -> float:
        """One number between two positive bounds, uniform in its logarithm."""
        return math.exp(self.uniform((math.log(bounds[0]), math.log(bounds[1]))))

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return torch.rand((), generator=self.numbers).item() < probability

    def index(self, count: int) -> int:
        """One of 0 to ``count - 1``."""
        return int(torch.randint(count, (), generator=self.numbers).item())

    def sign(self) -> float:
        """1 or -1."""
        return 1.0 if self.chance(0.5) else -1.0

    def normal(self, *shape: int) -> torch.Tensor:
        """Standard normal numbers on the CPU, for small tensors."""
        return torch.randn(shape, generator=self.numbers)

    def uniforms(self, *shape: int) -> torch.Tensor:
        """Numbers between 0 and 1 on the CPU, for small tensors."""
        return torch.rand(shape, generator=self.numbers)

    def white(self, shape: tuple[int, ...]) -> torch.Tensor:
        """Standard normal noise on the device of the images."""
        return torch.randn(shape, generator=self.noise, device=self.noise.device)


def seeded_draws(seed: int, index: int, stream: int, device: torch.device) -> Draws:
    """Generators that depend on these numbers alone, not on what was drawn before.

    Parameters
    ----------
    seed, index, stream : int, not negative
        Seed of the run, number of the pair, and what the draws are for.
    device : torch.device

    Returns
    -------
    Draws
    """
    numbers, noise = np.random.SeedSequence((seed, index, stream)).generate_state(2)
    return Draws(
        torch.Generator().manual_seed(int(numbers)),
        torch.Generator(device=device).manual_seed(int(noise)),
    )
