"""Diffusion maps of an exam with the models that its b-values bear, and their values in findings.

Maps are made on the grid of the diffusion images, before anything is resampled: interpolated
signals would mix tissues whose decay differs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mamri.diffusion.adc import AdcSettings, adc_maps
from mamri.diffusion.consensus_levels import diffusion_level
from mamri.diffusion.histogram import (
    DarkestSettings,
    HistogramSettings,
    darkest_region,
    map_statistics,
)
from mamri.diffusion.ivim import IvimSettings, variable_projection_ivim
from mamri.diffusion.kurtosis import KurtosisSettings, kurtosis_maps
from mamri.geometry import voxel_volume_ml
from mamri.records import DiffusionSeries, FindingDiffusion, Provenance, Status

CONSENSUS = (
    "Baltzer P, Mann RM, Iima M, et al. Diffusion-weighted imaging of the breast: a consensus and "
    "mission statement from the EUSOBI International Breast Diffusion-Weighted Imaging working "
    "group. Eur Radiol 2020;30:1436-1450. doi:10.1007/s00330-019-06510-3"
)
_IVIM = (
    "Le Bihan D, Breton E, Lallemand D, Aubin ML, Vignaud J, Laval-Jeantet M. Separation of "
    "diffusion and perfusion in intravoxel incoherent motion MR imaging. Radiology "
    "1988;168:497-505. doi:10.1148/radiology.168.2.3393671"
)
_KURTOSIS = (
    "Jensen JH, Helpern JA, Ramani A, Lu H, Kaczynski K. Diffusional kurtosis imaging: the "
    "quantification of non-gaussian water diffusion by means of magnetic resonance imaging. Magn "
    "Reson Med 2005;53:1432-1440. doi:10.1002/mrm.20508"
)


@dataclass(frozen=True, slots=True)
class DiffusionSettings:
    """Which maps are made, and how findings are read from them.

    Parameters
    ----------
    min_highest_b : float, s/mm2
        No ADC is given where the highest b-value is lower. Assumption: 400; the consensus asks for
        800.
    min_ivim_b_values, min_low_b_values, low_b : int, int, float, s/mm2
        Different b-values, and those of them above 0 up to ``low_b``, from which perfusion is told
        from diffusion. Assumption: 6 and 3 up to 200.
    min_voxels : int
        A finding that fills fewer voxels of the diffusion grid has no value. Assumption: 4, as the
        consensus wants a region of at least that many.
    adc : AdcSettings
    ivim : IvimSettings
    kurtosis : KurtosisSettings
    histogram : HistogramSettings
    darkest : DarkestSettings
    """

    min_highest_b: float = 400.0
    min_ivim_b_values: int = 6
    min_low_b_values: int = 3
    low_b: float = 200.0
    min_voxels: int = 4
    adc: AdcSettings = field(default_factory=AdcSettings)
    ivim: IvimSettings = field(default_factory=IvimSettings)
    kurtosis: KurtosisSettings = field(default_factory=KurtosisSettings)
    histogram: HistogramSettings = field(default_factory=HistogramSettings)
    darkest: DarkestSettings = field(default_factory=DarkestSettings)


@dataclass(frozen=True, slots=True, eq=False)
class ExamDiffusion:
    """Diffusion maps of an exam, on the grid of its diffusion images.

    Parameters
    ----------
    maps : mapping of str to (S, R, C) float32
        ``adc`` (1e-3 mm2/s), and where the b-values bear them ``ivim_diffusion`` (1e-3 mm2/s),
        ``perfusion_fraction``, ``kurtosis``; NaN where undefined. Empty where not even the ADC can
        be told.
    residual : (S, R, C) float32 or None
        Root mean square misfit of ln S in the fit of the ADC.
    affine : (4, 4) float, mm
    reason : str
        Why there are no maps; empty where there are.
    provenance : Provenance
    """

    maps: Mapping[str, np.ndarray]
    residual: np.ndarray | None
    affine: np.ndarray
    reason: str
    provenance: Provenance


def exam_diffusion(
    series: DiffusionSeries,
    settings: DiffusionSettings | None = None,
    *,
    mask: np.ndarray | None = None,
) -> ExamDiffusion:
    """Make the diffusion maps that the b-values of a series bear.

    Parameters
    ----------
    series : DiffusionSeries
    settings : DiffusionSettings, optional
    mask : (S, R, C) bool, optional
        Voxels to fit, on the grid of the series.

    Returns
    -------
    ExamDiffusion

    Raises
    ------
    GeometryError
        If the mask is on another grid.
    """
    settings = settings or DiffusionSettings()
    levels = np.unique(series.b_values)
    listed = ", ".join(f"{b:g}" for b in levels)
    if levels.size < 2 or levels[-1] < settings.min_highest_b:
        reason = (
            f"an ADC needs two b-values of which one is at least {settings.min_highest_b:g} s/mm2, "
            f"the series has {listed}"
        )
        text = f"Diffusion was not measured: {reason}."
        return ExamDiffusion({}, None, series.affine, reason, Provenance("diffusion", text))
    adc = adc_maps(series.array, series.b_values, settings.adc, mask=mask)
    maps = {"adc": np.asarray(adc.adc)}
    texts = [
        f"Apparent diffusion coefficients were fitted to the signals at b {listed} s/mm2 by "
        "log-linear least squares"
    ]
    references = [CONSENSUS]
    low = np.count_nonzero((levels > 0) & (levels <= settings.low_b))
    if levels.size >= settings.min_ivim_b_values and low >= settings.min_low_b_values:
        ivim = variable_projection_ivim(series.array, series.b_values, settings.ivim, mask=mask)
        maps["ivim_diffusion"] = np.asarray(ivim.diffusion)
        maps["perfusion_fraction"] = np.asarray(ivim.perfusion_fraction)
        texts.append("intravoxel incoherent motion by variable projection")
        references.append(_IVIM)
    if levels.size >= 3 and levels[-1] >= settings.kurtosis.min_highest_b:
        maps["kurtosis"] = np.asarray(
            kurtosis_maps(series.array, series.b_values, settings.kurtosis, mask=mask).kurtosis
        )
        texts.append("kurtosis by a parabola in b")
        references.append(_KURTOSIS)
    used = {
        "adc_weights": settings.adc.weights.value,
        "adc_min_b": settings.adc.min_b,
        "noise_floor": settings.adc.noise_floor,
        "darkest_volume_mm3": settings.darkest.volume_mm3,
        "histogram_bin_width": settings.histogram.bin_width,
    }
    step = Provenance("diffusion", f"{', '.join(texts)}.", used, tuple(references))
    return ExamDiffusion(maps, np.asarray(adc.residual), series.affine, "", step)


def finding_diffusion(
    exam: ExamDiffusion, mask: np.ndarray, settings: DiffusionSettings | None = None
) -> FindingDiffusion:
    """Read a finding from the diffusion maps.

    Parameters
    ----------
    exam : ExamDiffusion
    mask : (S, R, C) bool
        Voxels of the diffusion grid that the finding fills.
    settings : DiffusionSettings, optional

    Returns
    -------
    FindingDiffusion
    """
    settings = settings or DiffusionSettings()
    n = int(np.count_nonzero(mask))
    if not exam.maps:
        return FindingDiffusion(Status.NOT_COMPUTED, exam.reason, n)
    if n < settings.min_voxels:
        reason = f"it fills {n} voxels of the diffusion images, {settings.min_voxels} are needed"
        return FindingDiffusion(Status.UNDEFINED, reason, n)
    adc = exam.maps["adc"]
    s = map_statistics(adc, mask, settings.histogram)
    if s.n < settings.min_voxels:
        return FindingDiffusion(Status.UNDEFINED, "its signals do not fall with the b-value", n)
    dark = darkest_region(adc, mask, exam.affine, settings.darkest)
    level = diffusion_level(dark.mean)
    assert exam.residual is not None  # there are maps
    return FindingDiffusion(
        status=Status.OK,
        n_voxels=n,
        adc_mean=s.mean,
        adc_sd=s.sd,
        adc_median=s.median,
        adc_p5=s.p5,
        adc_p10=s.p10,
        adc_p25=s.p25,
        adc_p75=s.p75,
        adc_p90=s.p90,
        adc_p95=s.p95,
        adc_skewness=s.skewness,
        adc_excess_kurtosis=s.excess_kurtosis,
        adc_entropy_bits=s.entropy_bits,
        adc_darkest=dark.mean,
        darkest_volume_ml=dark.n_voxels * voxel_volume_ml(exam.affine),
        level=None if level is None else level.value,
        residual_percent=100 * _median(exam.residual[mask]),
        ivim_diffusion=_median_of(exam, "ivim_diffusion", mask),
        perfusion_fraction=_median_of(exam, "perfusion_fraction", mask),
        kurtosis=_median_of(exam, "kurtosis", mask),
    )


def _median_of(exam: ExamDiffusion, name: str, mask: np.ndarray) -> float:
    return _median(exam.maps[name][mask]) if name in exam.maps else float("nan")


def _median(values: np.ndarray) -> float:
    values = values[np.isfinite(values)]
    return float(np.median(values)) if values.size else float("nan")
