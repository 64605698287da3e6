"""Checkpoints of nnU-Net: what is taken from them, and what is refused before it does anything.

That the network answers as nnU-Net's own is tested in tests/peers/nnunet.
"""

from pathlib import Path

import numpy as np
import pytest
import torch

from mamri.networks.network_plan import NetworkKind, NetworkPlan
from mamri.networks.nnunet_weights import read_checkpoint, unet_weights
from mamri.networks.unet import build_network
from mamri.records import ModelError

PLANS = {
    kind: NetworkPlan(
        kind,
        in_channels=2,
        classes=3,
        features=(2, 4),
        strides=((1, 1, 1), (1, 2, 2)),
        kernels=((1, 3, 3), (3, 3, 3)),
        blocks=(1, 2),
        decoder_blocks=(2,),
    )
    for kind in NetworkKind
}


def checkpoint_weights(plan: NetworkPlan) -> dict[str, torch.Tensor]:
    """Weights by the names that nnU-Net 2.8 gives them, each layer under all of its names."""
    torch.manual_seed(1)
    found = {}
    for name, weight in build_network(plan).state_dict().items():
        part, *rest = name.split(".")
        if part == "stem":
            theirs = ["encoder", "stem", "convs", "0", *rest]
        elif part == "encoder" and plan.kind is NetworkKind.PLAIN:
            theirs = ["encoder", "stages", rest[0], "0", "convs", *rest[1:]]
        elif part == "encoder":
            stage, block, layer, *kind = rest
            past = ["skip", "1" if stage == "1" else "0"]  # after the pooling of a strided block
            layers = past if layer == "project" else [layer]
            theirs = ["encoder", "stages", stage, "blocks", block, *layers, *kind]
        elif part == "decoder":
            theirs = ["decoder", "stages", rest[0], "convs", *rest[1:]]
        else:
            theirs = ["decoder", {"up": "transpconvs", "heads": "seg_layers"}[part], *rest]
        found[".".join(theirs)] = torch.randn_like(weight)
    again = {
        name.replace(".conv.", ".all_modules.0.").replace(".norm.", ".all_modules.1."): weight
        for name, weight in found.items()
    }
    shared = {f"decoder.{k}": w for k, w in (found | again).items() if k.startswith("encoder.")}
    return {**found, **again, **shared}


def write_checkpoint(path: Path, **more: object) -> Path:
    """A checkpoint as a trainer writes it."""
    torch.save(
        {
            "network_weights": checkpoint_weights(PLANS[NetworkKind.PLAIN]),
            "logging": {"dice": [np.float32(0.5), np.float64(0.25), np.int64(3)]},
            "optimizer_state": {"state": {0: {"momentum_buffer": torch.ones(2)}}},
            "init_args": {"configuration": "3d_fullres", "device": torch.device("cpu")},
            "trainer_name": "nnUNetTrainer",
            "inference_allowed_mirroring_axes": (0, 2),
            **more,
        },
        path,
    )
    return path


def test_a_checkpoint_says_what_its_plans_do_not(tmp_path):
    found = read_checkpoint(write_checkpoint(tmp_path / "checkpoint_final.pth"))

    assert ("nnUNetTrainer", "3d_fullres", (0, 2)) == (
        found.trainer,
        found.configuration,
        found.mirror_axes,
    )
    assert set(checkpoint_weights(PLANS[NetworkKind.PLAIN])) == set(found.weights)
    assert {np.dtype(np.float32)} == {array.dtype for array in found.weights.values()}


def test_no_mirror_axes_are_none(tmp_path):
    path = write_checkpoint(tmp_path / "a.pth", inference_allowed_mirroring_axes=None)

    assert () == read_checkpoint(path).mirror_axes


