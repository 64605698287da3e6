"""Functional tumor volume, as the I-SPY trials define it.

Order of the steps, as published with the reference implementation [1]_:

1. background threshold: 0.60 times the 95th percentile (linear interpolation) of the signal
   before contrast in the volume of interest, voxels of omitted regions counted as 0;
2. background mask: signal before contrast at or above that threshold, over the whole image;
3. percent enhancement at least 70 inside the background mask, over the whole image;
4. each voxel of the two masks' product needs at least 4 of its 26 neighbours in the same product;
   neighbours outside the volume of interest and inside omitted regions count, those beyond the
   edge of the image do not;
5. signal enhancement ratio at least 0: a late signal equal to the one before contrast (ratio
   infinite) passes, a lower one does not;
6. only then is the result cut to the volume of interest without the omitted regions.

Departures: voxels without signal before contrast never pass (there the reference divides by 0);
with several pre-contrast phases their mean is the signal before contrast (the reference has one);
times count from the injection (the reference counts from the start of the first post-contrast
phase); the volume of interest may have any shape (the reference has boxes; for a box the
percentile is the same).

References
----------
.. [1] UCSF Breast Imaging Research Group. Breast_DCEMRI_FTV, extension of 3D Slicer, 2021.
   https://github.com/rnadkarni2/SlicerBreast_DCEMRI_FTV (definition only).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from mamri.geometry import voxel_volume_ml
from mamri.kinetics.baseline import mean_of_phases
from mamri.kinetics.phase_choice import PhaseChoice, PhaseSettings, choose_phases
from mamri.records import DynamicSeries, GeometryError, Provenance, Status
from mamri.records.volume import read_only

SER_CLASSES: tuple[tuple[str, float, float], ...] = (
    # name of the colour, above, up to and including; dimensionless, from the reference [1]
    ("blue", 0.0, 0.9),
    ("purple", 0.9, 1.0),
    ("green", 1.0, 1.3),
    ("red", 1.3, 1.75),
    ("yellow", 1.75, 3.0),
)
ABOVE = "above"  # ratios over the last class, infinite ones included

REFERENCES = (
    "Hylton NM, Blume JD, Bernreuter WK et al. Locally advanced breast cancer: MR imaging for "
    "prediction of response to neoadjuvant chemotherapy: results from ACRIN 6657/I-SPY TRIAL. "
    "Radiology 2012;263:663-672. doi:10.1148/radiol.12110748",
    "UCSF Breast Imaging Research Group. Breast_DCEMRI_FTV, extension of 3D Slicer, 2021. "
    "https://github.com/rnadkarni2/SlicerBreast_DCEMRI_FTV",
)


@dataclass(frozen=True, slots=True)
class TumorVolumeSettings:
    """Parameters of the functional tumor volume; the defaults are its definition.

    Sites and subtypes differ: thresholds optimal for prediction depend on receptor status [1]_.

    Parameters
    ----------
    background_fraction : float
        Of the percentile of the signal before contrast.
    background_percentile : float, %
    min_enhancement_percent : float, %
    min_ratio : float
        Least signal enhancement ratio.
    min_neighbours : int
        Out of 26.
    phases : PhaseSettings
        Early nearest 150 s, late nearest 450 s after injection.

    References
    ----------
    .. [1] Li W, Arasu V, Newitt DC et al. Effect of MR imaging contrast thresholds on prediction of
       neoadjuvant chemotherapy response in breast cancer subtypes: a subgroup analysis of the
       ACRIN 6657/I-SPY 1 TRIAL. Tomography 2016;2:378-387. doi:10.18383/j.tom.2016.00247
       (PMC5214452)
    """

    background_fraction: float = 0.60
    background_percentile: float = 95.0
    min_enhancement_percent: float = 70.0
    min_ratio: float = 0.0
    min_neighbours: int = 4
    phases: PhaseSettings = field(default_factory=PhaseSettings)


DEFAULT_TUMOR_VOLUME = TumorVolumeSettings()


@dataclass(frozen=True, slots=True, eq=False)
class FunctionalTumorVolume:
    """Functional tumor volume inside a volume of interest.

    Parameters
    ----------
    volume_ml : float, ml
        NaN where it could not be computed.
    mask : (S, R, C) bool
        Its voxels, on the whole grid.
    class_volumes_ml : mapping of str to float, ml
        By colour of the signal enhancement ratio, from slowest to fastest wash-out: ``blue``
        (0, 0.9], ``purple`` (0.9, 1], ``green`` (1, 1.3], ``red`` (1.3, 1.75], ``yellow``
        (1.75, 3], ``above``.
    background_threshold : float, a.u.
    early_phase, late_phase : int or None
    status : Status
        ``not_computed`` without a baseline, an early and a late phase; ``undefined`` for an empty
        volume of interest.
    """

    volume_ml: float
    mask: np.ndarray
    class_volumes_ml: Mapping[str, float]
    background_threshold: float
    early_phase: int | None
    late_phase: int | None
    status: Status

    def __post_init__(self) -> None:
        object.__setattr__(self, "mask", read_only(self.mask))


def functional_tumor_volume(
    series: DynamicSeries,
    voi: np.ndarray,
    settings: TumorVolumeSettings = DEFAULT_TUMOR_VOLUME,
    *,
    omitted: np.ndarray | None = None,
) -> FunctionalTumorVolume:
    """Volume of the voxels that enhance strongly and are not washed out below their baseline.

    Parameters
    ----------
    series : DynamicSeries
    voi : (S, R, C) bool
        Volume of interest: a box around the tumor, drawn generously, in the reference.
    settings : TumorVolumeSettings
    omitted : (S, R, C) bool, optional
        Regions inside the volume of interest to leave out (vessels, skin, chest wall).

    Returns
    -------
    FunctionalTumorVolume

    Raises
    ------
    GeometryError
        If a mask is on another grid.
    """
    shape = series.array.shape[1:]
    for name, mask in (("volume of interest", voi), ("omitted region", omitted)):
        if mask is not None and mask.shape != shape:
            raise GeometryError(
                f"the {name} must be on the grid of the series, {shape}, got {mask.shape}; "
                "resample it first with geometry.resample_like()"
            )
    choice, _ = choose_phases(series.times_s, settings.phases)
    empty = np.broadcast_to(np.False_, shape)
    nan = float("nan")
    if not choice.is_dynamic or choice.late is None or choice.early is None:
        return FunctionalTumorVolume(nan, empty, {}, nan, None, None, Status.NOT_COMPUTED)
    if not voi.any():
        return FunctionalTumorVolume(
            nan, empty, {}, nan, choice.early, choice.late, Status.UNDEFINED
        )
    box = _box_with_margin(voi)
    inside = np.asarray(voi[box], bool)
    kept = inside if omitted is None else inside & ~np.asarray(omitted[box], bool)
    pre, early, late = _three_phases(series.array, choice, box)
    threshold = settings.background_fraction * float(
        np.percentile(np.where(kept, pre, 0)[inside], settings.background_percentile)
    )
    tumor, ratio = _tumor(pre, early, late, threshold=threshold, settings=settings)
    tumor &= kept
    mask = np.zeros(shape, bool)
    mask[box] = tumor
    voxel_ml = voxel_volume_ml(series.affine)
    return FunctionalTumorVolume(
        volume_ml=float(np.count_nonzero(tumor)) * voxel_ml,
        mask=mask,
        class_volumes_ml=_class_volumes(ratio[tumor], voxel_ml),
        background_threshold=threshold,
        early_phase=choice.early,
        late_phase=choice.late,
        status=Status.OK,
    )


def tumor_volume_provenance(
    times_s: np.ndarray, settings: TumorVolumeSettings = DEFAULT_TUMOR_VOLUME
) -> Provenance:
    """How functional tumor volumes of a series with these phase times were computed."""
    choice, _ = choose_phases(times_s, settings.phases)
    computed = choice.is_dynamic and choice.early is not None and choice.late is not None
    times = (
        f"(early {times_s[choice.early]:.0f} s, late {times_s[choice.late]:.0f} s)"
        if computed
        else "(not computed for want of phases)"
    )
    return Provenance(
        step="functional_tumor_volume",
        method=(
            f"Functional tumor volume {times} comprised voxels with a pre-contrast signal of at "
            f"least {settings.background_fraction:g} times its {settings.background_percentile:g}th"
            f" percentile in the volume of interest, enhancement of at least "
            f"{settings.min_enhancement_percent:g} %, a signal enhancement ratio of at least "
            f"{settings.min_ratio:g} and at least {settings.min_neighbours} of 26 such neighbours."
        ),
        settings={
            "background_fraction": settings.background_fraction,
            "background_percentile": settings.background_percentile,
            "min_enhancement_percent": settings.min_enhancement_percent,
            "min_ratio": settings.min_ratio,
            "min_neighbours": settings.min_neighbours,
            "early_target_s": settings.phases.early_s,
            "late_target_s": settings.phases.late_s,
        },
        references=REFERENCES,
    )


def _box_with_margin(mask: np.ndarray) -> tuple[slice, ...]:
    """Bounding box one voxel wider: all neighbours of the mask, and no more of the image."""
    box = ndimage.find_objects(np.asarray(mask, np.uint8))[0]
    return tuple(
        slice(max(0, s.start - 1), min(n, s.stop + 1)) for s, n in zip(box, mask.shape, strict=True)
    )


def _three_phases(
    array: np.ndarray, choice: PhaseChoice, box: tuple[slice, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    phases = array[(slice(None), *box)]
    pre = mean_of_phases(phases, choice.pre).astype(np.float64)
    return pre, phases[choice.early].astype(np.float64), phases[choice.late].astype(np.float64)


def _tumor(
    pre: np.ndarray,
    early: np.ndarray,
    late: np.ndarray,
    *,
    threshold: float,
    settings: TumorVolumeSettings,
) -> tuple[np.ndarray, np.ndarray]:
    """Steps 2 to 5: tumor mask and signal enhancement ratio, (S, R, C) each."""
    background = (pre >= threshold) & (pre > 0)
    rise = early - pre
    # Multiplied out: rise / pre >= limit / 100 without the rounding of a division.
    enhancing = background & (100 * rise >= settings.min_enhancement_percent * pre)
    neighbours = _cube_counts(enhancing) - enhancing
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = rise / (late - pre)
    return enhancing & (neighbours >= settings.min_neighbours) & (
        ratio >= settings.min_ratio
    ), ratio


def _cube_counts(mask: np.ndarray) -> np.ndarray:
    """Voxels of a mask among each voxel and its 26 neighbours; beyond the edge is none."""
    counts = mask.astype(np.int16)
    for axis in range(3):
        counts = ndimage.correlate1d(counts, np.ones(3), axis=axis, mode="constant")
    return counts


def _class_volumes(ratio: np.ndarray, voxel_ml: float) -> dict[str, float]:
    volumes = {
        name: float(np.count_nonzero((ratio > low) & (ratio <= high))) * voxel_ml
        for name, low, high in SER_CLASSES
    }
    volumes[ABOVE] = float(np.count_nonzero(ratio > SER_CLASSES[-1][2])) * voxel_ml
    return volumes
