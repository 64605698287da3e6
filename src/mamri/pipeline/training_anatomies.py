"""Simulated anatomies on disk, and as the training stream reads them.

One file an anatomy, about 4 MB at 1.5 mm, without pickled objects. Needs the extra
``train`` only to load.
"""

import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from mamri.geometry import spacing_mm
from mamri.pipeline.step_clock import silent
from mamri.records import InputError
from mamri.simulation import LesionMix, Tissue
from mamri.simulation.signal_tables import MAX_UPTAKE
from mamri.simulation.training_anatomy import (
    DYNAMIC_TIMES_S,
    FAT_TISSUES,
    MIRRORED,
    SIDE_STEP,
    TrainingAnatomy,
    TrainingLabel,
    make_training_anatomy,
    training_grid,
)

if TYPE_CHECKING:  # torch is an extra
    from mamri.training import CachedAnatomy

SCHEMA = "mamri-anatomy/4"
# Of women that the lesion network learns from: no exam has so many, but examples cost less.
MANY_LESIONS = LesionMix(with_lesion=1.0, malignant=0.6, further_benign=3.0)
_MAPS = ("tissues", "share", "uptake", "grain")
_FOCUS = (TrainingLabel.BREAST, TrainingLabel.FIBROGLANDULAR, TrainingLabel.LESION)
# Of crops for lesions: what enhances like one. Each lesion is in focus twice as often as one of
# these in each breast, and as the nodes of the armpits.
_BESIDE_LESIONS = (TrainingLabel.FIBROGLANDULAR, TrainingLabel.VESSEL, TrainingLabel.NIPPLE)


def anatomy_path(folder: Path, seed: int) -> Path:
    """Where the anatomy of a seed lies."""
    return folder / f"anatomy-{seed:06d}.npz"


