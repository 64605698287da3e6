"""Series that a scanner adds by itself: localizer, subtraction, its projection."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from mamri.geometry import spacing_mm
from mamri.io._scanner_label_table import SeriesKind
from mamri.io.dicom_writer.planned_series import PlannedSeries, PlannedVolume
from mamri.io.scanner_habits import ScannerHabits
from mamri.records import AcquiredSeries, Acquisition

# Settings of a usual three-plane gradient-echo localizer.
_LOCALIZER = Acquisition(
    tr_ms=7.5, te_ms=3.69, flip_angle_deg=20.0, slice_thickness_mm=6.0, fat_suppressed=False
)
_LOCALIZER_SECONDS = 4


def subtraction_and_projection(
    phases: Sequence[PlannedVolume],
    names: Sequence[str],
    habits: ScannerHabits,
    acquisition: Acquisition,
) -> list[PlannedSeries]:
    """First post-contrast minus last pre-contrast phase, and its projection along the slices.

    Parameters
    ----------
    phases : sequence of PlannedVolume
        Of the dynamic, in order of time.
    names : sequence of str
        Description of each phase.
    habits : ScannerHabits
    acquisition : Acquisition

    Returns
    -------
    list of PlannedSeries
        Empty where no phase was acquired before, or none after the injection.
    """
    n = sum(not phase.after_contrast for phase in phases)
    if not 0 < n < len(phases):
        return []
    after, before = phases[n], phases[n - 1]
    end = phases[-1].start + timedelta(seconds=phases[-1].duration_s or 0.0)
    end += timedelta(seconds=(phases[-1].duration_s or 0.0) / 2)
    difference = np.maximum(after.images.astype(np.int32) - before.images, 0)
    middle = np.array(after.affine)
    middle[:3, 3] += middle[:3, 0] * (len(difference) - 1) / 2
    made = []
    for kind, images, affine, derivation in (
        (
            SeriesKind.SUBTRACTION, difference, after.affine,
            "first phase after contrast minus last before",
        ),
        (
            SeriesKind.MIP, difference.max(axis=0)[None], middle,
            "maximum intensity projection of the subtraction",
        ),
    ):  # fmt: skip
        label = habits.labels[kind]
        volume = PlannedVolume(images, affine, label.image_type, end, after_contrast=True)
        made.append(
            PlannedSeries(
                kind=kind,
                key=kind.value,
                description=label.name.format(name=names[n]),
                volumes=(volume,),
                acquisition=acquisition,
                thickness_mm=len(difference) * spacing_mm(after.affine)[0]
                if kind is SeriesKind.MIP
                else spacing_mm(after.affine)[0],
                derivation=derivation,
            )
        )
    return made


def localizer(source: AcquiredSeries, start: datetime, habits: ScannerHabits) -> PlannedSeries:
    """Three coarse planes of three images each in one series, at half resolution."""
    first = source.array[0]
    label = habits.labels[SeriesKind.LOCALIZER]
    volumes = []
    for plane, axes in enumerate(((0, 1, 2), (1, 0, 2), (2, 0, 1))):
        turned = np.transpose(first, axes)
        picks = np.linspace(0.3, 0.7, 3) * (turned.shape[0] - 1)
        step = max(1, round(float(picks[1] - picks[0])))
        begin = int(picks[0])
        rows, columns = (2 if n > 1 else 1 for n in turned.shape[1:])
        affine = np.array(source.affine)[:, [*axes, 3]]
        affine[:3, 3] += affine[:3, 0] * begin
        affine[:3, :3] *= (step, rows, columns)
        volumes.append(
            PlannedVolume(
                turned[begin : begin + 2 * step + 1 : step, ::rows, ::columns],
                affine,
                label.image_type,
                start + timedelta(seconds=_LOCALIZER_SECONDS * plane),
                after_contrast=start > habits.start,
            )
        )
    return PlannedSeries(
        kind=SeriesKind.LOCALIZER,
        key="localizer",
        description=label.name,
        volumes=tuple(volumes),
        acquisition=replace(_LOCALIZER, field_strength_t=source.acquisition.field_strength_t),
    )
