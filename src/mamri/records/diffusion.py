"""Diffusion of water in a finding, and how its images agree with the anatomy."""

from dataclasses import dataclass

from mamri.records.caveat import Status


@dataclass(frozen=True, slots=True)
class FindingDiffusion:
    """Diffusion coefficients over a finding, measured on the grid of the diffusion images.

    All coefficients in 1e-3 mm2/s; NaN where undefined.

    Parameters
    ----------
    status : Status
    reason : str
        Why there is no value, in a sentence; empty where there is one.
    n_voxels : int
        Voxels of the diffusion grid that the finding fills.
    adc_mean, adc_sd, adc_median : float
    adc_p5, adc_p10, adc_p25, adc_p75, adc_p90, adc_p95 : float
        Percentiles over the voxels.
    adc_skewness, adc_excess_kurtosis : float
        Of their histogram.
    adc_entropy_bits : float
        Of their histogram in bins of 0.1.
    adc_darkest : float
        Mean of the compact part of the finding whose ADC is lowest.
    darkest_volume_ml : float, ml
        Volume of that part.
    level : str or None
        Consensus level of ``adc_darkest``, such as ``low``.
    residual_percent : float, %
        Median over the voxels of the root mean square misfit of the logarithm of the signal, about
        the relative error of the signals; NaN with two b-values.
    ivim_diffusion, perfusion_fraction : float, and dimensionless
        Median of intravoxel incoherent motion; NaN where the b-values do not bear it.
    kurtosis : float
        Median diffusional kurtosis; NaN where the b-values do not bear it.
    """

    status: Status
    reason: str = ""
    n_voxels: int = 0
    adc_mean: float = float("nan")
    adc_sd: float = float("nan")
    adc_median: float = float("nan")
    adc_p5: float = float("nan")
    adc_p10: float = float("nan")
    adc_p25: float = float("nan")
    adc_p75: float = float("nan")
    adc_p90: float = float("nan")
    adc_p95: float = float("nan")
    adc_skewness: float = float("nan")
    adc_excess_kurtosis: float = float("nan")
    adc_entropy_bits: float = float("nan")
    adc_darkest: float = float("nan")
    darkest_volume_ml: float = float("nan")
    level: str | None = None
    residual_percent: float = float("nan")
    ivim_diffusion: float = float("nan")
    perfusion_fraction: float = float("nan")
    kurtosis: float = float("nan")


@dataclass(frozen=True, slots=True)
class AlignmentQuality:
    """How well the diffusion images agree with the anatomy in the breasts.

    Pairs are before and after the transform that was used.

    Parameters
    ----------
    status : Status
        ``undefined`` where the images could not tell and the geometry of the files was taken.
    kind : str
        Transform used: ``none``, ``rigid`` or ``affine``.
    sentence : str
        What was done and why.
    mutual_information : (float, float)
        Normalised, 1 (none) to 2.
    gland_dice : (float, float)
        Overlap of what is brightest in the breasts, mostly gland; 0.2 by chance, at most 1.
    displacement_mean_mm, displacement_max_mm : float, mm
        Of the transform used.
    overlap : float
        Part of the breasts that the diffusion images hold, 0 to 1.
    """

    status: Status
    kind: str
    sentence: str
    mutual_information: tuple[float, float]
    gland_dice: tuple[float, float]
    displacement_mean_mm: float
    displacement_max_mm: float
    overlap: float
