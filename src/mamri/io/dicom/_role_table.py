r"""Which words and tags say what a series is for: rules as data, first match wins.

The words were collected from the series descriptions of public breast MRI collections (Duke, I-SPY 1,
ACRIN 6667, QIN breast, Advanced MRI Breast Lesions). Patterns see the description in lower case with
underscores as blanks.
"""

import re
from typing import NamedTuple

from mamri.records import SeriesRole


class WordRule(NamedTuple):
    """A pattern, the role it gives, and what it means in words."""

    pattern: re.Pattern[str]
    role: SeriesRole
    meaning: str


class TypeRule(NamedTuple):
    """Values of ImageType that give a role."""

    values: frozenset[str]
    role: SeriesRole
    meaning: str


def _word(pattern: str, role: SeriesRole, meaning: str) -> WordRule:
    return WordRule(re.compile(pattern), role, meaning)


# ImageType values (0008,0008), compared in upper case.
TYPE_RULES = (
    TypeRule(frozenset({"SUBTRACT", "SUB", "SUBTRACTION"}), SeriesRole.SUBTRACTION, "subtraction"),
    TypeRule(
        frozenset({"MIP", "PROJECTION IMAGE", "MAX_IP", "MIN_IP", "MNIP"}),
        SeriesRole.MIP,
        "projection",
    ),
    TypeRule(frozenset({"ADC", "EADC"}), SeriesRole.ADC, "apparent diffusion coefficient"),
    TypeRule(frozenset({"TRACEW", "TRACE"}), SeriesRole.DWI, "trace-weighted diffusion"),
    TypeRule(frozenset({"LOCALIZER"}), SeriesRole.LOCALIZER, "localizer"),
    TypeRule(
        frozenset(
            {"MPR", "REFORMATTED", "FA", "OPTIMIZED", "COLOR", "COLOR MAP", "CSA", "RESCALED"}
            | {"CSA MPR", "CSA 3D EDITOR", "CPR", "VRT", "FIELD_MAP", "B0 MAP", "PHASE MAP", "T1 MAP"}
            | {"T2 MAP", "REAL", "IMAGINARY"}
        ),
        SeriesRole.OTHER,
        "reformatted or computed",
    ),
)

# What is never a phase, whatever its contrast.
EXCLUSION_RULES = (
    _word(r"\bseg(mentation)?s?\b", SeriesRole.SEGMENTATION, "segmentation"),
    _word(r"(^|[^a-z])mips?([^a-z]|$)|^pjn$|projection|max(imum)? int", SeriesRole.MIP, "MIP"),
    _word(
        r"(^|[^a-z]|left|right|lt|rt|breast|^s?lt )sub(t|tr|tract|traction|tracted)?([^a-z]|ce|left|$)",
        SeriesRole.SUBTRACTION,
        "subtraction",
    ),
    _word(
        r"subtract|[^a-z]sub$|^sub|ce ?\d? ?su\d?$|^\(\d+/\d+/\d+\)-\(",
        SeriesRole.SUBTRACTION,
        "subtraction",
    ),
    _word(
        r"slope|: ?(pe|ser)\d?$|\bmp?rp?\b|^mpr|reformat|\brecon\b|posdisp|^cad~|registered|^average"
        r"|^bind\(|\bcollection|summary series|\bcurve\b|copy paste|^\(\d+/\d+/\d+\)\+|\btram\b"
        r"|<mp|new series|\baverage\b|spgr avg",
        SeriesRole.OTHER,
        "computed or reformatted images",
    ),
    _word(r"\be?adc\b|apparent diff", SeriesRole.ADC, "ADC"),
    _word(
        r"(^|[^a-z])loc($|[^a-z]|lt|rt)|localiz|locator|scout|/sco?$|survey|(^|[^a-z])surv|\b3[ -]?pl(ane)?\b"
        r"|\b3-?p\b",
        SeriesRole.LOCALIZER,
        "localizer",
    ),
    _word(r"\bdwi|diff(usion)?\b|\bdti\b|tensor|dwss|dwi|resolve|tracew?\b|\bivim", SeriesRole.DWI,
          "diffusion"),
    _word(
        r"(^|[^a-z])cal($|[^a-z])|asset|b0[ -]?map|\bb0\b|field ?map|bbike|multi-flip|\bt1 ?map|\dflip\b"
        r"|postflip|\bflip\b|\bbold|fiesta|greast|\bprobe\b|\bmre\b|ti$|shim|\bprescan|swi|truefisp",
        SeriesRole.OTHER,
        "calibration, map or test",
    ),
)

