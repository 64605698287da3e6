"""Labelled exams of a user's folder: read once, brought to one spacing, kept as memory maps."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np

from mamri.geometry import anatomical_orientation, spacing_mm
from mamri.geometry.resample import Interpolation, coarsen, grid_at, resample_like
from mamri.io.case_folders import CaseFiles, CaseFolder, read_case_folder
from mamri.io.nifti import NiftiImage, read_nifti
from mamri.pipeline.step_clock import silent
from mamri.pipeline.training_configuration import RealDataSettings
from mamri.records import GeometryError, InputError, Volume

if TYPE_CHECKING:  # torch is an extra
    from mamri.training import RealCase

IGNORE = "ignore"
_UNKNOWN = 255  # as training.real_examples has it
_SAME_GRID_MM = 0.1


@dataclass(frozen=True, slots=True)
class RealData:
    """Labelled exams, divided.

    Parameters
    ----------
    learnt, judged : tuple of CaseFiles
    codes : mapping of int to int
        Class of each label value; 255 for unknown.
    class_names : tuple of str
        Background first.
    """

    learnt: tuple[CaseFiles, ...]
    judged: tuple[CaseFiles, ...]
    codes: Mapping[int, int]
    class_names: tuple[str, ...]

    @property
    def n_channels(self) -> int:
        """Channels of each exam."""
        return len(self.learnt[0].images)


def find_real_data(
    settings: RealDataSettings, base: Path, class_names: tuple[str, ...] = ()
) -> RealData:
    """List labelled exams, name their classes and divide them by patient.

    Parameters
    ----------
    settings : RealDataSettings
    base : Path
        That its folder is relative to.
    class_names : tuple of str
        Of the network; empty for those that the labels name.

    Returns
    -------
    RealData

    Raises
    ------
    InputError
        If the folder, its labels or its number of patients do not serve.
    """
    found = read_case_folder(base / settings.folder, settings.layout, settings.channels)
    codes, names = _classes(settings, found, class_names)
    patients = sorted({_patient(case.name, settings.patient_pattern) for case in found.cases})
    n = max(1, round(settings.validation_share * len(patients)))
    if n >= len(patients):
        raise InputError(
            f"at least one patient must be left to train on, {len(patients)} are in "
            f"{settings.folder} and {n} validate; add exams or lower real.validation_share"
        )
    order = np.random.default_rng(settings.split_seed).permutation(len(patients))
    chosen = {patients[k] for k in order[:n]}
    is_judged = [_patient(case.name, settings.patient_pattern) in chosen for case in found.cases]
    pairs = list(zip(found.cases, is_judged, strict=True))
    return RealData(
        tuple(case for case, judged in pairs if not judged),
        tuple(case for case, judged in pairs if judged),
        codes,
        names,
    )


def cache_cases(
    cases: Sequence[CaseFiles],
    data: RealData,
    folder: Path,
    *,
    spacing: float,
    is_level_shared: bool,
    begin_step: Callable[[str], None] = silent,
) -> None:
    """Resample exams that are not in the cache yet.

    Parameters
    ----------
    cases : sequence of CaseFiles
    data : RealData
    folder : Path
        Of the cache: two ``.npy`` an exam.
    spacing : float, mm
    is_level_shared : bool
        Normalise all channels by one mean and standard deviation.

    Raises
    ------
    InputError
        If an exam holds a label without a class.
    GeometryError
        If its files lie on different grids.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        if not _image_path(folder, case).exists():
            begin_step(f"resampling_{case.name}")
            _cache(case, data.codes, folder, spacing, is_level_shared)


def cache_key(data: RealData, spacing: float, *, is_level_shared: bool) -> str:
    """Name for the cache that differs wherever its files would.

    Parameters
    ----------
    data : RealData
    spacing : float, mm
    is_level_shared : bool
    """
    numbers = [path.name.removeprefix(data.learnt[0].name) for path in data.learnt[0].images]
    said = json.dumps([sorted(data.codes.items()), numbers, spacing, is_level_shared])
    return hashlib.sha256(said.encode()).hexdigest()[:12]


class CachedCases(Sequence["RealCase"]):
    """Exams of a cache, opened when asked for.

    Parameters
    ----------
    cases : sequence of CaseFiles
    folder : Path
        Of the cache.
    spacing : float, mm
    mirrored : pairs of int
        Classes to exchange with left and right.
    """

    def __init__(
        self,
        cases: Sequence[CaseFiles],
        folder: Path,
        spacing: float,
        mirrored: tuple[tuple[int, int], ...],
    ) -> None:
        self._cases, self._folder = tuple(cases), folder
        self._spacing, self._mirrored = spacing, mirrored
        self._open = cache(self._load)

    def __len__(self) -> int:
        return len(self._cases)

    @overload
    def __getitem__(self, index: int) -> "RealCase": ...

    @overload
    def __getitem__(self, index: slice) -> "Sequence[RealCase]": ...

    def __getitem__(self, index: int | slice) -> "RealCase | Sequence[RealCase]":
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        return self._open(index)

    def _load(self, index: int) -> "RealCase":
        from mamri.training import real_case

        case = self._cases[index]
        # Copied on write, so that torch may take them; nobody writes.
        image = np.load(_image_path(self._folder, case), mmap_mode="c")
        target = np.load(_label_path(self._folder, case), mmap_mode="c")
        return real_case(image, target, self._spacing, mirrored=self._mirrored)