def write_anatomies(
    folder: Path,
    *,
    first_seed: int,
    n: int,
    mix: LesionMix = LesionMix(),  # noqa: B008 frozen, so safe to share
    spacing_mm: float = 1.5,
    begin_step: Callable[[str], None] = silent,
) -> list[Path]:
    """Make anatomies of seeds that are not there yet.

    Parameters
    ----------
    folder : Path
    first_seed, n : int
    mix : LesionMix
    spacing_mm : float, mm
        1.2 takes twice the time and space of 1.5.

    Returns
    -------
    list of Path
        One file a seed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [anatomy_path(folder, seed) for seed in range(first_seed, first_seed + n)]
    for seed, path in enumerate(paths, start=first_seed):
        begin_step(f"{'keeping' if path.exists() else 'making'}_{path.stem}")
        if not path.exists():
            _save(make_training_anatomy(seed, mix, training_grid(spacing_mm)), path)
    return paths


def _save(anatomy: TrainingAnatomy, path: Path) -> None:
    partial = path.with_name(f".{path.name}.part.npz")
    mixture = anatomy.mixture
    np.savez_compressed(
        partial,
        allow_pickle=False,
        schema=np.array(SCHEMA),
        target=anatomy.target,
        affine=mixture.affine,
        still_tables=anatomy.still_tables,
        dynamic_tables=anatomy.dynamic_tables,
        enhancing=np.array(anatomy.enhancing, np.int64),
        **{name: getattr(mixture, name) for name in _MAPS},
    )
    os.replace(partial, path)


def load_anatomy(
    path: Path,
    *,
    dynamic: bool = False,
    every: int = 1,
    margin_mm: float | None = None,
    contrasts: tuple[int, ...] = (),
) -> "CachedAnatomy":
    """One anatomy as the training stream reads it.

    Parameters
    ----------
    path : Path
        Written by `write_anatomies`.
    dynamic : bool
        With the signals of a dynamic series, for four-channel images, instead of still contrasts;
        crops are then centred on each lesion as often as on another, however small it is.
    every : int
        Keep one voxel in so many along each axis: quick coarse crops of the whole field.
    margin_mm : float, mm, or None
        Keep the breasts and so much around them: half the memory. None for the whole field.
    contrasts : tuple of int
        Numbers of the still contrasts to keep; empty for all.

    Raises
    ------
    InputError
        If the file is none of this kind.
    """
    from mamri.training import LabelCoding, cached_anatomy, label_centres, signal_table

    try:
        with np.load(path, allow_pickle=False) as stored:
            found = {name: stored[name] for name in stored.files}
    except (OSError, ValueError) as error:
        raise InputError(
            f"an anatomy file was needed, {path.name} cannot be read as one; "
            "make it with mamri simulate --anatomies"
        ) from error
    if str(found.get("schema")) != SCHEMA:
        raise InputError(
            f"an anatomy file of schema {SCHEMA} was needed, {path.name} is another; "
            "make it anew with mamri simulate --anatomies"
        )
    still = list(found["still_tables"])
    if not all(0 <= number < len(still) for number in contrasts):
        raise InputError(
            f"contrasts must be numbers from 0 to {len(still) - 1}, got {contrasts}; change them"
        )
    arrays = list(found["dynamic_tables"]) if dynamic else [still[n] for n in contrasts] or still
    times = DYNAMIC_TIMES_S if dynamic else ()
    tables = tuple(signal_table(array, max_uptake=MAX_UPTAKE, times_s=times) for array in arrays)
    coding = LabelCoding(
        mirrored_labels=MIRRORED,
        fat_tissues=FAT_TISSUES,
        enhancing_tissues=tuple(int(v) for v in found["enhancing"]),
        focus_labels=tuple(
            int(v) + SIDE_STEP * side
            for v in (_BESIDE_LESIONS if dynamic else _FOCUS)
            for side in (1, 2)
        ),
    )
    affine = found["affine"]
    box: tuple[slice, ...] = (slice(None, None, every),) * 3
    if margin_mm is not None:
        box = _box_around(found["target"] >= SIDE_STEP, margin_mm / spacing_mm(affine)[0], every)
    maps = {name: found[name][(..., *box)] for name in (*_MAPS, "target")}
    moved = affine @ np.diag([every, every, every, 1.0])
    moved[:, 3] = affine @ [*((part.start or 0) for part in box), 1.0]
    anatomy = cached_anatomy(maps, moved, coding, tables)
    if dynamic:
        lesions = _lesion_centres(maps)
        nodes = label_centres(maps["tissues"][0], (int(Tissue.NODE),))
        anatomy = replace(anatomy, centres=(*anatomy.centres, *nodes, *lesions, *lesions))
    return anatomy


def _lesion_centres(maps: dict[str, np.ndarray]) -> tuple[Any, ...]:
    """Voxels of each lesion in a breast, to centre crops on."""
    from mamri.training import label_centres

    side, label = np.divmod(maps["target"], SIDE_STEP)
    # Body and core of a lesion have codes of their own, one after the other.
    number = (maps["tissues"][0].astype(int) - int(Tissue.LESION)) // 2 + 1
    is_lesion = (label == TrainingLabel.LESION) & (side > 0)
    return label_centres(np.where(is_lesion, number.clip(0, 255), 0).astype(np.uint8), ())


def _box_around(mask: np.ndarray, margin: float, every: int) -> tuple[slice, ...]:
    """Box of a mask and a margin in voxels, one voxel in so many."""
    box = []
    for axis, size in enumerate(mask.shape):
        filled = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        low, high = (filled[0], filled[-1] + 1) if len(filled) else (0, size)
        box.append(slice(max(0, int(low - margin)), min(size, int(high + margin)), every))
    return tuple(box)


class AnatomyFolder(Sequence["CachedAnatomy"]):
    """The anatomies of a folder, read when asked for; the last used stay in memory.

    Parameters
    ----------
    folder : Path
    kept : int
        How many stay in memory, about 55 MB each.
    dynamic, every, margin_mm, contrasts
        As in `load_anatomy`.

    Raises
    ------
    InputError
        If there is none.
    """

    def __init__(
        self,
        folder: Path,
        *,
        kept: int = 64,
        dynamic: bool = False,
        every: int = 1,
        margin_mm: float | None = None,
        contrasts: tuple[int, ...] = (),
    ) -> None:
        self._paths = sorted(folder.glob("anatomy-*.npz"))
        self._kept = kept
        self._load = partial(
            load_anatomy, dynamic=dynamic, every=every, margin_mm=margin_mm, contrasts=contrasts
        )
        self._recent: OrderedDict[int, CachedAnatomy] = OrderedDict()
        if not self._paths:
            raise InputError(
                "a folder with anatomy-NNNNNN.npz files was needed, none was found; "
                "make some with mamri simulate --anatomies"
            )

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> "CachedAnatomy": ...

    @overload
    def __getitem__(self, index: slice) -> "Sequence[CachedAnatomy]": ...

    def __getitem__(self, index: int | slice) -> "CachedAnatomy | Sequence[CachedAnatomy]":
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        if index in self._recent:
            self._recent.move_to_end(index)
        else:
            self._recent[index] = self._load(self._paths[index])
            if len(self._recent) > self._kept:
                self._recent.popitem(last=False)
        return self._recent[index]


class RotatingPool(Sequence["CachedAnatomy"]):
    """Some of many anatomies, others as the examples go on: few are read, all are used.

    Parameters
    ----------
    anatomies : AnatomyFolder
        Keeps at least ``size`` in memory.
    size : int
        Anatomies at a time.
    turn : int
        Examples after which the oldest makes room for the next.
    index : int
        Number of the example.
    """

    def __init__(self, anatomies: Sequence["CachedAnatomy"], size: int, turn: int, index: int):
        self._anatomies = anatomies
        self._size = min(size, len(anatomies))
        # The first round holds each anatomy for as long as later ones do.
        self._first = index // turn

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> "CachedAnatomy": ...

    @overload
    def __getitem__(self, index: slice) -> "Sequence[CachedAnatomy]": ...

    def __getitem__(self, index: int | slice) -> "CachedAnatomy | Sequence[CachedAnatomy]":
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        if not -self._size <= index < self._size:
            raise IndexError(index)  # which ends a loop over the pool
        return self._anatomies[(self._first + index % self._size) % len(self._anatomies)]
