"""The training loop: schedule, validation, going on, stopping, and that it learns."""

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from training.tiny import NAMES, SETTINGS, ball, tiny_network

from mamri.records import InputError, ModelError
from mamri.training import LoopSettings, StepReport, TrainedNetwork, train
from mamri.training.loop import learning_rate, validate
from mamri.training.loss import segmentation_loss


def _train(folder: Path, settings: LoopSettings = SETTINGS, **options: object) -> TrainedNetwork:
    network = tiny_network()
    return train(network, ball, ball, NAMES, settings, folder, **options)  # type: ignore[arg-type]


def _stopping_after(steps: int) -> Callable[[], bool]:
    asked = []

    def shall_stop() -> bool:
        asked.append(1)
        return len(asked) >= steps

    return shall_stop


def test_the_rate_rises_and_falls_along_a_cosine() -> None:
    settings = LoopSettings(steps=1000, warmup_steps=10, learning_rate=0.5)
    assert 0.05 == pytest.approx(learning_rate(0, settings))
    assert 0.5 == pytest.approx(learning_rate(10, settings), rel=1e-3)
    assert 0.25 == pytest.approx(learning_rate(500, settings))
    assert 0.5 * 0.5 * (1 + math.cos(0.75 * math.pi)) == pytest.approx(learning_rate(750, settings))
    assert learning_rate(999, settings) < 1e-5


@pytest.mark.parametrize("stop", [3, 4, 5])
def test_a_run_that_stopped_goes_on_to_the_same_weights(tmp_path: Path, stop: int) -> None:
    whole = _train(tmp_path / "whole")

    stopped = _train(tmp_path / "parts", shall_stop=_stopping_after(stop))
    assert (stop, False) == (stopped.steps_done, stopped.is_finished)
    ended = _train(tmp_path / "parts")

    assert (8, True) == (ended.steps_done, ended.is_finished)
    assert (whole.best_score, whole.best_step) == (ended.best_score, ended.best_step)
    names = ("best.safetensors", "checkpoint.safetensors")
    for name in names:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes()
    rows = [
        [
            row[:3] + row[4:]
            for row in csv.reader((tmp_path / n / "log.csv").read_text().splitlines())
        ]
        for n in ("whole", "parts")
    ]
    assert [row[0] for row in rows[0]] == [row[0] for row in rows[1]]
    assert [row[3:] for row in rows[0]] == [row[3:] for row in rows[1]]  # the same scores


def test_a_run_that_was_killed_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    whole = _train(tmp_path / "whole")

    class KilledError(Exception):
        pass

    def source(index: int) -> tuple[torch.Tensor, torch.Tensor]:
        if index == 5:
            raise KilledError
        return ball(index)

    with pytest.raises(KilledError):
        train(tiny_network(), source, ball, NAMES, SETTINGS, tmp_path / "killed")
    again = _train(tmp_path / "killed")

    assert whole.best_score == again.best_score
    steps = [
        row[0] for row in csv.reader((tmp_path / "killed" / "log.csv").read_text().splitlines())
    ]
    assert ["step", "4", "8"] == steps  # nothing twice


def test_a_finished_run_stays_as_it_is(tmp_path: Path) -> None:
    first = _train(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    second = _train(tmp_path)

    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert (first.best_score, 8, True) == (second.best_score, second.steps_done, second.is_finished)


def test_a_run_without_progress_stops_early_and_keeps_its_best(tmp_path: Path) -> None:
    settings = replace(SETTINGS, steps=100, validate_every=1, patience=2)
    calls = []

    def never_better(index: int) -> tuple[torch.Tensor, torch.Tensor]:
        calls.append(index)
        image, _ = ball(0)
        return image, torch.full((16, 16, 16), 1 if len(calls) == 1 else 0)

    trained = train(tiny_network(), ball, never_better, NAMES, settings, tmp_path)

    assert trained.steps_done == trained.best_step + 2 < 100
    assert trained.is_finished


def test_damaged_and_foreign_checkpoints_are_refused(tmp_path: Path) -> None:
    _train(tmp_path, shall_stop=_stopping_after(2))
    other = tiny_network(features=(6, 9))
    with pytest.raises(ModelError, match="does not fit this network"):
        train(other, ball, ball, NAMES, SETTINGS, tmp_path)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ModelError, match="new folder"):
        _train(tmp_path)


