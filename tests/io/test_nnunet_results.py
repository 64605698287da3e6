"""Both layouts of nnU-Net's plans, and what cannot be imported."""

from pathlib import Path
from typing import Any

import pytest

from mamri.io.nnunet_results import (
    find_checkpoints,
    find_result_folder,
    planned_configurations,
    read_result,
)
from mamri.networks import NetworkKind, NetworkPlan
from mamri.records import ModelError
from mamri.segmentation.nnunet import ChannelRule, IntensityScheme, ResamplingRule

from .nnunet_folder import NEW, OLD, result_folder, with_layer

PLAN = NetworkPlan(
    NetworkKind.PLAIN,
    in_channels=2,
    classes=3,
    features=(4, 8, 10),
    strides=((1, 1, 1), (1, 2, 2), (2, 2, 2)),
    kernels=((1, 3, 3), (3, 3, 3), (3, 3, 3)),
    blocks=(2, 2, 3),
    decoder_blocks=(2, 1),
)


@pytest.mark.parametrize("configuration", [OLD, NEW], ids=["old", "new"])
def test_both_layouts_describe_the_same_model(tmp_path: Path, configuration: dict[str, Any]):
    found = read_result(result_folder(tmp_path, configuration), "3d_fullres")

    assert PLAN == found.network
    recipe = found.recipe
    assert ((2, 0, 1), (2.0, 0.7, 0.7), (16, 32, 32), False) == (
        recipe.axes,
        recipe.spacing_mm,
        recipe.patch,
        recipe.is_reoriented,
    )
    assert (
        ChannelRule("pre", IntensityScheme.Z_SCORE, is_masked=True),
        ChannelRule("CT", IntensityScheme.CT, mean=90, spread=20, lower=5, upper=300),
    ) == recipe.channels
    assert (ResamplingRule(3, 0, None), ResamplingRule(1, 0, None)) == (
        recipe.image_resampling,
        recipe.logit_resampling,
    )
    assert ((1, "breast"), (2, "lesion")) == recipe.labels
    assert {"licence": "CC BY 4.0", "numTraining": "12"} == found.description


def test_residual_encoders_have_blocks(tmp_path: Path):
    new = with_layer(n_blocks_per_stage=[1, 3, 4], kernel_sizes=3, n_conv_per_stage_decoder=1)
    new["architecture"]["network_class_name"] = "somewhere.ResidualEncoderUNet"

    found = read_result(result_folder(tmp_path, new), "3d_fullres").network

    assert (NetworkKind.RESIDUAL, (1, 3, 4), (1, 1)) == (
        found.kind,
        found.blocks,
        found.decoder_blocks,
    )
    assert ((3, 3, 3),) * 3 == found.kernels


def test_other_rectifiers_and_epsilons_are_kept(tmp_path: Path):
    relu = with_layer(nonlin="torch.nn.ReLU", norm_op_kwargs={"eps": 1e-3, "affine": True})
    slope = with_layer(nonlin_kwargs={"negative_slope": 0.2})

    found = read_result(result_folder(tmp_path / "a", relu), "3d_fullres").network

    assert (0.0, 1e-3) == (found.negative_slope, found.norm_epsilon)
    found = read_result(result_folder(tmp_path / "b", slope), "3d_fullres").network
    assert (0.2, 1e-5) == (found.negative_slope, found.norm_epsilon)


def test_configurations_inherit(tmp_path: Path):
    configurations = {
        "3d_fullres": NEW,
        "middle": {"inherits_from": "3d_fullres", "patch_size": [8, 16, 16]},
        "last": {"inherits_from": "middle", "spacing": [3, 3, 3]},
        "loop": {"inherits_from": "loop"},
    }
    folder = result_folder(tmp_path, plans={"configurations": configurations})

    recipe = read_result(folder, "last").recipe

    assert ((8, 16, 16), (3.0, 3.0, 3.0)) == (recipe.patch, recipe.spacing_mm)
    assert tuple(configurations) == planned_configurations(folder)
    for unknown in ("4d", "loop"):
        with pytest.raises(ModelError, match="--configuration"):
            read_result(folder, unknown)


def test_overlapping_regions_keep_their_order(tmp_path: Path):
    labels = {"background": 0, "whole": [1, 2], "core": [2]}
    dataset = {"labels": labels, "regions_class_order": [1, 2]}

    found = read_result(result_folder(tmp_path, dataset=dataset), "3d_fullres")

    assert (1, 2) == found.recipe.region_values
    assert ((1, "whole"), (2, "core")) == found.recipe.labels
    assert 2 == found.network.classes


