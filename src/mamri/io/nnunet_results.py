"""Result folders of nnU-Net v2: what its ``plans.json`` and ``dataset.json`` say of a model.

Both layouts of plans are read: that of the first releases (``UNet_class_name`` and its fellows) and
that of later ones (``architecture``). What mamri cannot do as nnU-Net does it is refused here, with
the reason.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mamri.networks import NetworkKind, NetworkPlan
from mamri.records import ModelError
from mamri.segmentation.nnunet.recipe import (
    ChannelRule,
    IntensityScheme,
    NnunetRecipe,
    ResamplingRule,
)

_KINDS = {
    "PlainConvUNet": NetworkKind.PLAIN,
    "ResidualEncoderUNet": NetworkKind.RESIDUAL,
}
_SCHEMES = {
    "ZScoreNormalization": IntensityScheme.Z_SCORE,
    "CTNormalization": IntensityScheme.CT,
    "NoNormalization": IntensityScheme.NONE,
    "RescaleTo01Normalization": IntensityScheme.RESCALE_01,
    "RGBTo01Normalization": IntensityScheme.RGB_01,
}
# Readers of medical images, and whether they turn files to right-anterior-superior order. SimpleITK
# and nibabel hand over the same array once nibabel's axes are reversed, as nnU-Net does.
_READERS = {
    "SimpleITKIO": False,
    "NibabelIO": False,
    "SimpleITKIOWithReorient": True,
    "NibabelIOWithReorient": True,
}
_RESAMPLING = "resample_data_or_seg_to_shape"
_RESAMPLING_DEFAULTS = {"order": 3, "order_z": 0, "force_separate_z": False}


@dataclass(frozen=True, slots=True)
class NnunetResult:
    """One configuration of a result folder.

    Parameters
    ----------
    folder : Path
    dataset, configuration : str
        By nnU-Net's names.
    network : NetworkPlan
    recipe : NnunetRecipe
        Without mirror axes: these stand in the checkpoints.
    description : mapping of str to str
        What ``dataset.json`` says of licence, reference, release and number of training cases.
    """

    folder: Path
    dataset: str
    configuration: str
    network: NetworkPlan
    recipe: NnunetRecipe
    description: Mapping[str, str]


def find_result_folder(folder: Path, configuration: str | None = None) -> Path:
    """Folder that holds ``plans.json``: the one given, or one below it.

    Parameters
    ----------
    folder : Path
        Of one trained configuration, or of all of a data set.
    configuration : str or None
        Which one to take where there are several, by the ends of their names.

    Returns
    -------
    Path

    Raises
    ------
    ModelError
        If there is none, or more than one.
    """
    if (folder / "plans.json").is_file():
        return folder
    found = sorted(path.parent for path in folder.glob("*/plans.json"))
    found += sorted(path.parent for path in folder.glob("*/*/plans.json"))
    if configuration is not None:
        found = [path for path in found if path.name.endswith(f"__{configuration}")]
    if len(found) == 1:
        return found[0]
    if not found:
        raise ModelError(
            "a result folder of nnU-Net v2 was needed (plans.json, dataset.json, fold_0, ...), "
            f"{folder.name} holds no plans.json; unpack the model, and give that folder"
        )
    names = ", ".join(str(path.relative_to(folder)) for path in found)
    raise ModelError(f"one trained model was needed, {folder.name} holds {names}; give one of them")


def find_checkpoints(
    folder: Path, *, folds: tuple[str, ...] = (), name: str = "checkpoint_final.pth"
) -> dict[str, Path]:
    """Checkpoints of the folds, in order.

    Parameters
    ----------
    folder : Path
        With ``plans.json``.
    folds : tuple of str
        Numbers, or ``all``; none for every numbered fold, or for ``all`` where there is no other.
    name : str
        File name of the checkpoint.

    Returns
    -------
    dict of str to Path

    Raises
    ------
    ModelError
        If one is missing.
    """
    found = {path.parent.name[5:]: path for path in sorted(folder.glob(f"fold_*/{name}"))}
    numbered = tuple(sorted((key for key in found if key.isdigit()), key=int))
    wanted = folds or numbered or tuple(found)
    missing = [fold for fold in wanted if fold not in found]
    if missing or not wanted:
        raise ModelError(
            f"fold {', '.join(missing) or '0 or all'} with {name} was needed, {folder.name} holds "
            f"{', '.join(found) or 'none'}; choose another with --fold or --checkpoint"
        )
    return {fold: found[fold] for fold in wanted}


def planned_configurations(folder: Path) -> tuple[str, ...]:
    """Names of the configurations that the plans of a result folder hold.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    tuple of str
    """
    return tuple(_mapping(_json(folder / "plans.json"), "configurations", "plans.json"))


def read_result(folder: Path, configuration: str) -> NnunetResult:
    """Read what a result folder says of one configuration.

    Parameters
    ----------
    folder : Path
        With ``plans.json`` and ``dataset.json``.
    configuration : str
        Such as ``3d_fullres``.

    Returns
    -------
    NnunetResult

    Raises
    ------
    ModelError
        If a file is missing or incomplete, or asks for something that mamri does not do.
    """
    plans, dataset = _json(folder / "plans.json"), _json(folder / "dataset.json")
    try:
        found = _configuration(plans, configuration)
        _refuse_what_differs(plans, found)
        labels, region_values = _labels(dataset)
        recipe = _recipe(plans, dataset, found, labels=labels, region_values=region_values)
        network = _network(found, channels=len(recipe.channels), classes=recipe.outputs)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            "plans.json and dataset.json must be those of nnU-Net v2, a value is missing or of "
            f"another kind ({type(error).__name__}: {error}); give a folder of nnunetv2 2.0 to 2.8"
        ) from error
    known = ("name", "description", "reference", "licence", "license", "release", "numTraining")
    return NnunetResult(
        folder,
        str(plans.get("dataset_name", "")),
        configuration,
        network,
        recipe,
        {key: str(dataset[key]) for key in known if dataset.get(key)},
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"a result folder of nnU-Net v2 holds {path.name}, it is missing or cannot be read "
            f"({type(error).__name__}); give the folder that nnU-Net trained into"
        ) from error
    if not isinstance(values, dict):
        raise ModelError(f"{path.name} must hold named values, it holds a {type(values).__name__}")
    return values


def _mapping(values: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
    found = values.get(key)
    if not isinstance(found, dict) or not found:
        raise ModelError(f"{where} must hold {key}, it does not; give a folder of nnU-Net v2")
    return found


def _configuration(plans: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One configuration with what it inherits."""
    known = _mapping(plans, "configurations", "plans.json")
    line: list[str] = []
    while name:
        if name not in known or name in line:
            raise ModelError(
                f"configuration {name} was needed, the plans hold {', '.join(known)}; choose one "
                "of them with --configuration"
            )
        line.append(name)
        name = known[name].get("inherits_from", "")
    merged: dict[str, Any] = {}
    for ancestor in reversed(line):
        merged |= known[ancestor]
    return merged


