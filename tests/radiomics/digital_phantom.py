"""The digital phantom of IBSI-1 (CC BY 4.0, Zwanenburg A et al.) and its values in space.

Reference manual, arXiv:1612.07003, chapter 5.1: 4 x 4 x 5 voxels of 2 mm, six of them outside the
region. Values are to three digits, each followed by its tolerance; matrices are merged over the 13
directions of space.
"""

import numpy as np

IMAGE = np.array(
    [
        [[1, 4, 4, 1, 1], [1, 4, 6, 1, 1], [4, 1, 6, 4, 1], [4, 4, 6, 4, 1]],
        [[1, 4, 4, 1, 1], [1, 1, 6, 1, 1], [1, 1, 3, 1, 1], [4, 4, 6, 1, 1]],
        [[1, 4, 4, 1, 1], [1, 1, 1, 1, 1], [1, 1, 9, 1, 1], [1, 1, 6, 1, 1]],
        [[1, 4, 4, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 6, 1, 1]],
    ],
    float,
)
MASK = np.ones(IMAGE.shape, bool)
MASK[[1, 2, 2, 2, 3, 3], [2, 0, 0, 2, 0, 0], [0, 3, 4, 2, 3, 4]] = False
SPACING_MM = (2.0, 2.0, 2.0)

