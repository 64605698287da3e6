"""Examples from labelled exams: random crops with cheap changes of their look.

A voxel whose class is unknown has code 255 in a case, and -1 in an example, where the loss does not
look.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from mamri.records import InputError
from mamri.segmentation.anatomy_model import DETAIL_CLASSES
from mamri.training.anatomy_examples import (
    PriorSettings,
    ViewSettings,
    filled_up,
    random_view,
    simulated_prior,
)
from mamri.training.cached_anatomy import LabelCoding, label_centres
from mamri.training.draws import Draws, seeded_draws
from mamri.training.level import level_and_spread, normalised
from mamri.training.random_crop import random_crop, sample_image
from mamri.training.settings import SpatialSettings
from mamri.training.smooth_field import evaluate_field, random_control

Example = tuple[torch.Tensor, torch.Tensor]

UNKNOWN = 255
# What draws are for, apart from those of the stream and of simulated examples.
_PLACE, _LOOK, _VIEW, _PRIOR, _KIND = 20, 21, 22, 23, 24
_IN_BREAST = ("breast", "fibroglandular", "vessel", "skin", "nipple")


@dataclass(frozen=True, slots=True)
class AugmentationSettings:
    """How the look of a real image is changed.

    Parameters
    ----------
    probability : float
        Of each change. Assumption.
    gamma_sd : float
        Standard deviation of the logarithm of the exponent of brightness. Assumption.
    bias_sd, bias_knot_mm : float and (low, high) of float, mm
        Largest standard deviation of the logarithm of a smooth bias, and the distance of its
        control points. Assumption: below those of simulated images, for real ones have their own.
    noise_sd : float
        Largest standard deviation of noise over that of the image. Assumption.
    level_sd : float
        Standard deviation of scale and shift of a normalised image. Assumption.
    """

    probability: float = 0.5
    gamma_sd: float = 0.2
    bias_sd: float = 0.2
    bias_knot_mm: tuple[float, float] = (40.0, 120.0)
    noise_sd: float = 0.15
    level_sd: float = 0.1

    def __post_init__(self) -> None:
        numbers = (self.probability, self.gamma_sd, self.bias_sd, self.noise_sd, self.level_sd)
        low, high = self.bias_knot_mm
        if not all(0 <= number <= 1 for number in numbers) or not 5 <= low <= high:
            raise InputError(
                "probability, gamma_sd, bias_sd, noise_sd and level_sd must lie between 0 and 1 "
                f"and bias_knot_mm ascend from at least 5, got {numbers} and {(low, high)}; "
                "change them"
            )


@dataclass(frozen=True, slots=True)
class RealExampleSettings:
    """Everything that is varied in labelled exams.

    Parameters
    ----------
    spatial : SpatialSettings
        Its spacing is that which exams are resampled to.
    augmentation : AugmentationSettings
    """

    spatial: SpatialSettings = field(default_factory=SpatialSettings)
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)


@dataclass(frozen=True, slots=True, eq=False)
class RealCase:
    """One labelled exam in anatomical order: from feet to head, front to back, right to left.

    Parameters
    ----------
    image : (K, S, R, C) float tensor
        Normalised.
    target : (S, R, C) uint8 tensor
        Classes; 255 where unknown.
    darkest : (K,) float tensor
        Of each channel, for what lies outside.
    spacing_mm : three float, mm
    coding : LabelCoding
    centres : tuple of (N, 3) int tensor
        Voxels of each class but background.
    """

    image: torch.Tensor
    target: torch.Tensor
    darkest: torch.Tensor
    spacing_mm: tuple[float, float, float]
    coding: LabelCoding
    centres: tuple[torch.Tensor, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        s, r, c = self.target.shape
        return s, r, c

    @property
    def left_right_axis(self) -> int:
        """Array axis along the patient's left and right."""
        return 2

    @property
    def anterior(self) -> np.ndarray:
        """Direction of the patient's front along the array axes."""
        return np.array([0.0, -1.0, 0.0])


def real_case(
    image: np.ndarray,
    target: np.ndarray,
    spacing_mm: float,
    *,
    mirrored: tuple[tuple[int, int], ...] = (),
) -> RealCase:
    """A case of arrays, which may be memory maps.

    Parameters
    ----------
    image : (K, S, R, C) float, normalised
    target : (S, R, C) uint8
    spacing_mm : float, mm
    mirrored : pairs of int
        Classes to exchange when left and right are mirrored.
    """
    classes = tuple(range(1, UNKNOWN))
    return RealCase(
        torch.from_numpy(image),
        torch.from_numpy(target),
        torch.from_numpy(image.min((1, 2, 3)).astype(np.float32)),
        (spacing_mm,) * 3,
        LabelCoding(mirrored_labels=mirrored),
        label_centres(target, classes),
    )


