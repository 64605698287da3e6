"""Settings of the training stream: how widely shape, contrast and acquisition are varied."""

from dataclasses import dataclass, field

from mamri.records import InputError

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class SpatialSettings:
    """How crops are placed, turned and deformed.

    Parameters
    ----------
    shape : (S, R, C) of int
        Voxels of a crop. Assumption: 96 cubed, which one step of training on a CPU bears.
    spacing_mm : float, mm
        Voxel size of crops. Assumption: 1.5. From twice the spacing of the anatomy on, the image
        is averaged before sampling, so that coarse crops of a whole field are not aliased.
    focus_probability : float
        Crops centred on a voxel of a label in focus, each label as often; the others are centred
        anywhere in the field. Assumption.
    centre_jitter : float
        A crop is moved by up to this share of its size, 0.35 so that the voxel is still inside
        (assumption), and a third of that along axes where it covers the field, on whose middle
        it is centred there.
    rotation_deg, scaling, shear : float, degrees and dimensionless
        Largest rotation about each axis, change of size along each axis, and shear [1]_.
    elastic_sd_mm, elastic_knot_mm : float, mm
        Largest standard deviation of the elastic displacement and distance of its control points:
        3 voxels of 1 mm and 25 in [1]_.
    mirror_probability : float
        Crops mirrored between the patient's left and right [1]_.
    flip_probability : float
        Crops mirrored along each other axis. Assumption: none, for exams are read in anatomical
        order.

    References
    ----------
    .. [1] Billot B, Greve DN, Puonti O, et al. SynthSeg: segmentation of brain MRI scans of any
       contrast and resolution without retraining. Med Image Anal 2023;86:102789.
       doi:10.1016/j.media.2023.102789
    """

    shape: tuple[int, int, int] = (96, 96, 96)
    spacing_mm: float = 1.5
    focus_probability: float = 0.8
    centre_jitter: float = 0.35
    rotation_deg: float = 15.0
    scaling: float = 0.15
    shear: float = 0.012
    elastic_sd_mm: float = 3.0
    elastic_knot_mm: float = 25.0
    mirror_probability: float = 0.5
    flip_probability: float = 0.0

    def __post_init__(self) -> None:
        if len(self.shape) != 3 or min(self.shape) < 8:
            raise InputError(
                f"shape must be three sizes of at least 8 voxels, got {self.shape}; "
                "use a larger crop"
            )
        _check_probabilities(self, "focus_probability", "mirror_probability", "flip_probability")
        _check_bounds(self, (0.0, 0.5), "centre_jitter", "scaling", "shear")
        _check_bounds(self, (0.0, 180.0), "rotation_deg")
        _check_bounds(self, (0.1, 50.0), "spacing_mm")
        _check_bounds(self, (5.0, 500.0), "elastic_knot_mm")
        # Beyond a quarter of the distance of control points the deformation may fold.
        _check_bounds(self, (0.0, self.elastic_knot_mm / 4), "elastic_sd_mm")


