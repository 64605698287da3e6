"""The course of a run: rows of ``log.csv``, reports to whoever listens, TensorBoard if wanted."""

import csv
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mamri.records import InputError
from mamri.training.checkpoint import LOG

_EVERY = 25  # steps


@dataclass(frozen=True, slots=True)
class StepReport:
    """One row of the log.

    Parameters
    ----------
    step : int
    loss : float
        Mean since the row before.
    learning_rate : float
    seconds : float, s
        Since the run began or went on.
    scores : mapping of str to float
        Dice coefficient of each class on the validation examples; empty between validations.
    seconds_per_step : float, s
        Since the row before.
    """

    step: int
    loss: float
    learning_rate: float
    seconds: float
    scores: dict[str, float]
    seconds_per_step: float = 0.0


class RunLog:
    """Writes a row every so many steps and one at each validation.

    Parameters
    ----------
    folder : Path
    class_names : tuple of str
        Background first.
    tell : function of StepReport
    first_step : int
        Steps that are done; later rows, of a run that stopped before its checkpoint, are removed.
    is_silent : bool
        For all processes but the first.
    tensorboard : bool
        Write event files to ``tensorboard/`` too.

    Raises
    ------
    InputError
        If TensorBoard is wanted and its writer is not installed.
    """

    def __init__(
        self,
        folder: Path,
        class_names: tuple[str, ...],
        tell: Callable[[StepReport], None],
        *,
        first_step: int = 0,
        is_silent: bool = False,
        tensorboard: bool = False,
    ) -> None:
        self._path = folder / LOG
        self._names = class_names[1:]
        self._tell, self._is_silent = tell, is_silent
        self._losses: list[float] = []
        self._start = self._last = time.monotonic()
        self._events: Any = None
        if is_silent:
            return
        self._forget_after(first_step)
        if tensorboard:
            self._events = _event_writer(folder / "tensorboard", first_step)

    def add_loss(self, loss: float) -> None:
        """Take the loss of one step."""
        self._losses.append(loss)

    def write(self, step: int, rate: float, scores: dict[str, float]) -> None:
        """Write a row if one is due."""
        if self._is_silent or not (scores or step % _EVERY == 0):
            return
        now = time.monotonic()
        loss = sum(self._losses) / len(self._losses)
        pace = (now - self._last) / len(self._losses)
        report = StepReport(step, loss, rate, now - self._start, scores, pace)
        self._losses.clear()
        self._last = now
        is_new = not self._path.exists()
        with self._path.open("a", newline="") as file:
            rows = csv.writer(file)
            if is_new:
                rows.writerow(["step", "loss", "learning_rate", "seconds", *self._names])
            dice = [f"{scores[name]:.4f}" if scores else "" for name in self._names]
            rows.writerow([step, f"{loss:.5f}", f"{rate:.6g}", f"{report.seconds:.1f}", *dice])
        if self._events is not None:
            self._add_events(report)
        self._tell(report)

    def close(self) -> None:
        """Bring what is buffered to disk."""
        if self._events is not None:
            self._events.close()

    def _forget_after(self, step: int) -> None:
        if not self._path.exists():
            return
        head, *rows = self._path.read_text().splitlines(keepends=True)
        kept = [row for row in rows if int(row.split(",", 1)[0]) <= step]
        if len(kept) < len(rows):
            self._path.write_text("".join([head, *kept]))

    def _add_events(self, report: StepReport) -> None:
        self._events.add_scalar("loss", report.loss, report.step)
        self._events.add_scalar("learning_rate", report.learning_rate, report.step)
        self._events.add_scalar("seconds_per_step", report.seconds_per_step, report.step)
        for name, score in report.scores.items():
            self._events.add_scalar(f"dice/{name}", score, report.step)


def _event_writer(folder: Path, first_step: int) -> Any:
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise InputError(
            "loop.tensorboard needs the package tensorboardX, which is not installed; install it "
            "with: pip install 'mamri[train]', or leave the setting out"
        ) from error
    return SummaryWriter(str(folder), purge_step=first_step + 1 if first_step else None)
