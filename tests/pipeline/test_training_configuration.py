"""Configurations: what is read, and what is refused by name. The how-to's are read too."""

import re
from pathlib import Path

import pytest

from mamri.networks.network_plan import NetworkKind
from mamri.pipeline.training_configuration import SegmentationTask, changed_record, read_training
from mamri.records import InputError


def _read(folder: Path, text: str) -> object:
    (folder / "a.toml").write_text(text)
    return read_training(folder / "a.toml")


def test_all_but_the_task_has_a_default(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('task = "anatomy-detail"')
    training = read_training(tmp_path / "a.toml")

    assert SegmentationTask.DETAIL is training.task
    assert NetworkKind.RESIDUAL is training.network.kind
    assert tmp_path == training.folder
    assert (8, 8, 8) == training.plan(2, 8).divisor


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("task =", "cannot be read as one"),
        ("", "needs task = one of anatomy-field"),
        ("task = 3", "has 3"),
        ('task = "custom"', "real.folder is needed"),
        ('task = "anatomy-field"\n[real]\nfolder = "x"', "only there"),
        ('task = "anatomy-field"\nsteps = 3', "holds also steps"),
        ('task = "anatomy-field"\nloop = 3', "loop must be a table"),
        ('task = "anatomy-field"\n[network]\nwidth = 3', "network may hold kind, features"),
        ('task = "anatomy-field"\n[network]\nkind = "swin"', "plain, residual"),
        ('task = "anatomy-field"\n[data]\nkept = 0', "data.kept"),
        ('task = "anatomy-field"\n[data]\nreal_share = 2.0', "data.real_share"),
        ('task = "lesion"\n[data]\nreal_share = 0.1', "from simulated women alone .* got 0.1"),
        ('task = "lesion"\n[data]\nreal_share = 1\n[real]\nfolder = "x"', "the task custom"),
        ('task = "custom"\n[real]\nfolder = "x"\nlayout = "bids"', "nnunet, mama-mia"),
        ('task = "custom"\n[real]\nfolder = "x"\nlabels = { 1 = 2 }', "real.labels.1 must be text"),
        ('task = "custom"\n[real]\nfolder = "x"\npatient_pattern = "("', "regular expression"),
        ('task = "custom"\n[real]\nfolder = "x"\nvalidation_share = 1', "validation_share"),
    ],
)
def test_faults_are_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        _read(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read as one"):
        read_training(tmp_path / "none.toml")


def test_settings_within_settings_change_alone() -> None:
    pytest.importorskip("torch")
    from mamri.training import LoopSettings, detail_settings

    plain = detail_settings()
    changed = changed_record(plain, {"scan": {"noise_range": [0.01, 0.02]}}, "randomisation")
    assert (0.01, 0.02) == changed.scan.noise_range
    assert plain.spatial.shape == changed.spatial.shape
    assert plain.scan.bias_sd == changed.scan.bias_sd
    turned = changed_record(plain, {"spatial": {"rotation_deg": 3}}, "randomisation")
    assert (3.0, (80, 80, 80)) == (turned.spatial.rotation_deg, turned.spatial.shape)

    with pytest.raises(InputError, match=r"randomisation.scan may hold .*, got also noise;"):
        changed_record(plain, {"scan": {"noise": 1}}, "randomisation")
    with pytest.raises(InputError, match=r"loop\.steps must be a whole number"):
        changed_record(LoopSettings(), {"steps": 2.5}, "loop")
    with pytest.raises(InputError, match="precision must be"):
        changed_record(LoopSettings(), {"precision": "f16"}, "loop")


def test_the_configurations_of_the_how_to_are_read(repository: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from mamri.training import (
        LoopSettings,
        RandomisationSettings,
        RealExampleSettings,
    )

    page = (repository / "docs" / "how-to" / "train-a-model.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    assert blocks
    for block in blocks:
        (tmp_path / "a.toml").write_text(block)
        training = read_training(tmp_path / "a.toml")
        changed_record(LoopSettings(), training.loop, "loop")
        is_custom = training.task is SegmentationTask.CUSTOM
        plain = RealExampleSettings() if is_custom else RandomisationSettings()
        changed_record(plain, training.randomisation, "randomisation")
