"""The lesion model's folder, made from a run."""

import json
from pathlib import Path

import pytest
from safetensors.numpy import save_file

from mamri.findings.lesion_confidence import FEATURES
from mamri.io.find_model import find_model
from mamri.networks.network_plan import NetworkKind, volume_plan
from mamri.pipeline.lesion_network import load_lesion_network
from mamri.pipeline.package_lesion_model import package_lesion_model
from mamri.records import InputError
from mamri.segmentation.lesion_model import LESION_CHANNELS, LESION_CLASSES

_CALIBRATION = {
    "intercept": -1.5,
    "coefficients": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    "operating_points": {"0.5": 0.25},
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    torch = pytest.importorskip("torch")
    from mamri.networks.unet import build_network

    plan = volume_plan(
        NetworkKind.RESIDUAL,
        in_channels=len(LESION_CHANNELS),
        classes=len(LESION_CLASSES),
        features=(4, 8),
        blocks=(1, 1),
    )
    network = build_network(plan, deep_supervision=True, seed=1)
    weights = {k: v.detach().numpy() for k, v in network.state_dict().items()}
    assert torch.is_tensor(next(iter(network.parameters())))
    folder = tmp_path / "run"
    folder.mkdir()
    save_file(weights, folder / "best.safetensors")
    record = {"plan": plan.to_json(), "classes": list(LESION_CLASSES)}
    (folder / "training.json").write_text(json.dumps(record))
    head = "step,loss,learning_rate,seconds,lesion,vessel"
    (folder / "log.csv").write_text(f"{head}\n10,0.5,0.1,60,0.7,0.4\n")
    return folder


def test_a_packaged_network_loads_with_its_calibration(run: Path, tmp_path: Path) -> None:
    package_lesion_model(
        run, tmp_path / "lesion", version="1.2", machine="a desk", calibration=_CALIBRATION
    )

    model = find_model(tmp_path / "lesion")
    network = load_lesion_network(model)

    assert ("lesion", "1.2") == (network.name, network.version)
    assert (0.1, 0.2, 0.3, 0.4, 0.5, 0.6) == network.calibration.coefficients
    assert 0.25 == network.calibration.least_confidence(0.5)
    assert "a desk" == model.card.training.settings["machine"]
    assert {"lesion": 0.7, "vessel": 0.4} == model.card.training.settings["lesion"][
        "validation_dice"
    ]


def test_a_card_without_calibration_is_refused(run: Path, tmp_path: Path) -> None:
    package_lesion_model(run, tmp_path / "lesion", version="1", machine="", calibration={})

    with pytest.raises(InputError, match="calibration"):
        load_lesion_network(find_model(tmp_path / "lesion"))


def test_the_shipped_model_has_what_its_code_needs() -> None:
    model = find_model("lesion")

    network = load_lesion_network(model)

    assert len(FEATURES) == len(network.calibration.coefficients)
    points = network.calibration.operating_points
    rates = sorted(points, key=float)
    assert {"0.25", "0.5", "1"} <= set(rates)
    least = [points[rate] for rate in rates]
    assert sorted(least, reverse=True) == least  # fewer false positives ask for more
    assert sum(file.stat().st_size for file in model.path.iterdir()) < 16e6
