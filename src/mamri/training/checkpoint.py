"""The state of a training run on disk: written as a whole, without pickled objects."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from mamri.networks.unet import UNet
from mamri.records import ModelError
from mamri.training.moving_average import MovingAverage

CHECKPOINT, BEST, LOG = "checkpoint.safetensors", "best.safetensors", "log.csv"


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """Everything that changes while training."""

    network: UNet
    average: MovingAverage
    optimiser: torch.optim.Optimizer


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    step : int
        Steps done.
    best, best_step : float, int
        Best mean validation score, and when.
    waited : int
        Validations since.
    """

    step: int = 0
    best: float = -1.0
    best_step: int = 0
    waited: int = 0

    @property
    def is_best(self) -> bool:
        """Whether the last validation was the best."""
        return self.best_step == self.step

    def judged(self, score: float) -> "Progress":
        """Progress after a validation."""
        if score > self.best:
            return replace(self, best=score, best_step=self.step, waited=0)
        return replace(self, waited=self.waited + 1)


def save_run(folder: Path, run: TrainingRun, progress: Progress) -> None:
    """Write a checkpoint in place of the one before."""
    tensors = {f"network/{k}": v for k, v in run.network.state_dict().items()}
    tensors |= {f"average/{k}": v for k, v in run.average.network.state_dict().items()}
    for number, state in run.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{number}/{name}": value for name, value in state.items()}
    about = json.dumps({**asdict(progress), "updates": run.average.updates})
    partial = folder / f".{CHECKPOINT}.part"
    save_file(
        {k: v.detach().cpu().contiguous() for k, v in tensors.items()}, partial, {"progress": about}
    )
    partial.replace(folder / CHECKPOINT)


def load_run(folder: Path, run: TrainingRun) -> Progress:
    """Take over the checkpoint of a folder, if there is one.

    Raises
    ------
    ModelError
        If it is damaged or of another network.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return Progress()
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads(file.metadata()["progress"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 no mapping
        parts: dict[str, dict[str, torch.Tensor]] = {"network": {}, "average": {}, "optimiser": {}}
        for key, value in tensors.items():
            part, name = key.split("/", 1)
            parts[part][name] = value
        run.network.load_state_dict(parts["network"])
        run.average.network.load_state_dict(parts["average"])
        _load_optimiser(run.optimiser, parts["optimiser"])
        run.average.updates = about.pop("updates")
        return Progress(**about)
    except (SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{CHECKPOINT} does not fit this network; train in a new folder, or with the "
            "configuration that the run began with"
        ) from error


def _load_optimiser(optimiser: torch.optim.Optimizer, stored: dict[str, torch.Tensor]) -> None:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in stored.items():
        number, name = key.split("/", 1)
        state.setdefault(int(number), {})[name] = value
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": state, "param_groups": groups})
