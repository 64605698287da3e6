"""The baselines of pyradiomics for its case breast1, its names in ours, and why values differ.

Image, label and baselines: AIM-Harvard/pyradiomics, BSD-3-Clause, read from the shared data. The
baselines were made with bins of 25 that start at a multiple of 25 below the lowest value of the
region, 100 here; given that start, grey levels are the same and what differs is the definition.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from mamri.radiomics import Aggregation, ExtractionSettings, extract_features

CLASSES = ("firstorder", "shape", "glcm", "glrlm", "glszm", "gldm", "ngtdm")

# Its name, our key. pyradiomics averages features over directions, so does 3d_averaged.
NAMES = {
    "firstorder": """
        Mean stat_mean_Q4LE
        Variance stat_variance_ECT3
        Skewness stat_skewness_KE2A
        Kurtosis stat_excess_kurtosis_IPH6
        Median stat_median_Y12H
        Minimum stat_minimum_1GSF
        10Percentile stat_percentile_10_QG58
        90Percentile stat_percentile_90_8DWT
        Maximum stat_maximum_84IY
        InterquartileRange stat_interquartile_range_SALO
        Range stat_range_2OJQ
        MeanAbsoluteDeviation stat_mean_absolute_deviation_4FUA
        RobustMeanAbsoluteDeviation stat_robust_mean_absolute_deviation_1128
        Energy stat_energy_N8CA
        RootMeanSquared stat_root_mean_square_5ZWQ
        Entropy hist_entropy_TLU2
        Uniformity hist_uniformity_BJ5W
    """,
    "shape": """
        MeshVolume shape_volume_RNU0
        VoxelVolume shape_approximate_volume_YEKZ
        SurfaceArea shape_surface_area_C0JK
        SurfaceVolumeRatio shape_surface_to_volume_ratio_2PR5
        Sphericity shape_sphericity_QCFX
        Maximum3DDiameter shape_maximum_diameter_L0JK
        MajorAxisLength shape_major_axis_length_TDIC
        MinorAxisLength shape_minor_axis_length_P9VJ
        LeastAxisLength shape_least_axis_length_7J51
        Elongation shape_elongation_Q3CK
        Flatness shape_flatness_N17B
    """,
    "glcm": """
        MaximumProbability glcm_joint_maximum_GYBY
        JointAverage glcm_joint_average_60VM
        SumSquares glcm_joint_variance_UR99
        JointEntropy glcm_joint_entropy_TU9B
        DifferenceAverage glcm_difference_average_TF7R
        DifferenceVariance glcm_difference_variance_D3YU
        DifferenceEntropy glcm_difference_entropy_NTRS
        SumAverage glcm_sum_average_ZGXS
        SumEntropy glcm_sum_entropy_P6QZ
        JointEnergy glcm_angular_second_moment_8ZQL
        Contrast glcm_contrast_ACUI
        Id glcm_inverse_difference_IB1Z
        Idn glcm_normalised_inverse_difference_NDRX
        Idm glcm_inverse_difference_moment_WF0Z
        Idmn glcm_normalised_inverse_difference_moment_1QCO
        InverseVariance glcm_inverse_variance_E8JP
        Correlation glcm_correlation_NI2N
        Autocorrelation glcm_autocorrelation_QWB0
        ClusterTendency glcm_cluster_tendency_DG8W
        ClusterShade glcm_cluster_shade_7NFM
        ClusterProminence glcm_cluster_prominence_AE86
        Imc1 glcm_information_correlation_1_R8DG
        Imc2 glcm_information_correlation_2_JN9H
    """,
    "glrlm": """
        ShortRunEmphasis glrlm_short_runs_emphasis_22OV
        LongRunEmphasis glrlm_long_runs_emphasis_W4KF
        LowGrayLevelRunEmphasis glrlm_low_grey_level_emphasis_V3SW
        HighGrayLevelRunEmphasis glrlm_high_grey_level_emphasis_G3QZ
        ShortRunLowGrayLevelEmphasis glrlm_short_run_low_grey_level_emphasis_HTZT
        ShortRunHighGrayLevelEmphasis glrlm_short_run_high_grey_level_emphasis_GD3A
        LongRunLowGrayLevelEmphasis glrlm_long_run_low_grey_level_emphasis_IVPO
        LongRunHighGrayLevelEmphasis glrlm_long_run_high_grey_level_emphasis_3KUM
        GrayLevelNonUniformity glrlm_grey_level_non_uniformity_R5YN
        GrayLevelNonUniformityNormalized glrlm_normalised_grey_level_non_uniformity_OVBL
        RunLengthNonUniformity glrlm_run_length_non_uniformity_W92Y
        RunLengthNonUniformityNormalized glrlm_normalised_run_length_non_uniformity_IC23
        RunPercentage glrlm_run_percentage_9ZK5
        GrayLevelVariance glrlm_grey_level_variance_8CE5
        RunVariance glrlm_run_length_variance_SXLW
        RunEntropy glrlm_run_entropy_HJ9O
    """,
    "glszm": """
        SmallAreaEmphasis glszm_small_zone_emphasis_5QRC
        LargeAreaEmphasis glszm_large_zone_emphasis_48P8
        LowGrayLevelZoneEmphasis glszm_low_grey_level_emphasis_XMSY
        HighGrayLevelZoneEmphasis glszm_high_grey_level_emphasis_5GN9
        SmallAreaLowGrayLevelEmphasis glszm_small_zone_low_grey_level_emphasis_5RAI
        SmallAreaHighGrayLevelEmphasis glszm_small_zone_high_grey_level_emphasis_HW1V
        LargeAreaLowGrayLevelEmphasis glszm_large_zone_low_grey_level_emphasis_YH51
        LargeAreaHighGrayLevelEmphasis glszm_large_zone_high_grey_level_emphasis_J17V
        GrayLevelNonUniformity glszm_grey_level_non_uniformity_JNSA
        GrayLevelNonUniformityNormalized glszm_normalised_grey_level_non_uniformity_Y1RO
        SizeZoneNonUniformity glszm_zone_size_non_uniformity_4JP3
        SizeZoneNonUniformityNormalized glszm_normalised_zone_size_non_uniformity_VB3A
        ZonePercentage glszm_zone_percentage_P30P
        GrayLevelVariance glszm_grey_level_variance_BYLV
        ZoneVariance glszm_zone_size_variance_3NSA
        ZoneEntropy glszm_zone_size_entropy_GU8N
    """,
    "gldm": """
        SmallDependenceEmphasis ngldm_low_dependence_emphasis_SODN
        LargeDependenceEmphasis ngldm_high_dependence_emphasis_IMOQ
        LowGrayLevelEmphasis ngldm_low_grey_level_emphasis_TL9H
        HighGrayLevelEmphasis ngldm_high_grey_level_emphasis_OAE7
        SmallDependenceLowGrayLevelEmphasis ngldm_low_dependence_low_grey_level_emphasis_EQ3F
        SmallDependenceHighGrayLevelEmphasis ngldm_low_dependence_high_grey_level_emphasis_JA6D
        LargeDependenceLowGrayLevelEmphasis ngldm_high_dependence_low_grey_level_emphasis_NBZI
        LargeDependenceHighGrayLevelEmphasis ngldm_high_dependence_high_grey_level_emphasis_9QMG
        GrayLevelNonUniformity ngldm_grey_level_non_uniformity_FP8K
        DependenceNonUniformity ngldm_dependence_count_non_uniformity_Z87G
        DependenceNonUniformityNormalized ngldm_normalised_dependence_count_non_uniformity_OKJI
        GrayLevelVariance ngldm_grey_level_variance_1PFV
        DependenceVariance ngldm_dependence_count_variance_DNX2
        DependenceEntropy ngldm_dependence_count_entropy_FCBV
    """,
    "ngtdm": """
        Coarseness ngtdm_coarseness_QCDE
        Contrast ngtdm_contrast_65HE
        Busyness ngtdm_busyness_NQ30
        Complexity ngtdm_complexity_HDEZ
        Strength ngtdm_strength_1X9X
    """,
}

_MESH = "mesh"
_AXES = "covariance divided by the number of voxels, in IBSI by one less"
_SHIFTED = "2000 is added to every intensity first (voxelArrayShift of this baseline)"
_NOT_IBSI = "no feature of IBSI"
REASONS = {
    "firstorder_Kurtosis": "not in excess of a normal distribution: 3 more",
    "firstorder_Energy": _SHIFTED,
    "firstorder_RootMeanSquared": _SHIFTED,
    "firstorder_TotalEnergy": _NOT_IBSI,
    "glcm_MCC": _NOT_IBSI,
    "shape_Maximum2DDiameterSlice": _NOT_IBSI,
    "shape_Maximum2DDiameterColumn": _NOT_IBSI,
    "shape_Maximum2DDiameterRow": _NOT_IBSI,
    "shape_MajorAxisLength": _AXES,
    "shape_MinorAxisLength": _AXES,
    "shape_LeastAxisLength": _AXES,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One baseline beside our value."""

    name: str
    baseline: float
    ours: float | None
    reason: str

    @property
    def relative_difference(self) -> float:
        """Ours less the baseline, over the baseline."""
        assert self.ours is not None
        return (self.ours - self.baseline) / abs(self.baseline)


