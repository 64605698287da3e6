"""Names, IBSI codes and short tags of the features, one line each: name, code, tag.

Codes: Zwanenburg A, Leger S, Vallières M, Löck S. Image biomarker standardisation initiative,
reference manual. arXiv:1612.07003. The tag is the one of the published tables of reference values.
"""

FEATURE_TABLE = {
    "shape": """
        volume RNU0 morph_volume
        approximate_volume YEKZ morph_vol_approx
        surface_area C0JK morph_area_mesh
        surface_to_volume_ratio 2PR5 morph_av
        compactness_1 SKGS morph_comp_1
        compactness_2 BQWJ morph_comp_2
        spherical_disproportion KRCK morph_sph_dispr
        sphericity QCFX morph_sphericity
        asphericity 25C7 morph_asphericity
        maximum_diameter L0JK morph_diam
        major_axis_length TDIC morph_pca_maj_axis
        minor_axis_length P9VJ morph_pca_min_axis
        least_axis_length 7J51 morph_pca_least_axis
        elongation Q3CK morph_pca_elongation
        flatness N17B morph_pca_flatness
        volume_density_bounding_box PBX1 morph_vol_dens_aabb
        area_density_bounding_box R59B morph_area_dens_aabb
        volume_density_ellipsoid 6BDE morph_vol_dens_aee
        area_density_ellipsoid RDD2 morph_area_dens_aee
        volume_density_convex_hull R3ER morph_vol_dens_conv_hull
        area_density_convex_hull 7T7F morph_area_dens_conv_hull
    """,
    "spatial": """
        centre_of_mass_shift KLMA morph_com
        integrated_intensity 99N0 morph_integ_int
        moran_i N365 morph_moran_i
        geary_c NPT7 morph_geary_c
    """,
    "local": """
        local_peak VJGA loc_peak_loc
        global_peak 0F91 loc_peak_glob
    """,
    "stat": """
        mean Q4LE stat_mean
        variance ECT3 stat_var
        skewness KE2A stat_skew
        excess_kurtosis IPH6 stat_kurt
        median Y12H stat_median
        minimum 1GSF stat_min
        percentile_10 QG58 stat_p10
        percentile_90 8DWT stat_p90
        maximum 84IY stat_max
        interquartile_range SALO stat_iqr
        range 2OJQ stat_range
        mean_absolute_deviation 4FUA stat_mad
        robust_mean_absolute_deviation 1128 stat_rmad
        median_absolute_deviation N72L stat_medad
        coefficient_of_variation 7TET stat_cov
        quartile_coefficient_of_dispersion 9S40 stat_qcod
        energy N8CA stat_energy
        root_mean_square 5ZWQ stat_rms
    """,
    "hist": """
        mean X6K6 ih_mean
        variance CH89 ih_var
        skewness 88K1 ih_skew
        excess_kurtosis C3I7 ih_kurt
        median WIFQ ih_median
        minimum 1PR8 ih_min
        percentile_10 GPMT ih_p10
        percentile_90 OZ0C ih_p90
        maximum 3NCY ih_max
        interquartile_range WR0O ih_iqr
        range 5Z3W ih_range
        mean_absolute_deviation D2ZX ih_mad
        robust_mean_absolute_deviation WRZB ih_rmad
        median_absolute_deviation 4RNL ih_medad
        coefficient_of_variation CWYJ ih_cov
        quartile_coefficient_of_dispersion SLWD ih_qcod
        mode AMMC ih_mode
        entropy TLU2 ih_entropy
        uniformity BJ5W ih_uniformity
        maximum_gradient 12CE ih_max_grad
        maximum_gradient_level 8E6O ih_max_grad_g
        minimum_gradient VQB3 ih_min_grad
        minimum_gradient_level RHQZ ih_min_grad_g
    """,
    "ivh": """
        volume_at_intensity_10 BC2M ivh_v10
        volume_at_intensity_90 BC2M ivh_v90
        intensity_at_volume_10 GBPN ivh_i10
        intensity_at_volume_90 GBPN ivh_i90
        volume_difference DDTU ivh_diff_v10_v90
        intensity_difference CNV2 ivh_diff_i10_i90
    """,
    "glcm": """
        joint_maximum GYBY cm_joint_max
        joint_average 60VM cm_joint_avg
        joint_variance UR99 cm_joint_var
        joint_entropy TU9B cm_joint_entr
        difference_average TF7R cm_diff_avg
        difference_variance D3YU cm_diff_var
        difference_entropy NTRS cm_diff_entr
        sum_average ZGXS cm_sum_avg
        sum_variance OEEB cm_sum_var
        sum_entropy P6QZ cm_sum_entr
        angular_second_moment 8ZQL cm_energy
        contrast ACUI cm_contrast
        dissimilarity 8S9J cm_dissimilarity
        inverse_difference IB1Z cm_inv_diff
        normalised_inverse_difference NDRX cm_inv_diff_norm
        inverse_difference_moment WF0Z cm_inv_diff_mom
        normalised_inverse_difference_moment 1QCO cm_inv_diff_mom_norm
        inverse_variance E8JP cm_inv_var
        correlation NI2N cm_corr
        autocorrelation QWB0 cm_auto_corr
        cluster_tendency DG8W cm_clust_tend
        cluster_shade 7NFM cm_clust_shade
        cluster_prominence AE86 cm_clust_prom
        information_correlation_1 R8DG cm_info_corr1
        information_correlation_2 JN9H cm_info_corr2
    """,
    "glrlm": """
        short_runs_emphasis 22OV rlm_sre
        long_runs_emphasis W4KF rlm_lre
        low_grey_level_emphasis V3SW rlm_lgre
        high_grey_level_emphasis G3QZ rlm_hgre
        short_run_low_grey_level_emphasis HTZT rlm_srlge
        short_run_high_grey_level_emphasis GD3A rlm_srhge
        long_run_low_grey_level_emphasis IVPO rlm_lrlge
        long_run_high_grey_level_emphasis 3KUM rlm_lrhge
        grey_level_non_uniformity R5YN rlm_glnu
        normalised_grey_level_non_uniformity OVBL rlm_glnu_norm
        run_length_non_uniformity W92Y rlm_rlnu
        normalised_run_length_non_uniformity IC23 rlm_rlnu_norm
        run_percentage 9ZK5 rlm_r_perc
        grey_level_variance 8CE5 rlm_gl_var
        run_length_variance SXLW rlm_rl_var
        run_entropy HJ9O rlm_rl_entr
    """,
    "glszm": """
        small_zone_emphasis 5QRC szm_sze
        large_zone_emphasis 48P8 szm_lze
        low_grey_level_emphasis XMSY szm_lgze
        high_grey_level_emphasis 5GN9 szm_hgze
        small_zone_low_grey_level_emphasis 5RAI szm_szlge
        small_zone_high_grey_level_emphasis HW1V szm_szhge
        large_zone_low_grey_level_emphasis YH51 szm_lzlge
        large_zone_high_grey_level_emphasis J17V szm_lzhge
        grey_level_non_uniformity JNSA szm_glnu
        normalised_grey_level_non_uniformity Y1RO szm_glnu_norm
        zone_size_non_uniformity 4JP3 szm_zsnu
        normalised_zone_size_non_uniformity VB3A szm_zsnu_norm
        zone_percentage P30P szm_z_perc
        grey_level_variance BYLV szm_gl_var
        zone_size_variance 3NSA szm_zs_var
        zone_size_entropy GU8N szm_zs_entr
    """,
    "gldzm": """
        small_distance_emphasis 0GBI dzm_sde
        large_distance_emphasis MB4I dzm_lde
        low_grey_level_emphasis S1RA dzm_lgze
        high_grey_level_emphasis K26C dzm_hgze
        small_distance_low_grey_level_emphasis RUVG dzm_sdlge
        small_distance_high_grey_level_emphasis DKNJ dzm_sdhge
        large_distance_low_grey_level_emphasis A7WM dzm_ldlge
        large_distance_high_grey_level_emphasis KLTH dzm_ldhge
        grey_level_non_uniformity VFT7 dzm_glnu
        normalised_grey_level_non_uniformity 7HP3 dzm_glnu_norm
        zone_distance_non_uniformity V294 dzm_zdnu
        normalised_zone_distance_non_uniformity IATH dzm_zdnu_norm
        zone_percentage VIWW dzm_z_perc
        grey_level_variance QK93 dzm_gl_var
        zone_distance_variance 7WT1 dzm_zd_var
        zone_distance_entropy GBDU dzm_zd_entr
    """,
    "ngtdm": """
        coarseness QCDE ngt_coarseness
        contrast 65HE ngt_contrast
        busyness NQ30 ngt_busyness
        complexity HDEZ ngt_complexity
        strength 1X9X ngt_strength
    """,
    "ngldm": """
        low_dependence_emphasis SODN ngl_lde
        high_dependence_emphasis IMOQ ngl_hde
        low_grey_level_emphasis TL9H ngl_lgce
        high_grey_level_emphasis OAE7 ngl_hgce
        low_dependence_low_grey_level_emphasis EQ3F ngl_ldlge
        low_dependence_high_grey_level_emphasis JA6D ngl_ldhge
        high_dependence_low_grey_level_emphasis NBZI ngl_hdlge
        high_dependence_high_grey_level_emphasis 9QMG ngl_hdhge
        grey_level_non_uniformity FP8K ngl_glnu
        normalised_grey_level_non_uniformity 5SPA ngl_glnu_norm
        dependence_count_non_uniformity Z87G ngl_dcnu
        normalised_dependence_count_non_uniformity OKJI ngl_dcnu_norm
        dependence_count_percentage 6XV8 ngl_dc_perc
        grey_level_variance 1PFV ngl_gl_var
        dependence_count_variance DNX2 ngl_dc_var
        dependence_count_entropy FCBV ngl_dc_entr
        dependence_count_energy CAS9 ngl_dc_energy
    """,
}
