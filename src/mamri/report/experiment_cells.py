"""Figures, intervals and p values of an experiment as the text of a table or a sentence."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mamri.report.wording import NARROW, number


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of a table: its value, its interval, empty where there is none, and a doubt."""

    value: str
    interval: str = ""
    is_doubtful: bool = False


def cell(figure: Any, digits: int, factor: int = 1) -> Cell:
    """A figure, with or without an interval, as text."""
    if not isinstance(figure, Mapping):
        return Cell(number(None if figure is None else factor * figure, digits))
    value, lower, upper = (
        None if figure.get(key) is None else factor * figure[key]
        for key in ("value", "lower", "upper")
    )
    # An interval without width, of a figure that cannot vary, says nothing.
    known = lower is not None and upper is not None and lower < upper
    interval = f"{number(lower, digits)} to {number(upper, digits)}" if known else ""
    return Cell(number(value, digits), interval)


def with_interval(figure: Mapping[str, Any]) -> str:
    """A figure and its interval in one line."""
    told = cell(figure, 2)
    return f"{told.value} ({told.interval})" if told.interval else told.value


def turned(difference: Mapping[str, Any]) -> dict[str, float | None]:
    """A difference seen from the other side."""
    value, lower, upper = (difference.get(key) for key in ("value", "lower", "upper"))
    return {
        key: None if one is None else -one
        for key, one in (("value", value), ("lower", upper), ("upper", lower))
    }


def p_text(p: float | None) -> str:
    """A p value in words: ``p = 0.034``, ``p < 0.001``, ``p undefined``."""
    if p is None or not math.isfinite(p):
        return f"p{NARROW}undefined"
    if p < 0.001:
        return f"p{NARROW}<{NARROW}0.001"
    return f"p{NARROW}={NARROW}{p:.{3 if p < 0.1 else 2}f}"


def bare_p(p: float | None) -> str:
    """A p value of a column of p values."""
    return p_text(p).removeprefix(f"p{NARROW}").removeprefix(f"={NARROW}")


def listed(values: Any) -> str:
    """Values after each other, with commas; a text as it is."""
    return ", ".join(str(v) for v in values) if not isinstance(values, str) else values


def enumerated(words: Iterable[str]) -> str:
    """Words as a sentence counts them up: ``a, b and c``."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def percent(share: float) -> str:
    """A share of 1 in whole per cent; a small one is not called none."""
    text = f"{100 * share:.0f}" if share == 0 or share >= 0.01 else "less than 1"
    return f"{text}{NARROW}%"


def plain(name: str) -> str:
    """A name of the document without its underscores."""
    return name.replace("_", " ")
