"""A picture with what is drawn on it: outlines, letters, numbers, a scale bar.

Drawings are kept as vectors in pixels of the picture, so they stay sharp at any size and in print.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mamri.report.image_data import jpeg_uri
from mamri.report.tiles import EDGE_LETTERS, Frame

# Height of the letters over the width of a row of pictures. Assumption: 13 px of 1060.
_LETTER_SHARE = 0.0125

# Lengths a scale bar may have, mm; the longest that takes at most 40 % of the width is drawn.
_SCALE_BARS_MM = (50, 20, 10, 5)


@dataclass(frozen=True, slots=True)
class Outline:
    """Outline of a region.

    Parameters
    ----------
    path : str
        SVG path, in pixels of the picture.
    kind : str
        ``finding`` (the one the picture is about), ``other`` (another finding), ``breast`` or
        ``tissue`` (fibroglandular).
    """

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class Ring:
    """A numbered ellipse around a finding."""

    number: int
    x: float
    y: float
    radius_x: float
    radius_y: float
    label_x: float
    label_y: float


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture ready for the page.

    Parameters
    ----------
    uri : str
        Data URI.
    width, height : int, pixels
    letters : (left, right, top, bottom)
        Direction of the body at each edge.
    bar_px, bar_label : float, str
        Scale bar.
    alt : str
        What the picture shows, for those who cannot see it.
    heading : str
        Short title.
    font : float, pixels
        Height of the letters at the edges.
    outlines : tuple of Outline
    rings : tuple of Ring
    cross : (x, y) or None, pixels
        Common point of the three planes, marked at the edges.
    """

    uri: str
    width: int
    height: int
    letters: tuple[str, str, str, str]
    bar_px: float
    bar_label: str
    alt: str
    heading: str
    font: float
    outlines: tuple[Outline, ...] = ()
    rings: tuple[Ring, ...] = ()
    cross: tuple[float, float] | None = None

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.width / self.height


def make_picture(
    pixels: np.ndarray,
    frame: Frame,
    *,
    alt: str,
    heading: str,
    font: float,
    outlines: Sequence[Outline] = (),
    rings: Sequence[Ring] = (),
    cross: tuple[float, float] | None = None,
) -> Picture:
    """Encode pixels of a frame and say what is drawn on them.

    Parameters
    ----------
    pixels : (H, W) or (H, W, 3) uint8
    frame : Frame
    """
    height, width = pixels.shape[:2]
    bar_mm = next(
        (bar for bar in _SCALE_BARS_MM if bar <= 0.4 * frame.width_mm), _SCALE_BARS_MM[-1]
    )
    return Picture(
        uri=jpeg_uri(pixels),
        width=width,
        height=height,
        letters=EDGE_LETTERS[frame.plane],
        bar_px=bar_mm / frame.pixel_mm,
        bar_label=f"{bar_mm // 10} cm" if bar_mm >= 10 else f"{bar_mm} mm",
        alt=alt,
        heading=heading,
        font=round(font, 2),
        outlines=tuple(outlines),
        rings=tuple(rings),
        cross=cross,
    )


def row_font(frames: Sequence[Frame]) -> float:
    """Height of the letters as a share of picture height, in a row of pictures of equal height."""
    return _LETTER_SHARE * sum(frame.width_mm / frame.height_mm for frame in frames)


def svg_path(polygons: Sequence[np.ndarray]) -> str:
    """Closed SVG path through polygons of (x, y) pixel centres.

    Examples
    --------
    >>> svg_path([np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0]])])
    'M0.5 0.5L2.5 0.5L2.5 2.5Z'
    """
    return "".join(
        "M" + "L".join(f"{x + 0.5:.4g} {y + 0.5:.4g}" for x, y in polygon) + "Z"
        for polygon in polygons
    )
