"""How features are computed from one image."""

import math
from dataclasses import dataclass

from mamri.radiomics.aggregation import Aggregation
from mamri.records import InputError

# More grey levels than this make matrices of many megabytes and say that bins are too narrow.
_MOST_LEVELS = 1024


@dataclass(frozen=True, slots=True)
class ExtractionSettings:
    """How features are computed from one kind of image.

    Exactly one of ``n_bins`` and ``bin_width`` is set. Bins of a fixed width start at ``lowest``,
    never at the region's own minimum: grey levels mean the same in every region only then.

    Parameters
    ----------
    spacing_mm : float or None, mm
        Isotropic voxels that the region is resampled to, trilinearly; None keeps the voxels of the
        image. IBSI asks for isotropic voxels where texture is looked for in space [1]_; their size
        is an assumption, near that of high-resolution breast protocols.
    round_to_integer : bool
        Round resampled intensities, for images of whole numbers such as CT.
    lowest, highest : float, unit of the image
        Voxels outside are left out of the region (re-segmentation [1]_). Both are needed with
        ``bin_width``.
    n_bins : int or None
        Number of bins between the lowest and the highest value of the region, for images in
        arbitrary units [1]_.
    bin_width : float or None, unit of the image
        Width of the bins, for images in physical units [1]_.
    histogram_bins : int or None
        Bins of the intensity-volume histogram alone.
    histogram_width : float or None, unit of the image
        Width of its bins; with neither, its levels are one unit apart, for images of whole numbers.
    aggregation : Aggregation
        Of texture matrices. Merged over directions in space, so that turning the patient matters
        least.
    min_texture_voxels : int
        Regions of fewer voxels, as acquired or resampled, give no texture, ``None`` instead: 64 as
        in LIFEx [2]_.

    References
    ----------
    .. [1] Zwanenburg A, Vallières M, Abdalah MA et al. The Image Biomarker Standardization
       Initiative: standardized quantitative radiomics for high-throughput image-based phenotyping.
       Radiology 2020;295:328-338. doi:10.1148/radiol.2020191145; reference manual
       arXiv:1612.07003, sections 2.4 (interpolation), 2.5 (re-segmentation), 2.7 (discretisation).
    .. [2] Nioche C, Orlhac F, Boughdad S et al. LIFEx: a freeware for radiomic feature calculation
       in multimodality imaging to accelerate advances in the characterization of tumor
       heterogeneity. Cancer Res 2018;78:4786-4789. doi:10.1158/0008-5472.CAN-18-0125
    """

    spacing_mm: float | None = 1.0
    round_to_integer: bool = False
    lowest: float = -math.inf
    highest: float = math.inf
    n_bins: int | None = 32
    bin_width: float | None = None
    histogram_bins: int | None = 1000
    histogram_width: float | None = None
    aggregation: Aggregation = Aggregation.SPACE_MERGED
    min_texture_voxels: int = 64

    def __post_init__(self) -> None:
        if self.spacing_mm is not None and not self.spacing_mm > 0:
            raise InputError(f"voxels of more than 0 mm were needed, got {self.spacing_mm}")
        if (self.n_bins is None) == (self.bin_width is None):
            raise InputError(
                f"either a number of bins or their width was needed, got n_bins {self.n_bins} and "
                f"bin_width {self.bin_width}; set the other to None"
            )
        if self.histogram_bins is not None and self.histogram_width is not None:
            raise InputError(
                "histogram_bins and histogram_width were both given; set one of them to None"
            )
        if not self.lowest < self.highest:
            raise InputError(f"lowest must be below highest, got {self.lowest} and {self.highest}")
        if self.n_levels > _MOST_LEVELS or self.n_levels < 1:
            raise InputError(
                f"between 1 and {_MOST_LEVELS} grey levels were needed, got {self.n_levels:g} with "
                f"n_bins {self.n_bins}, bin_width {self.bin_width} from {self.lowest} to "
                f"{self.highest}; give both ends of the range, or wider bins"
            )

    @property
    def n_levels(self) -> float:
        """Most grey levels that a region can have."""
        if self.n_bins is not None:
            return self.n_bins
        assert self.bin_width is not None
        if not self.bin_width > 0:
            return 0
        return (self.highest - self.lowest) / self.bin_width


def in_words(settings: ExtractionSettings) -> str:
    """Settings of one image in a line, for the record of what was done.

    Examples
    --------
    >>> in_words(ExtractionSettings())
    '32 bins; voxels of 1 mm; 3d_merged'
    """
    if settings.n_bins is not None:
        bins = f"{settings.n_bins} bins"
    else:
        bins = f"bins of {settings.bin_width:g} from {settings.lowest:g} to {settings.highest:g}"
    size = "as acquired" if settings.spacing_mm is None else f"of {settings.spacing_mm:g} mm"
    return f"{bins}; voxels {size}; {settings.aggregation.value}"
