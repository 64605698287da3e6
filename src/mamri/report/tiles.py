"""Square pictures of one plane through a volume, at true proportions.

Display convention, as on a breast MRI workstation. Axial: front at the top, the patient's right
on the viewer's left. Coronal: head at the top, the patient's right on the viewer's left.
Sagittal: head at the top, front on the viewer's left. Arrays come in anatomical order (feet to
head, front to back, right to left); oblique grids are shown along their own axes, each named for
the nearest direction of the body.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates
from skimage.measure import approximate_polygon, find_contours

from mamri.records import Plane

# For each plane: the anatomical index that it cuts, the index shown from top to bottom, the one
# shown from left to right, and whether top to bottom runs against the index.
_AXES = {
    Plane.AXIAL: (0, 1, 2, False),
    Plane.SAGITTAL: (2, 0, 1, True),
    Plane.CORONAL: (1, 0, 2, True),
}

# Letters at the left, right, top and bottom edge.
EDGE_LETTERS = {
    Plane.AXIAL: ("R", "L", "A", "P"),
    Plane.SAGITTAL: ("A", "P", "H", "F"),
    Plane.CORONAL: ("R", "L", "H", "F"),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle in a plane through a volume, divided into square pixels.

    Parameters
    ----------
    plane : Plane
    centre : (s, r, c) float
        Index of the voxel under the middle of the frame; its part across the plane, rounded, is
        the slice shown.
    spacing : (S, R, C) float, mm
    width_mm, height_mm : float, mm
    pixel_mm : float, mm
    """

    plane: Plane
    centre: tuple[float, float, float]
    spacing: tuple[float, float, float]
    width_mm: float
    height_mm: float
    pixel_mm: float

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self.height_mm / self.pixel_mm, self.width_mm / self.pixel_mm
        return max(1, round(height)), max(1, round(width))

    @property
    def slice_index(self) -> int:
        """Index of the slice shown."""
        return round(self.centre[_AXES[self.plane][0]])

    def pixel_of(self, index: tuple[float, float, float]) -> tuple[float, float]:
        """Where a voxel falls in the frame: x to the right, y downwards, in pixels."""
        _, down, across, reverse = _AXES[self.plane]
        height, width = self.shape
        y = (index[down] - self.centre[down]) * self.spacing[down] / self.pixel_mm
        x = (index[across] - self.centre[across]) * self.spacing[across] / self.pixel_mm
        return x + (width - 1) / 2, (-y if reverse else y) + (height - 1) / 2

    def slice_of(self, volume: np.ndarray) -> np.ndarray:
        """The slice of an (S, R, C) volume that the frame lies in: a view of two axes.

        Nearest slice of the volume where the frame lies beyond its end.
        """
        across_plane = _AXES[self.plane][0]
        index = int(np.clip(self.slice_index, 0, volume.shape[across_plane] - 1))
        view: np.ndarray = np.moveaxis(volume, across_plane, 0)[index]
        return view

    def resample(self, image: np.ndarray, *, order: int = 1) -> np.ndarray:
        """Values of a slice (or projection) in the frame, at square pixels.

        Parameters
        ----------
        image : (rows, columns) real
            The two axes of the plane, in anatomical order.
        order : int
            0 nearest voxel (labels), 1 linear.

        Returns
        -------
        (H, W) float32
            0 outside the image.
        """
        _, down, across, reverse = _AXES[self.plane]
        height, width = self.shape
        y = (np.arange(height) - (height - 1) / 2) * self.pixel_mm / self.spacing[down]
        x = (np.arange(width) - (width - 1) / 2) * self.pixel_mm / self.spacing[across]
        rows = self.centre[down] + (-y if reverse else y)
        columns = self.centre[across] + x
        # Half a voxel beyond the outermost centres still belongs to the image.
        inside = np.outer(
            (rows > -0.5) & (rows < image.shape[0] - 0.5),
            (columns > -0.5) & (columns < image.shape[1] - 0.5),
        )
        grid = np.meshgrid(rows, columns, indexing="ij")
        values = map_coordinates(
            np.asarray(image, np.float32), grid, order=order, mode="nearest", output=np.float32
        )
        return np.where(inside, values, np.float32(0))


def plane_frame(plane: Plane, shape: tuple[int, int, int], spacing: tuple[float, ...]) -> Frame:
    """Frame that holds one whole slice, with pixels of the finer of its two spacings.

    Parameters
    ----------
    plane : Plane
    shape : (S, R, C) of int
    spacing : (S, R, C) float, mm
    """
    s, r, c = ((n - 1) / 2 for n in shape)
    _, down, across, _ = _AXES[plane]
    dz, dy, dx = spacing
    return Frame(
        plane=plane,
        centre=(s, r, c),
        spacing=(dz, dy, dx),
        width_mm=shape[across] * spacing[across],
        height_mm=shape[down] * spacing[down],
        pixel_mm=min(spacing[down], spacing[across]),
    )


def to_grey(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Grey levels of values between black (`low`) and white (`high`); NaN is black.

    Returns
    -------
    uint8, same shape
    """
    span = max(high - low, float(np.finfo(np.float32).tiny))
    scaled = np.nan_to_num((np.asarray(values, np.float32) - low) / span, nan=0.0)
    return (np.clip(scaled, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def window(
    values: np.ndarray, *, low_percentile: float, high_percentile: float
) -> tuple[float, float]:
    """Grey window from percentiles of some values; (0, 1) where none is finite."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(finite, [low_percentile, high_percentile])
    return float(low), float(high) if high > low else float(low) + 1.0


def outlines(mask: np.ndarray, *, tolerance: float = 0.4) -> list[np.ndarray]:
    """Outlines of a region in a picture, as polygons.

    Parameters
    ----------
    mask : (H, W) float
        Above 0.5 inside.
    tolerance : float, pixels
        Points closer than this to the straight line between their neighbours are left out.

    Returns
    -------
    list of (N, 2) float
        Points as (x, y) in pixels.
    """
    padded = np.pad(np.asarray(mask, float), 1)
    return [
        approximate_polygon(contour, tolerance)[:, ::-1] - 1.0
        for contour in find_contours(padded, 0.5)
    ]
