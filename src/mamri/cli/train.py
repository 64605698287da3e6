"""``mamri train``: networks from simulated women or your own exams."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mamri.cli.evaluate import lines
from mamri.cli.options import JsonOption
from mamri.records import InputError

if TYPE_CHECKING:  # torch is an extra
    from mamri.training import StepReport

_ECHO_S = 2.0  # seconds in which a second signal is taken for the first one's

app = typer.Typer(no_args_is_help=True, help="Train networks (extra train).")


class TrainingDevice(StrEnum):
    """Where a network is trained."""

    CPU = "cpu"
    CUDA = "cuda"


@app.callback()
def _train() -> None:
    """Train networks (extra train)."""


@app.command()
def segmentation(
    config: Annotated[Path, typer.Option("--config", help="Configuration, TOML.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the run; one begun there goes on.")
    ],
    device: Annotated[
        TrainingDevice, typer.Option("--device", help="Processor or GPU.")
    ] = TrainingDevice.CPU,
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="CPU threads; torch's choice by default.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train a segmentation network, or go on where the run stopped; Ctrl-C stops it in order."""
    from mamri.pipeline.extras import check_torch
    from mamri.pipeline.train_segmentation import loop_settings, train_segmentation
    from mamri.pipeline.training_configuration import read_training

    training = read_training(config)
    check_torch()
    from mamri.training import Ranks

    ranks = Ranks(
        _number("RANK", 0), _number("WORLD_SIZE", 1), _number("LOCAL_RANK", 0)
    )  # by torchrun
    steps = loop_settings(training).steps
    with _asked_to_stop(is_silent=ranks.rank > 0) as shall_stop:
        trained = train_segmentation(
            training,
            output,
            device=device.value,
            threads=threads,
            ranks=ranks,
            begin_step=lambda step: typer.echo(f"mamri: {step.replace('_', ' ', 1)} ...", err=True),
            tell=lambda report: typer.echo(_line(report, steps), err=True),
            shall_stop=shall_stop,
        )
    if ranks.rank == 0:
        document = {
            "run": str(output),
            "is_finished": trained.is_finished,
            "steps": trained.steps_done,
            "best_step": trained.best_step,
            "best_score": trained.best_score if trained.best_step else None,
        }
        _print(document, as_json)
    if not trained.is_finished:
        raise typer.Exit(1)


@app.command()
def prediction(
    config: Annotated[Path, typer.Option("--config", help="Experiment, YAML.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the run; one begun there goes on.")
    ],
    processes: Annotated[
        int | None, typer.Option("--processes", min=1, help="Splits worked on at once; all cores.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train and test models of malignancy, biology, response or survival on your own cohort."""
    from mamri.pipeline.extras import check_predict_extra

    check_predict_extra()
    from mamri.pipeline.experiment_configuration import read_experiment

    experiment = read_experiment(config)
    from mamri.pipeline.run_experiment import run_experiment

    run = run_experiment(
        experiment,
        config.parent,
        output,
        processes=processes or os.cpu_count() or 1,
        begin_step=lambda step: typer.echo(f"mamri: {step.replace('_', ' ')} ...", err=True),
        tell=lambda line: typer.echo(f"mamri: {line}", err=True),
    )
    if as_json:
        typer.echo(json.dumps(run.document, indent=2))
        return
    typer.echo("\n".join(lines(run.document)))
    typer.echo(f"run: {output}")


def _line(report: "StepReport", steps: int) -> str:
    """One row of the log in words."""
    left = (steps - report.step) * report.seconds_per_step
    parts = [
        f"step {report.step}/{steps}",
        f"loss {report.loss:.4f}",
        f"rate {report.learning_rate:.2e}",
        f"{report.seconds_per_step:.2f} s/step",
        f"{int(left // 3600)} h {int(left % 3600 // 60):02d} min left",
    ]
    if report.scores:
        parts.append("dice " + ", ".join(f"{k} {v:.3f}" for k, v in report.scores.items()))
    return "mamri: " + "  ".join(parts)


def _print(document: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(document, indent=2))
    elif document["is_finished"]:
        typer.echo(f"trained {document['steps']} steps: {document['run']}")
        typer.echo(
            f"best.safetensors: step {document['best_step']}, mean Dice of the validation "
            f"examples {document['best_score']:.3f}"
        )
    else:
        typer.echo(
            f"mamri: stopped after step {document['steps']}; the same command goes on from there",
            err=True,
        )


@contextmanager
def _asked_to_stop(*, is_silent: bool) -> Iterator[Any]:
    """Notice Ctrl-C and SIGTERM; a second one stops at once."""
    asked: list[float] = []

    def notice(_: int, __: object) -> None:
        # torchrun passes on what the terminal sent to every process already.
        if asked and time.monotonic() - asked[0] < _ECHO_S:
            return
        if asked:
            raise KeyboardInterrupt
        asked.append(time.monotonic())
        if not is_silent:
            typer.echo("mamri: stopping after this step, once more to stop at once", err=True)

    before = {number: signal.signal(number, notice) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _number(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    try:
        return int(text)
    except ValueError as error:
        raise InputError(
            f"{name} must be a whole number, as torchrun sets it, got {text!r}; unset it or start "
            "with torchrun"
        ) from error