def test_two_examples_are_learnt_by_heart(tmp_path: Path) -> None:
    settings = replace(SETTINGS, steps=60, validate_every=60, validation_examples=2)

    def two(index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return ball(index % 2)

    trained = train(tiny_network(), two, two, NAMES, settings, tmp_path)

    assert trained.best_score > 0.9


def test_a_region_is_learnt_with_the_classes(tmp_path: Path) -> None:
    settings = replace(SETTINGS, steps=2, regions=(("ball", "air"),))
    _train(tmp_path / "with", settings)
    _train(tmp_path / "without", replace(SETTINGS, steps=2))
    losses = [
        float((tmp_path / name / "log.csv").read_text().splitlines()[1].split(",")[1])
        for name in ("with", "without")
    ]
    assert losses[0] > losses[1]


def test_weights_of_classes_reach_the_loss(tmp_path: Path) -> None:
    settings = replace(SETTINGS, steps=2)
    _train(tmp_path / "even", settings)
    _train(tmp_path / "heavy", replace(settings, class_weights={"ball": 50.0}))
    even, heavy = ((tmp_path / name / "log.csv").read_text() for name in ("even", "heavy"))

    assert even != heavy
    with pytest.raises(InputError, match=r"correct loop\.class_weights"):
        _train(tmp_path / "wrong", replace(settings, class_weights={"heart": 2.0}))
    with pytest.raises(InputError, match="class_weights must be above 0"):
        replace(settings, class_weights={"ball": 0.0})


@pytest.mark.parametrize("regions", [(("heart",),), ((),), (("background", "ball", "air"),)])
def test_regions_that_are_none_are_refused(
    tmp_path: Path, regions: tuple[tuple[str, ...], ...]
) -> None:
    with pytest.raises(InputError, match=r"correct loop\.regions"):
        _train(tmp_path, replace(SETTINGS, regions=regions))


def test_a_gradient_beyond_all_numbers_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def steep(answers: list[torch.Tensor], *rest: object) -> torch.Tensor:
        calls.append(1)
        loss = segmentation_loss(answers, *rest)  # type: ignore[arg-type]
        # Adds 0, with a gradient that is no number.
        return loss + (0 * answers[0].sum()).abs().sqrt() if len(calls) == 2 else loss

    monkeypatch.setattr("mamri.training.loop.segmentation_loss", steep)
    trained = _train(tmp_path, replace(SETTINGS, steps=3, validate_every=3))

    assert 3 == len(calls)
    assert all(bool(p.isfinite().all()) for p in trained.network.parameters())


def test_a_loss_that_is_no_number_ends_the_run_with_a_reason(tmp_path: Path) -> None:
    def broken(index: int) -> tuple[torch.Tensor, torch.Tensor]:
        image, target = ball(index)
        return image * float("nan"), target

    with pytest.raises(ModelError, match="diverged"):
        train(tiny_network(), broken, ball, NAMES, SETTINGS, tmp_path)


def test_unknown_voxels_do_not_count_in_validation() -> None:
    class Sure(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            found = (image[:, 0] > 0).long()
            return torch.nn.functional.one_hot(found, 3).movedim(-1, 1).float()

    def judged(_: int) -> tuple[torch.Tensor, torch.Tensor]:
        target = torch.zeros(4, 4, 4, dtype=torch.int64)
        target[0] = 1
        image = target[None].float() - 0.5
        image[0, 1, :2] = 1.0  # eight false voxels, four of them unknown
        target[1, 0] = -1
        return image, target

    scores = validate(Sure(), judged, NAMES, SETTINGS, torch.device("cpu"))  # type: ignore[arg-type]
    assert {"ball": pytest.approx(2 * 16 / (16 + 20)), "air": 1.0} == scores


def test_reports_and_table_tell_the_same(tmp_path: Path) -> None:
    reports: list[StepReport] = []
    _train(tmp_path, replace(SETTINGS, steps=30, validate_every=30), tell=reports.append)

    assert [25, 30] == [report.step for report in reports]
    assert [False, True] == [bool(report.scores) for report in reports]
    assert all(report.seconds_per_step > 0 for report in reports)
    rows = list(csv.DictReader((tmp_path / "log.csv").read_text().splitlines()))
    assert [25, 30] == [int(row["step"]) for row in rows]
    assert reports[1].scores["ball"] == pytest.approx(float(rows[1]["ball"]), abs=1e-4)
    assert reports[0].loss == pytest.approx(float(rows[0]["loss"]), abs=1e-4)


def test_the_course_is_written_for_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    from tensorboardX.proto.event_pb2 import Event

    _train(tmp_path, replace(SETTINGS, tensorboard=True))

    (path,) = (tmp_path / "tensorboard").iterdir()
    data, tags = path.read_bytes(), []
    while data:  # length, its checksum, event, its checksum
        size = int.from_bytes(data[:8], "little")
        event = Event.FromString(data[12 : 12 + size])
        tags += [value.tag for value in event.summary.value]
        data = data[16 + size :]
    assert {"loss", "learning_rate", "dice/ball", "dice/air"} <= set(tags)


@pytest.mark.parametrize(
    "values",
    [
        {"steps": 0}, {"learning_rate": 0.0}, {"precision": "f16"}, {"average_decay": 1.0},
        {"workers": -1}, {"clip_norm": 0.0}, {"validation_examples": 0}, {"seed": -1},
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(InputError, match="change them"):
        LoopSettings(**values)  # type: ignore[arg-type]
