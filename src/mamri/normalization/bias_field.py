"""Receive-coil shading, estimated once for an exam and divided out.

The shading of a breast coil multiplies the signal by a smooth field. Percent enhancement and the
signal enhancement ratio are quotients of signals at one place, so a field common to all phases
cancels in them; only steps that compare tissue at different places (breast and fibroglandular
segmentation) need the corrected image.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import numpy as np
import SimpleITK as sitk
from skimage.filters import threshold_otsu

from mamri.geometry.affines import spacing_mm
from mamri.geometry.resample import HasGrid, coarsen, resample_like
from mamri.records import GeometryError, Provenance, Volume

_N4 = (
    "Tustison NJ, Avants BB, Cook PA, et al. N4ITK: improved N3 bias correction. "
    "IEEE Trans Med Imaging 2010;29:1310-1320. doi:10.1109/TMI.2010.2046908"
)
_OTSU = (
    "Otsu N. A threshold selection method from gray-level histograms. "
    "IEEE Trans Syst Man Cybern 1979;9:62-66. doi:10.1109/TSMC.1979.4310076"
)
# Fewer tissue voxels than this on the coarse grid cannot carry a field (assumption).
_MIN_TISSUE_VOXELS = 64


@dataclass(frozen=True, slots=True)
class BiasFieldSettings:
    """Settings of the bias field correction.

    Parameters
    ----------
    working_spacing_mm : float, mm
        Voxel size of the grid on which the field is estimated. Measured on a known field laid over
        a real breast exam: 8, 6 and 4 mm recover it about equally well, 4 mm takes ten times as
        long as 8 mm.
    levels : int
        Resolution levels; the control grid doubles at each. Measured as above: a fourth level
        brought nothing, two levels hardly any field.
    iterations_per_level : int
        A choice of speed: N4's default of 50 [1]_ halved the known field on the real exam (log
        standard deviation 0.23 to 0.12), 20 left 0.16 in less than half the time.
    convergence : float
        Relative change of the field below which a level ends. Assumption: twice the SimpleITK
        default.
    max_log_field : float
        Largest absolute log of the field, so that a failed fit cannot wipe tissue out.
        Assumption: a surface coil's signal falls less than e^2 (7-fold) from the mean.

    References
    ----------
    .. [1] Tustison NJ et al. N4ITK: improved N3 bias correction. IEEE Trans Med Imaging
       2010;29:1310-1320. doi:10.1109/TMI.2010.2046908
    """

    working_spacing_mm: float = 6.0
    levels: int = 3
    iterations_per_level: int = 20
    convergence: float = 0.002
    max_log_field: float = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class BiasField:
    """A smooth multiplicative field and the image without it.

    Parameters
    ----------
    coarse : Volume
        The field on a coarse grid, float32, all above 0; its log has mean 0 over the tissue it
        was estimated from, so that the overall signal level is kept.
    corrected : Volume
        The image divided by the field, float32, on the image's grid.
    """

    coarse: Volume
    corrected: Volume

    def on(self, grid: HasGrid) -> Volume:
        """The field at the voxel centres of a grid, float32; 1 outside the image."""
        return resample_like(self.coarse, grid, fill=1.0)


def correct_bias_field(
    image: Volume, mask: np.ndarray | None = None, *, settings: BiasFieldSettings | None = None
) -> tuple[BiasField, Provenance]:
    """Estimate coil shading with N4 [1]_ and divide it out.

    Parameters
    ----------
    image : Volume
        One phase, best the pre-contrast one; values at or below 0 are taken as air.
    mask : (S, R, C) bool, optional
        Tissue to estimate the field from; by default all voxels above an Otsu threshold [2]_.
    settings : BiasFieldSettings, optional

    Returns
    -------
    BiasField
        An image without tissue (constant, or an empty mask) is returned with a field of 1.
    Provenance

    Raises
    ------
    GeometryError
        If the mask has another shape than the image.

    References
    ----------
    .. [1] Tustison NJ et al. N4ITK: improved N3 bias correction. IEEE Trans Med Imaging
       2010;29:1310-1320. doi:10.1109/TMI.2010.2046908
    .. [2] Otsu N. A threshold selection method from gray-level histograms. IEEE Trans Syst Man
       Cybern 1979;9:62-66. doi:10.1109/TSMC.1979.4310076
    """
    settings = settings or BiasFieldSettings()
    if mask is not None and mask.shape != image.shape:
        raise GeometryError(
            f"image and mask must share one grid, got {image.shape} and {mask.shape}; "
            "resample the mask first with geometry.resample_like()"
        )
    coarse = coarsen(image, settings.working_spacing_mm)
    values = np.where(np.isfinite(coarse.array), coarse.array, np.float32(0))
    tissue = values > threshold_otsu(values) if np.ptp(values) > 0 else np.zeros(values.shape, bool)
    if mask is not None:
        share = coarsen(Volume(np.asarray(mask, bool), image.affine), settings.working_spacing_mm)
        tissue = (share.array > 0.5) & (values > 0)
    field = np.ones(values.shape, np.float32)
    if np.count_nonzero(tissue) >= _MIN_TISSUE_VOXELS:
        log_field = _n4_log_field(values, tissue, coarse.affine, settings)
        log_field -= log_field[tissue].mean()
        field = np.exp(np.clip(log_field, -settings.max_log_field, settings.max_log_field))
    bias = Volume(field, coarse.affine)
    corrected = image.array / resample_like(bias, image).array
    return (
        BiasField(bias, Volume(corrected.astype(np.float32, copy=False), image.affine)),
        _provenance(settings, masked=mask is not None),
    )


@contextmanager
def _one_itk_thread() -> Iterator[None]:
    """Let ITK work on one thread, then as before.

    The filters inside N4 follow only the global setting. On several threads their sums depend on
    how the work is split, and after elastix has run on two threads in the same process the field
    comes out almost flat (seen with SimpleITK-SimpleElastix 3.0.0a1.post183).
    """
    before = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)


def _n4_log_field(
    values: np.ndarray, tissue: np.ndarray, affine: np.ndarray, settings: BiasFieldSettings
) -> np.ndarray:
    """Log of the field over the whole coarse grid, float32."""
    # Values at or below 0 have no log; within the mask they take the tissue's 1st percentile.
    floor = max(float(np.percentile(values[tissue], 1)), float(np.finfo(np.float32).tiny))
    image = sitk.GetImageFromArray(np.where(tissue, np.maximum(values, floor), floor))
    mask = sitk.GetImageFromArray(tissue.astype(np.uint8))
    for item in (image, mask):
        item.SetSpacing(spacing_mm(affine)[::-1])
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations([settings.iterations_per_level] * settings.levels)
    n4.SetConvergenceThreshold(settings.convergence)
    with _one_itk_thread():
        n4.Execute(image, mask)
        log_field = sitk.GetArrayFromImage(n4.GetLogBiasFieldAsImage(image))
    return np.nan_to_num(log_field.astype(np.float32, copy=False), posinf=0.0, neginf=0.0)


def _provenance(settings: BiasFieldSettings, *, masked: bool) -> Provenance:
    tissue = "within the mask given" if masked else "above an Otsu threshold"
    return Provenance(
        step="bias_field",
        method=(
            f"Coil shading was estimated with N4 on the reference phase {tissue}, on a grid of "
            f"about {settings.working_spacing_mm:g} mm ({settings.levels} levels of at most "
            f"{settings.iterations_per_level} iterations), and divided out for segmentation "
            "only; quotients of phases were computed from the uncorrected signal."
        ),
        settings=asdict(settings),
        references=(_N4,) if masked else (_N4, _OTSU),
    )
