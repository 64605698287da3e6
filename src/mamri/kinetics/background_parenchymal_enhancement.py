"""How much normal fibroglandular tissue enhances.

BI-RADS judges the level on the first post-contrast phase, at about 90 s [1]_ [2]_, by the volume
and the strength of enhancing tissue together, and gives no numbers. Published measures follow
either the strength (mean or median enhancement of the tissue) or the volume (share of the tissue
above an enhancement threshold); over 5,773 examinations they agreed only moderately with each other
and with the category given by radiologists (correlations of 0.50 to 0.56, strength slightly the
better) [3]_. Both are given here; the category comes from the strength.

References
----------
.. [1] Morris EA, Comstock CE, Lee CH et al. ACR BI-RADS Magnetic Resonance Imaging. In: ACR BI-RADS
   Atlas, 5th ed. American College of Radiology, 2013.
.. [2] Giess CS, Yeh ED, Raza S, Birdwell RL. Background parenchymal enhancement at breast MR
   imaging: normal patterns, diagnostic challenges, and potential for false-positive and
   false-negative interpretation. RadioGraphics 2014;34:234-247. doi:10.1148/rg.341135034
.. [3] Intraindividual comparison of different methods for automated BPE assessment at breast MRI: a
   call for standardization. Radiology 2024. PMID 39012249.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mamri.geometry import voxel_volume_ml
from mamri.kinetics.baseline import noise_floor
from mamri.kinetics.percent_enhancement import percent_enhancement
from mamri.kinetics.phase_choice import PhaseChoice, PhaseSettings, choose_phases
from mamri.kinetics.region_curve import signal_in
from mamri.records import (
    Anatomy,
    Caveat,
    DynamicSeries,
    GeometryError,
    Laterality,
    Provenance,
    Status,
)

UNDETERMINED = "undetermined"
CATEGORIES = ("minimal", "mild", "moderate", "marked")

REFERENCES = (
    "Morris EA, Comstock CE, Lee CH et al. ACR BI-RADS Magnetic Resonance Imaging. In: ACR BI-RADS "
    "Atlas, 5th ed. American College of Radiology, 2013.",
    "Intraindividual comparison of different methods for automated BPE assessment at breast MRI: "
    "a call for standardization. Radiology 2024. PMID 39012249.",
)


@dataclass(frozen=True, slots=True)
class ParenchymalSettings:
    """How background enhancement is measured and named.

    Parameters
    ----------
    phase_s : float, s
        The post-contrast phase nearest to this is read: BI-RADS looks at the first one, usually
        at about 90 s.
    cut_offs_percent : (mild, moderate, marked), %
        Median enhancement from which the category is mild, moderate and marked (assumption: no
        published limits were found; quarters of a doubling of the signal, in the manner of the
        quarters of the tissue that readers are taught).
    enhancing_from_percent : float, %
        Enhancement from which a voxel counts in the enhancing share (assumption: 20 %, of the
        order used by volume-based measures).
    min_tissue_ml : float, ml
        Less tissue than this gets no category (assumption).
    phases : PhaseSettings
        Its ``baseline`` says what enhancement is measured against.
    noise_sigmas : float
        Tissue whose baseline is not this many noise standard deviations is left out (assumption).
    """

    phase_s: float = 90.0
    cut_offs_percent: tuple[float, float, float] = (25.0, 50.0, 75.0)
    enhancing_from_percent: float = 20.0
    min_tissue_ml: float = 1.0
    phases: PhaseSettings = field(default_factory=PhaseSettings)
    noise_sigmas: float = 5.0


DEFAULT_PARENCHYMA = ParenchymalSettings()


@dataclass(frozen=True, slots=True)
class ParenchymalEnhancement:
    """Background parenchymal enhancement of one breast.

    Parameters
    ----------
    side : Laterality
    median_percent, mean_percent : float, %
        Of the percent enhancement over the tissue; the median gives the category, because vessels
        and small lesions left in the tissue move it least.
    enhancing_share_percent : float, %
        Share of the tissue that enhances.
    category : str
        ``minimal``, ``mild``, ``moderate``, ``marked`` or ``undetermined``.
    tissue_ml : float, ml
        Tissue that was measured.
    status : Status
    """

    side: Laterality
    median_percent: float
    mean_percent: float
    enhancing_share_percent: float
    category: str
    tissue_ml: float
    status: Status


def background_parenchymal_enhancement(
    series: DynamicSeries,
    anatomy: Anatomy,
    settings: ParenchymalSettings = DEFAULT_PARENCHYMA,
    *,
    exclude: np.ndarray | None = None,
) -> tuple[Mapping[Laterality, ParenchymalEnhancement], tuple[Caveat, ...], Provenance]:
    """Enhancement of the normal fibroglandular tissue of each breast.

    Parameters
    ----------
    series : DynamicSeries
        In anatomical order.
    anatomy : Anatomy
        On the same grid.
    settings : ParenchymalSettings
    exclude : (S, R, C) bool, optional
        Lesions and vessels to leave out.

    Returns
    -------
    mapping of Laterality to ParenchymalEnhancement
        One entry for each breast found.
    tuple of Caveat
        ``background_enhancement_undetermined`` where a breast has too little tissue.
    Provenance

    Raises
    ------
    GeometryError
        If the masks are on another grid.
    """
    shape = series.array.shape[1:]
    for mask in (anatomy.breast, exclude):
        if mask is not None and mask.shape != shape:
            raise GeometryError(
                f"anatomy and excluded regions must be on the grid of the series, {shape}, got "
                f"{mask.shape}; resample them first with geometry.resample_like()"
            )
    choice, _ = choose_phases(series.times_s, settings.phases)
    phase = min(choice.post, key=lambda i: abs(series.times_s[i] - settings.phase_s), default=None)
    measured = {}
    for side in anatomy.sides:
        tissue = anatomy.fibroglandular & (anatomy.breast == side)
        if exclude is not None:
            tissue &= ~np.asarray(exclude, bool)
        measured[side] = _measure(series, tissue, side, choice, phase, settings)
    caveats = tuple(
        Caveat(
            "background_enhancement_undetermined",
            f"Background parenchymal enhancement of the {side.word} breast could not be given a "
            f"category: {m.tissue_ml:.1f} ml of fibroglandular tissue could be measured.",
        )
        for side, m in measured.items()
        if m.category == UNDETERMINED and phase is not None and choice.pre
    )
    time_s = None if phase is None else float(series.times_s[phase])
    return measured, caveats, _provenance(time_s, settings)


def parenchymal_category(
    enhancement_percent: float, cut_offs_percent: tuple[float, float, float]
) -> str:
    """Category of an enhancement; a value on a cut-off belongs to the higher category.

    Examples
    --------
    >>> parenchymal_category(12.0, (25.0, 50.0, 75.0))
    'minimal'
    >>> parenchymal_category(50.0, (25.0, 50.0, 75.0))
    'moderate'
    """
    if np.isnan(enhancement_percent):
        return UNDETERMINED
    return CATEGORIES[int(np.searchsorted(cut_offs_percent, enhancement_percent, side="right"))]


def _measure(
    series: DynamicSeries,
    tissue: np.ndarray,
    side: Laterality,
    choice: PhaseChoice,
    phase: int | None,
    settings: ParenchymalSettings,
) -> ParenchymalEnhancement:
    nan = float("nan")
    if phase is None or not choice.pre:
        return ParenchymalEnhancement(side, nan, nan, nan, UNDETERMINED, nan, Status.NOT_COMPUTED)
    floor = noise_floor(series.array, choice, sigmas=settings.noise_sigmas)
    signal = signal_in(series, tissue, phases=(*choice.pre, phase))
    enhancement = percent_enhancement(signal[-1], signal[:-1].mean(axis=0), noise_floor=floor)
    enhancement = enhancement[np.isfinite(enhancement)]
    tissue_ml = enhancement.size * voxel_volume_ml(series.affine)
    if enhancement.size == 0 or tissue_ml < settings.min_tissue_ml:
        return ParenchymalEnhancement(
            side, nan, nan, nan, UNDETERMINED, tissue_ml, Status.UNDEFINED
        )
    median = float(np.median(enhancement))
    return ParenchymalEnhancement(
        side=side,
        median_percent=median,
        mean_percent=float(enhancement.mean()),
        enhancing_share_percent=100
        * float((enhancement >= settings.enhancing_from_percent).mean()),
        category=parenchymal_category(median, settings.cut_offs_percent),
        tissue_ml=tissue_ml,
        status=Status.OK,
    )


def _provenance(time_s: float | None, settings: ParenchymalSettings) -> Provenance:
    mild, moderate, marked = settings.cut_offs_percent
    when = "" if time_s is None else f" {time_s:.0f} s after injection"
    return Provenance(
        step="background_parenchymal_enhancement",
        method=(
            "Background parenchymal enhancement was the median percent enhancement of the "
            f"fibroglandular tissue{when}, lesions and vessels left out, called mild from "
            f"{mild:g} %, moderate from {moderate:g} % and marked from {marked:g} % (limits "
            "assumed)."
        ),
        settings={
            "phase_target_s": settings.phase_s,
            "phase_s": time_s,
            "mild_from_percent": mild,
            "moderate_from_percent": moderate,
            "marked_from_percent": marked,
            "enhancing_from_percent": settings.enhancing_from_percent,
            "min_tissue_ml": settings.min_tissue_ml,
            "noise_sigmas": settings.noise_sigmas,
        },
        references=REFERENCES,
    )