def read_baselines(
    folder: Path,
) -> tuple[dict[str, float], np.ndarray, np.ndarray, tuple[float, float, float]]:
    """Class and name to value; image, mask and spacing on axes (slice, row, column)."""
    found = {}
    for name in CLASSES:
        with (folder / f"baseline_{name}.csv").open() as file:
            header, *rows = list(csv.reader(file))
        column = header.index("breast1")
        found |= {
            row[0].removeprefix("original_"): float(row[column])
            for row in rows
            if row[0].startswith("original_")
        }
    image = sitk.ReadImage(str(folder / "breast1_image.nrrd"))
    label = sitk.ReadImage(str(folder / "breast1_label.nrrd"))
    column_mm, row_mm, slice_mm = image.GetSpacing()
    mask = sitk.GetArrayFromImage(label) == 1
    return found, sitk.GetArrayFromImage(image), mask, (slice_mm, row_mm, column_mm)


def compare(
    baselines: Mapping[str, float],
    image: np.ndarray,
    mask: np.ndarray,
    spacing_mm: tuple[float, float, float],
    *,
    lowest: float = 100.0,
) -> list[Comparison]:
    """Every baseline, our value where IBSI has the feature, and the reason of a difference."""
    settings = ExtractionSettings(
        spacing_mm=None,
        lowest=lowest,
        highest=1000.0,
        n_bins=None,
        bin_width=25.0,
        aggregation=Aggregation.SPACE_AVERAGED,
    )
    values = extract_features(image, mask, spacing_mm, settings).values
    keys = {
        f"{name}_{line.split()[0]}": line.split()[1]
        for name, text in NAMES.items()
        for line in text.strip().splitlines()
    }
    return [
        Comparison(
            name=name,
            baseline=baseline,
            ours=values[keys[name]] if name in keys else None,
            reason=REASONS.get(name, ""),
        )
        for name, baseline in baselines.items()
    ]
