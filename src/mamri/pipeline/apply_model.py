"""An imported model on NIfTI images of one exam: one file for each channel in, one mask out."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mamri.geometry import spacing_mm
from mamri.io.model_channels import read_channels, write_mask
from mamri.io.model_folder import ModelFolder
from mamri.networks.choose_engine import engine_of
from mamri.networks.inference_engine import EngineSettings
from mamri.pipeline.import_nnunet import RECIPE
from mamri.pipeline.step_clock import StepClock, silent
from mamri.records import InputError, ModelError
from mamri.segmentation.nnunet import NnunetRecipe, predict_labels

N_STEPS = 4


def apply_model(
    model: ModelFolder,
    images: Sequence[Path],
    mask: Path,
    *,
    settings: EngineSettings = EngineSettings(),  # noqa: B008 frozen, so safe to share
    overwrite: bool = False,
    begin_step: Callable[[str], None] = silent,
) -> dict[str, Any]:
    """Segment an image and write the mask on its grid.

    Parameters
    ----------
    model : ModelFolder
        One that `import_nnunet` wrote.
    images : sequence of Path
        NIfTI files in the order of the model's inputs.
    mask : Path
        ``.nii`` or ``.nii.gz`` to write.
    settings : EngineSettings
    overwrite : bool
        Whether to replace the mask.
    begin_step : callable of str
        Told the name of each step as it begins.

    Returns
    -------
    dict
        Model, mask, volume of each label in ml, seconds of each step.

    Raises
    ------
    InputError, GeometryError
        If an image is refused, or the mask exists; nothing is written then.
    ModelError
        If the model is of another kind or damaged.
    """
    recipe = _recipe(model)
    if len(images) != len(recipe.channels):
        names = ", ".join(rule.name for rule in recipe.channels)
        raise InputError(
            f"{model.card.name} needs {len(recipe.channels)} images ({names}), got {len(images)}; "
            "give one file for each, in this order"
        )
    _check_mask(mask, overwrite=overwrite)
    clock = StepClock(begin_step)
    with clock("reading"):
        channels = read_channels(images, is_reoriented=recipe.is_reoriented)
    with clock("loading_networks"):
        engines = [engine_of(model.network(name), settings) for name in model.card.networks]
    with clock("segmenting"):
        labels = predict_labels(channels.array, channels.spacing_mm, recipe=recipe, engines=engines)
    with clock("writing_mask"):
        write_mask(mask, labels, channels)
    voxel_ml = float(np.prod(spacing_mm(channels.grid.affine))) / 1000
    return {
        "model": {"name": model.card.name, "version": model.card.version, "sha256": model.sha256},
        "mask": str(mask),
        "labels": [
            {
                "value": label.value,
                "name": label.name,
                "volume_ml": round(voxel_ml * int((labels == label.value).sum()), 4),
            }
            for label in model.card.labels
        ],
        "timings_s": dict(clock.timings_s),
    }


def _recipe(model: ModelFolder) -> NnunetRecipe:
    found = model.card.preprocessing
    if found.recipe != RECIPE:
        raise ModelError(
            f"a model whose images are prepared by {RECIPE} was needed, {model.card.name} is "
            f"prepared by {found.recipe}; mamri analyze uses such models"
        )
    return NnunetRecipe.from_json(found.settings)


def _check_mask(mask: Path, *, overwrite: bool) -> None:
    if not mask.name.endswith((".nii", ".nii.gz")):
        raise InputError(
            f"masks are written as .nii or .nii.gz, got {mask.name}; choose another -o"
        )
    if not mask.parent.is_dir():
        raise InputError("the mask needs an existing folder, there is none of this name; make it")
    if mask.exists() and not overwrite:
        raise InputError(
            f"the mask must be a new file, {mask.name} exists; choose another -o or add --overwrite"
        )
