"""A network's answer for a whole image: in one pass where memory allows, else patch by patch.

Patches overlap, and the middle of each counts most, as in nnU-Net [1]_: positions and weights are
the same, so that the predictions of its models can be repeated. Sums are held in single precision:
in half, as nnU-Net holds them, the weights at the corners of an image are 6e-8, and the answers
there are lost. Images smaller than a patch are filled up on both sides.

References
----------
.. [1] Isensee F, Jaeger PF, Kohl SAA, et al. nnU-Net: a self-configuring method for deep
   learning-based biomedical image segmentation. Nat Methods 2021;18:203-211.
   doi:10.1038/s41592-020-01008-z
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, product
from math import ceil, prod

import numpy as np
from scipy import ndimage, special

from mamri.networks.inference_engine import Engine
from mamri.networks.network_plan import NetworkPlan, Sizes
from mamri.records import ModelError

# Standard deviation of the weights in sizes of the patch, and their largest value: nnU-Net's.
_SIGMA, _PEAK = 1 / 8, 10.0
# Arrays of the finest features held at once; measured: 4 to 6 by OpenVINO, 7 or 8 by torch.
_FEATURES_HELD = 8
_MB = 2**20

# Makes what the network sees from a patch (C, S, R, C') of the image; None where it need not look.
Prepare = Callable[[np.ndarray], np.ndarray | None]


class Answer(StrEnum):
    """What is averaged over patches and mirror images, and given back."""

    SOFTMAX = "softmax"
    SIGMOID = "sigmoid"
    LOGITS = "logits"


@dataclass(frozen=True, slots=True)
class Mirror:
    """A mirror image that the network is also shown.

    Parameters
    ----------
    axis : int
        0, 1 or 2 of (S, R, C).
    classes : tuple of int
        Class k of the image is class ``classes[k]`` of its mirror image, as right and left change
        places; empty where all stay what they are.
    """

    axis: int
    classes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """How a network is led over an image.

    Parameters
    ----------
    patch : tuple of int, or None
        Sizes along (S, R, C), multiples of the network's divisor; (R, C) for a network of slices.
        None for the whole image, or for the largest patches that the memory allows.
    memory_mb : float, MiB
        What one pass may take where no patch is given. Assumption: leaves half of 4 GiB to the
        exam.
    step : float
        Patches advance by at most this part of their size; nnU-Net's 0.5.
    mirrors : tuple of Mirror
        Answers are averaged over all combinations of these, which takes ``2**n`` passes.
    answer : Answer
        softmax or sigmoid for probabilities; logits as nnU-Net averages them.

    Raises
    ------
    ModelError
        If the step is not above 0 and at most 1, or an axis is mirrored twice or is none.
    """

    patch: Sizes | None = None
    memory_mb: float = 2048.0
    step: float = 0.5
    mirrors: tuple[Mirror, ...] = ()
    answer: Answer = Answer.SOFTMAX

    def __post_init__(self) -> None:
        axes = [mirror.axis for mirror in self.mirrors]
        if not 0 < self.step <= 1 or len(set(axes)) < len(axes) or not set(axes) <= {0, 1, 2}:
            raise ModelError(
                "patches need a step above 0 and at most 1, and mirrors one each of the axes 0, 1 "
                f"and 2, got step {self.step} and axes {axes}; correct the settings"
            )


def predict_whole(
    image: np.ndarray,
    engine: Engine,
    settings: WindowSettings | None = None,
    *,
    prepare: Prepare | None = None,
    fill: tuple[float, ...] = (),
) -> np.ndarray:
    """Probabilities, or logits, of all voxels of an image.

    Parameters
    ----------
    image : (C, S, R, C') float
        In the voxels of the network, and normalised unless that is done patch by patch.
    engine : Engine
    settings : WindowSettings, optional
    prepare : function, optional
        From a patch of the image, filled up where it must be, to what the network is shown in its
        place. Patches that it answers with None are taken for the first class (softmax) or for no
        class (sigmoid) without running the network.
    fill : tuple of float
        Value of each channel outside the image; zeros by default, as in nnU-Net.

    Returns
    -------
    (K, S, R, C') float32

    Raises
    ------
    ModelError
        If the image is not finite or does not fit the network, or settings and network differ.
    """
    settings = settings or WindowSettings()
    plan = engine.plan
    _check_image(image, plan, is_prepared=prepare is None)
    _check_settings(settings, plan)
    sizes = _patch_of(settings, image.shape[1:], plan)
    is_stack = plan.dimensions == 2
    padded, inside = _padded(image, sizes, fill or (0.0,) * len(image), is_stack=is_stack)
    boxes = list(_boxes(padded.shape[1:], sizes, settings.step, is_stack=is_stack))
    if len(boxes) == 1:
        return _answer(padded, engine, settings, prepare)[inside]
    weights = gaussian_weights(sizes[-plan.dimensions :])
    total = np.zeros((plan.classes, *padded.shape[1:]), np.float32)
    count = np.zeros(padded.shape[1:], np.float32)
    for box in boxes:
        answer = _answer(padded[(slice(None), *box)], engine, settings, prepare)
        answer *= weights
        total[(slice(None), *box)] += answer
        count[box] += weights
    total /= count
    return total[inside]


def plan_patch(
    shape: tuple[int, int, int], plan: NetworkPlan, *, memory_mb: float, step: float = 0.5
) -> tuple[int, int, int]:
    """Patch that covers an image with the least work in a given memory.

    Parameters
    ----------
    shape : (S, R, C) of int
    plan : NetworkPlan
    memory_mb : float, MiB
        What one pass may take.
    step : float
        Patches advance by at most this part of their size.

    Returns
    -------
    (S, R, C) of int
        Multiples of the divisor. The image rounded up to these where it fits as a whole; for a
        network of slices as many slices at once as fit.

    Raises
    ------
    ModelError
        If not even the smallest patch fits.
    """
    divisor = (1,) * (3 - plan.dimensions) + plan.divisor
    voxels = memory_mb * _MB / pass_bytes_per_voxel(plan)
    # Of all patches that take the same number of steps along an axis the smallest is best.
    choices = []
    for n, unit in zip(shape, divisor, strict=True):
        smallest = {}
        for size in range(ceil(n / unit) * unit, 0, -unit):
            smallest[len(window_starts(max(n, size), size, step))] = size
        choices.append(list(smallest.items()))
    if plan.dimensions == 2:  # slices are independent: they need no overlap
        choices[0] = [(ceil(shape[0] / size), size) for size in range(1, shape[0] + 1)]
    fitting = [
        (prod(count * size for count, size in axes), prod(count for count, _ in axes), axes)
        for axes in product(*choices)
        if prod(size for _, size in axes) <= voxels
    ]
    if not fitting:
        raise ModelError(
            f"a pass of this network needs at least {prod(divisor) / voxels * memory_mb:.3g} MiB, "
            f"got {memory_mb:g}; allow more memory"
        )
    (_, s), (_, r), (_, c) = min(fitting)[2]
    return s, r, c


def patch_within(
    largest: tuple[int, int, int], shape: tuple[int, ...], plan: NetworkPlan
) -> tuple[int, int, int]:
    """Patch of a given size, smaller along axes where the image is.

    Parameters
    ----------
    largest : (S, R, C) of int
        Multiples of the divisor.
    shape : (S, R, C) of int
        Of the image.
    plan : NetworkPlan
        Of a network of volumes.

    Returns
    -------
    (S, R, C) of int
        Multiples of the divisor.
    """
    s, r, c = (
        min(most, ceil(size / unit) * unit)
        for most, size, unit in zip(largest, shape, plan.divisor, strict=True)
    )
    return s, r, c


def pass_bytes_per_voxel(plan: NetworkPlan) -> float:
    """Memory that a pass takes for each voxel, in 32-bit floats; an upper estimate.

    Parameters
    ----------
    plan : NetworkPlan

    Returns
    -------
    float, bytes
    """
    # The image, the answer and its copy, and what the finest stage of the decoder holds.
    return 4.0 * (plan.in_channels + 2 * plan.classes + _FEATURES_HELD * plan.features[0])


def window_starts(size: int, patch: int, step: float = 0.5) -> list[int]:
    """First voxels of the patches along one axis, spread evenly from end to end.

    Parameters
    ----------
    size, patch : int
        Voxels of the image, at least those of the patch.
    step : float
        They advance by at most this part of the patch.

    Returns
    -------
    list of int

    Examples
    --------
    >>> window_starts(110, 64)
    [0, 23, 46]
    """
    steps = ceil((size - patch) / (patch * step))
    return [round((size - patch) / max(steps, 1) * k) for k in range(steps + 1)]


def gaussian_weights(patch: Sizes) -> np.ndarray:
    """How much each voxel of a patch counts: a Gaussian around its middle, never zero.

    Parameters
    ----------
    patch : tuple of int

    Returns
    -------
    patch of float32
        10 in the middle.
    """
    weights = np.ones((1,) * len(patch))
    for axis, size in enumerate(patch):
        line = np.zeros(size)
        line[size // 2] = 1
        line = ndimage.gaussian_filter1d(line, size * _SIGMA, mode="constant")
        weights = weights * np.expand_dims(line, [k for k in range(len(patch)) if k != axis])
    return (weights / (weights.max() / _PEAK)).astype(np.float32)


def _check_image(image: np.ndarray, plan: NetworkPlan, *, is_prepared: bool) -> None:
    channels = f"{plan.in_channels} channels" if is_prepared else "channels"
    if image.ndim != 4 or (is_prepared and image.shape[0] != plan.in_channels):
        raise ModelError(
            f"the network needs an image of {channels} and three axes, got shape {image.shape}; "
            "give the images that the model was trained on"
        )
    if not np.isfinite(image).all():
        raise ModelError(
            "networks need finite values in every voxel, got NaN or infinity; fill them first, "
            "with numpy.nan_to_num for example"
        )


def _check_settings(settings: WindowSettings, plan: NetworkPlan) -> None:
    patch = settings.patch
    if patch is not None and (
        len(patch) != plan.dimensions
        or any(n < 1 or n % unit for n, unit in zip(patch, plan.divisor, strict=True))
    ):
        raise ModelError(
            f"a patch needs {plan.dimensions} sizes, multiples of {plan.divisor}, got {patch}; "
            "correct the settings"
        )
    for mirror in settings.mirrors:
        if mirror.classes and sorted(mirror.classes) != list(range(plan.classes)):
            raise ModelError(
                f"a mirror needs each of {plan.classes} classes once, got {mirror.classes}; "
                "correct the settings"
            )
        if mirror.axis < 3 - plan.dimensions:
            raise ModelError(
                "a network of slices sees no mirror image along the slices, got axis "
                f"{mirror.axis}; choose 1 or 2"
            )


def _patch_of(settings: WindowSettings, shape: tuple[int, ...], plan: NetworkPlan) -> Sizes:
    """Sizes of a patch along all three axes."""
    whole = (shape[0], shape[1], shape[2])
    if settings.patch is None:
        return plan_patch(whole, plan, memory_mb=settings.memory_mb, step=settings.step)
    if plan.dimensions == 3:
        return settings.patch
    slices = settings.memory_mb * _MB / pass_bytes_per_voxel(plan) / prod(settings.patch)
    return (max(1, min(int(slices), shape[0])), *settings.patch)


def _padded(
    image: np.ndarray, sizes: Sizes, fill: tuple[float, ...], *, is_stack: bool
) -> tuple[np.ndarray, tuple[slice, ...]]:
    """Image of at least a patch, filled up on both sides, and where the image lies in it."""
    whole = image.shape[1:]
    more = [max(size - n, 0) for n, size in zip(whole, sizes, strict=True)]
    if is_stack:
        more[0] = 0
    before = [n // 2 for n in more]
    inside = (slice(None), *(slice(b, b + n) for b, n in zip(before, whole, strict=True)))
    if not any(more):
        return image, inside
    padded = np.empty((len(image), *(n + m for n, m in zip(whole, more, strict=True))), np.float32)
    for channel, value, part in zip(padded, fill, image, strict=True):
        channel[:] = value
        channel[inside[1:]] = part
    return padded, inside


def _boxes(
    shape: tuple[int, ...], sizes: Sizes, step: float, *, is_stack: bool
) -> Iterator[tuple[slice, ...]]:
    """Where all patches lie."""
    starts = [window_starts(n, size, step) for n, size in zip(shape, sizes, strict=True)]
    if is_stack:
        starts[0] = list(range(0, shape[0], sizes[0]))
    for corner in product(*starts):
        yield tuple(slice(k, k + n) for k, n in zip(corner, sizes, strict=True))


def _answer(
    part: np.ndarray, engine: Engine, settings: WindowSettings, prepare: Prepare | None
) -> np.ndarray:
    """Mean answer (K, S, R, C') of one patch and its mirror images."""
    seen = part if prepare is None else prepare(part)
    if seen is None:
        if settings.answer is Answer.LOGITS:
            raise ModelError(
                "patches without an answer have no logits, got None from the preparation; ask for "
                "probabilities"
            )
        nothing = np.zeros((engine.plan.classes, *part.shape[1:]), np.float32)
        nothing[0] = settings.answer is Answer.SOFTMAX
        return nothing
    shown = [
        chosen
        for n in range(len(settings.mirrors) + 1)
        for chosen in combinations(settings.mirrors, n)
    ]
    mean: np.ndarray | None = None
    for mirrors in shown:
        axes = tuple(mirror.axis + 1 for mirror in mirrors)
        answer = _run(engine, np.flip(seen, axes))
        _activate(answer, settings.answer)
        for mirror in mirrors:
            answer = answer[list(mirror.classes)] if mirror.classes else answer
        mean = answer if mean is None else np.add(mean, np.flip(answer, axes), out=mean)
    assert mean is not None  # the image itself is always shown
    mean /= len(shown)
    return mean


def _run(engine: Engine, part: np.ndarray) -> np.ndarray:
    """Logits (K, S, R, C') of a part of the image."""
    if engine.plan.dimensions == 3:
        return engine(np.ascontiguousarray(part))
    return np.moveaxis(engine(np.ascontiguousarray(np.moveaxis(part, 1, 0))), 0, 1)


def _activate(logits: np.ndarray, answer: Answer) -> None:
    """Turn logits (K, S, ...) to probabilities in place, slice by slice to stay in the cache."""
    if answer is Answer.LOGITS:
        return
    for index in range(logits.shape[1]):
        part = logits[:, index]
        if answer is Answer.SIGMOID:
            special.expit(part, out=part)
        else:
            part -= part.max(0)
            np.exp(part, out=part)
            part /= part.sum(0)