def _refuse_what_differs(plans: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Parts of nnU-Net that others replaced, and mamri does not have."""
    if found.get("previous_stage"):
        raise ModelError(
            f"a model that needs nothing but images was needed, this one is the second stage of a "
            f"cascade after {found['previous_stage']}; import that first stage, or 3d_fullres"
        )
    choices = [
        (found, "preprocessor_name", ("DefaultPreprocessor",)),
        (found, "resampling_fn_data", (_RESAMPLING,)),
        (found, "resampling_fn_probabilities", (_RESAMPLING,)),
        (plans, "label_manager", ("LabelManager",)),
        (plans, "image_reader_writer", tuple(_READERS)),
    ]
    for values, key, known in choices:
        if values.get(key, known[0]) not in known:
            raise ModelError(
                f"{key} must be one of {', '.join(known)}, the plans say {values[key]}, which "
                "mamri does not have; only models of volumes that keep to nnU-Net's own parts can "
                "be imported"
            )


def _labels(dataset: Mapping[str, Any]) -> tuple[tuple[tuple[int, str], ...], Any]:
    """Values and names in the mask, and the values of overlapping regions if these overlap."""
    named = {k: v for k, v in _mapping(dataset, "labels", "dataset.json").items() if k != "ignore"}
    if any(isinstance(value, list) and len(value) > 1 for value in named.values()):
        order = tuple(int(value) for value in dataset["regions_class_order"])
        regions = [name for name, value in named.items() if set(_listed(value)) != {0}]
        if len(order) != len(regions):
            raise ValueError("regions_class_order and labels differ in length")
        return tuple(zip(order, regions, strict=True)), order
    values = sorted((_listed(value)[0], name) for name, value in named.items())
    if [value for value, _ in values] != list(range(len(values))):
        raise ModelError(
            "labels must be counted from 0 without gaps, dataset.json has "
            f"{[value for value, _ in values]}; nnU-Net itself cannot train such labels"
        )
    return tuple(values[1:]), None


def _listed(value: Any) -> list[int]:
    return [int(item) for item in (value if isinstance(value, list) else [value])]


def _recipe(
    plans: Mapping[str, Any],
    dataset: Mapping[str, Any],
    found: Mapping[str, Any],
    *,
    labels: tuple[tuple[int, str], ...],
    region_values: tuple[int, ...] | None,
) -> NnunetRecipe:
    return NnunetRecipe(
        channels=_channels(plans, dataset, found),
        is_reoriented=_READERS[plans.get("image_reader_writer", "SimpleITKIO")],
        axes=tuple(plans["transpose_forward"]),
        spacing_mm=tuple(float(size) for size in found["spacing"]),
        patch=tuple(int(size) for size in found["patch_size"]),
        mirror_axes=(),
        image_resampling=_resampling(found.get("resampling_fn_data_kwargs", {})),
        logit_resampling=_resampling(found.get("resampling_fn_probabilities_kwargs", {})),
        labels=labels,
        region_values=region_values,
    )


def _channels(
    plans: Mapping[str, Any], dataset: Mapping[str, Any], found: Mapping[str, Any]
) -> tuple[ChannelRule, ...]:
    names = dataset.get("channel_names") or dataset["modality"]
    properties = plans.get(
        "foreground_intensity_properties_per_channel",
        plans.get("foreground_intensity_properties_by_modality", {}),
    )
    rules = []
    for n, (scheme, is_masked) in enumerate(
        zip(found["normalization_schemes"], found["use_mask_for_norm"], strict=True)
    ):
        if scheme not in _SCHEMES:
            raise ModelError(
                f"channels are normalised by {', '.join(_SCHEMES)}, the plans say {scheme}, which "
                "mamri does not have; ask the authors for a model of plain nnU-Net"
            )
        known = properties.get(str(n), {}) if _SCHEMES[scheme] is IntensityScheme.CT else {}
        rules.append(
            ChannelRule(
                str(names[str(n)]),
                _SCHEMES[scheme],
                bool(is_masked) and _SCHEMES[scheme] is IntensityScheme.Z_SCORE,
                mean=known.get("mean"),
                spread=known.get("std"),
                lower=known.get("percentile_00_5"),
                upper=known.get("percentile_99_5"),
            )
        )
    if len(rules) != len(names):
        raise ValueError(f"{len(names)} channels and {len(rules)} normalisations")
    return tuple(rules)


def _resampling(arguments: Mapping[str, Any]) -> ResamplingRule:
    known = _RESAMPLING_DEFAULTS | dict(arguments)
    by_slice = known["force_separate_z"]
    return ResamplingRule(
        int(known["order"]), int(known["order_z"]), None if by_slice is None else bool(by_slice)
    )


def _network(found: Mapping[str, Any], *, channels: int, classes: int) -> NetworkPlan:
    name, known = _architecture(found)
    if name not in _KINDS:
        raise ModelError(
            f"networks {' and '.join(_KINDS)} can be imported, the plans say {name}; ask the "
            "authors for one of these"
        )
    kind, stages = _KINDS[name], int(known["n_stages"])
    size = len(found["patch_size"])
    strides, kernels = (
        _sizes(known["strides"], stages, size),
        _sizes(known["kernel_sizes"], stages, size),
    )
    if max(strides[0]) > 1:
        raise ModelError(f"a first stage of stride 1 was needed, the plans say {strides[0]}")
    blocks = "n_conv_per_stage" if kind is NetworkKind.PLAIN else "n_blocks_per_stage"
    norm = known.get("norm_op_kwargs") or {}
    return NetworkPlan(
        kind,
        channels,
        classes,
        features=_numbers(known["features_per_stage"], stages),
        strides=strides,
        kernels=kernels,
        blocks=_numbers(known[blocks], stages),
        decoder_blocks=_numbers(known["n_conv_per_stage_decoder"], stages - 1),
        negative_slope=_slope(known),
        norm_epsilon=float(norm.get("eps", 1e-5)),
    )


def _architecture(found: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Class of the network and its arguments, from either layout."""
    if "architecture" in found:
        known = dict(found["architecture"]["arch_kwargs"])
        _refuse_odd_layers(known)
        return str(found["architecture"]["network_class_name"]).rpartition(".")[2], known
    name, blocks = found["UNet_class_name"], found["n_conv_per_stage_encoder"]
    first, largest = found["UNet_base_num_features"], found["unet_max_num_features"]
    return name, {
        "n_stages": len(blocks),
        "features_per_stage": [min(first * 2**n, largest) for n in range(len(blocks))],
        "kernel_sizes": found["conv_kernel_sizes"],
        "strides": found["pool_op_kernel_sizes"],
        "n_conv_per_stage": blocks,
        "n_blocks_per_stage": blocks,
        "n_conv_per_stage_decoder": found["n_conv_per_stage_decoder"],
    }


def _refuse_odd_layers(known: Mapping[str, Any]) -> None:
    norm, options = str(known.get("norm_op", "")), known.get("norm_op_kwargs") or {}
    block = str(known.get("block", "BasicBlockD"))
    odd = {
        "norm_op": not re.search(r"\.InstanceNorm[23]d$", norm) or not options.get("affine"),
        "nonlin_first": bool(known.get("nonlin_first")),
        "block": not block.endswith("BasicBlockD"),
        "bottleneck_channels": known.get("bottleneck_channels") is not None,
        "stem_channels": known.get("stem_channels") not in (None, known["features_per_stage"][0]),
        "squeeze_excitation": bool(known.get("squeeze_excitation")),
    }
    for key in (key for key, is_odd in odd.items() if is_odd):
        raise ModelError(
            f"nnU-Net's own layers were needed, the plans set {key} to {known.get(key)}, which "
            "mamri's networks do not have; ask the authors for a model of plain nnU-Net"
        )


def _slope(known: Mapping[str, Any]) -> float:
    name = str(known.get("nonlin", "torch.nn.LeakyReLU")).rpartition(".")[2]
    if name == "ReLU":
        return 0.0
    if name != "LeakyReLU":
        raise ModelError(f"LeakyReLU or ReLU was needed, the plans say {name}")
    return float((known.get("nonlin_kwargs") or {}).get("negative_slope", 0.01))


def _numbers(value: Any, count: int) -> tuple[int, ...]:
    return tuple(int(n) for n in value) if isinstance(value, list) else (int(value),) * count


def _sizes(value: Any, count: int, axes: int) -> tuple[tuple[int, ...], ...]:
    """One size for each stage and axis; nnU-Net also writes one number for all."""
    stages = value if isinstance(value, list) else [value] * count
    return tuple(_numbers(stage, axes) for stage in stages)
