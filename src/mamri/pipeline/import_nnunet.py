"""From a result folder of nnU-Net v2 to a model folder of mamri; needs the extra ``train``."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mamri.io.model_card import (
    Activation,
    ModelCard,
    ModelInput,
    ModelLabel,
    ModelNetwork,
    Preparation,
    TrainingRecord,
)
from mamri.io.model_folder import ModelFolder, write_model_folder
from mamri.io.nnunet_results import (
    NnunetResult,
    find_checkpoints,
    find_result_folder,
    planned_configurations,
    read_result,
)
from mamri.pipeline.step_clock import silent
from mamri.records import ModelError
from mamri.segmentation.label_names import known_names

RECIPE = "nnunet"
_REFERENCE = "doi:10.1038/s41592-020-01008-z"


@dataclass(frozen=True, slots=True)
class NnunetImport:
    """What to take from a result folder.

    Parameters
    ----------
    configuration : str or None
        Such as ``3d_fullres``; None for that of the checkpoints.
    folds : tuple of str
        Numbers, or ``all``; none for every numbered fold, or for ``all`` where there is no other.
    checkpoint : str
        File name in the folder of each fold.
    licence : str or None
        Of the weights; None for what ``dataset.json`` says.
    """

    configuration: str | None = None
    folds: tuple[str, ...] = ()
    checkpoint: str = "checkpoint_final.pth"
    licence: str | None = None


def import_nnunet(
    folder: Path,
    output: Path,
    *,
    name: str,
    wanted: NnunetImport = NnunetImport(),
    begin_step: Callable[[str], None] = silent,
) -> ModelFolder:
    """Read a result folder and write it as a model, every weight as it is.

    Parameters
    ----------
    folder : Path
        With ``plans.json``, or above one.
    output : Path
        New or empty folder of the model.
    name : str
        Lower-case words joined by hyphens.
    wanted : NnunetImport
    begin_step : callable of str
        Told the name of each step as it begins.

    Returns
    -------
    ModelFolder

    Raises
    ------
    ModelError
        If a file is missing, damaged or not to be trusted, or the model needs what mamri does not
        do; nothing is written then.
    """
    try:
        from mamri.networks.nnunet_weights import read_checkpoint, unet_weights
    except ImportError as error:
        raise ModelError(
            "reading checkpoints needs the package torch, which is not installed; install it with: "
            "pip install 'mamri[train]' (running the imported model does not need it)"
        ) from error
    folder = find_result_folder(folder, wanted.configuration)
    paths = find_checkpoints(folder, folds=wanted.folds, name=wanted.checkpoint)
    begin_step("reading_checkpoints")
    checkpoints = {fold: read_checkpoint(path) for fold, path in paths.items()}
    first = next(iter(checkpoints.values()))
    told = {(one.configuration, one.mirror_axes) for one in checkpoints.values()}
    if len(told) > 1:
        raise ModelError(
            f"the folds of a model share configuration and mirror axes, got {sorted(told)}; "
            "choose folds of one training with --fold"
        )
    result = read_result(folder, _configuration(folder, wanted.configuration, first.configuration))
    result = replace(result, recipe=replace(result.recipe, mirror_axes=first.mirror_axes))
    weights = {
        _network_name(fold): unet_weights(result.network, one.weights)
        for fold, one in checkpoints.items()
    }
    begin_step("writing_model")
    card = _card(result, name=name, paths=paths, trainer=first.trainer, licence=wanted.licence)
    return write_model_folder(output, card, weights, half=False)


def _configuration(folder: Path, asked: str | None, told: str) -> str:
    """The configuration that was trained, which the checkpoint knows best."""
    if asked and told and asked != told:
        raise ModelError(
            f"checkpoints of the configuration {asked} were asked for, these are of {told}; give "
            "the folder of the other one"
        )
    if asked or told:
        return asked or told
    planned = planned_configurations(folder)
    if len(planned) == 1:
        return planned[0]
    raise ModelError(
        f"the checkpoints do not say which configuration they are of, the plans hold "
        f"{', '.join(planned)}; choose one with --configuration"
    )


def _network_name(fold: str) -> str:
    return f"fold_{fold}"


def _card(
    result: NnunetResult, *, name: str, paths: Mapping[str, Path], trainer: str, licence: str | None
) -> ModelCard:
    recipe, told = result.recipe, result.description
    labels = _labels(result)
    foreign = [label.name for label, ours in labels if ours is None]
    classes = [label.name for label, _ in labels]
    is_region = recipe.region_values is not None
    channels = tuple(rule.name for rule in recipe.channels)
    cases = f"{told['numTraining']} cases of " if "numTraining" in told else ""
    limits = ["Not tested by mamri: imported as it was published."]
    if foreign:
        limits.append(f"mamri has no name for the labels {', '.join(foreign)}, and keeps them.")
    return ModelCard(
        name=name,
        version=told.get("release", "unknown"),
        task=f"segmentation: {', '.join(classes)}",
        licence=licence or told.get("licence") or told.get("license") or "not stated",
        trained_on=f"{cases}{told.get('name') or result.dataset}, as its dataset.json says.",
        intended_use="Research. See what the authors of the model intend it for.",
        networks={
            _network_name(fold): ModelNetwork(
                result.network,
                f"{_network_name(fold)}.safetensors",
                None,
                channels,
                tuple(classes) if is_region else ("background", *classes),
                Activation.SIGMOID if is_region else Activation.SOFTMAX,
            )
            for fold in paths
        },
        inputs=tuple(ModelInput(channel, "as in training") for channel in channels),
        preprocessing=Preparation(RECIPE, recipe.to_json()),
        labels=tuple(label for label, _ in labels),
        performance=(),
        limits=tuple(limits),
        training=TrainingRecord(
            f"nnU-Net v2, {trainer or 'trainer unknown'}",
            settings={"configuration": result.configuration, "folds": list(paths)},
        ),
        extra=_sources(result, paths),
    )


def _labels(result: NnunetResult) -> list[tuple[ModelLabel, str | None]]:
    """Labels of the mask by mamri's names where it has them, and these names."""
    values = result.recipe.labels
    theirs = [name for _, name in values]
    return [
        (ModelLabel(value, ours or their, f"{their} in dataset.json"), ours)
        for (value, their), ours in zip(values, known_names(theirs), strict=True)
    ]


def _sources(result: NnunetResult, paths: Mapping[str, Path]) -> dict[str, Any]:
    digests = {}
    for fold, path in paths.items():
        with path.open("rb") as stream:
            digests[fold] = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "checkpoints_sha256": digests,
        "data_set": dict(result.description),
        "method": _REFERENCE,
    }
