"""Detection of findings: enhancing regions inside the breasts.

An exam is searched twice. In the first subtraction cancers stand out most from parenchyma; what
enhances late is looked for again in the late phase, where nothing was seen before.
"""

from dataclasses import asdict

import numpy as np
from scipy import ndimage

from mamri.findings.candidates import Candidate, find_candidates, merge_satellites
from mamri.findings.enhancement_levels import EnhancementLevels, enhancement_levels, search_region
from mamri.findings.plausibility import Verdict, candidate_shape, conspicuity, judge
from mamri.findings.settings import DetectionSettings
from mamri.records import (
    Anatomy,
    Caveat,
    DynamicSeries,
    GeometryError,
    KineticMaps,
    LabelMap,
    Provenance,
)

_CLAIM = 3  # samples around a candidate of the first search that the second does not enter

REFERENCES = (
    "Levman J, Causer P, Warner E, Martel AL. Effect of the enhancement threshold on the "
    "computer-aided detection of breast cancer using MRI. Acad Radiol 2009;16:1064-1069. "
    "doi:10.1016/j.acra.2009.03.018",
    "Lehman CD, Peacock S, DeMartini WB, Chen X. A new automated software system to evaluate "
    "breast MR examinations: improved specificity without decreased sensitivity. AJR Am J "
    "Roentgenol 2006;187:51-56. doi:10.2214/AJR.05.0269",
    "Sato Y, Nakajima S, Shiraga N et al. Three-dimensional multi-scale line filter for "
    "segmentation and visualization of curvilinear structures in medical images. Med Image Anal "
    "1998;2:143-168. doi:10.1016/S1361-8415(98)80009-1",
)


def detect_findings(
    series: DynamicSeries,
    maps: KineticMaps,
    anatomy: Anatomy,
    vessels: np.ndarray,
    settings: DetectionSettings | None = None,
) -> tuple[LabelMap, Provenance, tuple[Caveat, ...]]:
    """Find enhancing regions inside the breasts.

    Parameters
    ----------
    series : DynamicSeries
        In anatomical order, motion corrected.
    maps : KineticMaps
        Only its choice of the late phase is used.
    anatomy : Anatomy
        On the grid of the series. Its back surface may be wrong by some millimetres: what
        continues behind it is recognised as chest.
    vessels : (S, R, C) bool
        Removed before the search; see ``segmentation.vessels.segment_vessels``.
    settings : DetectionSettings, optional

    Returns
    -------
    LabelMap
        Value = finding id, 1 for the most conspicuous; 0 elsewhere.
    Provenance
    tuple of Caveat
        ``findings_not_searched`` without a breast or without phases before and after contrast,
        ``findings_capped`` where more were found than are reported, ``background_hides_findings``
        where background enhancement raised the threshold beyond `limiting_percent`.

    Raises
    ------
    GeometryError
        If series, anatomy and vessels differ in grid.
    """
    settings = settings or DetectionSettings()
    shape = anatomy.breast.shape
    if series.array.shape[1:] != shape or vessels.shape != shape:
        raise GeometryError(
            f"series, anatomy and vessels must share one grid, got {series.array.shape[1:]}, "
            f"{shape} and {vessels.shape}; resample them first with geometry.resample_like()"
        )
    if not anatomy.breast.any() or not 0 < series.n_pre < series.n_phases:
        caveat = Caveat(
            "findings_not_searched",
            "Enhancing findings were not looked for, because a breast or a phase before or after "
            "contrast is missing.",
        )
        return _no_findings(shape, anatomy), _provenance(series, (), (), settings), (caveat,)
    region = search_region(series, anatomy, vessels=vessels, settings=settings)
    phases = search_phases(series, maps, settings)
    searched: list[EnhancementLevels] = []
    ranked: list[tuple[float, Candidate]] = []
    claimed = np.zeros(region.body.shape, bool)
    for order, phase in enumerate(phases):
        levels = enhancement_levels(
            series,
            phase,
            region,
            settings=settings,
            already_searched=claimed if order > 0 else None,
        )
        ranked += _search(levels, claimed, settings, is_late=order > 0)
        searched.append(levels)
    ranked.sort(key=lambda item: -item[0])
    reported = [candidate for _, candidate in ranked[: settings.max_findings]]
    labels = _label(reported, searched[0], shape)
    caveats = _caveats(len(ranked), searched[0], settings)
    found = LabelMap(
        labels, anatomy.affine, {i: f"finding {i}" for i in range(1, int(labels.max()) + 1)}
    )
    return found, _provenance(series, phases, tuple(searched), settings), caveats