class Hostile:
    """Pickles as a call that leaves a file behind."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, (f"open({str(self.trace)!r}, 'w').close()",)


@pytest.mark.parametrize("place", ["logging", "network_weights", "extra"])
def test_a_checkpoint_that_runs_code_is_refused_and_runs_nothing(tmp_path, place):
    trace = tmp_path / "trace"
    path = write_checkpoint(tmp_path / "checkpoint_final.pth", **{place: Hostile(trace)})

    with pytest.raises(ModelError, match=r"asks for exec: .*do not open it") as refusal:
        read_checkpoint(path)

    assert not trace.exists()
    assert "weights_only" not in str(refusal.value)


def test_a_bare_hostile_pickle_is_refused(tmp_path):
    import pickle

    path = tmp_path / "checkpoint_final.pth"
    path.write_bytes(pickle.dumps(Hostile(tmp_path / "trace"), protocol=2))

    with pytest.raises(ModelError, match="checkpoint"):
        read_checkpoint(path)

    assert not (tmp_path / "trace").exists()


def test_objects_of_other_classes_are_refused_by_name(tmp_path):
    path = write_checkpoint(tmp_path / "a.pth", extra=Path("somewhere"))

    with pytest.raises(ModelError, match="asks for pathlib"):
        read_checkpoint(path)


def test_missing_cut_and_foreign_files_are_refused(tmp_path):
    whole = write_checkpoint(tmp_path / "whole.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[: len(whole) // 2])
    torch.save({"state_dict": {}}, tmp_path / "v1.pth")

    with pytest.raises(ModelError, match="does not exist"):
        read_checkpoint(tmp_path / "none.pth")
    with pytest.raises(ModelError, match="cannot be read"):
        read_checkpoint(tmp_path / "cut.pth")
    with pytest.raises(ModelError, match="nnU-Net v1"):
        read_checkpoint(tmp_path / "v1.pth")


@pytest.mark.parametrize("kind", list(NetworkKind))
def test_every_layer_finds_its_place(kind):
    theirs = {k: w.numpy() for k, w in checkpoint_weights(PLANS[kind]).items()}

    found = unet_weights(PLANS[kind], theirs)

    needed = build_network(PLANS[kind]).state_dict()
    assert {k: tuple(w.shape) for k, w in needed.items()} == {k: w.shape for k, w in found.items()}
    assert len(needed) == len({array.tobytes() for array in found.values()})


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod."])
def test_names_of_wrappers_are_left_out(tmp_path, prefix):
    plain = checkpoint_weights(PLANS[NetworkKind.PLAIN])
    path = write_checkpoint(
        tmp_path / "a.pth", network_weights={prefix + k: w for k, w in plain.items()}
    )

    assert set(plain) == set(read_checkpoint(path).weights)


def test_biases_that_nnunet_left_out_are_zero():
    plan = PLANS[NetworkKind.RESIDUAL]
    theirs = {
        k: w.numpy()
        for k, w in checkpoint_weights(plan).items()
        if not k.endswith(("conv.bias", "all_modules.0.bias", "transpconvs.0.bias"))
    }

    found = unet_weights(plan, theirs)

    assert not found["encoder.0.0.conv1.conv.bias"].any()
    assert not found["up.0.bias"].any()
    assert found["encoder.0.0.conv1.norm.bias"].any()


def test_weights_of_another_network_are_refused():
    plan = PLANS[NetworkKind.PLAIN]
    theirs = {k: w.numpy() for k, w in checkpoint_weights(plan).items()}
    residual = {k: w.numpy() for k, w in checkpoint_weights(PLANS[NetworkKind.RESIDUAL]).items()}
    lacking = {k: w for k, w in theirs.items() if "transpconvs" not in k}
    running = {**theirs, "encoder.stages.0.0.convs.0.norm.running_mean": np.zeros(2)}
    turned = {k: np.swapaxes(w, 0, 1) if "transpconvs.0.w" in k else w for k, w in theirs.items()}

    for wrong in (residual, lacking, running, turned):
        with pytest.raises(ModelError, match="the network that the plans describe"):
            unet_weights(plan, wrong)
