"""From numbers to descriptors: the limits, and what follows from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan

from mamri.findings.fluid_signal import FluidSignal
from mamri.findings.internal_measures import InternalMeasures
from mamri.findings.spread_measures import SpreadMeasures
from mamri.findings.surface_measures import SurfaceMeasures
from mamri.records import UNDETERMINED, Measure

_CHOSEN = "chosen on simulated lesions"
_BIRADS = "BI-RADS MRI, 5th edition"
_ASSUMED = "assumption"


@dataclass(frozen=True, slots=True)
class DescriptionLimits:
    """Limits between descriptors. Those without a source were chosen on simulated lesions.

    Parameters
    ----------
    focus_mm : float, mm
        A finding with a longest diameter below this is a focus (BI-RADS, 5th edition).
    non_mass_relief : float
        Relief of the surface from which on an enhancement occupies no space of its own.
    irregular_ellipsoid : float
        Overlap (Dice) with the ellipsoid of the same moments below which a shape is irregular.
    round_ratio : float
        Second over first axis from which on a shape is round.
    spiculated_protrusions_mm, irregular_shell : float
        Margin: thin protrusions, volume by surface, from which on it is spiculated; share of the
        shell around the body that enhances, from which on it is irregular.
    rim_ratio : float
        Centre over border below which enhancement is that of a rim.
    homogeneous_variation : float
        Coefficient of variation below which enhancement is homogeneous.
    one_part_percent : float, %
        A non-mass enhancement whose largest connected piece holds less is clumped.
    linear_ratio, segmental_ratio : float
        Second over first axis up to which a non-mass enhancement is linear or segmental, if it
        points to the nipple.
    nipple_angle_deg : float, degrees
        It points to the nipple up to this angle.
    focal_percent, diffuse_percent : float, %
        Extent in the breast up to which a non-mass enhancement is focal, and from which on it is
        diffuse (assumption: BI-RADS calls focal what takes less than a quarter of a quadrant).
    t2_equal : (low, high)
        Signal over that of fibroglandular tissue (assumption: equal within a fifth).
    oedema_points : float, percentage points
        Share of bright fat around a finding above that of its breast, from which on there is
        perifocal oedema.
    wet_breast_percent : float, %
        Share of bright fat in the breast from which on nothing is said of oedema (assumption).
    most_noise : float
        Spread of the surroundings, against the finding, above which its surface and inside cannot
        be told (assumption).
    least_voxels_across : float
        Voxels across the shortest diameter below which they cannot either (assumption).
    """

    focus_mm: float = 5.0
    non_mass_relief: float = 0.19
    irregular_ellipsoid: float = 0.885
    round_ratio: float = 0.875
    spiculated_protrusions_mm: float = 0.155
    irregular_shell: float = 0.15
    rim_ratio: float = 0.80
    homogeneous_variation: float = 0.105
    one_part_percent: float = 70.0
    linear_ratio: float = 0.47
    segmental_ratio: float = 0.75
    nipple_angle_deg: float = 25.0
    focal_percent: float = 25.0
    diffuse_percent: float = 60.0
    t2_equal: tuple[float, float] = (0.8, 1.2)
    oedema_points: float = 22.0
    wet_breast_percent: float = 50.0
    most_noise: float = 0.25
    least_voxels_across: float = 2.0


@dataclass(frozen=True, slots=True)
class Looks:
    """Everything that was measured of the looks of one finding.

    Parameters
    ----------
    longest_mm : float, mm
    voxels_across : float
        Shortest diameter over the largest side of a voxel.
    spread : SpreadMeasures
    fluid : FluidSignal or None
        None without a T2-weighted image.
    noise : float
        Of `LesionField`.
    surface : SurfaceMeasures or None
        None where the finding does not rise above its surroundings.
    inside : InternalMeasures or None
    """

    longest_mm: float
    voxels_across: float
    spread: SpreadMeasures
    fluid: FluidSignal | None = None
    noise: float = float("nan")
    surface: SurfaceMeasures | None = None
    inside: InternalMeasures | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """Code of a descriptor, the numbers behind it, and the reason where it is undetermined."""

    code: str = UNDETERMINED
    measures: tuple[Measure, ...] = ()
    reason: str = ""


def judge_looks(looks: Looks, limits: DescriptionLimits) -> Mapping[str, Judgement]:
    """Judge what was measured.

    Parameters
    ----------
    looks : Looks
    limits : DescriptionLimits

    Returns
    -------
    mapping of descriptor to Judgement
        Codes are those of the lexicons.
    """
    kind = _type(looks, limits)
    return {
        "type": kind,
        "shape": _of("mass", kind, "shape") or _shape(looks, limits),
        "margin": _of("mass", kind, "margin") or _margin(looks, limits),
        "internal_enhancement": _internal(kind.code, looks, limits),
        "distribution": _of("non_mass", kind, "distribution")
        or _distribution(looks.spread, limits),
        "t2_signal": _t2_signal(looks.fluid, limits),
        "oedema": _oedema(looks.fluid, limits),
    }


def _blurred(looks: Looks, limits: DescriptionLimits) -> str:
    """Why surface and inside cannot be told; empty where they can."""
    if looks.surface is None or looks.inside is None:
        return "it is too small, or enhances no more than what is around it"
    if looks.noise > limits.most_noise:
        return (
            f"its surroundings vary by {100 * looks.noise:.0f} % of its enhancement, more than the "
            f"{100 * limits.most_noise:.0f} % up to which its edge can be told"
        )
    if looks.voxels_across < limits.least_voxels_across:
        return (
            f"its shortest diameter spans {looks.voxels_across:.1f} voxels, fewer than the "
            f"{limits.least_voxels_across:.0f} from which its looks can be told"
        )
    return ""


_NO_NUMBER = "part of it could not be measured"
_NAMES = {"mass": "a mass", "non_mass": "non-mass enhancement", "focus": "a focus"}


def _of(needed: str, kind: Judgement, descriptor: str) -> Judgement | None:
    """Undetermined where a descriptor is not one of this type of finding."""
    if kind.code == needed:
        return None
    if kind.code == UNDETERMINED:
        return Judgement(reason="its type is undetermined")
    return Judgement(reason=f"{descriptor} is not described of {_NAMES[kind.code]}")


def _type(looks: Looks, limits: DescriptionLimits) -> Judgement:
    size = Measure(
        "type", "longest diameter", looks.longest_mm, "mm",
        f"below {limits.focus_mm:g}: focus", _BIRADS,
    )  # fmt: skip
    if looks.longest_mm < limits.focus_mm:
        return Judgement("focus", (size,))
    reason = _blurred(looks, limits)
    if reason or looks.surface is None:
        return Judgement(UNDETERMINED, (size,), reason)
    relief = Measure(
        "type", "relief", looks.surface.relief, "",
        f"{limits.non_mass_relief:g} or more: non-mass enhancement", _CHOSEN,
    )  # fmt: skip
    if isnan(relief.value):
        return Judgement(UNDETERMINED, (size, relief), _NO_NUMBER)
    code = "non_mass" if looks.surface.relief >= limits.non_mass_relief else "mass"
    return Judgement(code, (size, relief))


def _shape(looks: Looks, limits: DescriptionLimits) -> Judgement:
    assert looks.surface is not None, "a mass has a surface"
    surface = looks.surface
    measures = (
        Measure(
            "shape", "overlap with ellipsoid", surface.ellipsoid_overlap, "",
            f"below {limits.irregular_ellipsoid:g}: irregular", _CHOSEN,
        ),
        Measure(
            "shape", "second by first axis", surface.axis_ratio, "",
            f"{limits.round_ratio:g} or more: round", _CHOSEN,
        ),
    )  # fmt: skip
    if any(isnan(measure.value) for measure in measures):
        return Judgement(UNDETERMINED, measures, _NO_NUMBER)
    if surface.ellipsoid_overlap < limits.irregular_ellipsoid:
        return Judgement("irregular", measures)
    return Judgement("round" if surface.axis_ratio >= limits.round_ratio else "oval", measures)


def _margin(looks: Looks, limits: DescriptionLimits) -> Judgement:
    assert looks.surface is not None, "a mass has a surface"
    surface = looks.surface
    measures = (
        Measure(
            "margin", "thin protrusions", surface.protrusions_mm, "mm",
            f"{limits.spiculated_protrusions_mm:g} or more: spiculated", _CHOSEN,
        ),
        Measure(
            "margin", "enhancing shell", surface.shell, "",
            f"{limits.irregular_shell:g} or more: irregular", _CHOSEN,
        ),
    )  # fmt: skip
    if isnan(surface.protrusions_mm):
        return Judgement(UNDETERMINED, measures, _NO_NUMBER)
    if surface.protrusions_mm >= limits.spiculated_protrusions_mm:
        return Judgement("spiculated", measures)
    if isnan(surface.shell):
        return Judgement(UNDETERMINED, measures, "too little around it can be seen")
    code = "irregular" if surface.shell >= limits.irregular_shell else "circumscribed"
    return Judgement(code, measures)


def _internal(kind: str, looks: Looks, limits: DescriptionLimits) -> Judgement:
    if kind == "mass" and looks.inside is not None:
        return _inside_of_mass(looks.inside, limits)
    if kind == "non_mass" and looks.inside is not None:
        return _inside_of_non_mass(looks.inside, limits)
    is_open = kind == UNDETERMINED
    return Judgement(reason="its type is undetermined" if is_open else "a focus is too small")


def _inside_of_mass(inside: InternalMeasures, limits: DescriptionLimits) -> Judgement:
    measures = (
        Measure(
            "internal_enhancement", "centre by border", inside.centre_to_border, "",
            f"below {limits.rim_ratio:g}: rim", _CHOSEN,
        ),
        Measure(
            "internal_enhancement", "variation", inside.variation, "",
            f"below {limits.homogeneous_variation:g}: homogeneous", _CHOSEN,
        ),
    )  # fmt: skip
    if isnan(inside.centre_to_border) or isnan(inside.variation):
        return Judgement(UNDETERMINED, measures, "it is too thin to have an inside")
    if inside.centre_to_border < limits.rim_ratio:
        return Judgement("rim", measures)
    is_even = inside.variation < limits.homogeneous_variation
    return Judgement("homogeneous" if is_even else "heterogeneous", measures)


def _inside_of_non_mass(inside: InternalMeasures, limits: DescriptionLimits) -> Judgement:
    measures = (
        Measure(
            "internal_enhancement", "largest piece", inside.main_part_percent, "%",
            f"below {limits.one_part_percent:g}: clumped", _CHOSEN,
        ),
    )  # fmt: skip
    if inside.main_part_percent < limits.one_part_percent:
        return Judgement("clumped", measures)
    reason = "gland and fat lie between each other in it, so that even enhancement looks uneven"
    return Judgement(UNDETERMINED, measures, reason)


def _distribution(spread: SpreadMeasures, limits: DescriptionLimits) -> Judgement:
    measures = (
        Measure(
            "distribution", "width by length", spread.width_ratio, "",
            f"up to {limits.linear_ratio:g}: linear, up to {limits.segmental_ratio:g}: segmental, "
            "if it points to the nipple", _CHOSEN,
        ),
        Measure(
            "distribution", "angle to nipple", spread.nipple_angle_deg, "degrees",
            f"up to {limits.nipple_angle_deg:g}: points to the nipple", _CHOSEN,
        ),
        Measure(
            "distribution", "extent in the breast", spread.breast_percent, "%",
            f"up to {limits.focal_percent:g}: focal, {limits.diffuse_percent:g} or more: diffuse, "
            "between: regional", _ASSUMED,
        ),
    )  # fmt: skip
    if isnan(spread.width_ratio):
        return Judgement(UNDETERMINED, measures, _NO_NUMBER)
    if not spread.breast_percent >= 0:
        return Judgement(UNDETERMINED, measures, "its breast was not found")
    if spread.breast_percent >= limits.diffuse_percent:
        return Judgement("diffuse", measures)
    if spread.width_ratio <= limits.segmental_ratio:
        if not spread.nipple_angle_deg >= 0:
            return Judgement(UNDETERMINED, measures, "the nipple was not found")
        if spread.nipple_angle_deg <= limits.nipple_angle_deg:
            is_linear = spread.width_ratio <= limits.linear_ratio
            return Judgement("linear" if is_linear else "segmental", measures)
    code = "focal" if spread.breast_percent <= limits.focal_percent else "regional"
    return Judgement(code, measures)


def _t2_signal(fluid: FluidSignal | None, limits: DescriptionLimits) -> Judgement:
    if fluid is None:
        return Judgement(reason="the exam has no T2-weighted image")
    low, high = limits.t2_equal
    measures = (
        Measure(
            "t2_signal", "T2 signal by fibroglandular tissue", fluid.finding_ratio, "",
            f"below {low:g}: hypointense, above {high:g}: hyperintense", _ASSUMED,
        ),
    )  # fmt: skip
    if not fluid.finding_ratio >= 0:
        return Judgement(reason="the T2-weighted image does not show it and its breast")
    ratio = fluid.finding_ratio
    return Judgement("low" if ratio < low else "high" if ratio > high else "equal", measures)


def _oedema(fluid: FluidSignal | None, limits: DescriptionLimits) -> Judgement:
    if fluid is None:
        return Judgement(reason="the exam has no T2-weighted image")
    if fluid.fat_is_dark is None:
        return Judgement(reason="the T2-weighted image does not show it and its breast")
    suppression = Measure(
        "oedema", "T2 signal of fat by fibroglandular tissue", fluid.fat_ratio, "",
        "fat must be darker for oedema to be told", _ASSUMED,
    )  # fmt: skip
    if not fluid.fat_is_dark:
        return Judgement(
            UNDETERMINED, (suppression,), "fat is not darker than gland on the T2-weighted image"
        )
    excess = fluid.wet_percent - fluid.breast_wet_percent
    bright = Measure(
        "oedema", "bright fat around it beyond that of its breast", excess, "%",
        f"{limits.oedema_points:g} points or more: perifocal", _CHOSEN,
    )  # fmt: skip
    measures = (suppression, bright)
    if isnan(excess):
        return Judgement(UNDETERMINED, measures, "there is too little fat around it")
    if fluid.breast_wet_percent >= limits.wet_breast_percent:
        reason = "most fat of the breast is bright: diffuse oedema, or suppression that failed"
        return Judgement(UNDETERMINED, measures, reason)
    return Judgement("perifocal" if excess >= limits.oedema_points else "absent", measures)
