"""Label maps of one anatomy, as the training stream reads them.

Tissue codes are 0 to 255 and 0 is air. Everything is uint8, 6 bytes a voxel, so that many
anatomies stay in memory. Axes (slice, row, column); the affine maps them to LPS mm.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from mamri.records import GeometryError
from mamri.records.volume import checked_affine
from mamri.training.signal_table import SignalTable

# Voxels kept of each label as centres of crops; more would not make crops more varied.
_CENTRES_PER_LABEL = 2048


@dataclass(frozen=True, slots=True)
class LabelCoding:
    """What the numbers of tissue and target maps mean where the stream has to know.

    Parameters
    ----------
    mirrored_labels : pairs of int
        Target labels to exchange when left and right are mirrored, such as ``((1, 2),)``.
    fat_tissues : int, any number
        Tissue codes that fat suppression darkens.
    enhancing_tissues : int, any number
        Tissue codes that take up much contrast agent: lesions and blood.
    focus_labels : int, any number
        Target labels on which crops are centred; none for every label but 0.
    """

    mirrored_labels: tuple[tuple[int, int], ...] = ()
    fat_tissues: tuple[int, ...] = ()
    enhancing_tissues: tuple[int, ...] = ()
    focus_labels: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        labels = [label for pair in self.mirrored_labels for label in pair]
        if len(set(labels)) != len(labels) or not all(1 <= label <= 255 for label in labels):
            raise GeometryError(
                "labels to mirror must be different numbers of 1 to 255, got "
                f"{self.mirrored_labels}; name each label once"
            )


@dataclass(frozen=True, slots=True, eq=False)
class CachedAnatomy:
    """One anatomy in memory; made by `cached_anatomy`.

    Parameters
    ----------
    tissues : (2, S, R, C) uint8 tensor
    share, uptake, grain, target : (S, R, C) uint8 tensor
    affine : (4, 4) float64, mm
    spacing_mm : three float, mm
    coding : LabelCoding
    signal_tables : tuple of SignalTable
    present : int tuple
        Tissue codes that occur, without air.
    centres : tuple of (N, 3) int tensor
        For each label in focus, voxels to centre crops on.
    """

    tissues: torch.Tensor
    share: torch.Tensor
    uptake: torch.Tensor
    grain: torch.Tensor
    target: torch.Tensor
    affine: np.ndarray
    spacing_mm: tuple[float, float, float]
    coding: LabelCoding
    signal_tables: tuple[SignalTable, ...]
    present: tuple[int, ...]
    centres: tuple[torch.Tensor, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        s, r, c = self.target.shape
        return s, r, c

    @property
    def left_right_axis(self) -> int:
        """Array axis that runs closest to the patient's left-right axis."""
        return int(np.argmax(np.abs(self._directions()[0])))

    @property
    def anterior(self) -> np.ndarray:
        """Direction of the patient's front along the array axes, (3,), length 1."""
        return np.linalg.inv(self._directions()) @ np.array([0.0, -1.0, 0.0])

    def _directions(self) -> np.ndarray:
        return self.affine[:3, :3] / np.array(self.spacing_mm)


def cached_anatomy(
    maps: dict[str, np.ndarray],
    affine: np.ndarray,
    coding: LabelCoding,
    signal_tables: tuple[SignalTable, ...] = (),
) -> CachedAnatomy:
    """Check the maps of one anatomy and prepare them for the stream.

    Parameters
    ----------
    maps : name to uint8 array
        ``tissues`` (2, S, R, C): codes of the largest and second largest share of each voxel;
        ``share`` (S, R, C): share of the first, 255 for all, the second has the rest;
        ``uptake`` and ``grain`` (S, R, C): contrast uptake and brightness relative to the tissue's
        own, times 100; ``target`` (S, R, C): labels to learn.
    affine : (4, 4) float, mm
    coding : LabelCoding
    signal_tables : tuple of SignalTable
        Contrasts to draw from on the physics path; may be shared between anatomies.

    Returns
    -------
    CachedAnatomy

    Raises
    ------
    GeometryError
        If a map is missing, is not uint8 or differs in shape, or a table lacks a tissue.
    """
    shape = _checked_shape(maps)
    affine = checked_affine(affine)
    tissues = maps["tissues"]
    # The second tissue counts only where the first leaves something.
    mixed = tissues[1][maps["share"] < 255]
    codes = set(np.flatnonzero(np.bincount(tissues[0].ravel(), minlength=256)).tolist())
    codes |= set(np.flatnonzero(np.bincount(mixed, minlength=256)).tolist())
    for table in signal_tables:
        if max(codes) >= table.n_tissues:
            raise GeometryError(
                f"a signal table needs a row for every tissue up to code {max(codes)}, got "
                f"{table.n_tissues} rows; compute it for all tissues of the anatomy"
            )
    sa, sb, sc = (float(size) for size in np.linalg.norm(affine[:3, :3], axis=0))
    return CachedAnatomy(
        **{name: torch.from_numpy(np.array(maps[name])) for name in _MAPS},
        affine=affine,
        spacing_mm=(sa, sb, sc),
        coding=coding,
        signal_tables=signal_tables,
        present=tuple(sorted(codes - {0})),
        centres=label_centres(maps["target"].reshape(shape), coding.focus_labels),
    )


def to_device(anatomy: CachedAnatomy, device: torch.device) -> CachedAnatomy:
    """The same anatomy with its maps and tables on a device.

    Parameters
    ----------
    anatomy : CachedAnatomy
    device : torch.device

    Returns
    -------
    CachedAnatomy
    """
    if anatomy.target.device == device:
        return anatomy
    return replace(
        anatomy,
        **{name: getattr(anatomy, name).to(device) for name in _MAPS},
        signal_tables=tuple(replace(t, signal=t.signal.to(device)) for t in anatomy.signal_tables),
    )


_MAPS = ("tissues", "share", "uptake", "grain", "target")


def _checked_shape(maps: dict[str, np.ndarray]) -> tuple[int, ...]:
    missing = [name for name in _MAPS if name not in maps]
    if missing:
        raise GeometryError(
            f"an anatomy needs the maps {', '.join(_MAPS)}, got none named {', '.join(missing)}; "
            "add them"
        )
    shape = maps["target"].shape
    for name in _MAPS:
        wanted = (2, *shape) if name == "tissues" else shape
        if maps[name].shape != wanted or maps[name].dtype != np.uint8 or len(shape) != 3:
            raise GeometryError(
                f"the map {name} must be uint8 of shape {wanted}, got {maps[name].dtype} "
                f"{maps[name].shape}; bring all maps to one grid"
            )
    if min(shape) < 2:
        raise GeometryError(
            f"an anatomy needs at least 2 voxels along each axis, got {shape}; use a larger field"
        )
    return shape


def label_centres(target: np.ndarray, labels: tuple[int, ...]) -> tuple[torch.Tensor, ...]:
    """Evenly spread voxels of each label that occurs, to centre crops on.

    Parameters
    ----------
    target : (S, R, C) uint8
    labels : int, any number
        None for every label but 0.

    Returns
    -------
    tuple of (N, 3) int tensor
    """
    flat = target.ravel()
    wanted = labels or tuple(range(1, 256))
    counts = np.bincount(flat, minlength=256)
    found = []
    for label in wanted:
        if counts[label]:
            where = np.flatnonzero(flat == label)
            where = where[:: max(1, len(where) // _CENTRES_PER_LABEL)]
            found.append(torch.from_numpy(np.stack(np.unravel_index(where, target.shape), axis=1)))
    return tuple(found)