def normalised_channels(image: np.ndarray, *, is_shared: bool) -> np.ndarray:
    """Channels of mean 0 and standard deviation 1, without their extreme half percents.

    Parameters
    ----------
    image : (K, S, R, C) real, a.u.
    is_shared : bool
        One mean and deviation for all, as for the phases of an exam.

    Returns
    -------
    (K, S, R, C) float16
    """
    channels = torch.from_numpy(np.ascontiguousarray(image, np.float32))
    references = [channels] * len(channels) if is_shared else list(channels)
    found = [normalised(one, all_) for one, all_ in zip(channels, references, strict=True)]
    return torch.stack(found).half().numpy()


def real_example(
    cases: Sequence[RealCase],
    settings: RealExampleSettings,
    seed: int,
    index: int,
    *,
    is_plain: bool = False,
) -> Example:
    """One example from labelled exams.

    Parameters
    ----------
    cases : sequence of RealCase
    settings : RealExampleSettings
    seed, index : int
    is_plain : bool
        Neither turned nor changed, exams in turn: to validate.

    Returns
    -------
    image : (K, S, R, C) float32
    target : (S, R, C) int64
        -1 where unknown.
    """
    draws = seeded_draws(seed, index, _PLACE, torch.device("cpu"))
    number = draws.index(len(cases))
    case = cases[index % len(cases) if is_plain else number]
    spatial = settings.spatial
    if is_plain:
        spatial = replace(
            spatial, rotation_deg=0.0, scaling=0.0, shear=0.0, elastic_sd_mm=0.0,
            mirror_probability=0.0, flip_probability=0.0,
        )  # fmt: skip
    crop = random_crop(case, spatial, draws)
    darkest = case.darkest[:, None, None, None]
    # Above the darkest value, so that 0 outside the field is dark.
    image = sample_image(case.image[(slice(None), *crop.box)].float() - darkest, crop)
    if not is_plain:
        look = seeded_draws(seed, index, _LOOK, torch.device("cpu"))
        image = _changed_look(image, settings.augmentation, spatial.spacing_mm, look)
    target = crop.target.masked_fill(crop.target == UNKNOWN, -1)
    return image + darkest, target


def real_field_example(
    cases: Sequence[RealCase],
    settings: RealExampleSettings,
    view: ViewSettings,
    seed: int,
    index: int,
    *,
    divisor: int = 8,
    is_plain: bool = False,
) -> Example:
    """One example for the field network, as `anatomy_examples.field_example` gives them."""
    image, target = real_example(cases, settings, seed, index, is_plain=is_plain)
    draws = seeded_draws(seed, index, _VIEW, torch.device("cpu"))
    sides = torch.where((target == 1) | (target == 2), target, 0)
    box = random_view(sides, settings.spatial.spacing_mm, view, draws)
    image, target = image[(slice(None), *box)], target[box]
    image = normalised(image, image)
    return filled_up(image, divisor, float(image.min())), filled_up(target, divisor, 0)


def real_detail_example(
    cases: Sequence[RealCase],
    settings: RealExampleSettings,
    prior: PriorSettings,
    seed: int,
    index: int,
    *,
    is_plain: bool = False,
) -> Example:
    """One example for the detail network, as `anatomy_examples.detail_example` gives them."""
    image, target = real_example(cases, settings, seed, index, is_plain=is_plain)
    draws = seeded_draws(seed, index, _PRIOR, torch.device("cpu"))
    inside = torch.tensor([DETAIL_CLASSES.index(name) for name in _IN_BREAST])
    breast = torch.isin(target, inside)
    coarse = simulated_prior(breast, settings.spatial.spacing_mm, prior, draws)
    return torch.cat([normalised(image, image), (2 * coarse - 1)[None]]), target


def is_real(share: float, seed: int, index: int) -> bool:
    """Whether an example comes from labelled exams, where so large a share of them does."""
    return seeded_draws(seed, index, _KIND, torch.device("cpu")).chance(share)


def _changed_look(
    image: torch.Tensor, settings: AugmentationSettings, spacing_mm: float, draws: Draws
) -> torch.Tensor:
    """Change bias, gamma, level and noise of an image whose darkest value is 0."""
    k, s, r, c = image.shape
    if draws.chance(settings.probability):
        extent = (s * spacing_mm, r * spacing_mm, c * spacing_mm)
        control = random_control(draws, 1, extent, draws.uniform(settings.bias_knot_mm))
        bias = evaluate_field(control, (s, r, c), image.device)
        image = image * torch.exp(draws.uniform((0.0, settings.bias_sd)) * bias)
    if draws.chance(settings.probability):
        top = image.amax().clamp(min=1e-6)
        exponent = torch.exp(settings.gamma_sd * draws.normal(1)).item()
        image = (image / top).clamp(min=0) ** exponent * top
    if draws.chance(settings.probability):
        scale, shift = settings.level_sd * draws.normal(2)
        image = image * torch.exp(scale) + shift
    if draws.chance(settings.probability):
        _, sd = level_and_spread(image)
        image = image + draws.uniform((0.0, settings.noise_sd)) * sd * draws.white((k, s, r, c))
    return image
