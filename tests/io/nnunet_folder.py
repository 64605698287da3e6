"""A result folder of nnU-Net v2 without its checkpoints, in both layouts of plans."""

import copy
import json
from pathlib import Path
from typing import Any

DATASET: dict[str, Any] = {
    "channel_names": {"0": "pre", "1": "CT"},
    "labels": {"background": 0, "lesion": 2, "breast": 1, "ignore": 3},
    "numTraining": 12,
    "file_ending": ".nii.gz",
    "licence": "CC BY 4.0",
}
_RESAMPLING = {"is_seg": False, "order": 3, "order_z": 0, "force_separate_z": None}
_COMMON = {
    "preprocessor_name": "DefaultPreprocessor",
    "patch_size": [16, 32, 32],
    "spacing": [2.0, 0.7, 0.7],
    "normalization_schemes": ["ZScoreNormalization", "CTNormalization"],
    "use_mask_for_norm": [True, True],
    "resampling_fn_data": "resample_data_or_seg_to_shape",
    "resampling_fn_data_kwargs": _RESAMPLING,
    "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
    "resampling_fn_probabilities_kwargs": {**_RESAMPLING, "order": 1},
}
OLD = {
    **_COMMON,
    "UNet_class_name": "PlainConvUNet",
    "UNet_base_num_features": 4,
    "n_conv_per_stage_encoder": [2, 2, 3],
    "n_conv_per_stage_decoder": [2, 1],
    "num_pool_per_axis": [1, 2, 2],
    "pool_op_kernel_sizes": [[1, 1, 1], [1, 2, 2], [2, 2, 2]],
    "conv_kernel_sizes": [[1, 3, 3], [3, 3, 3], [3, 3, 3]],
    "unet_max_num_features": 10,
}
NEW = {
    **_COMMON,
    "architecture": {
        "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
        "arch_kwargs": {
            "n_stages": 3,
            "features_per_stage": [4, 8, 10],
            "conv_op": "torch.nn.modules.conv.Conv3d",
            "kernel_sizes": [[1, 3, 3], [3, 3, 3], [3, 3, 3]],
            "strides": [[1, 1, 1], [1, 2, 2], [2, 2, 2]],
            "n_conv_per_stage": [2, 2, 3],
            "n_conv_per_stage_decoder": [2, 1],
            "conv_bias": True,
            "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
            "norm_op_kwargs": {"eps": 1e-05, "affine": True},
            "dropout_op": None,
            "dropout_op_kwargs": None,
            "nonlin": "torch.nn.LeakyReLU",
            "nonlin_kwargs": {"inplace": True},
        },
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    },
}
PLANS: dict[str, Any] = {
    "dataset_name": "Dataset001_Test",
    "plans_name": "nnUNetPlans",
    "image_reader_writer": "SimpleITKIO",
    "transpose_forward": [2, 0, 1],
    "transpose_backward": [1, 2, 0],
    "label_manager": "LabelManager",
    "foreground_intensity_properties_per_channel": {
        "1": {"mean": 90, "std": 20, "percentile_00_5": 5, "percentile_99_5": 300}
    },
}


def result_folder(
    folder: Path,
    configuration: dict[str, Any] | None = None,
    *,
    plans: dict[str, Any] | None = None,
    dataset: dict[str, Any] | None = None,
) -> Path:
    """Write ``plans.json`` and ``dataset.json`` with some values replaced."""
    written = copy.deepcopy({**PLANS, **(plans or {})})
    written.setdefault("configurations", {"3d_fullres": configuration or NEW})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plans.json").write_text(json.dumps(written))
    (folder / "dataset.json").write_text(json.dumps({**DATASET, **(dataset or {})}))
    return folder


def with_layer(**changes: Any) -> dict[str, Any]:
    """A configuration of the later layout with other arguments of its network."""
    found = copy.deepcopy(NEW)
    found["architecture"]["arch_kwargs"].update(changes)
    return found
