"""The paper that plots of an experiment are drawn on: figure, axes, and SVG for a page.

Colours are those of Okabe and Ito, which colour-blind readers can tell apart, and lines differ in
their dashes, too. Greys are CSS variables of the page, so that plots follow its dark form. Text
stays text, in the font of the page. The same drawing gives the same bytes.
"""

import re
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import numpy as np

# The page's greys, and the names that it knows them by.
INK, SOFT, FAINT, LINE = "#1b1f24", "#57606a", "#8b949e", "#d8dee4"
_VARIABLES = {INK: "--ink", SOFT: "--soft", FAINT: "--faint", LINE: "--line"}
BLUE, VERMILION, GREEN = "#0072b2", "#d55e00", "#009e73"
COLOURS = (BLUE, VERMILION, GREEN, "#cc79a7", "#e69f00", "#56b4e9")
DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (6, 2, 1.5, 2)), (0, (1.5, 1.5)), (0, (9, 2)))


@contextmanager
def blank_figure(width: float, height: float, name: str) -> Iterator[tuple[Any, list[str]]]:
    """A figure in the page's pixels, and a list that receives its SVG at the end."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    drawn: list[str] = []
    with mpl.rc_context(), warnings.catch_warnings():
        # Letters that the measuring font lacks are drawn by the browser all the same.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        mpl.rcdefaults()  # not the settings of whoever runs this
        mpl.rcParams.update(
            {
                "svg.fonttype": "none", "svg.hashsalt": name, "text.parse_math": False,
                "font.size": 12, "axes.titlesize": 12, "axes.titleweight": "bold",
                "axes.edgecolor": FAINT, "axes.labelcolor": SOFT, "axes.titlecolor": INK,
                "xtick.color": FAINT, "ytick.color": FAINT, "xtick.labelcolor": SOFT,
                "ytick.labelcolor": SOFT, "axes.spines.top": False, "axes.spines.right": False,
                "axes.unicode_minus": True, "legend.labelcolor": SOFT,
            }
        )  # fmt: skip
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        yield figure, drawn
        drawn += [_text_of(figure), f"p{zlib.crc32(name.encode()):08x}", f"{width:.0f}"]


@contextmanager
def square_plot(
    entries: int, name: str, height: float = 430
) -> Iterator[tuple[Any, Any, list[str]]]:
    """A plot 430 wide with a legend of so many entries below."""
    with blank_figure(530, height + 72 + 20 * -(-entries // 2), name) as (figure, drawn):
        yield figure, axes_at(figure, (66, 14, 430, height)), drawn


@contextmanager
def panel(
    title: str, name: str, *, legend: int = 0, left: float = 62, below: float = 52
) -> Iterator[tuple[Any, list[str]]]:
    """A small square plot of one model."""
    with blank_figure(left + 268, 28 + 250 + below + 24 * legend, name) as (figure, drawn):
        axes = axes_at(figure, (left, 28, 250, 250))
        axes.set_title(shortened(title, 32), loc="left")
        yield axes, drawn


def axes_at(figure: Any, box: tuple[float, float, float, float]) -> Any:
    """Axes at left, top, width, height in pixels."""
    left, top, wide, high = box
    width, height = 72 * figure.get_size_inches()
    bottom = height - top - high
    return figure.add_axes((left / width, bottom / height, wide / width, high / height))


def percent_axes(axes: Any, x: str, y: str, top: int = 100) -> None:
    """Both axes from 0 to so many per cent, with their labels."""
    axes.set_xlim(0, top)
    axes.set_ylim(0, top)
    axes.set_xticks(range(0, top + 1, 20))
    axes.set_yticks(range(0, top + 1, 20))
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.margins(0)


def legend_below(figure: Any, columns: int = 2) -> None:
    """The legend at the foot of the figure."""
    figure.legend(
        loc="lower center", ncols=columns, frameon=False, fontsize=11.5, handlelength=2.6,
        columnspacing=1.6, borderaxespad=0.1,
    )  # fmt: skip


def _text_of(figure: Any) -> str:
    from io import StringIO

    buffer = StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return buffer.getvalue()


def svg_of(drawn: Sequence[str], alt: str) -> str:
    """One SVG element that can stand in a page beside others."""
    text, name, width = drawn
    box = re.search(r'viewBox="[^"]+"', text)
    body = text[text.index("<defs>") :]
    body = re.sub(r"<style\b.*?</style>", "", body, flags=re.DOTALL)  # would reach the whole page
    body = re.sub(r"font-family: [^;\"]+; ", "", body)  # that of the page
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = body.replace("url(#", f"url(#{name}-").replace('href="#', f'href="#{name}-')
    for grey, variable in _VARIABLES.items():
        body = body.replace(grey, f"var({variable}, {grey})")
    return (
        f'<svg class="plot" xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" {box.group() if box else ""} role="img" '
        f'aria-label="{escape(alt)}" stroke-linejoin="round" style="max-width: {width}px">{body}'
    ).rstrip()


def shortened(text: str, most: int) -> str:
    """A text cut to so many letters."""
    plain = " ".join(str(text).split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def ends_of(text: str, most: int) -> str:
    """A long name by its beginning and its end, where names of features differ."""
    plain = " ".join(text.split())
    half = (most - 1) // 2
    return plain if len(plain) <= most else f"{plain[:half]}…{plain[-half:]}"


def array_of(values: Sequence[float | None]) -> np.ndarray:
    """Numbers of a document; NaN where unknown."""
    return np.array([np.nan if v is None else v for v in values], float)


def value_and_bounds(figure: Mapping[str, Any]) -> tuple[float, float, float]:
    """Value, lower and upper; NaN where unknown."""
    value, lower, upper = array_of([figure.get(key) for key in ("value", "lower", "upper")])
    return float(value), float(lower), float(upper)
