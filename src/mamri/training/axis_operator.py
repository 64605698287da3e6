"""What acquisition does along one axis, as a matrix.

Limited k-space, slice profile, motion, ghosts, wrap-around, sub-voxel shifts and the change of
resolution are linear and separable, so each axis of an acquisition is one small matrix: three
products acquire a volume, whatever artefacts it has.
"""

from dataclasses import dataclass

import torch

# Voxels by which a crop is continued with its edge values, so that its border is not dark.
_PAD = 64
# The point spread function is tabulated at so many points a voxel, over so many voxels each side.
_FINE = 16
_REACH = 64


@dataclass(frozen=True, slots=True)
class AxisRecipe:
    """Acquisition along one axis; lengths in voxels of the crop.

    Parameters
    ----------
    resolution : float, voxels
        Acquired sample distance; at or below 1 nothing is lost.
    roll_off : float
        Width of the roll-off at the edge of k-space over its half width; 0 is a sharp edge.
    motion : float, voxels
        Distance between two positions that the image is the mean of.
    ghost_shift, ghost : float
        Distance and brightness of ghosts to both sides; odd brightness may be below 0.
    wrap, is_wrapped_from_end : int, bool
        Voxels at one end that the other end wraps onto.
    """

    resolution: float = 1.0
    roll_off: float = 0.5
    motion: float = 0.0
    ghost_shift: int = 0
    ghost: float = 0.0
    wrap: int = 0
    is_wrapped_from_end: bool = False

    def n_samples(self, n: int) -> int:
        """Samples acquired along n voxels."""
        return max(4, round(n / max(1.0, self.resolution)))


def acquisition_matrix(n: int, recipe: AxisRecipe, shift: float = 0.0) -> torch.Tensor:
    """Matrix from the voxels of a crop to acquired samples.

    Parameters
    ----------
    n : int
        Voxels of the crop along the axis.
    recipe : AxisRecipe
    shift : float, voxels
        By which the patient lies further along the axis.

    Returns
    -------
    (n_samples, n) float32
        Without ghosts and wrap-around rows sum to 1.
    """
    samples = recipe.n_samples(n)
    at = (torch.arange(samples, dtype=torch.float64) + 0.5) * (n / samples) - 0.5 - shift
    sources = torch.arange(-_PAD, n + _PAD, dtype=torch.float64)
    matrix = _point_spread(at[:, None] - sources, recipe)
    matrix = _fold_padding(matrix / matrix.sum(1, keepdim=True), n)
    if recipe.ghost:
        rows = round(recipe.ghost_shift * samples / n)
        matrix = matrix + recipe.ghost * (_moved(matrix, rows) + _moved(matrix, -rows))
    if recipe.wrap:
        # The body thins out towards the end of what wraps.
        rows = max(1, round(recipe.wrap * samples / n))
        fading = torch.linspace(1, 0, rows + 1, dtype=torch.float64)[:-1, None]
        wrapped = torch.zeros_like(matrix)
        if recipe.is_wrapped_from_end:
            wrapped[:rows] = fading * matrix[samples - rows :]
        else:
            wrapped[samples - rows :] = fading.flip(0) * matrix[:rows]
        matrix = matrix + wrapped
    return matrix.float()


def reconstruction_matrix(n: int, samples: int, kind: str) -> torch.Tensor:
    """Matrix from acquired samples to the voxels of a crop.

    Parameters
    ----------
    n, samples : int
    kind : {"nearest", "linear", "cubic", "zero_filled"}
        How the images were resampled. Cubic is that of Keys with a = -0.5; zero-filled k-space is
        what scanners do, and what shows the ringing at edges.

    Returns
    -------
    (n, samples) float32
    """
    at = (torch.arange(n, dtype=torch.float64) + 0.5) * (samples / n) - 0.5
    sources = torch.arange(-_PAD, samples + _PAD, dtype=torch.float64)
    distance = at[:, None] - sources
    far = distance.abs()
    if kind == "nearest":
        weights = ((distance >= -0.5) & (distance < 0.5)).double()
    elif kind == "linear":
        weights = (1 - far).clamp(min=0)
    elif kind == "zero_filled":
        weights = torch.sinc(distance)
        weights = weights / weights.sum(1, keepdim=True)
    else:
        near = 1.5 * far**3 - 2.5 * far**2 + 1
        outer = -0.5 * far**3 + 2.5 * far**2 - 4 * far + 2
        weights = torch.where(far <= 1, near, torch.where(far < 2, outer, torch.zeros_like(far)))
    return _fold_padding(weights, samples).float()


def _point_spread(distance: torch.Tensor, recipe: AxisRecipe) -> torch.Tensor:
    """Point spread function at distances in voxels, from the transfer function in k-space."""
    length = 2 * _REACH * _FINE
    # Cycles a voxel; what the crop's own voxels cannot hold (above 0.5) is not there.
    if recipe.resolution <= 1:
        # Acquired finer than the voxels: interpolated, so nothing rings.
        return _finely_sampled(distance, recipe.motion)
    k = torch.arange(length // 2 + 1, dtype=torch.float64) / (2 * _REACH)
    edge = 0.5 / recipe.resolution
    inner = edge * (1 - recipe.roll_off)
    ramp = ((k - inner) / max(edge - inner, 1e-9)).clamp(0, 1)
    transfer = torch.where(k <= edge, 0.5 * (1 + torch.cos(torch.pi * ramp)), torch.zeros_like(k))
    transfer = transfer * torch.cos(torch.pi * k * recipe.motion)
    table = torch.fft.irfft(transfer, n=length)
    table = torch.cat([table, table[:1]])
    at = distance.abs().clamp(max=_REACH - 1) * _FINE
    low = at.floor()
    rest = at - low
    index = low.long()
    values = table[index] * (1 - rest) + table[index + 1] * rest
    return torch.where(distance.abs() < _REACH - 1, values, torch.zeros_like(values))


def _finely_sampled(distance: torch.Tensor, motion: float) -> torch.Tensor:
    ahead = (1 - (distance - motion / 2).abs()).clamp(min=0)
    behind = (1 - (distance + motion / 2).abs()).clamp(min=0)
    return ahead + behind


def _fold_padding(matrix: torch.Tensor, n: int) -> torch.Tensor:
    """Give the weights of voxels beyond the ends to the first and last voxel."""
    folded = matrix[:, _PAD : _PAD + n].clone()
    folded[:, 0] += matrix[:, :_PAD].sum(1)
    folded[:, -1] += matrix[:, _PAD + n :].sum(1)
    return folded


def _moved(matrix: torch.Tensor, rows: int) -> torch.Tensor:
    """Rows moved by so many; nothing comes in from outside."""
    moved = torch.zeros_like(matrix)
    if rows >= 0:
        moved[rows:] = matrix[: matrix.shape[0] - rows]
    else:
        moved[:rows] = matrix[-rows:]
    return moved
