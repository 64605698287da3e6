"""Doubt about quality, and what became of a value that was asked for."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Caveat:
    """A doubt that must reach the reader of the result.

    Parameters
    ----------
    code : str
        Stable lower-case identifier, e.g. ``injection_time_assumed``.
    message : str
        One sentence for a person: what is in doubt and what it affects; no patient data.
    """

    code: str
    message: str


class Status(StrEnum):
    """Whether a value could be computed."""

    OK = "ok"
    NOT_COMPUTED = "not_computed"
    UNDEFINED = "undefined"


class CheckStatus(StrEnum):
    """Outcome of an acquisition check."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class QualityCheck:
    """One acquisition or processing check against a published limit.

    Parameters
    ----------
    name : str
        What is checked, e.g. ``slice_thickness``.
    status : CheckStatus
    value : str
        What was found, with its unit; ``not recorded`` where the exam does not say.
    limit : str
        The limit, with its unit.
    source : str
        Who set the limit.
    """

    name: str
    status: CheckStatus
    value: str
    limit: str
    source: str
