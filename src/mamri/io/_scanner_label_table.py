"""How scanners label the series of a breast protocol: names, image types, sequence attributes.

Names follow those of public collections and of the vendors' protocol trees; image types follow the
vendors' conformance statements. ``{plane}`` stands for the vendor's word for the slice plane.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class SeriesKind(StrEnum):
    """What a protocol step makes; finer than a role, because names differ by it."""

    LOCALIZER = "localizer"
    DYNAMIC = "dynamic"
    ULTRAFAST = "ultrafast"
    T1_PRE = "t1_pre"
    T1_POST = "t1_post"
    T2 = "t2"
    STIR = "stir"
    DWI = "dwi"
    ADC = "adc"
    SUBTRACTION = "subtraction"
    MIP = "mip"


@dataclass(frozen=True, slots=True)
class SeriesLabel:
    """How one scanner labels one kind of series.

    Parameters
    ----------
    name : str
        Series description; ``{plane}`` is the slice plane, ``{name}`` the series it is made from.
    image_type : tuple of str
        ImageType of a classic image.
    scanning_sequence, sequence_variant : tuple of str
    sequence_name : str
        Pulse sequence in the vendor's word; ``{b}`` is the b-value.
    bandwidth_hz : int, Hz per pixel
    """

    name: str
    image_type: tuple[str, ...]
    scanning_sequence: tuple[str, ...]
    sequence_variant: tuple[str, ...]
    sequence_name: str
    bandwidth_hz: int


@dataclass(frozen=True, slots=True)
class DixonLabel:
    """How one scanner labels one part of a Dixon series.

    Parameters
    ----------
    name : str
        Template with ``{name}``, the description of the whole series.
    image_type : tuple of str
        ImageType of a classic image.
    """

    name: str
    image_type: tuple[str, ...]


Labels = Mapping[SeriesKind, SeriesLabel]
DixonLabels = Mapping[str, DixonLabel]
_GRE, _SE, _IR, _EPI = ("GR",), ("SE",), ("SE", "IR"), ("EP",)

_SIEMENS_M = ("ORIGINAL", "PRIMARY", "M", "ND")
_SPOILED, _TURBO = ("SP",), ("SK", "SP", "OSP")
SIEMENS_LABELS: Labels = MappingProxyType(
    {
        SeriesKind.LOCALIZER: SeriesLabel(
            "localizer", (*_SIEMENS_M, "NORM"), _GRE, ("SP", "OSP"), "*fl2d1", 320
        ),
        SeriesKind.DYNAMIC: SeriesLabel(
            "{plane} dyn", (*_SIEMENS_M, "NORM"), _GRE, _SPOILED, "*fl3d1", 450
        ),
        SeriesKind.ULTRAFAST: SeriesLabel(
            "{plane} twist dyn", (*_SIEMENS_M, "NORM"), _GRE, ("SP", "OSP"), "*twist3d1", 740
        ),
        SeriesKind.T1_PRE: SeriesLabel(
            "{plane} t1 non fs", (*_SIEMENS_M, "NORM"), _GRE, _SPOILED, "*fl3d1", 450
        ),
        SeriesKind.T1_POST: SeriesLabel(
            "{plane} t1 fs hires post", (*_SIEMENS_M, "NORM"), _GRE, _SPOILED, "*fl3d1", 360
        ),
        SeriesKind.T2: SeriesLabel(
            "t2_tse_{plane}", (*_SIEMENS_M, "NORM"), _SE, _TURBO, "*tse2d1_19", 220
        ),
        SeriesKind.STIR: SeriesLabel(
            "t2_tirm_{plane}", (*_SIEMENS_M, "NORM"), _IR, _TURBO, "*tir2d1_15", 250
        ),
        SeriesKind.DWI: SeriesLabel(
            "ep2d_diff_{plane}_TRACEW",
            ("DERIVED", "PRIMARY", "DIFFUSION", "TRACEW", "ND", "NORM"),
            _EPI, ("SK", "SP"), "*ep_b{b}t", 1502,
        ),
        SeriesKind.ADC: SeriesLabel(
            "ep2d_diff_{plane}_ADC",
            ("DERIVED", "PRIMARY", "DIFFUSION", "ADC", "ND", "NORM"),
            _EPI, ("SK", "SP"), "*ep_b50_800", 1502,
        ),
        SeriesKind.SUBTRACTION: SeriesLabel(
            "{name}_SUB", ("DERIVED", "PRIMARY", "M", "ND", "NORM", "SUB"),
            _GRE, _SPOILED, "*fl3d1", 450,
        ),
        SeriesKind.MIP: SeriesLabel(
            "{name}_SUB_MIP",
            ("DERIVED", "SECONDARY", "PROJECTION IMAGE", "ND", "NORM", "SUB", "MIP"),
            _GRE, _SPOILED, "*fl3d1", 450,
        ),
    }
)  # fmt: skip
SIEMENS_DIXON: DixonLabels = MappingProxyType(
    {
        "water": DixonLabel("{name}_W", ("DERIVED", "PRIMARY", "DIXON", "WATER", "ND", "NORM")),
        "fat": DixonLabel("{name}_F", ("DERIVED", "PRIMARY", "DIXON", "FAT", "ND", "NORM")),
        "in-phase": DixonLabel(
            "{name}_in", ("ORIGINAL", "PRIMARY", "DIXON", "IN_PHASE", "ND", "NORM")
        ),
        "opposed-phase": DixonLabel(
            "{name}_opp", ("ORIGINAL", "PRIMARY", "DIXON", "OPP_PHASE", "ND", "NORM")
        ),
    }
)

_GE_M = ("ORIGINAL", "PRIMARY", "OTHER")
_GE_SPOILED = ("SS", "SP", "SK")
GE_LABELS: Labels = MappingProxyType(
    {
        SeriesKind.LOCALIZER: SeriesLabel("3-pl T2* FGRE", _GE_M, _GRE, ("NONE",), "fgre", 244),
        SeriesKind.DYNAMIC: SeriesLabel(
            "{plane} Vibrant MultiPhase", _GE_M, _GRE, _GE_SPOILED, "efgre3d", 488
        ),
        SeriesKind.ULTRAFAST: SeriesLabel(
            "{plane} DISCO Ultrafast", _GE_M, _GRE, _GE_SPOILED, "efgre3d", 651
        ),
        SeriesKind.T1_PRE: SeriesLabel(
            "{plane} 3D T1 NON FS", _GE_M, _GRE, _GE_SPOILED, "efgre3d", 488
        ),
        SeriesKind.T1_POST: SeriesLabel(
            "{plane} Vibrant Hi Res +C", _GE_M, _GRE, _GE_SPOILED, "efgre3d", 390
        ),
        SeriesKind.T2: SeriesLabel("{plane} T2 FSE", _GE_M, _SE, ("SK",), "fse-xl", 244),
        SeriesKind.STIR: SeriesLabel("{plane} STIR", _GE_M, _IR, ("SK",), "fse-xl", 195),
        SeriesKind.DWI: SeriesLabel("{plane} DWI", _GE_M, ("EP", "SE"), ("NONE",), "epi2", 1953),
        SeriesKind.ADC: SeriesLabel(
            "Apparent Diffusion Coefficient (mm2/s)", ("DERIVED", "PRIMARY", "ADC"),
            ("EP", "SE"), ("NONE",), "epi2", 1953,
        ),
        SeriesKind.SUBTRACTION: SeriesLabel(
            "SUB {name}", ("DERIVED", "SECONDARY", "PROCESSED", "SUBTRACT"),
            _GRE, _GE_SPOILED, "efgre3d", 488,
        ),
        SeriesKind.MIP: SeriesLabel(
            "MIP SUB {name}", ("DERIVED", "SECONDARY", "PROJECTION IMAGE", "MIP"),
            _GRE, _GE_SPOILED, "efgre3d", 488,
        ),
    }
)  # fmt: skip
GE_DIXON: DixonLabels = MappingProxyType(
    {
        "water": DixonLabel("WATER: {name}", ("DERIVED", "PRIMARY", "DIXON", "WATER")),
        "fat": DixonLabel("FAT: {name}", ("DERIVED", "PRIMARY", "DIXON", "FAT")),
        "in-phase": DixonLabel("InPhase: {name}", ("DERIVED", "PRIMARY", "DIXON", "IN_PHASE")),
        "opposed-phase": DixonLabel(
            "OutPhase: {name}", ("DERIVED", "PRIMARY", "DIXON", "OUT_PHASE")
        ),
    }
)

_FFE = ("ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE")
_PHILIPS_SE = ("ORIGINAL", "PRIMARY", "M_SE", "M", "SE")
PHILIPS_LABELS: Labels = MappingProxyType(
    {
        SeriesKind.LOCALIZER: SeriesLabel("SURVEY", _FFE, _GRE, ("SK",), "FFE", 325),
        SeriesKind.DYNAMIC: SeriesLabel("dyn_eTHRIVE SENSE", _FFE, _GRE, ("MP",), "T1TFE", 434),
        SeriesKind.ULTRAFAST: SeriesLabel(
            "dyn_4D ultrafast", _FFE, _GRE, ("MP",), "T1TFE", 723
        ),
        SeriesKind.T1_PRE: SeriesLabel("T1W_3D_FFE_{plane}", _FFE, _GRE, ("SP",), "T1FFE", 434),
        SeriesKind.T1_POST: SeriesLabel(
            "eTHRIVE_HR_{plane} post", _FFE, _GRE, ("MP",), "T1TFE", 362
        ),
        SeriesKind.T2: SeriesLabel("T2W_TSE_{plane}", _PHILIPS_SE, _SE, ("SK",), "TSE", 217),
        SeriesKind.STIR: SeriesLabel(
            "STIR_TSE_{plane}", ("ORIGINAL", "PRIMARY", "M_IR", "M", "IR"),
            ("IR",), ("SK",), "TIR", 217,
        ),
        SeriesKind.DWI: SeriesLabel("DWI_{plane}", _PHILIPS_SE, _SE, ("SK",), "DwiSE", 1894),
        SeriesKind.ADC: SeriesLabel(
            "dADC", ("DERIVED", "PRIMARY", "ADC", "ADC", "UNSPECIFIED"),
            _SE, ("SK",), "DwiSE", 1894,
        ),
        SeriesKind.SUBTRACTION: SeriesLabel(
            "sub {name}", ("DERIVED", "SECONDARY", "M_FFE", "M", "FFE"),
            _GRE, ("MP",), "T1TFE", 434,
        ),
        SeriesKind.MIP: SeriesLabel(
            "MIP sub {name}", ("DERIVED", "SECONDARY", "PROJECTION IMAGE", "M", "FFE"),
            _GRE, ("MP",), "T1TFE", 434,
        ),
    }
)  # fmt: skip
PHILIPS_DIXON: DixonLabels = MappingProxyType(
    {
        "water": DixonLabel("{name}", ("DERIVED", "PRIMARY", "W", "W", "DERIVED")),
        "fat": DixonLabel("{name}", ("DERIVED", "PRIMARY", "F", "F", "DERIVED")),
        "in-phase": DixonLabel("{name}", ("DERIVED", "PRIMARY", "IP", "IP", "DERIVED")),
        "opposed-phase": DixonLabel("{name}", ("DERIVED", "PRIMARY", "OP", "OP", "DERIVED")),
    }
)
