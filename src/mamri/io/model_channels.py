"""The channels of an imported model from NIfTI files, and its mask back on the same grid.

nnU-Net models know images by the order of their voxels in the file, not by their place in the
patient, so this order is kept: axes reversed (z, y, x) as SimpleITK hands them over, after turning
the file to right-anterior-superior order for models that were trained so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.orientations import apply_orientation, io_orientation

from mamri.io.nifti import NiftiImage, read_nifti, write_nifti
from mamri.records import GeometryError

_RAS_FROM_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_TOLERANCE_MM = 0.01  # between the grids of two channels, at any corner


@dataclass(frozen=True, slots=True, eq=False)
class ModelChannels:
    """Channels as a model takes them.

    Parameters
    ----------
    array : (C, Z, Y, X) float32, a.u.
    spacing_mm : (Z, Y, X) float, mm
    turns : (3, 2) float
        nibabel's orientation that was applied to the file's axes.
    grid : NiftiImage
        Where the files lie; its array is that of the first channel.
    """

    array: np.ndarray
    spacing_mm: tuple[float, ...]
    turns: np.ndarray
    grid: NiftiImage


def read_channels(paths: Sequence[Path], *, is_reoriented: bool) -> ModelChannels:
    """Read one file for each channel.

    Parameters
    ----------
    paths : sequence of Path
        Volumes on one grid, in the order of the model's channels.
    is_reoriented : bool
        Whether to turn them to right-anterior-superior order.

    Returns
    -------
    ModelChannels

    Raises
    ------
    InputError
        If a file cannot be read.
    GeometryError
        If one is no volume, or lies on another grid than the first.
    """
    images = [read_nifti(path) for path in paths]
    for path, image in zip(paths, images, strict=True):
        _check_grid(path.name, image, images[0])
    grid = images[0]
    turns = np.array([[0.0, 1], [1, 1], [2, 1]])
    if is_reoriented:
        turns = io_orientation(_RAS_FROM_LPS @ _file_affine(grid))
    stored = [image.array.transpose(np.argsort(image.storage_axes)) for image in images]
    turned = [apply_orientation(array, turns).astype(np.float32) for array in stored]
    # Voxel sizes as the header has them: those of the matrix differ in the last digits, and the
    # number of voxels after resampling hangs on them.
    sizes = np.zeros(3)
    sizes[turns[:, 0].astype(int)] = nib.load(paths[0]).header.get_zooms()[:3]  # type: ignore[attr-defined]
    return ModelChannels(
        np.stack([array.transpose(2, 1, 0) for array in turned]),
        tuple(float(size) for size in sizes[::-1]),
        turns,
        grid,
    )


def write_mask(path: Path, labels: np.ndarray, channels: ModelChannels) -> None:
    """Write labels on the grid and in the axis order of the files of the channels.

    Parameters
    ----------
    path : Path
    labels : (Z, Y, X) uint8
    channels : ModelChannels
    """
    axes = channels.grid.storage_axes
    turned = labels.transpose(2, 1, 0)
    back = np.empty_like(channels.turns)
    back[channels.turns[:, 0].astype(int)] = [
        [axis, direction] for axis, (_, direction) in enumerate(channels.turns)
    ]
    stored = apply_orientation(turned, back)
    write_nifti(path, stored.transpose(axes), channels.grid.affine, storage_axes=axes)


def _file_affine(image: NiftiImage) -> np.ndarray:
    """(4, 4), mm: axes of the file to LPS."""
    affine = image.affine.copy()
    affine[:, list(image.storage_axes)] = image.affine[:, :3]
    return affine


def _check_grid(name: str, image: NiftiImage, first: NiftiImage) -> None:
    if image.array.ndim != 3:
        raise GeometryError(
            f"a channel is one volume, {name} has shape {image.array.shape}; give one file for "
            "each channel"
        )
    corners = np.array(np.meshgrid(*([0, n] for n in first.array.shape), [1])).reshape(4, -1)
    away = np.abs((image.affine - first.affine) @ corners).max()
    if image.array.shape != first.array.shape or away > _TOLERANCE_MM:
        raise GeometryError(
            f"all channels must lie on one grid, {name} has {image.array.shape} voxels and lies "
            f"{away:.2g} mm from the first, which has {first.array.shape}; resample it first"
        )