def mirrored_classes(
    settings: RealDataSettings, class_names: tuple[str, ...]
) -> tuple[tuple[int, int], ...]:
    """Numbers of the classes that are exchanged with left and right.

    Raises
    ------
    InputError
        If one is no class.
    """
    unknown = sorted({n for pair in settings.mirrored for n in pair} - set(class_names[1:]))
    if unknown:
        raise InputError(
            f"real.mirrored pairs the classes {', '.join(class_names[1:])}, got "
            f"{', '.join(unknown)}; correct it"
        )
    return tuple((class_names.index(a), class_names.index(b)) for a, b in settings.mirrored)


def _classes(
    settings: RealDataSettings, found: CaseFolder, class_names: tuple[str, ...]
) -> tuple[dict[int, int], tuple[str, ...]]:
    """Class of each label value, and the names of classes."""
    try:
        said = {int(value): name for value, name in settings.labels.items()}
    except ValueError as error:
        raise InputError(
            f"real.labels maps whole numbers to classes, got {sorted(settings.labels)}; correct it"
        ) from error
    wanted = said or dict(found.label_names)
    if not said or class_names == ():
        wanted = {0: "background", **wanted}
    names = class_names or tuple(
        dict.fromkeys(["background", *(n for _, n in sorted(wanted.items()) if n != IGNORE)])
    )
    unknown = sorted({*wanted.values()} - {*names, IGNORE})
    if unknown:
        raise InputError(
            f"labels must be of the classes {', '.join(names)} or {IGNORE}, got "
            f"{', '.join(unknown)}; name them in real.labels"
        )
    if not any(name not in ("background", IGNORE) for name in wanted.values()):
        raise InputError("real.labels must name a class besides background; add it")
    codes = {v: _UNKNOWN if n == IGNORE else names.index(n) for v, n in wanted.items()}
    return codes, names


def _patient(name: str, pattern: str) -> str:
    if not pattern:
        return name
    match = re.search(pattern, name)
    if match is None:
        raise InputError(
            f"real.patient_pattern must match the name of every exam, {pattern!r} does not match "
            "all; correct it"
        )
    return match[1] if match.groups() else match[0]


def _cache(
    case: CaseFiles, codes: Mapping[int, int], folder: Path, spacing: float, is_shared: bool
) -> None:
    from mamri.training import normalised_channels

    images = [read_nifti(path) for path in case.images]
    labels = read_nifti(case.labels)
    for path, other in zip((*case.images, case.labels), (*images, labels), strict=True):
        _check_grid(path.name, other, images[0])
    codes_of = _target(np.rint(labels.array).astype(np.int64), codes, case.labels.name)
    channels = [_resampled(image, image.array, spacing) for image in images]
    # The grid of the first image, whose affine the others may differ from by rounding.
    target = _resampled(images[0], codes_of, spacing, is_label=True)
    normalised = normalised_channels(np.stack(channels), is_shared=is_shared)
    _save(_label_path(folder, case), target)
    _save(_image_path(folder, case), normalised)  # last: it says that the exam is there


def _target(labels: np.ndarray, codes: Mapping[int, int], name: str) -> np.ndarray:
    values = np.unique(labels)
    unknown = [int(v) for v in values if int(v) not in codes]
    if unknown:
        raise InputError(
            f"every label needs a class, {name} holds {', '.join(map(str, unknown[:8]))} without; "
            f"add it to real.labels, as {IGNORE} where its class is unknown"
        )
    out = np.empty(labels.shape, np.uint8)
    for value in values:
        out[labels == value] = codes[int(value)]
    return out


def _resampled(
    image: NiftiImage, array: np.ndarray, spacing: float, *, is_label: bool = False
) -> np.ndarray:
    """An array of an image in anatomical order at one spacing along all axes."""
    order = anatomical_orientation(image.affine)
    turned = np.ascontiguousarray(order.apply(array))
    volume = Volume(turned, order.apply_affine(image.affine, array.shape))
    grid = grid_at(volume, spacing)
    if is_label:
        return resample_like(volume, grid, interpolation=Interpolation.NEAREST).array
    # Means of blocks first, where many voxels fall into one.
    if max(spacing / size for size in spacing_mm(volume.affine)) >= 1.5:
        volume = coarsen(volume, spacing)
    return resample_like(volume, grid).array


def _check_grid(name: str, image: NiftiImage, first: NiftiImage) -> None:
    if image.array.ndim != 3 or image.array.shape != first.array.shape:
        raise GeometryError(
            f"channels and labels of an exam must be volumes of one grid, {name} has shape "
            f"{image.array.shape} and the first channel {first.array.shape}; resample it first"
        )
    corner = np.array([*first.array.shape, 1.0])
    origin = np.array([0.0, 0, 0, 1])
    away = max(float(np.abs((image.affine - first.affine) @ at).max()) for at in (origin, corner))
    if away > _SAME_GRID_MM:
        raise GeometryError(
            f"channels and labels of an exam must lie on one grid, {name} lies {away:.1f} mm from "
            "the first channel; resample it first"
        )


def _save(path: Path, array: np.ndarray) -> None:
    partial = path.with_name(f".{path.name}.part")
    with partial.open("wb") as file:
        np.save(file, array, allow_pickle=False)
    partial.replace(path)


def _image_path(folder: Path, case: CaseFiles) -> Path:
    return folder / f"{case.name}.image.npy"


def _label_path(folder: Path, case: CaseFiles) -> Path:
    return folder / f"{case.name}.label.npy"
