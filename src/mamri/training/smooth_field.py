"""Smooth fields from few control points: deformations, coil profiles, tissue texture.

A field is a uniform cubic B-spline, evaluated as one small matrix product an axis. Control points
on a plane give back that plane exactly, so an affine map and a smooth deformation are one field.
"""

import torch

from mamri.training.draws import Draws

# Standard deviation of a cubic B-spline whose control points are white noise of deviation 1, in
# three dimensions: the mean of the squared basis functions' sum is 151/315 an axis.
WHITE_CONTROL_SD = (151 / 315) ** 1.5


def bspline_matrix(n_samples: int, n_knots: int) -> torch.Tensor:
    """Weights of control points at evenly spread samples.

    Parameters
    ----------
    n_samples : int
    n_knots : int, at least 4
        Control point j lies at sample ``(j - 1) * (n_samples - 1) / (n_knots - 3)``.

    Returns
    -------
    (n_samples, n_knots) float32
        Rows sum to 1.
    """
    at = torch.linspace(0, n_knots - 3, n_samples, dtype=torch.float64)
    first = at.floor().clamp(max=n_knots - 4)
    t = at - first
    weights = torch.stack(
        [
            (1 - t) ** 3 / 6,
            (3 * t**3 - 6 * t**2 + 4) / 6,
            (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
            t**3 / 6,
        ],
        dim=1,
    )
    matrix = torch.zeros(n_samples, n_knots, dtype=torch.float64)
    matrix.scatter_(1, first.long()[:, None] + torch.arange(4), weights)
    return matrix.float()


def evaluate_field(
    control: torch.Tensor, shape: tuple[int, int, int], device: torch.device
) -> torch.Tensor:
    """Values of a B-spline at every voxel.

    Parameters
    ----------
    control : (K, a, b, c) float
        Control points of K fields.
    shape : (S, R, C)
    device : torch.device

    Returns
    -------
    (K, S, R, C) float32
    """
    along = [bspline_matrix(n, k).to(device) for n, k in zip(shape, control.shape[1:], strict=True)]
    return apply_along_axes(control.to(device, torch.float32), along)


def apply_along_axes(volumes: torch.Tensor, matrices: list[torch.Tensor]) -> torch.Tensor:
    """Multiply each spatial axis of (K, S, R, C) by its (new, old) matrix.

    Parameters
    ----------
    volumes : (K, S, R, C) float32
    matrices : three (new, old) float32

    Returns
    -------
    (K, S', R', C') float32
    """
    along_s, along_r, along_c = matrices
    k, s, r, c = volumes.shape
    volumes = along_s @ volumes.reshape(k, s, r * c)
    volumes = along_r @ volumes.reshape(k, along_s.shape[0], r, c)
    return volumes @ along_c.T


def random_control(
    draws: Draws, count: int, extent_mm: tuple[float, float, float], knot_mm: float
) -> torch.Tensor:
    """Control points of random fields of standard deviation about 1.

    Parameters
    ----------
    draws : Draws
    count : int
        Number of fields.
    extent_mm : three float, mm
        Size of the region along each axis.
    knot_mm : float, mm
        Distance of control points, about the size of the blobs.

    Returns
    -------
    (count, a, b, c) float32
    """
    knots = (max(4, round(size / knot_mm) + 3) for size in extent_mm)
    return draws.normal(count, *knots) / WHITE_CONTROL_SD