def test_old_data_sets_name_modalities(tmp_path: Path):
    dataset = {"channel_names": None, "modality": {"0": "T1", "1": "T2"}}

    found = read_result(result_folder(tmp_path, dataset=dataset), "3d_fullres")

    assert ["T1", "T2"] == [rule.name for rule in found.recipe.channels]


@pytest.mark.parametrize(
    ("name", "is_reoriented"),
    [("NibabelIO", False), ("NibabelIOWithReorient", True), ("SimpleITKIOWithReorient", True)],
)
def test_readers_say_whether_files_are_turned(tmp_path: Path, name: str, is_reoriented: bool):
    folder = result_folder(tmp_path, plans={"image_reader_writer": name})

    assert is_reoriented == read_result(folder, "3d_fullres").recipe.is_reoriented


@pytest.mark.parametrize(
    ("configuration", "reason"),
    [
        ({**NEW, "previous_stage": "3d_lowres"}, "cascade"),
        ({**NEW, "preprocessor_name": "OwnPreprocessor"}, "OwnPreprocessor"),
        ({**NEW, "resampling_fn_data": "resample_torch_fornnunet"}, "resample_torch"),
        ({**NEW, "normalization_schemes": ["Own", "CTNormalization"]}, "say Own"),
        ({**NEW, "normalization_schemes": ["ZScoreNormalization"]}, "ValueError"),
        ({**OLD, "UNet_class_name": "Primus"}, "Primus"),
        ({key: value for key, value in NEW.items() if key != "spacing"}, "KeyError"),
        (with_layer(norm_op="torch.nn.modules.batchnorm.BatchNorm3d"), "norm_op"),
        (with_layer(nonlin_first=True), "nonlin_first"),
        (with_layer(nonlin="torch.nn.GELU"), "GELU"),
        (with_layer(stem_channels=7), "stem_channels"),
        (with_layer(strides=[[2, 2, 2], [2, 2, 2], [2, 2, 2]]), "first stage"),
    ],
)
def test_what_mamri_does_otherwise_is_refused(
    tmp_path: Path, configuration: dict[str, Any], reason: str
):
    with pytest.raises(ModelError, match=reason):
        read_result(result_folder(tmp_path, configuration), "3d_fullres")


def test_other_readers_and_odd_labels_are_refused(tmp_path: Path):
    tif = result_folder(tmp_path / "a", plans={"image_reader_writer": "Tiff3DIO"})
    gap = result_folder(tmp_path / "b", dataset={"labels": {"background": 0, "lesion": 7}})
    with pytest.raises(ModelError, match="Tiff3DIO"):
        read_result(tif, "3d_fullres")
    with pytest.raises(ModelError, match="without gaps"):
        read_result(gap, "3d_fullres")


def test_broken_files_are_refused(tmp_path: Path):
    folder = result_folder(tmp_path)
    (folder / "dataset.json").write_text("[]")
    with pytest.raises(ModelError, match="named values"):
        read_result(folder, "3d_fullres")
    (folder / "plans.json").write_text("{")
    with pytest.raises(ModelError, match=r"plans\.json"):
        read_result(folder, "3d_fullres")


def test_result_folders_are_found_below(tmp_path: Path):
    data = tmp_path / "Dataset001"
    fine = result_folder(data / "nnUNetTrainer__nnUNetPlans__3d_fullres")

    assert fine == find_result_folder(fine)
    assert fine == find_result_folder(tmp_path)
    flat = result_folder(data / "nnUNetTrainer__nnUNetPlans__2d")
    assert flat == find_result_folder(data, "2d")
    with pytest.raises(ModelError, match="one trained model"):
        find_result_folder(tmp_path)
    with pytest.raises(ModelError, match=r"no plans\.json"):
        find_result_folder(data, "3d_lowres")


def test_numbered_folds_come_before_all(tmp_path: Path):
    for fold in ("10", "2", "all"):
        (tmp_path / f"fold_{fold}").mkdir()
        (tmp_path / f"fold_{fold}" / "checkpoint_final.pth").touch()

    assert ["2", "10"] == list(find_checkpoints(tmp_path))
    assert ["all"] == list(find_checkpoints(tmp_path, folds=("all",)))
    with pytest.raises(ModelError, match=r"fold 7 .* holds 10, 2, all"):
        find_checkpoints(tmp_path, folds=("2", "7"))
    with pytest.raises(ModelError, match="holds none"):
        find_checkpoints(tmp_path, name="checkpoint_best.pth")
