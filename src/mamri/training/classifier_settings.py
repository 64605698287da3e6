"""Settings of networks that tell classes of lesions: how they learn and how cubes are varied."""

from dataclasses import dataclass, field

from mamri.records import InputError


@dataclass(frozen=True, slots=True)
class CropAugmentationSettings:
    """How cubes around lesions are varied while learning; all are assumptions.

    Parameters
    ----------
    flip_probability : float
        Of a mirror image between left and right, and as often between head and feet. Front and
        back are never exchanged: they look different in a breast.
    rotation_deg : float, degrees
        Largest rotation about each axis. Assumption: 30.
    scaling : float
        Largest change of size, 0.2 for 0.8 to 1.2. Assumption.
    shift_voxels : float, voxels
        Largest shift along each axis. Assumption: 2, 3 mm of doubt about the centre.
    intensity_scaling : float
        Largest change of contrast of each channel, 0.2 for 0.8 to 1.2. Assumption.
    intensity_shift : float, standard deviations
        Largest change of brightness of each channel. Assumption: 0.2.
    noise_sd : float, standard deviations
        Largest standard deviation of noise added to each channel. Assumption: 0.3.
    channel_dropout : float
        Probability that a channel is left blank, so that no one channel is relied on. The mask is
        never left blank. Assumption: 0.05.
    """

    flip_probability: float = 0.5
    rotation_deg: float = 30.0
    scaling: float = 0.2
    shift_voxels: float = 2.0
    intensity_scaling: float = 0.2
    intensity_shift: float = 0.2
    noise_sd: float = 0.3
    channel_dropout: float = 0.05

    def __post_init__(self) -> None:
        _check_bounds(self, (0.0, 1.0), "flip_probability")
        _check_bounds(self, (0.0, 180.0), "rotation_deg")
        _check_bounds(self, (0.0, 0.5), "scaling", "intensity_scaling", "channel_dropout")
        _check_bounds(self, (0.0, 10.0), "shift_voxels", "intensity_shift", "noise_sd")


@dataclass(frozen=True, slots=True)
class ClassifierSettings:
    """How the network of cubes learns.

    Parameters
    ----------
    epochs : int
        Passes over all lesions; the learning rate falls to zero at their end along a cosine [1]_.
    batch : int
        Lesions of one step, at most. Assumption: 16.
    learning_rate, weight_decay : float
        Of AdamW [2]_. Assumption.
    warmup_share : float
        Share of the steps over which the learning rate rises from zero. Assumption: 0.1.
    clip_norm : float
        Longest gradient; longer ones are shortened to it. Assumption: 5.
    label_smoothing : float
        Share of each label that is spread over all classes [3]_. Assumption: 0.05.
    balance : float
        0 weights lesions alike, 1 classes alike; between them each class by its frequency to the
        power of minus this. What it does to the probabilities is undone at the end. Assumption: 1.
    held_out_share : float
        Share of patients whose loss decides which epoch is kept. Assumption: 0.2.
    patience : int
        Epochs without a lower loss after which learning ends; 0 for never.
    average_decay : float
        Decay of the moving average of the weights at every step, which is what is kept.
        Assumption: 0.98, about 50 steps.
    augmentation : CropAugmentationSettings

    References
    ----------
    .. [1] Loshchilov I, Hutter F. SGDR: stochastic gradient descent with warm restarts. ICLR 2017.
       arXiv:1608.03983
    .. [2] Loshchilov I, Hutter F. Decoupled weight decay regularization. ICLR 2019.
       arXiv:1711.05101
    .. [3] Szegedy C, Vanhoucke V, Ioffe S, et al. Rethinking the inception architecture for
       computer vision. CVPR 2016:2818-2826. doi:10.1109/CVPR.2016.308 (section 7)
    """

    epochs: int = 40
    batch: int = 16
    learning_rate: float = 7e-4
    weight_decay: float = 0.05
    warmup_share: float = 0.1
    clip_norm: float = 5.0
    label_smoothing: float = 0.05
    balance: float = 1.0
    held_out_share: float = 0.2
    patience: int = 12
    average_decay: float = 0.98
    augmentation: CropAugmentationSettings = field(default_factory=CropAugmentationSettings)

    def __post_init__(self) -> None:
        _check_bounds(self, (1, 100_000), "epochs", "batch")
        _check_bounds(self, (0, 100_000), "patience")
        _check_bounds(self, (1e-7, 1.0), "learning_rate")
        _check_bounds(self, (0.0, 10.0), "weight_decay")
        _check_bounds(self, (0.0, 1.0), "balance")
        _check_bounds(self, (0.0, 0.5), "label_smoothing")
        _check_bounds(self, (0.05, 0.5), "held_out_share")
        _check_bounds(self, (0.0, 0.9), "warmup_share")
        _check_bounds(self, (0.0, 0.9999), "average_decay")
        _check_bounds(self, (1e-3, 1e6), "clip_norm")


@dataclass(frozen=True, slots=True)
class TransferSettings:
    """How a network that has seen photographs learns lesions from pictures of them.

    Parameters
    ----------
    learning : ClassifierSettings
        As for the network of cubes, with a smaller learning rate, so that what is known is not
        forgotten, and fewer epochs. Assumption.
    head_rate_factor : float
        Learning rate of the new last layer, as a multiple of that of the tuned blocks.
        Assumption: 10.
    versions : int
        Versions of every lesion that are shown: itself, and augmented ones. Each is computed once
        up to the tuned blocks. Assumption: 4.
    """

    learning: ClassifierSettings = field(
        default_factory=lambda: ClassifierSettings(epochs=30, learning_rate=3e-4, patience=10)
    )
    head_rate_factor: float = 10.0
    versions: int = 4

    def __post_init__(self) -> None:
        _check_bounds(self, (1.0, 1000.0), "head_rate_factor")
        _check_bounds(self, (1, 100), "versions")


def _check_bounds(settings: object, bounds: tuple[float, float], *names: str) -> None:
    low, high = bounds
    for name in names:
        value = getattr(settings, name)
        if not low <= value <= high:
            raise InputError(f"{name} must lie within {low:g} to {high:g}, got {value}; change it")
