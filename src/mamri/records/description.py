"""What a finding looks like, in the words of a lexicon, and the numbers that the words rest on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Measure:
    """A number behind a descriptor, and how it was judged.

    Parameters
    ----------
    descriptor : str
        Field of `Description` that it decides or helps to decide.
    name : str
        What was measured, e.g. ``thin protrusions``.
    value : float
        NaN where it could not be measured.
    unit : str
        ``mm``, ``%``, ``""`` for a plain number.
    rule : str
        Its limits in words, e.g. ``0.2 or more: spiculated``.
    source : str
        Where the limits come from.
    """

    descriptor: str
    name: str
    value: float
    unit: str
    rule: str
    source: str


@dataclass(frozen=True, slots=True)
class Description:
    """Descriptors of a finding; ``undetermined`` where one was not decided.

    Words are those of the lexicon. A descriptor that does not apply, such as the margin of a
    non-mass enhancement, is ``undetermined`` with that reason.

    Parameters
    ----------
    type : str
        ``focus``, ``mass`` or ``non-mass enhancement``.
    shape, margin : str
        Of a mass.
    internal_enhancement : str
    distribution : str
        Of a non-mass enhancement.
    t2_signal : str
        Against the fibroglandular tissue of its breast.
    oedema : str
        ``absent`` or ``perifocal``.
    reasons : mapping of descriptor to str
        Why a descriptor is undetermined.
    measures : tuple of Measure
    lexicon : str
        Name and version of the lexicon; empty where nothing was described.
    """

    type: str = UNDETERMINED
    shape: str = UNDETERMINED
    margin: str = UNDETERMINED
    internal_enhancement: str = UNDETERMINED
    distribution: str = UNDETERMINED
    t2_signal: str = UNDETERMINED
    oedema: str = UNDETERMINED
    reasons: Mapping[str, str] = field(default_factory=dict)
    measures: tuple[Measure, ...] = ()
    lexicon: str = ""


@dataclass(frozen=True, slots=True)
class FindingRelation:
    """How a finding stands to the others of its breast.

    Parameters
    ----------
    multiplicity : str
        ``unifocal`` where it is alone in its breast, ``multifocal`` where others lie in its
        quadrant only, ``multicentric`` where one lies in another; ``undetermined`` without a
        quadrant.
    nearest_id : int or None
        Nearest other finding of the breast.
    nearest_mm : float, mm
        From edge to edge, between voxel centres; NaN where it is alone.
    satellites : tuple of int
        Smaller findings close to this one, if it is the largest of them.
    """

    multiplicity: str = UNDETERMINED
    nearest_id: int | None = None
    nearest_mm: float = float("nan")
    satellites: tuple[int, ...] = ()
