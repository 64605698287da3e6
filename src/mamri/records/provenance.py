"""What was done, with which settings, after which paper."""

from collections.abc import Mapping
from dataclasses import dataclass, field

SettingValue = str | float | int | bool | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """One processing step as it was really carried out.

    Parameters
    ----------
    step : str
        Name of the step, as in ``timings_s``.
    method : str
        One or two sentences for the methods paragraph, past tense, with numbers.
    settings : mapping of str to plain value
    references : tuple of str
        Full citations, with doi where one exists.
    """

    step: str
    method: str
    settings: Mapping[str, SettingValue] = field(default_factory=dict)
    references: tuple[str, ...] = ()
