"""A result folder becomes a model that runs; what cannot become one leaves nothing behind."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from mamri.cli.main import app
from mamri.io.model_folder import read_model_folder, verify_model_folder
from mamri.networks.choose_engine import engine_of
from mamri.networks.inference_engine import Backend, EngineSettings, Precision
from mamri.networks.network_plan import NetworkKind, NetworkPlan
from mamri.networks.unet import build_network
from mamri.pipeline.apply_model import apply_model
from mamri.pipeline.import_nnunet import NnunetImport, import_nnunet
from mamri.records import InputError, ModelError

PLAN = NetworkPlan(
    NetworkKind.PLAIN,
    in_channels=2,
    classes=3,
    features=(4, 8),
    strides=((1, 1, 1), (1, 2, 2)),
    kernels=((1, 3, 3), (3, 3, 3)),
    blocks=(1, 1),
    decoder_blocks=(1,),
)
CONFIGURATION = {
    "preprocessor_name": "DefaultPreprocessor",
    "patch_size": [4, 16, 16],
    "spacing": [2.0, 1.0, 1.0],
    "normalization_schemes": ["ZScoreNormalization"] * 2,
    "use_mask_for_norm": [False, False],
    "UNet_class_name": "PlainConvUNet",
    "UNet_base_num_features": 4,
    "unet_max_num_features": 320,
    "n_conv_per_stage_encoder": [1, 1],
    "n_conv_per_stage_decoder": [1],
    "pool_op_kernel_sizes": [[1, 1, 1], [1, 2, 2]],
    "conv_kernel_sizes": [[1, 3, 3], [3, 3, 3]],
}
PLANS = {
    "dataset_name": "Dataset007_Breasts",
    "image_reader_writer": "SimpleITKIOWithReorient",
    "transpose_forward": [0, 1, 2],
    "configurations": {"3d_fullres": CONFIGURATION, "2d": {}},
}
DATASET = {
    "channel_names": {"0": "pre", "1": "post"},
    "labels": {"background": 0, "Primary tumor": 1, "marker": 2},
    "numTraining": 3,
}
EXACT = EngineSettings(Backend.OPENVINO, precision=Precision.F32, threads=1)


def network(seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    return build_network(PLAN).eval()


def checkpoint_name(name: str) -> str:
    """nnU-Net's name of one of our weights."""
    part, index, rest = name.split(".", 2)
    if part == "encoder":
        return f"encoder.stages.{index}.0.convs.{rest}"
    if part == "decoder":
        return f"decoder.stages.{index}.convs.{rest}"
    return f"decoder.{ {'up': 'transpconvs', 'heads': 'seg_layers'}[part] }.{index}.{rest}"


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A result folder of two folds, as nnU-Net leaves it."""
    folder = tmp_path / "Dataset007_Breasts" / "nnUNetTrainer__nnUNetPlans__3d_fullres"
    folder.mkdir(parents=True)
    (folder / "plans.json").write_text(json.dumps(PLANS))
    (folder / "dataset.json").write_text(json.dumps(DATASET))
    for fold in range(2):
        (folder / f"fold_{fold}").mkdir()
        weights = {checkpoint_name(k): w for k, w in network(fold).state_dict().items()}
        torch.save(
            {
                "network_weights": weights,
                "trainer_name": "nnUNetTrainer",
                "init_args": {"configuration": "3d_fullres"},
                "inference_allowed_mirroring_axes": (0, 1),
            },
            folder / f"fold_{fold}" / "checkpoint_final.pth",
        )
    return folder


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"image_{k}.nii.gz" for k in range(2)]
    for path in paths:
        affine = np.diag([-1.0, 1.0, 2.5, 1])
        image = nib.Nifti1Image(rng.normal(size=(20, 22, 7)).astype(np.float32), affine)
        image.header.set_sform(affine, code=1)
        nib.save(image, path)
    return paths


def test_every_fold_becomes_a_network_that_answers_the_same(trained, tmp_path):
    model = import_nnunet(trained.parent, tmp_path / "model", name="breasts")

    assert [] == verify_model_folder(model.path)
    given = np.random.default_rng(1).normal(size=(2, 4, 16, 16)).astype(np.float32)
    for fold in range(2):
        with torch.inference_mode():
            expected = network(fold)(torch.from_numpy(given[None]))[0].numpy()
        for backend in Backend:
            settings = EngineSettings(backend, precision=Precision.F32, threads=1)
            found = engine_of(model.network(f"fold_{fold}"), settings)(given)
            # Both compute in float32: only the order of sums differs. Logits are about 1.
            assert np.abs(expected - found).max() < 1e-5


def test_the_card_says_what_is_known_and_what_not(trained, tmp_path):
    card = import_nnunet(trained, tmp_path / "model", name="breasts").card

    assert [(1, "lesion"), (2, "marker")] == [(label.value, label.name) for label in card.labels]
    assert "Primary tumor in dataset.json" == card.labels[0].description
    assert any("marker" in limit for limit in card.limits)
    assert ("not stated", "3 cases of Dataset007_Breasts, as its dataset.json says.") == (
        card.licence,
        card.trained_on,
    )
    assert {"0", "1"} == set(card.extra["checkpoints_sha256"])
    assert [0, 1] == list(card.preprocessing.settings["mirror_axes"])


def test_one_fold_and_a_licence_can_be_asked_for(trained, tmp_path):
    wanted = NnunetImport("3d_fullres", folds=("1",), licence="CC-BY-4.0")

    card = import_nnunet(trained, tmp_path / "model", name="breasts", wanted=wanted).card

    assert ["fold_1"] == list(card.networks)
    assert "CC-BY-4.0" == card.licence


def test_refused_folders_leave_nothing_behind(trained, tmp_path):
    output = tmp_path / "models" / "breasts"
    with pytest.raises(ModelError, match="these are of 3d_fullres"):
        import_nnunet(trained, output, name="breasts", wanted=NnunetImport("2d"))
    with pytest.raises(ModelError, match="lower-case words"):
        import_nnunet(trained, output, name="Breasts")
    path = trained / "fold_1" / "checkpoint_final.pth"
    found = torch.load(path, weights_only=True)
    torch.save({**found, "inference_allowed_mirroring_axes": (0,)}, path)
    with pytest.raises(ModelError, match="share configuration and mirror axes"):
        import_nnunet(trained, output, name="breasts")
    assert not output.exists()


def test_the_mask_lies_on_the_grid_of_the_images(trained, images, tmp_path):
    model = import_nnunet(trained, tmp_path / "model", name="breasts")

    document = apply_model(model, images, tmp_path / "mask.nii.gz", settings=EXACT)

    mask = nib.load(tmp_path / "mask.nii.gz")
    assert np.allclose(nib.load(images[0]).affine, mask.affine)
    labels = np.asarray(mask.dataobj)
    assert set(np.unique(labels)) <= {0, 1, 2}
    for row in document["labels"]:
        assert row["volume_ml"] == pytest.approx(2.5e-3 * (labels == row["value"]).sum(), abs=1e-3)


def test_wrong_images_and_masks_in_the_way_are_refused(trained, images, tmp_path):
    model = import_nnunet(trained, tmp_path / "model", name="breasts")
    mask = tmp_path / "mask.nii.gz"
    with pytest.raises(InputError, match=r"needs 2 images \(pre, post\), got 1"):
        apply_model(model, images[:1], mask, settings=EXACT)
    with pytest.raises(InputError, match=r"\.nii\.gz"):
        apply_model(model, images, tmp_path / "mask.png", settings=EXACT)
    with pytest.raises(InputError, match="existing folder"):
        apply_model(model, images, tmp_path / "none" / "mask.nii.gz", settings=EXACT)
    mask.touch()
    with pytest.raises(InputError, match="--overwrite"):
        apply_model(model, images, mask, settings=EXACT)
    apply_model(model, images, mask, settings=EXACT, overwrite=True)
    assert mask.stat().st_size > 0


def test_the_command_line_imports_lists_shows_checks_moves_and_runs(
    trained, images, tmp_path, monkeypatch
):
    monkeypatch.setenv("MAMRI_MODELS", str(tmp_path / "models"))

    def mamri(*arguments: object, code: int = 0) -> dict:
        done = CliRunner().invoke(app, ["models", *map(str, arguments), "--json"])
        assert code == done.exit_code, done.output
        return json.loads(done.stdout)

    written = mamri("import", trained, "--name", "breasts", "--fold", "0")
    assert str(tmp_path / "models" / "breasts") == written["path"]
    assert ["breasts"] == [row["name"] for row in mamri("list")["models"] if not row["is_packaged"]]
    assert written["sha256"] == mamri("show", "breasts")["sha256"]
    assert [] == mamri("verify", "breasts")["problems"]
    exported = mamri("export", "breasts", "-o", tmp_path / "elsewhere")
    assert written["sha256"] == exported["sha256"]
    monkeypatch.setenv("MAMRI_MODELS", str(tmp_path / "others"))
    assert written["sha256"] == mamri("install", exported["path"])["sha256"]
    ran = mamri("run", "breasts", *images, "-o", tmp_path / "mask.nii.gz", "--threads", 1)
    assert ["lesion", "marker"] == [row["name"] for row in ran["labels"]]

    weights = tmp_path / "others" / "breasts" / "fold_0.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert ["fold_0.safetensors was changed"] == mamri("verify", "breasts", code=3)["problems"]


def test_plain_answers_say_the_same(trained, images, tmp_path, monkeypatch):
    monkeypatch.setenv("MAMRI_MODELS", str(tmp_path / "models"))

    def mamri(*arguments: object) -> str:
        done = CliRunner().invoke(app, ["models", *map(str, arguments)])
        assert 0 == done.exit_code, done.output
        return done.stdout

    assert "label 1: lesion" in mamri("import", trained, "--name", "breasts")
    assert "breasts" in mamri("list")
    assert "licence: not stated" in mamri("show", "breasts")
    assert "as its manifest says" in mamri("verify", "breasts")
    mask = tmp_path / "mask.nii.gz"
    assert "not a medical device" in mamri("run", "breasts", *images, "-o", mask, "--threads", 1)


def test_refused_folders_and_missing_models_have_their_own_errors(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("MAMRI_MODELS", str(tmp_path / "models"))
    (trained / "plans.json").unlink()
    for refused in (
        ["import", str(trained), "--name", "breasts"],
        ["install", str(tmp_path)],
    ):
        done = CliRunner().invoke(app, ["models", *refused])
        assert isinstance(done.exception, InputError)  # exit code 3 in `main.run`
    done = CliRunner().invoke(app, ["models", "show", "none"])
    assert isinstance(done.exception, ModelError)  # exit code 4
    done = CliRunner().invoke(app, ["models", "run", "x", "y", "-o", "z", "--precision", "f8"])
    assert 2 == done.exit_code


def test_a_damaged_model_is_not_copied(trained, tmp_path):
    from mamri.pipeline.keep_models import copy_model

    model = import_nnunet(trained, tmp_path / "model", name="breasts")
    copied = copy_model(model.path, tmp_path / "place")
    assert model.sha256 == read_model_folder(copied.path).sha256
    with pytest.raises(ModelError, match="exists already"):
        copy_model(model.path, tmp_path / "place")
    (model.path / "model.json").write_text((model.path / "model.json").read_text() + " ")
    with pytest.raises(ModelError, match=r"model\.json was changed"):
        copy_model(model.path, tmp_path / "other")
    assert not (tmp_path / "other").exists()