@dataclass(frozen=True, slots=True)
class ContrastSettings:
    """How tissues get their brightness; the brightest is about 1.

    Parameters
    ----------
    physics_probability : float
        Images from simulated signals rather than from random brightness, where the anatomy has
        signals. Assumption: 0.5; random brightness alone generalised better than physics alone in
        [2]_, and their mixture is untried there.
    inversion_probability : float
        Images whose tissues are inverted, dark for bright. Assumption.
    mean_range, sd_range : (low, high) of float
        Mean brightness of a tissue, and its standard deviation within the tissue: 25 to 225 and 5
        to 25 of 255 in [1]_.
    shared_mean_probability, shared_means : float and int
        Tissues that take one of so many means in common, for neighbours may look the same.
        Assumption: 0.4 and 4.
    max_clusters, cluster_sd : int and float
        Largest number of clusters of different brightness inside a tissue, after [2]_, and the
        standard deviation of their means. Assumption: 3 and 0.08.
    min_fat_contrast, fat_texture : float
        Least difference of every tissue's mean from that of fat, and texture of fat over that of
        other tissues. Assumption: 0.12 and 0.35. Without it one image in ten shows no
        fibroglandular tissue where the labels have it, and teaches to guess; fat is even in
        every real contrast.
    texture_knots_mm : (low, high) of float, mm
        Size of blobs in random textures. Assumption.
    grain_sd, uptake_sd : float
        Deviation of grain and uptake from 1 that counts as one standard deviation of texture.
        0.06 and 0.37, measured on three simulated anatomies.
    tissue_jitter : float
        Standard deviation of the logarithm of factors on simulated signals, one a tissue.
        Assumption.
    grain_weights : (low, high) of float
        Weight of the grain on simulated signals; below 0 it is inverted. Assumption.
    suppressed_fat : (low, high) of float
        What suppression leaves of fat everywhere, over the brightest tissue, in simulated images of
        suppressed fat. Assumption.
    fat_residual_probability, patchy_probability, max_fat_residual : float
        Simulated images with unsuppressed fat added, those of them in which it comes in patches,
        and its largest signal over the brightest tissue. Assumption.
    enhancement_range, strong_enhancement_range, delay_range : (low, high) of float
        For random dynamic images: rise of a tissue, and of an enhancing tissue, at the first phase
        after contrast over the brightest tissue before, and its change up to the last phase as a
        factor. Assumption.
    first_phase_s, last_phase_s : (low, high) of float, s
        Where the simulated phases have times: of the first phase after contrast and of the last,
        from the injection. Assumption: protocols from ultrafast to three phases.
    one_phase_probability : float
        Dynamic images whose first phase after contrast is their last. Assumption.

    References
    ----------
    .. [1] Billot B, Greve DN, Puonti O, et al. SynthSeg: segmentation of brain MRI scans of any
       contrast and resolution without retraining. Med Image Anal 2023;86:102789.
       doi:10.1016/j.media.2023.102789
    .. [2] Zalevskyi V, Sanchez T, Roulet M, et al. Maximizing domain generalization in fetal brain
       tissue segmentation: the role of synthetic data generation, intensity clustering and real
       image fine-tuning. arXiv:2411.06842, 2024.
    """

    physics_probability: float = 0.5
    inversion_probability: float = 0.1
    mean_range: Range = (0.1, 0.88)
    sd_range: Range = (0.02, 0.1)
    shared_mean_probability: float = 0.4
    shared_means: int = 4
    max_clusters: int = 3
    cluster_sd: float = 0.08
    min_fat_contrast: float = 0.12
    fat_texture: float = 0.35
    texture_knots_mm: Range = (5.0, 50.0)
    grain_sd: float = 0.06
    uptake_sd: float = 0.37
    tissue_jitter: float = 0.12
    grain_weights: Range = (-0.5, 1.5)
    suppressed_fat: Range = (0.03, 0.5)
    fat_residual_probability: float = 0.4
    patchy_probability: float = 0.5
    max_fat_residual: float = 0.8
    enhancement_range: Range = (0.0, 0.5)
    strong_enhancement_range: Range = (0.3, 1.5)
    delay_range: Range = (0.6, 1.8)
    first_phase_s: Range = (45.0, 160.0)
    last_phase_s: Range = (200.0, 500.0)
    one_phase_probability: float = 0.1

    def __post_init__(self) -> None:
        _check_probabilities(
            self, "physics_probability", "inversion_probability", "shared_mean_probability",
            "fat_residual_probability", "patchy_probability", "one_phase_probability",
        )  # fmt: skip
        _check_ranges(self, (0.0, 1.0), "mean_range", "sd_range", "suppressed_fat")
        _check_ranges(
            self, (0.0, 10.0), "enhancement_range", "strong_enhancement_range", "delay_range"
        )
        _check_ranges(self, (0.0, 3600.0), "first_phase_s", "last_phase_s")
        _check_ranges(self, (-3.0, 3.0), "grain_weights")
        _check_ranges(self, (1.5, 1000.0), "texture_knots_mm")
        _check_bounds(self, (1, 16), "shared_means", "max_clusters")
        _check_bounds(self, (0.0, 2.0), "cluster_sd", "tissue_jitter", "max_fat_residual")
        _check_bounds(self, (0.01, 2.0), "grain_sd", "uptake_sd")
        _check_bounds(
            self, (0.0, (self.mean_range[1] - self.mean_range[0]) / 2), "min_fat_contrast"
        )
        _check_bounds(self, (0.0, 1.0), "fat_texture")


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """How images are acquired: resolution, coils, noise and artefacts.

    Parameters
    ----------
    thick_probability, thickness_mm : float and (low, high) of float, mm
        Images of low resolution along one random axis, and their slice thickness. Assumption: 1.5
        to 6 mm, in excess of the 3 mm that guidelines allow.
    in_plane_mm : (low, high) of float, mm
        Resolution along the other axes; below the voxel size nothing is lost. Assumption: 0.6 to
        2 mm.
    sharp_truncation : (low, high) of float
        Width of the roll-off at the edge of k-space over its half width; near 0 edges ring
        (Gibbs). Assumption.
    bias_sd, bias_knot_mm : float and (low, high) of float, mm
        Largest standard deviation of the logarithm of a smooth bias, 0.5 in [1]_, and the distance
        of its control points, 40 voxels of 1 mm there.
    coil_probability, coil_radius_mm, max_coil_gain : float, (low, high) of float, mm, and float
        Images bright near the surface coils, the radius of coil elements, and the largest
        brightness over the mean. Assumption.
    corrected_probability : float
        Of those, images that the scanner evened out, so that noise grows with depth instead.
        Assumption.
    noise_range : (low, high) of float
        Standard deviation of the noise in each of the two receiver channels over the brightness of
        bright tissue (its 90th percentile), uniform in its logarithm: signal-to-noise ratios of
        200 to 12. Assumption.
    g_factor_sd : float
        Largest standard deviation of the logarithm of the local noise level, as parallel imaging
        makes it. Assumption.
    masked_probability : float
        Images whose air the scanner set to zero. Assumption.
    ghost_probability, max_ghost : float
        Images with ghosts along one axis and their largest brightness. Assumption.
    wrap_probability : float
        Images that wrap around along one axis. Assumption.
    motion_probability, motion_mm : float and float, mm
        Images blurred by motion along one axis, and its largest extent. Assumption.
    phase_shift_mm : float, mm
        Largest standard deviation of the patient's shift between phases along each axis.
        Assumption: 0.5, what registration leaves.
    spike_probability, max_spike : float
        Images with stripes from spikes in k-space, and their largest brightness. Assumption.
    gamma_sd : float
        Standard deviation of the logarithm of the exponent that brightness is raised to.
        Assumption: 0.2, half of [1]_, whose contrasts have no physics to keep.
    clip_probability : float
        Images whose brightest 0.1 to 3 % are clipped. Assumption.
    inverted_probability : float
        Images whose grey scale is inverted after reconstruction where it is not dark, so that what
        coils hardly reach is bright. No scanner makes such images; the network shall go by shape.
        Assumption.
    cut_probability, max_cut : float
        Crops of which an end along one axis is zero and unlabelled, as outside the field of view,
        and the largest share cut. Assumption.
    level_jitter : float
        Standard deviation of the scale and the shift left in a normalised image, so that the
        network bears another way of normalising. Assumption.

    References
    ----------
    .. [1] Billot B, Greve DN, Puonti O, et al. SynthSeg: segmentation of brain MRI scans of any
       contrast and resolution without retraining. Med Image Anal 2023;86:102789.
       doi:10.1016/j.media.2023.102789
    """

    thick_probability: float = 0.6
    thickness_mm: Range = (1.5, 6.0)
    in_plane_mm: Range = (0.6, 2.0)
    sharp_truncation: Range = (0.05, 1.0)
    bias_sd: float = 0.3
    bias_knot_mm: Range = (40.0, 120.0)
    coil_probability: float = 0.5
    coil_radius_mm: Range = (25.0, 90.0)
    max_coil_gain: float = 5.0
    corrected_probability: float = 0.4
    noise_range: Range = (0.005, 0.08)
    g_factor_sd: float = 0.3
    masked_probability: float = 0.15
    ghost_probability: float = 0.2
    max_ghost: float = 0.15
    wrap_probability: float = 0.08
    motion_probability: float = 0.15
    motion_mm: float = 4.0
    phase_shift_mm: float = 0.5
    spike_probability: float = 0.04
    max_spike: float = 0.15
    gamma_sd: float = 0.2
    clip_probability: float = 0.15
    inverted_probability: float = 0.08
    cut_probability: float = 0.1
    max_cut: float = 0.4
    level_jitter: float = 0.1

    def __post_init__(self) -> None:
        _check_probabilities(
            self, "thick_probability", "coil_probability", "corrected_probability",
            "masked_probability", "ghost_probability", "wrap_probability", "motion_probability",
            "spike_probability", "clip_probability", "inverted_probability", "cut_probability",
        )  # fmt: skip
        _check_ranges(self, (0.1, 50.0), "thickness_mm", "in_plane_mm")
        _check_ranges(self, (5.0, 1000.0), "bias_knot_mm", "coil_radius_mm")
        _check_ranges(self, (0.01, 1.0), "sharp_truncation")
        _check_ranges(self, (1e-6, 1.0), "noise_range")
        _check_bounds(self, (0.0, 2.0), "bias_sd", "g_factor_sd", "gamma_sd")
        _check_bounds(self, (0.0, 1.0), "max_ghost", "max_spike", "max_cut", "level_jitter")
        _check_bounds(self, (1.0, 100.0), "max_coil_gain")
        _check_bounds(self, (0.0, 20.0), "motion_mm", "phase_shift_mm")