def search_phases(
    series: DynamicSeries, maps: KineticMaps, settings: DetectionSettings
) -> tuple[int, ...]:
    """Phases to subtract: that nearest to `first_phase_s`, then the late one if there is another.

    Parameters
    ----------
    series : DynamicSeries
        With a phase after injection.
    maps : KineticMaps
    settings : DetectionSettings

    Returns
    -------
    tuple of int
        Indices into the series.
    """
    post = np.flatnonzero(series.times_s > 0)
    first = int(post[np.argmin(np.abs(series.times_s[post] - settings.first_phase_s))])
    if maps.late_phase is None or maps.late_phase == first:
        return (first,)
    return first, maps.late_phase


def _search(
    levels: EnhancementLevels,
    claimed: np.ndarray,
    settings: DetectionSettings,
    *,
    is_late: bool,
) -> list[tuple[float, Candidate]]:
    """Plausible candidates of one phase with their conspicuity; `claimed` grows by all of them."""
    kept, dropped = [], []
    for candidate in find_candidates(levels, settings):
        if claimed[candidate.box][candidate.mask].any():
            continue
        verdict = judge(candidate, levels, settings=settings)
        if is_late and verdict is Verdict.KEPT:
            size = candidate_shape(candidate.mask, levels.region.grid.step_mm).diameter_mm
            verdict = Verdict.KEPT if size >= settings.late_diameter_mm else Verdict.WEAK_FOCUS
        if verdict is Verdict.KEPT:
            kept.append(candidate)
        elif verdict is not Verdict.TOO_SMALL:
            dropped.append(candidate)
    step = levels.region.grid.step_mm
    kept = merge_satellites(
        kept,
        levels.signal.shape,
        distance=settings.satellite_mm / step,
        share=settings.satellite_share,
    )
    for candidate in kept + dropped:
        claimed[candidate.box] |= ndimage.binary_dilation(candidate.mask, iterations=_CLAIM)
    return [(conspicuity(candidate, levels), candidate) for candidate in kept]


def _label(
    reported: list[Candidate], levels: EnhancementLevels, shape: tuple[int, ...]
) -> np.ndarray:
    """Label the candidates on the full grid, in the order given."""
    labels = np.zeros(shape, np.uint16)
    number = 0
    for candidate in reported:
        mask = np.zeros(levels.signal.shape, bool)
        mask[candidate.box] = candidate.mask
        box, part = levels.region.grid.spread_box(mask)
        free = part & (labels[box] == 0)
        if free.any():
            number += 1
            labels[box][free] = number
    return labels


def _no_findings(shape: tuple[int, ...], anatomy: Anatomy) -> LabelMap:
    return LabelMap(np.zeros(shape, np.uint16), anatomy.affine)


def _caveats(
    n_found: int, first: EnhancementLevels, settings: DetectionSettings
) -> tuple[Caveat, ...]:
    caveats = []
    if n_found > settings.max_findings:
        caveats.append(
            Caveat(
                "findings_capped",
                f"{n_found} enhancing regions were found; only the {settings.max_findings} most "
                "conspicuous are reported.",
            )
        )
    if first.seed_percent > settings.limiting_percent:
        caveats.append(
            Caveat(
                "background_hides_findings",
                "Strong or uneven background enhancement raised the detection threshold to "
                f"{first.seed_percent:.0f} % enhancement, so weaker lesions may be missed.",
            )
        )
    return tuple(caveats)


def _provenance(
    series: DynamicSeries,
    phases: tuple[int, ...],
    searched: tuple[EnhancementLevels, ...],
    settings: DetectionSettings,
) -> Provenance:
    values = asdict(settings)
    if not searched:
        method = "Enhancing findings were not looked for."
        return Provenance("findings", method, values, REFERENCES)
    times = " and ".join(f"{series.times_s[phase]:.0f} s" for phase in phases)
    limits = " and ".join(f"{levels.seed_percent:.0f} %" for levels in searched)
    method = (
        f"Enhancing regions were searched for in the subtraction(s) at {times} after injection, "
        f"without skin and vessels. Each needed an enhancement of at least {limits}, the larger "
        f"of {settings.min_enhancement_percent:g} % and background enhancement plus "
        f"{settings.seed_background:g} standard deviations, and {settings.seed_noise:g} times the "
        f"noise of the subtraction, and extended to {100 * settings.edge_fraction:g} % of its own "
        "peak. Nipple, vessels, chest wall, motion artefacts and diffuse background were dropped "
        f"by position, shape and contrast; the {settings.max_findings} most conspicuous of "
        f"{settings.min_diameter_mm:g} mm or more were kept."
    )
    return Provenance("findings", method, values, REFERENCES)
