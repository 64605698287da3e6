"""Simulated anatomies on disk, and as the training stream reads them.

One file an anatomy, about 6 MB, without pickled objects. Needs the extra ``train`` only to load.
"""

import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np

from mamri.pipeline.step_clock import silent
from mamri.records import InputError
from mamri.simulation import LesionMix
from mamri.simulation.signal_tables import MAX_UPTAKE
from mamri.simulation.training_anatomy import (
    FAT_TISSUES,
    MIRRORED,
    TrainingAnatomy,
    TrainingLabel,
    make_training_anatomy,
)

if TYPE_CHECKING:  # torch is an extra
    from mamri.training import CachedAnatomy

SCHEMA = "mamri-anatomy/1"
_MAPS = ("tissues", "share", "uptake", "grain")
_FOCUS = (TrainingLabel.RIGHT_BREAST, TrainingLabel.LEFT_BREAST, TrainingLabel.FIBROGLANDULAR)


def anatomy_path(folder: Path, seed: int) -> Path:
    """Where the anatomy of a seed lies."""
    return folder / f"anatomy-{seed:06d}.npz"


def write_anatomies(
    folder: Path,
    *,
    first_seed: int,
    n: int,
    mix: LesionMix = LesionMix(),  # noqa: B008 frozen, so safe to share
    begin_step: Callable[[str], None] = silent,
) -> list[Path]:
    """Make anatomies of seeds that are not there yet.

    Parameters
    ----------
    folder : Path
    first_seed, n : int
    mix : LesionMix

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
            _save(make_training_anatomy(seed, mix), path)
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
        dynamic_table=anatomy.dynamic_table,
        enhancing=np.array(anatomy.enhancing, np.int64),
        **{name: getattr(mixture, name) for name in _MAPS},
    )
    os.replace(partial, path)


def load_anatomy(path: Path, *, dynamic: bool = False) -> "CachedAnatomy":
    """One anatomy as the training stream reads it.

    Parameters
    ----------
    path : Path
        Written by `write_anatomies`.
    dynamic : bool
        With the signals of a dynamic series, for four-channel images, instead of still contrasts.

    Raises
    ------
    InputError
        If the file is none of this kind.
    """
    from mamri.training import LabelCoding, cached_anatomy, signal_table

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
    arrays = [found["dynamic_table"]] if dynamic else list(found["still_tables"])
    tables = tuple(signal_table(array, max_uptake=MAX_UPTAKE) for array in arrays)
    coding = LabelCoding(
        mirrored_labels=MIRRORED,
        fat_tissues=FAT_TISSUES,
        enhancing_tissues=tuple(int(v) for v in found["enhancing"]),
        focus_labels=tuple(int(v) for v in (*_FOCUS, TrainingLabel.LESION)),
    )
    maps = {name: found[name] for name in (*_MAPS, "target")}
    return cached_anatomy(maps, found["affine"], coding, tables)


class AnatomyFolder(Sequence["CachedAnatomy"]):
    """The anatomies of a folder, read when asked for; the last used stay in memory.

    Parameters
    ----------
    folder : Path
    kept : int
        How many stay in memory, about 55 MB each.
    dynamic : bool
        As in `load_anatomy`.

    Raises
    ------
    InputError
        If there is none.
    """

    def __init__(self, folder: Path, *, kept: int = 64, dynamic: bool = False) -> None:
        self._paths = sorted(folder.glob("anatomy-*.npz"))
        self._kept, self._dynamic = kept, dynamic
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
            self._recent[index] = load_anatomy(self._paths[index], dynamic=self._dynamic)
            if len(self._recent) > self._kept:
                self._recent.popitem(last=False)
        return self._recent[index]
