"""mamri answers as nnU-Net does; see ``nnunet/README.md`` for where the answers come from.

Tolerances: both compute in 32-bit floats, which keep 1e-7 of a number; a thousand sums in another
order lose 1e-5 of the largest logit at most (measured: torch none in 3D, OpenVINO 3e-6). nnU-Net
adds patches and resamples logits in half precision, so that near ties, and corners and edges of an
image, may go another way: at most one voxel in a thousand.
"""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from mamri.io.model_folder import ModelFolder
from mamri.networks.choose_engine import engine_of
from mamri.networks.inference_engine import Backend, EngineSettings, Precision
from mamri.networks.unet import build_network
from mamri.networks.weight_file import load_weights
from mamri.pipeline.apply_model import apply_model
from mamri.pipeline.import_nnunet import import_nnunet

PEERS = Path(__file__).with_name("nnunet")
TRAINED = sorted(path.name for path in PEERS.glob("nnUNetTrainer*"))
EXACT = EngineSettings(Backend.OPENVINO, precision=Precision.F32, threads=1)


def facts(name: str) -> dict:
    return json.loads((PEERS / name / "facts.json").read_text())


def imported(name: str, folder: Path) -> ModelFolder:
    """The model, from the checkpoints as nnU-Net writes them."""
    results = folder / name
    configuration = name.rpartition("__")[2]
    for path in sorted((PEERS / name).glob("fold_*.safetensors")):
        fold = results / path.stem
        fold.mkdir(parents=True)
        weights = {key: torch.from_numpy(array) for key, array in load_file(path).items()}
        torch.save(
            {
                "network_weights": weights,
                "trainer_name": "nnUNetTrainer",
                "init_args": {"configuration": configuration},
                "inference_allowed_mirroring_axes": tuple(facts(name)["mirror_axes"]),
            },
            fold / "checkpoint_final.pth",
        )
    for file in ("plans.json", "dataset.json"):
        (results / file).write_bytes((PEERS / name / file).read_bytes())
    return import_nnunet(results, folder / "model", name="peer")


@pytest.mark.parametrize("name", TRAINED)
def test_logits_of_a_patch_are_those_of_nnunet(name: str, tmp_path: Path):
    model = imported(name, tmp_path)
    with np.load(PEERS / name / "logits.npz") as kept:
        theirs = kept["logits"]  # (F, 1, K, ..., every fifth of the last two axes)
    patch = model.card.preprocessing.settings["patch"]
    wave = np.sin(0.7 * np.arange(2 * np.prod(patch))).reshape(1, 2, *patch).astype(np.float32)

    for fold, expected in enumerate(theirs):
        stored = model.network(f"fold_{fold}")
        network = build_network(stored.plan).eval()
        arrays = load_weights(stored.weights)
        network.load_state_dict({key: torch.from_numpy(array) for key, array in arrays.items()})
        with torch.inference_mode():
            ours = network(torch.from_numpy(wave)).numpy()[..., ::5, ::5]
        engine = engine_of(stored, EXACT)(wave)[..., ::5, ::5]
        for found in (ours, engine):
            assert np.abs(expected - found).max() < 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("name", TRAINED)
def test_labels_of_an_image_are_those_of_nnunet(name: str, tmp_path: Path):
    model = imported(name, tmp_path)
    images = [PEERS / f"{facts(name)['case']}_{channel:04d}.nii.gz" for channel in range(2)]

    apply_model(model, images, tmp_path / "mask.nii.gz", settings=EXACT)

    expected, found = (
        nib.load(path) for path in (PEERS / name / "labels.nii.gz", tmp_path / "mask.nii.gz")
    )
    assert np.allclose(expected.affine, found.affine, atol=1e-4)
    theirs, ours = np.asarray(expected.dataobj), np.asarray(found.dataobj)
    assert np.mean(theirs == ours) >= 0.999
    assert {0, 1} <= set(np.unique(theirs))
    for label in np.unique(theirs):
        dice = (
            2
            * np.sum((ours == label) & (theirs == label))
            / np.sum((ours == label).astype(int) + (theirs == label))
        )
        assert dice > 0.99