@dataclass(frozen=True, slots=True)
class RandomisationSettings:
    """Everything that the training stream varies.

    Parameters
    ----------
    spatial : SpatialSettings
    contrast : ContrastSettings
    scan : ScanSettings
    dynamic : bool
        False: one image. True: four channels for lesions: before contrast, first phase after it,
        the difference of the two, and the last phase less the first after contrast.
    """

    spatial: SpatialSettings = field(default_factory=SpatialSettings)
    contrast: ContrastSettings = field(default_factory=ContrastSettings)
    scan: ScanSettings = field(default_factory=ScanSettings)
    dynamic: bool = False


_Group = SpatialSettings | ContrastSettings | ScanSettings


def _check_probabilities(settings: _Group, *names: str) -> None:
    _check_bounds(settings, (0.0, 1.0), *names)


def _check_bounds(settings: _Group, bounds: Range, *names: str) -> None:
    for name in names:
        value = getattr(settings, name)
        if not bounds[0] <= value <= bounds[1]:  # also refuses NaN
            raise InputError(
                f"{name} must lie between {bounds[0]:g} and {bounds[1]:g}, got {value}; change it"
            )


def _check_ranges(settings: _Group, bounds: Range, *names: str) -> None:
    for name in names:
        value = getattr(settings, name)
        if len(value) != 2 or not bounds[0] <= value[0] <= value[1] <= bounds[1]:
            raise InputError(
                f"{name} must be two numbers in ascending order between {bounds[0]:g} and "
                f"{bounds[1]:g}, got {value}; change it"
            )
