"""Labels of an image from an imported nnU-Net model: the way there and back."""

from collections.abc import Iterable, Sequence

import numpy as np

from mamri.networks.inference_engine import Engine
from mamri.networks.sliding_window import Answer, Mirror, WindowSettings, predict_whole
from mamri.records import InputError, ModelError
from mamri.segmentation.nnunet.crop import find_content
from mamri.segmentation.nnunet.normalize import normalized
from mamri.segmentation.nnunet.recipe import NnunetRecipe
from mamri.segmentation.nnunet.resample import resample_volume, resampled_shape, slice_axis


def predict_labels(
    image: np.ndarray,
    spacing_mm: tuple[float, ...],
    *,
    recipe: NnunetRecipe,
    engines: Sequence[Engine],
) -> np.ndarray:
    """Label every voxel.

    Parameters
    ----------
    image : (C, Z, Y, X) real, a.u.
        Axes as nnU-Net reads files: reversed, after turning them where the recipe says so.
    spacing_mm : tuple of 3 float, mm
        Voxel size along Z, Y, X.
    recipe : NnunetRecipe
    engines : sequence of Engine
        One for each fold; their logits are averaged.

    Returns
    -------
    (Z, Y, X) uint8
        Values of ``recipe.labels``; 0 elsewhere.

    Raises
    ------
    InputError
        If channels are missing, or the image holds no finite values or zeros only.
    ModelError
        If the networks do not fit the recipe.
    """
    _check(image, recipe, engines)
    turned = image.transpose(0, *(axis + 1 for axis in recipe.axes))
    size_mm = tuple(spacing_mm[axis] for axis in recipe.axes)
    content = find_content(turned)
    inside = normalized(
        turned[(slice(None), *content.box)].astype(np.float32), content.mask, recipe.channels
    )
    new_mm = (*size_mm[: 3 - len(recipe.spacing_mm)], *recipe.spacing_mm)
    shape = resampled_shape(content.mask.shape, size_mm, new_mm)
    if 0 in shape:
        raise InputError(
            f"the image must be at least one voxel of the model ({new_mm} mm) wide, got "
            f"{content.mask.shape} voxels of {size_mm} mm; check the voxel size of the image"
        )
    rule = recipe.image_resampling
    axis = slice_axis(size_mm, new_mm, rule)
    seen = np.stack([resample_volume(one, shape, axis=axis, rule=rule) for one in inside])
    logits = _mean_logits(seen, recipe, engines)
    rule = recipe.logit_resampling
    axis = slice_axis(new_mm, size_mm, rule)
    answers = (resample_volume(one, content.mask.shape, axis=axis, rule=rule) for one in logits)
    labels = np.zeros(turned.shape[1:], np.uint8)
    labels[content.box] = _labels(answers, recipe.region_values)
    return labels.transpose(np.argsort(recipe.axes))


def _mean_logits(image: np.ndarray, recipe: NnunetRecipe, engines: Sequence[Engine]) -> np.ndarray:
    """Mean over the folds, (K, Z, Y, X)."""
    unseen = 3 - len(recipe.patch)  # networks of slices do not see the first axis
    window = WindowSettings(
        patch=recipe.patch,
        mirrors=tuple(Mirror(axis + unseen) for axis in recipe.mirror_axes),
        answer=Answer.LOGITS,
    )
    logits, *others = (predict_whole(image, engine, window) for engine in engines)
    for other in others:
        logits += other
    logits /= len(engines)
    return logits


def _check(image: np.ndarray, recipe: NnunetRecipe, engines: Sequence[Engine]) -> None:
    if image.ndim != 4 or len(image) != len(recipe.channels):
        names = ", ".join(rule.name for rule in recipe.channels)
        raise InputError(
            f"the model needs {len(recipe.channels)} channels ({names}), got an image of shape "
            f"{image.shape}; give one volume for each, in this order"
        )
    wanted = (len(recipe.channels), recipe.outputs, len(recipe.patch))
    for engine in engines:
        found = (engine.plan.in_channels, engine.plan.classes, engine.plan.dimensions)
        if found != wanted:
            raise ModelError(
                f"the recipe takes networks of {wanted} (channels, outputs, axes), got {found}; "
                "import the model again"
            )
    if not engines:
        raise ModelError("a model needs at least one network, got none; import the model again")


def _labels(answers: Iterable[np.ndarray], region_values: tuple[int, ...] | None) -> np.ndarray:
    """Value of the largest output, or of the last region whose output is above one half."""
    ordered = iter(answers)
    if region_values is not None:
        labels = None
        for value, logits in zip(region_values, ordered, strict=True):
            labels = np.zeros(logits.shape, np.uint8) if labels is None else labels
            labels[logits > 0] = value
        assert labels is not None
        return labels
    best = next(ordered)
    labels = np.zeros(best.shape, np.uint8)
    for value, logits in enumerate(ordered, start=1):
        larger = logits > best
        labels[larger] = value
        best = np.where(larger, logits, best)
    return labels
