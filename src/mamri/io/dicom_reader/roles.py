"""What a series is for, from its tags, and from its name where the tags do not say.

The rules are a table: the first that holds gives the role and the reason. Names are what
technologists and workstations write, so word rules are wide; what a tag says comes first.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from mamri.records import SeriesRole


@dataclass(frozen=True, slots=True)
class SeriesFeatures:
    """What the rules look at; empty or None where the header does not say.

    Parameters
    ----------
    description : str
    modality : str
    image_type : tuple of str
        Upper case.
    scanning_sequence : tuple of str
    tr_ms, te_ms, ti_ms : float, ms
    b_values : tuple of float, s/mm2
    samples_per_pixel : int
    n_images, n_orientations : int
    contrast_agent : bool
    is_3d : bool or None
    has_pixels : bool
    """

    description: str = ""
    modality: str = "MR"
    image_type: tuple[str, ...] = ()
    scanning_sequence: tuple[str, ...] = ()
    tr_ms: float | None = None
    te_ms: float | None = None
    ti_ms: float | None = None
    b_values: tuple[float, ...] = ()
    samples_per_pixel: int = 1
    n_images: int = 0
    n_orientations: int = 1
    contrast_agent: bool = False
    is_3d: bool | None = None
    has_pixels: bool = True


def _words(pattern: str) -> Callable[[SeriesFeatures], bool]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda f: compiled.search(f.description) is not None


def _type(*names: str) -> Callable[[SeriesFeatures], bool]:
    wanted = frozenset(names)
    return lambda f: not wanted.isdisjoint(f.image_type)


# Letters before or after a word end it; digits, underscores and signs do not belong to it.
_SUB = (
    r"(?<![a-z])sub(s|t|ed|tr|tract|tracts|tracted|traction|tractions|trac)?(?![a-z])|\dsub|subtract|"
    r"(left|right|lt|rt|post)sub|ce ?\d? ?su\d?$|^\(\d+/\d+/\d+\)-\("
)
_MIP = r"(?<![a-z])(t?mips?|mip\w*)(?![a-z])|<mip|projection|upshot"
_LOC = r"(?<![a-z])(3[- ]?(plane|pl)|loc|locs|surv\w*|locali[sz]ation|locali[sz]ers?|locator|scout|survey|smart ?brain|haste_loc|pos(ition)?ing)(?![a-z])|calibration|asset ?cal|(?<![a-z])cal(?![a-z])|shim"
_DERIVED = (
    r": ?(pe|ser)\d*\b|(?<![a-z])(slope|cad|mpr|reformat\w*|registered|posdisp|bind|screen ?save|"
    r"color|colour|kinetic|map|wash|parametric|curve|obl|label|processed|upsampled)(?![a-z])|"
    r"<mpr|cad~|^\(\d+/\d+/\d+\)|segmentation|needle|biopsy|mammotest|grid"
)
_ADC = r"(?<![a-z])(d?adc|e?adc|apparent)(?![a-z])"
_DWI_ANYWHERE = r"dwi|dwss|tensor"
_DWI = (
    _DWI_ANYWHERE
    + r"|(?<![a-z])(diff|diffusion|resolve|dti|trace\w*|ep2d\w*|b ?\d{2,4})(?![a-z0-9])"
)
_STIR = r"(?<![a-z])(stir|tirm|t2_tirm|ir[ _-]?fse|spir_stir)(?![a-z])|tirm|stir"
_T2 = r"(?<![a-z])t2(?![a-z0-9]?star)|fse|tse.*t2|t2.*tse|(?<![a-z])haste(?![a-z])|bright"
_T1_NOT_GRE = r"t1.*(tse|fse|(?<![a-z])se(?![a-z]))|(tse|fse|(?<![a-z])se).*t1"
_T1 = (
    r"t1|vibrant|vibe|flash|fl3d|fl_3d|fspgr|spgr|thrive|e-?thrive|grass|greast|\blava|dyn|views|"
    r"3dfgre|fgre|fmpspgr|\bgre\b|tfl|twist|post|pre|\bpass|gad|contrast|phase|ph\d+/|\+ ?c\b|gd\b|"
    r"sns|ca\b|3d|pg\b|special|t1w|special"
)
_FAT = r"(?<![a-z])(fat|fatonly|out[ _-]?phase|in[ _-]?phase|opp[ _-]?phase|_f|ip|op)$|fat[ _-]?only|:? ?fat:|_opp|_in$|out ?of ?phase"
_GRE_TYPES = frozenset({"GR", "RM"})
# 3D dynamics repeat every 3 to 30 ms, 2D FLASH dynamics every 100 to 300 ms (assumption).
_LONGEST_T1_GRE_TR_MS = 400.0

Rule = tuple[Callable[[SeriesFeatures], bool], SeriesRole, str]
T1_CANDIDATE = SeriesRole.DYNAMIC


def _is_short_gre(f: SeriesFeatures) -> bool:
    gradient = bool(_GRE_TYPES & set(f.scanning_sequence)) and "SE" not in f.scanning_sequence
    return (
        gradient
        and (f.te_ms or 0) < 12
        and (f.tr_ms or 0) < _LONGEST_T1_GRE_TR_MS
        and "EP" not in f.scanning_sequence
    )


def _is_derived(f: SeriesFeatures) -> bool:
    """Whether images were computed from others; Dixon water images count as acquired."""
    types = set(f.image_type)
    return bool(types) and f.image_type[0] == "DERIVED" and not types & {"W", "WATER"}


def _is_long_se(f: SeriesFeatures) -> bool:
    spin = "SE" in f.scanning_sequence and "EP" not in f.scanning_sequence
    return spin and (f.te_ms or 0) >= 50 and (f.tr_ms or 0) >= 1500


def _is_short_se(f: SeriesFeatures) -> bool:
    spin = "SE" in f.scanning_sequence and "EP" not in f.scanning_sequence
    return spin and f.te_ms is not None and f.te_ms < 30 and (f.tr_ms or 1e9) < 1500


_RULES: tuple[Rule, ...] = (
    (lambda f: f.modality == "SEG", SeriesRole.SEGMENTATION, "a segmentation object"),
    (lambda f: f.modality != "MR", SeriesRole.OTHER, "not an MR image"),
    (lambda f: not f.has_pixels, SeriesRole.OTHER, "no image pixels"),
    (lambda f: f.samples_per_pixel > 1, SeriesRole.OTHER, "a colour picture, derived from images"),
    (_type("MOSAIC"), SeriesRole.OTHER, "mosaic: many slices in one picture, which is not read"),
    (_type("VFRAME"), SeriesRole.OTHER, "VFRAME: many slices in one picture, which is not read"),
    (_type("SUBTRACT", "SUBTRACTION", "SUB"), SeriesRole.SUBTRACTION, "ImageType says subtraction"),
    (_type("MIP", "PROJECTION IMAGE", "MNIP"), SeriesRole.MIP, "ImageType says projection"),
    (_type("FIELD_MAP", "B0_MAP", "B0 MAP", "PHASE_MAP"), SeriesRole.OTHER,
     "ImageType says field map"),
    (_type("ADC", "EADC"), SeriesRole.ADC, "ImageType says ADC"),
    (_type("LOCALIZER"), SeriesRole.LOCALIZER, "ImageType says localizer"),
    (_type("FA", "OPTIMIZED", "COLOR", "CSA", "RESCALED", "MPR", "REFORMATTED", "PROCESSED"),
     SeriesRole.OTHER, "ImageType says derived"),
    (lambda f: bool({"TRACEW", "TRACE"} & set(f.image_type)), SeriesRole.DWI,
     "ImageType says trace-weighted diffusion"),
    (_words(_MIP), SeriesRole.MIP, "its name says projection"),
    (_words(_SUB), SeriesRole.SUBTRACTION, "its name says subtraction"),
    (_words(_DERIVED), SeriesRole.OTHER, "its name says derived or reformatted"),
    (_words(_ADC), SeriesRole.ADC, "its name says ADC"),
    (_words(_LOC), SeriesRole.LOCALIZER, "its name says localizer"),
    (lambda f: f.n_orientations > 1 and f.n_images <= 30, SeriesRole.LOCALIZER,
     "few slices in several orientations"),
    (_type("F", "FAT", "IP", "IN_PHASE", "OP", "OUT_PHASE", "OPP_PHASE"), SeriesRole.DIXON,
     "ImageType says Dixon part other than water"),
    (_is_derived, SeriesRole.OTHER, "ImageType says derived"),
    (lambda f: max(f.b_values, default=0) > 0, SeriesRole.DWI, "its frames have b-values"),
    (lambda f: "EP" in f.scanning_sequence and _words(_DWI)(f), SeriesRole.DWI,
     "echo-planar and named as diffusion"),
    (_words(_DWI_ANYWHERE), SeriesRole.DWI, "its name says diffusion"),
    (_words(_STIR), SeriesRole.STIR, "its name says STIR"),
    (lambda f: _is_long_se(f) and 100 <= (f.ti_ms or 0) <= 300, SeriesRole.STIR,
     "long spin echo with an inversion that suppresses fat"),
    (_is_long_se, SeriesRole.T2, "long spin echo (TE of 50 ms or more)"),
    (lambda f: "EP" in f.scanning_sequence, SeriesRole.OTHER, "echo-planar without b-values"),
    (lambda f: _is_short_se(f) and f.contrast_agent, SeriesRole.T1_POST,
     "T1 spin echo after contrast, no gradient echo: not a phase of the dynamic"),
    (_is_short_se, SeriesRole.OTHER, "T1 spin echo, no gradient echo: not a phase of the dynamic"),
    (_is_short_gre, T1_CANDIDATE, "short gradient echo (T1-weighted)"),
    (lambda f: bool(f.scanning_sequence), SeriesRole.OTHER, "no sequence of a known kind"),
    (_words(_DWI), SeriesRole.DWI, "its name says diffusion"),
    (_words(_T1_NOT_GRE), SeriesRole.T1_POST, "its name says T1 spin echo: not a phase"),
    (_words(_T2), SeriesRole.T2, "its name says T2"),
    (_words(_FAT), SeriesRole.DIXON, "its name says Dixon part other than water"),
    (_words(_T1), T1_CANDIDATE, "its name says T1 or contrast phase"),
    (lambda f: (f.te_ms or 99) < 12 and (f.tr_ms or 99) < 60, T1_CANDIDATE,
     "short TE and TR (T1-weighted)"),
)  # fmt: skip


def classify(features: SeriesFeatures) -> tuple[SeriesRole, str]:
    """Role of a series and the reason; `T1_CANDIDATE` for what may be a phase of the dynamic.

    Examples
    --------
    >>> classify(SeriesFeatures(description="SUB 2"))[0].value
    'subtraction'
    >>> classify(SeriesFeatures(description="Ph1/Ax Vibrant MultiPhase"))[0].value
    'dynamic'
    """
    for holds, role, reason in _RULES:
        if holds(features):
            return role, reason
    return SeriesRole.OTHER, "nothing in tags or name says what it is"


_PRE_WORDS = re.compile(
    r"(?<![a-z])(pre|native|nativ|without|w/o|unenhanced|non[- ]?contrast|mask|before|ohne)(?![a-z])"
    r"|\+c-1|dyn pre|pre(?=[ _-]?(sat|contrast|gad|gd))",
    re.IGNORECASE,
)
_POST_WORDS = re.compile(
    r"(?<![a-z])(post|\d(st|nd|rd|th)[ _]pass|delay(ed)?|\+ ?c|gad\d*|gd|after|with contrast|late|"
    r"early)(?![a-z])",
    re.IGNORECASE,
)


def named_pre(description: str) -> bool | None:
    """Whether a name says pre-contrast (True), post-contrast (False), or neither or both (None).

    Examples
    --------
    >>> named_pre("ax dyn pre"), named_pre("ax dyn 2nd pass"), named_pre("SAG PRE X1&POST X3")
    (True, False, None)
    """
    pre = _PRE_WORDS.search(description) is not None
    post = _POST_WORDS.search(description) is not None
    return pre if pre != post else None