VALUES = """
shape_volume_RNU0 556 4
shape_approximate_volume_YEKZ 592 4
shape_surface_area_C0JK 388 3
shape_surface_to_volume_ratio_2PR5 0.698 0.004
shape_compactness_1_SKGS 0.0411 0.0003
shape_compactness_2_BQWJ 0.599 0.004
shape_spherical_disproportion_KRCK 1.19 0.01
shape_sphericity_QCFX 0.843 0.005
shape_asphericity_25C7 0.186 0.001
shape_maximum_diameter_L0JK 13.1 0.1
shape_major_axis_length_TDIC 11.4 0.1
shape_minor_axis_length_P9VJ 9.31 0.06
shape_least_axis_length_7J51 8.54 0.05
shape_elongation_Q3CK 0.816 0.005
shape_flatness_N17B 0.749 0.005
shape_volume_density_bounding_box_PBX1 0.869 0.005
shape_area_density_bounding_box_R59B 0.866 0.005
shape_volume_density_ellipsoid_6BDE 1.17 0.01
shape_area_density_ellipsoid_RDD2 1.36 0.01
shape_volume_density_convex_hull_R3ER 0.961 0.006
shape_area_density_convex_hull_7T7F 1.03 0.01
spatial_centre_of_mass_shift_KLMA 0.672 0.004
spatial_integrated_intensity_99N0 1200 10
spatial_moran_i_N365 0.0397 0.0003
spatial_geary_c_NPT7 0.974 0.006
local_local_peak_VJGA 2.6 0
local_global_peak_0F91 3.1 0
stat_mean_Q4LE 2.15 0
stat_variance_ECT3 3.05 0
stat_skewness_KE2A 1.08 0
stat_excess_kurtosis_IPH6 -0.355 0
stat_median_Y12H 1 0
stat_minimum_1GSF 1 0
stat_percentile_10_QG58 1 0
stat_percentile_90_8DWT 4 0
stat_maximum_84IY 6 0
stat_interquartile_range_SALO 3 0
stat_range_2OJQ 5 0
stat_mean_absolute_deviation_4FUA 1.55 0
stat_robust_mean_absolute_deviation_1128 1.11 0
stat_median_absolute_deviation_N72L 1.15 0
stat_coefficient_of_variation_7TET 0.812 0
stat_quartile_coefficient_of_dispersion_9S40 0.6 0
stat_energy_N8CA 567 0
stat_root_mean_square_5ZWQ 2.77 0
hist_mean_X6K6 2.15 0
hist_variance_CH89 3.05 0
hist_skewness_88K1 1.08 0
hist_excess_kurtosis_C3I7 -0.355 0
hist_median_WIFQ 1 0
hist_minimum_1PR8 1 0
hist_percentile_10_GPMT 1 0
hist_percentile_90_OZ0C 4 0
hist_maximum_3NCY 6 0
hist_interquartile_range_WR0O 3 0
hist_range_5Z3W 5 0
hist_mean_absolute_deviation_D2ZX 1.55 0
hist_robust_mean_absolute_deviation_WRZB 1.11 0
hist_median_absolute_deviation_4RNL 1.15 0
hist_coefficient_of_variation_CWYJ 0.812 0
hist_quartile_coefficient_of_dispersion_SLWD 0.6 0
hist_mode_AMMC 1 0
hist_entropy_TLU2 1.27 0
hist_uniformity_BJ5W 0.512 0
hist_maximum_gradient_12CE 8 0
hist_maximum_gradient_level_8E6O 3 0
hist_minimum_gradient_VQB3 -50 0
hist_minimum_gradient_level_RHQZ 1 0
ivh_volume_at_intensity_10_BC2M 0.324 0
ivh_volume_at_intensity_90_BC2M 0.0946 0
ivh_intensity_at_volume_10_GBPN 5 0
ivh_intensity_at_volume_90_GBPN 2 0
ivh_volume_difference_DDTU 0.23 0
ivh_intensity_difference_CNV2 3 0
glcm_joint_maximum_GYBY 0.509 0
glcm_joint_average_60VM 2.15 0
glcm_joint_variance_UR99 3.13 0
glcm_joint_entropy_TU9B 2.57 0
glcm_difference_average_TF7R 1.38 0
glcm_difference_variance_D3YU 3.21 0
glcm_difference_entropy_NTRS 1.64 0
glcm_sum_average_ZGXS 4.3 0
glcm_sum_variance_OEEB 7.41 0
glcm_sum_entropy_P6QZ 2.11 0
glcm_angular_second_moment_8ZQL 0.291 0
glcm_contrast_ACUI 5.12 0
glcm_dissimilarity_8S9J 1.38 0
glcm_inverse_difference_IB1Z 0.688 0
glcm_normalised_inverse_difference_NDRX 0.856 0
glcm_inverse_difference_moment_WF0Z 0.631 0
glcm_normalised_inverse_difference_moment_1QCO 0.902 0
glcm_inverse_variance_E8JP 0.0574 0
glcm_correlation_NI2N 0.183 0
glcm_autocorrelation_QWB0 5.19 0
glcm_cluster_tendency_DG8W 7.41 0
glcm_cluster_shade_7NFM 17.4 0
glcm_cluster_prominence_AE86 147 0
glcm_information_correlation_1_R8DG -0.0288 0
glcm_information_correlation_2_JN9H 0.269 0
glrlm_short_runs_emphasis_22OV 0.729 0
glrlm_long_runs_emphasis_W4KF 2.76 0
glrlm_low_grey_level_emphasis_V3SW 0.607 0
glrlm_high_grey_level_emphasis_G3QZ 9.64 0
glrlm_short_run_low_grey_level_emphasis_HTZT 0.372 0
glrlm_short_run_high_grey_level_emphasis_GD3A 8.67 0
glrlm_long_run_low_grey_level_emphasis_IVPO 2.16 0
glrlm_long_run_high_grey_level_emphasis_3KUM 15.6 0
glrlm_grey_level_non_uniformity_R5YN 281 0
glrlm_normalised_grey_level_non_uniformity_OVBL 0.43 0
glrlm_run_length_non_uniformity_W92Y 328 0
glrlm_normalised_run_length_non_uniformity_IC23 0.501 0
glrlm_run_percentage_9ZK5 0.68 0
glrlm_grey_level_variance_8CE5 3.48 0
glrlm_run_length_variance_SXLW 0.598 0
glrlm_run_entropy_HJ9O 2.62 0
glszm_small_zone_emphasis_5QRC 0.255 0
glszm_large_zone_emphasis_48P8 550 0
glszm_low_grey_level_emphasis_XMSY 0.253 0
glszm_high_grey_level_emphasis_5GN9 15.6 0
glszm_small_zone_low_grey_level_emphasis_5RAI 0.0256 0
glszm_small_zone_high_grey_level_emphasis_HW1V 2.76 0
glszm_large_zone_low_grey_level_emphasis_YH51 503 0
glszm_large_zone_high_grey_level_emphasis_J17V 1490 0
glszm_grey_level_non_uniformity_JNSA 1.4 0
glszm_normalised_grey_level_non_uniformity_Y1RO 0.28 0
glszm_zone_size_non_uniformity_4JP3 1 0
glszm_normalised_zone_size_non_uniformity_VB3A 0.2 0
glszm_zone_percentage_P30P 0.0676 0
glszm_grey_level_variance_BYLV 2.64 0
glszm_zone_size_variance_3NSA 331 0
glszm_zone_size_entropy_GU8N 2.32 0
gldzm_small_distance_emphasis_0GBI 1 0
gldzm_large_distance_emphasis_MB4I 1 0
gldzm_low_grey_level_emphasis_S1RA 0.253 0
gldzm_high_grey_level_emphasis_K26C 15.6 0
gldzm_small_distance_low_grey_level_emphasis_RUVG 0.253 0
gldzm_small_distance_high_grey_level_emphasis_DKNJ 15.6 0
gldzm_large_distance_low_grey_level_emphasis_A7WM 0.253 0
gldzm_large_distance_high_grey_level_emphasis_KLTH 15.6 0
gldzm_grey_level_non_uniformity_VFT7 1.4 0
gldzm_normalised_grey_level_non_uniformity_7HP3 0.28 0
gldzm_zone_distance_non_uniformity_V294 5 0
gldzm_normalised_zone_distance_non_uniformity_IATH 1 0
gldzm_zone_percentage_VIWW 0.0676 0
gldzm_grey_level_variance_QK93 2.64 0
gldzm_zone_distance_variance_7WT1 0 0
gldzm_zone_distance_entropy_GBDU 1.92 0
ngtdm_coarseness_QCDE 0.0296 0
ngtdm_contrast_65HE 0.584 0
ngtdm_busyness_NQ30 6.54 0
ngtdm_complexity_HDEZ 13.5 0
ngtdm_strength_1X9X 0.763 0
ngldm_low_dependence_emphasis_SODN 0.045 0
ngldm_high_dependence_emphasis_IMOQ 109 0
ngldm_low_grey_level_emphasis_TL9H 0.693 0
ngldm_high_grey_level_emphasis_OAE7 7.66 0
ngldm_low_dependence_low_grey_level_emphasis_EQ3F 0.00963 0
ngldm_low_dependence_high_grey_level_emphasis_JA6D 0.736 0
ngldm_high_dependence_low_grey_level_emphasis_NBZI 102 0
ngldm_high_dependence_high_grey_level_emphasis_9QMG 235 0
ngldm_grey_level_non_uniformity_FP8K 37.9 0
ngldm_normalised_grey_level_non_uniformity_5SPA 0.512 0
ngldm_dependence_count_non_uniformity_Z87G 4.86 0
ngldm_normalised_dependence_count_non_uniformity_OKJI 0.0657 0
ngldm_dependence_count_percentage_6XV8 1 0
ngldm_grey_level_variance_1PFV 3.05 0
ngldm_dependence_count_variance_DNX2 22.1 0
ngldm_dependence_count_entropy_FCBV 4.4 0
ngldm_dependence_count_energy_CAS9 0.0533 0
"""
