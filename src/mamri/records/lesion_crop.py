"""A finding and what lies around it, cut out of an exam for networks to learn from."""

from dataclasses import dataclass

import numpy as np

from mamri.records.errors import GeometryError
from mamri.records.laterality import Laterality
from mamri.records.volume import read_only

PERCENTS = (1.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 99.0)


@dataclass(frozen=True, slots=True)
class IntensityLandmarks:
    """Levels of an image within the breasts, to which its intensities can be referred.

    Parameters
    ----------
    percentiles : tuple of 11 float, a.u.
        Of the image before contrast: 1 %, every tenth from 10 to 90 %, and 99 %.
    mean, sd : float, a.u.
        Over all phases.
    fibroglandular, fat : float, a.u.
        Median of each tissue before contrast; NaN where none was found.
    """

    percentiles: tuple[float, ...]
    mean: float
    sd: float
    fibroglandular: float
    fat: float


@dataclass(frozen=True, slots=True, eq=False)
class LesionCrop:
    """Images of a cube around the centre of a finding, in anatomical order.

    Parameters
    ----------
    finding : int
        Its number.
    side : Laterality
    spacing_mm : float, mm
        Voxel size, the same along every axis.
    images : mapping of str to (N, N, N) float32
        ``pre``, ``first_post``, ``late`` in the units of the exam, and ``t2`` and ``adc``
        (1e-3 mm2/s) where the exam has them. 0 outside of the field of view.
    mask : (N, N, N) bool
        Of the finding.
    landmarks : mapping of str to IntensityLandmarks
        ``dynamic``, and ``t2`` where there is one (its levels are of that image alone).
    """

    finding: int
    side: Laterality
    spacing_mm: float
    images: dict[str, np.ndarray]
    mask: np.ndarray
    landmarks: dict[str, IntensityLandmarks]

    def __post_init__(self) -> None:
        shape = self.mask.shape
        if len(set(shape)) != 1 or any(i.shape != shape for i in self.images.values()):
            raise GeometryError(
                "a crop is a cube with one shape for all its images, got "
                f"{shape} and {[i.shape for i in self.images.values()]}; cut them on one grid"
            )
        object.__setattr__(self, "mask", read_only(self.mask))
        object.__setattr__(
            self, "images", {name: read_only(image) for name, image in self.images.items()}
        )