# Weighting by words, where tags do not tell.
WEIGHTING_RULES = (
    _word(r"stir|tirm|\bir ws\b", SeriesRole.STIR, "STIR"),
    _word(r"t2 ?(\*| ?gre\b)", SeriesRole.OTHER, "T2*-weighted"),
    _word(
        r"(^|[^a-z0-9])t2|tset2|fst2|t2 ?fs|(^|[^a-z])(ss|3d|frfse|tse)? ?fse([^a-z]|$)|haste|3dfse",
        SeriesRole.T2,
        "T2",
    ),
)

# Fat or water parts of a Dixon acquisition, and in- and opposed-phase images.
DIXON_WORDS = re.compile(
    r"dixon|\bideal\b|\bmdixon|\bin[ -]?phase\b|\bopp(osed)?[ -]?phase|\bout[ -]of[ -]phase|flex\b"
)
WATER_TYPES = frozenset({"WATER", "W"})
DIXON_OTHER_TYPES = frozenset(
    {"FAT", "F", "IP", "OP", "IN_PHASE", "OUT_PHASE", "OPP_PHASE", "OPPOSED_PHASE", "FAT_FRACTION"}
)

# T1-weighted gradient echo for dynamic imaging, and spin echo, which is not.
T1_WORDS = re.compile(
    r"(^|[^a-z0-9])t1|t1w|fl ?3d|flash|f?spgr|vibe|vibrant|thrive|lava|rodeo|grass|gre\b|fgre|\b3d\b"
    r"|vib\b|bravo|fs3d|3dsag|dyn|3d/|breast3d|breas3d|fl_3d|3d_|views"
)
SPIN_ECHO_WORDS = re.compile(r"(^|[^a-z])(se|tse|fse|spin echo)([^a-z]|$)|t1 ?tse")

# Signs of contrast agent in a description.
PRE_AND_POST_WORDS = re.compile(
    r"pre[ x0-9]*[ /&+,]+ ?(and )?[0-9x]* ?-?(post|\dhe)|\d[ -]*pre[ -]*\d[ -]*post|multi[- ]?phase"
    r"|\d-?pre[ ,-]+\d ?-?post|\d measure"
)
PRE_WORDS = re.compile(
    r"(^|[^a-z])pre[ -]*(\+ ?c\b|gad|con(tra(st)?)?\b|con|sat|(?=[^a-z]|$))|native|nativ\b|\bmask|without|\bw/?o\b|nonkontrast|unenh"
    r"|-gad\b|vor km"
)
POST_WORDS = re.compile(
    r"post|\+ ?c\b|\bgad\d?\b|w gad|\bpg\b|(1|2|3|4|5)(st|nd|rd|th)? ?(pass|run|ax dyn)|\bpass ?\d"
    r"|\bce\d?\b|\bph ?\d+/|\bphase ?\d|contrast|delay|\d ?min\b|nach km"
)
PRE_IS_NOT_CONTRAST = re.compile(r"pre ?sat")
NUMBER_OF_PRE = re.compile(r"(?:^|[^0-9])([1-9]) ?-? ?pre")
PRE_X_NUMBER = re.compile(r"pre ?x ?([1-9])")
DYNAMIC_WORDS = re.compile(
    r"dyn|multi ?-?phase|\bph ?\d+/|\bpass\b|\bphase ?\d|views|twist|tricks|disco|ultrafast|\bperf"
)
NOT_FAT_SUPPRESSED_WORDS = re.compile(
    r"no[nt]?[ -]?f(at)?[ -]?(s|sat|suppress)|no[ -]fs|w/?o ?fs|fat ?sat off|no sat\b|non fat"
)
FAT_SUPPRESSED_WORDS = re.compile(
    r"(^|[^a-z])(fs|fatsat|spair|spir|spectral|we)([^a-z]|$)|fat[ /-]*(sat|supp)|f\.?s\.?( |$)|vibrant"
    r"|fs3d|sensfs|water exc|tirm|stir"
)
BREAST_WORDS = re.compile(r"breast|mamm|brust|sein\b|\bborst|mama\b|mammella")
