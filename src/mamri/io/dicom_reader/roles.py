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
_MIP = r"(?<![a-z])(t?mips?|mip\w*)(?![a-z])|<mip|projection|up ?shot"
_LOC = (
    r"(?<![a-z])(3[- ]?(plane|pl)|loc|locs|surv\w*|locali[sz]ation|locali[sz]ers?|locator|scout|"
    r"smart ?brain|haste_loc|pos(ition)?ing|for position|cal)(?![a-z])|calibration|asset ?cal|shim"
)
_DERIVED = (
    r": ?(pe|ser)\d*\b|(?<![a-z])(cad|reformat\w*|registered|posdisp|bind|screen ?save|colou?r|"
    r"kinetic|map|wash[ _-]?(in|out)?|ttp|pei|i?auc|ktrans|kep|time[ _-]?to[ _-]?peak|parametric|"
    r"curve|label|processed|upsampled|clip|sheath|ir \d+ ti)(?![a-z])|(?<![a-z])(slope|mpr(?!age))|"
    r"<mpr|cad~|^\(\d+/\d+/\d+\)|segmentation|needle|biopsy|mammotest|grid"
)
_ADC = r"(?<![a-z])(d?adc|e?adc|apparent)(?![a-z])"
_DWI_ANYWHERE = r"dwi|dwss|tensor"
_DWI = (
    _DWI_ANYWHERE
    + r"|(?<![a-z])(diff|diffusion|resolve|dti|trace\w*|ep2d\w*|b ?\d{2,4})(?![a-z0-9])"
)
_STIR = r"(?<![a-z])(stir|tirm|t2_tirm|ir[ _-]?fse|spir_stir)(?![a-z])|tirm|stir"
_T2 = (
    r"((?<![a-z])|(?<=sag)|(?<=sagittal)|(?<=fs)|(?<=tse))t2(?![a-z0-9]?star)|fse|tse.*t2|t2.*tse|"
    r"(?<![a-z])haste(?![a-z])|bright"
)
_T1_NOT_GRE = r"t1.*(tse|fse|(?<![a-z])se(?![a-z]))|(tse|fse|(?<![a-z])se).*t1"
_BALANCED = r"fiesta|tru(e ?)?fi|b-?ffe(?![a-z])|b?ssfp"
_T1 = (
    r"t1|vibrant|vibe|flash|fl3d|fl_|fspgr|spgr|thrive|grass|greast|\blava|dyn|(?<![a-z])dy(?![a-z])|views|"
    r"fgre|\bgre\b|tfl|twist|tricks|disco|ultra ?fast|post|pre|\bpass|gad|contrast|phase|ph\d+/|"
    r"\+ ?c\b|gd\b|sns|ca\b|3d|pg\b|special"
)
_FAT = (
    r"fat[ _-]?only|(?<![a-z])fat ?:|: ?fat(?![a-z])|"
    r"(?<![a-z])(in|out|opp|opposed)([ _-]?of)?[ _-]?phase"
)
# Suffixes count only where there are no tags: a name cut short ends in anything.
_FAT_SUFFIX = r"(?<!_no)_(opp|in|f)$|(dixon|ideal|flex)\w*[ _-](fat|f)$"
# Dixon images by ImageType value 3 or 4, in the words of GE, Philips and Siemens.
WATER_PARTS = frozenset({"W", "WATER"})
OTHER_DIXON_PARTS = frozenset({"F", "FAT", "IP", "IN_PHASE", "OP", "OUT_PHASE", "OPP_PHASE"})
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
    return bool(types) and f.image_type[0] == "DERIVED" and not _has_water(f)


def _has_water(f: SeriesFeatures) -> bool:
    """Whether Dixon water images are there, alone or beside the other parts in one series."""
    return bool(WATER_PARTS & set(f.image_type))


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
    (_type("MIP", "PROJECTION IMAGE", "MNIP"), SeriesRole.MIP, "ImageType says projection"),
    (_type("SUBTRACT", "SUBTRACTION", "SUB"), SeriesRole.SUBTRACTION, "ImageType says subtraction"),
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
    (_words(_ADC), SeriesRole.ADC, "its name says ADC"),
    (_words(_DERIVED), SeriesRole.OTHER, "its name says derived or reformatted"),
    (_words(_LOC), SeriesRole.LOCALIZER, "its name says localizer"),
    (lambda f: f.n_orientations > 1 and f.n_images <= 30, SeriesRole.LOCALIZER,
     "few slices in several orientations"),
    (lambda f: bool(OTHER_DIXON_PARTS & set(f.image_type)) and not _has_water(f), SeriesRole.DIXON,
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
    (_words(_BALANCED), SeriesRole.OTHER, "its name says balanced steady state: not T1-weighted"),
    (_words(_FAT), SeriesRole.DIXON, "its name says Dixon part other than water"),
    (_is_short_gre, T1_CANDIDATE, "short gradient echo (T1-weighted)"),
    (lambda f: bool(f.scanning_sequence), SeriesRole.OTHER, "no sequence of a known kind"),
    (_words(_DWI), SeriesRole.DWI, "its name says diffusion"),
    (_words(_T1_NOT_GRE), SeriesRole.T1_POST, "its name says T1 spin echo: not a phase"),
    (_words(_T2), SeriesRole.T2, "its name says T2"),
    (_words(_FAT_SUFFIX), SeriesRole.DIXON, "its name ends as a Dixon part other than water does"),
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


# "Pre sat" is a saturation band; the "gad" of "pre gad" belongs to "pre".
_PRE_WORDS = re.compile(
    r"(?<![a-z])(pre(?!\w*[ _-]?sat)([ _-]?(con\w*|gad|gd))?|nativ|native|without|w/o|unenhanced|"
    r"non[- ]?contrast|mask|before|ohne)(?![a-z])|\+c-1|pre[ _-]?(con(t|trast)?|gad|gd)(?![a-z])",
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
    >>> named_pre("SAG T1 LEFT PRE GAD"), named_pre("t1 VIBE -pre sat")
    (True, None)
    """
    pre = _PRE_WORDS.search(description) is not None
    post = _POST_WORDS.search(_PRE_WORDS.sub(" ", description)) is not None
    return pre if pre != post else None
