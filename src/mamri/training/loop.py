"""The training loop, for every segmentation network.

Examples are functions of their number, so a run can be stopped at any step and goes on as if it had
not been; with several processes (torchrun) each takes its own numbers and gradients are averaged.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset

from mamri.networks.unet import UNet
from mamri.records import InputError, ModelError
from mamri.training.checkpoint import BEST, Progress, TrainingRun, load_run, save_run
from mamri.training.loss import segmentation_loss
from mamri.training.moving_average import MovingAverage
from mamri.training.processes import Ranks, from_first, is_any, wait_for_all
from mamri.training.run_log import RunLog, StepReport

Example = tuple[torch.Tensor, torch.Tensor]
ExampleSource = Callable[[int], Example]


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How a network is trained.

    Parameters
    ----------
    steps : int
        Length of the run; the learning rate falls to zero at its end along a cosine [1]_.
    batch : int
        Examples of one step in each process. With more than one all must have one size.
    learning_rate, weight_decay : float
        Of AdamW [2]_. Assumption: 2e-3 and 0.01, found to be stable for 1 to 6 million weights.
    warmup_steps : int
        Over which the learning rate rises from zero. Assumption.
    clip_norm : float
        Longest gradient; longer ones are shortened to it. nnU-Net's 12.
    average_decay : float
        Decay of the exponential moving average of the weights, which is what is kept. Assumption.
    regions : tuple of tuple of str
        Names of classes that together are a region whose border matters; see
        `loss.segmentation_loss`.
    class_weights : mapping of str to float
        Weight of classes in the cross-entropy; 1 for those not named. For classes so rare that
        they are never learnt otherwise.
    precision : {"bf16", "f32"}
        Of the forward and backward pass; weights are float32.
    seed : int
        Of the first weights.
    validate_every, validation_examples : int
        Steps between validations, and examples of each, always the same.
    patience : int
        Validations without a better score after which the run stops early; 0 for never.
    save_every : int
        Steps between checkpoints.
    workers : int
        Processes that prepare examples; 0 prepares them between steps.
    tensorboard : bool
        Write event files for TensorBoard beside the table.

    References
    ----------
    .. [1] Loshchilov I, Hutter F. SGDR: stochastic gradient descent with warm restarts. ICLR 2017.
       arXiv:1608.03983
    .. [2] Loshchilov I, Hutter F. Decoupled weight decay regularization. ICLR 2019.
       arXiv:1711.05101
    """

    steps: int = 5000
    batch: int = 1
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    warmup_steps: int = 100
    clip_norm: float = 12.0
    average_decay: float = 0.995
    regions: tuple[tuple[str, ...], ...] = ()
    class_weights: Mapping[str, float] = field(default_factory=dict)
    precision: str = "bf16"
    seed: int = 0
    validate_every: int = 250
    validation_examples: int = 16
    patience: int = 0
    save_every: int = 250
    workers: int = 0
    tensorboard: bool = False

    def __post_init__(self) -> None:
        positive = (
            self.steps, self.batch, self.validate_every, self.save_every, self.validation_examples,
        )  # fmt: skip
        if min(positive) < 1 or not 0 < self.learning_rate <= 1:
            raise InputError(
                "steps, batch, validate_every, save_every and validation_examples must be at least "
                f"1 and learning_rate above 0, got {positive} and {self.learning_rate}; change them"
            )
        others = (self.workers, self.patience, self.warmup_steps, self.seed, self.weight_decay)
        if min(others) < 0 or not self.clip_norm > 0:
            raise InputError(
                "workers, patience, warmup_steps, seed and weight_decay must not be negative and "
                f"clip_norm must be above 0, got {others} and {self.clip_norm}; change them"
            )
        if not all(0 < weight <= 1000 for weight in self.class_weights.values()):
            raise InputError(
                "class_weights must be above 0 and at most 1000, got "
                f"{dict(self.class_weights)}; change them"
            )
        if self.precision not in ("bf16", "f32") or not 0 <= self.average_decay < 1:
            raise InputError(
                "precision must be bf16 or f32 and average_decay of 0 up to below 1, got "
                f"{self.precision!r} and {self.average_decay}; change them"
            )


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """What a run leaves: averaged weights of its best validation, and its course.

    Parameters
    ----------
    network : UNet
    best_score : float
        Mean Dice coefficient of all classes but background; -1 before the first validation.
    best_step, steps_done : int
    is_finished : bool
        False where the run was asked to stop; it goes on when called again.
    """

    network: UNet
    best_score: float
    best_step: int
    steps_done: int
    is_finished: bool = True


def train(
    network: UNet,
    source: ExampleSource,
    validation: ExampleSource,
    class_names: tuple[str, ...],
    settings: LoopSettings,
    folder: Path,
    *,
    device: torch.device | str = "cpu",
    ranks: Ranks = Ranks(),  # noqa: B008 frozen, so safe to share
    tell: Callable[[StepReport], None] = lambda _: None,
    shall_stop: Callable[[], bool] = lambda: False,
) -> TrainedNetwork:
    """Train a network, or go on where an earlier run in the folder stopped.

    Parameters
    ----------
    network : UNet
        With its first weights; changed in place.
    source, validation : function of int to example
        Image (C, S, R, C') float32 and target (S, R, C') int64 of a number.
    class_names : tuple of str
        Of the network's classes, background first.
    settings : LoopSettings
    folder : Path
        Gets ``checkpoint.safetensors``, ``best.safetensors`` and ``log.csv``.
    device : torch.device or str
    ranks : Ranks
    tell : function of StepReport
        Called at every row of the log.
    shall_stop : function without arguments
        Asked after each step; where it says so, the run leaves a checkpoint and ends.

    Returns
    -------
    TrainedNetwork

    Raises
    ------
    InputError
        If a region or a weight names what is no class.
    ModelError
        If the checkpoint in the folder is damaged or of another network, or the loss is no number.
    """
    device = torch.device(device)
    regions = _region_classes(settings.regions, class_names)
    weights = _class_weights(settings.class_weights, class_names, device)
    folder.mkdir(parents=True, exist_ok=True)
    network.to(device)
    if device.type == "cpu":
        network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    run = TrainingRun(
        network,
        MovingAverage(network, settings.average_decay),
        torch.optim.AdamW(
            network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
        ),
    )
    progress = load_run(folder, run)
    is_first = ranks.rank == 0
    model: torch.nn.Module = network
    if ranks.world > 1:
        model = DistributedDataParallel(network)
    log = RunLog(
        folder,
        class_names,
        tell,
        first_step=progress.step,
        is_silent=not is_first,
        tensorboard=settings.tensorboard,
    )
    is_finished = _is_over(progress, settings)
    batches = () if is_finished else _batches(source, settings, progress.step, ranks)
    for images, targets in batches:
        rate = learning_rate(progress.step, settings)
        loss = _take_step(
            model, run, _on(images, device), targets.to(device), rate, settings, regions, weights
        )
        if not math.isfinite(loss):
            raise ModelError(
                f"the loss must be finite, it is {loss} at step {progress.step}: the training "
                "diverged; lower loop.learning_rate and train in a new folder"
            )
        log.add_loss(loss)
        progress = replace(progress, step=progress.step + 1)
        scores: dict[str, float] = {}
        if progress.step % settings.validate_every == 0 or progress.step >= settings.steps:
            scores = _agreed_scores(
                run.average.network, validation, class_names, settings, device, is_first=is_first
            )
            progress = progress.judged(sum(scores.values()) / len(scores))
            if progress.is_best and is_first:
                run.average.save(folder / BEST)
        log.write(progress.step, rate, scores)
        is_finished = _is_over(progress, settings)
        is_last = is_finished or is_any(shall_stop())
        if is_first and (is_last or progress.step % settings.save_every == 0):
            save_run(folder, run, progress)
        if is_last:
            break
    log.close()
    wait_for_all()  # for the files of the first process
    if (folder / BEST).exists():
        run.average.load(folder / BEST)
    return TrainedNetwork(
        run.average.network, progress.best, progress.best_step, progress.step, is_finished
    )


def _is_over(progress: Progress, settings: LoopSettings) -> bool:
    """Whether all steps are done, or the run waited for a better score long enough."""
    return progress.step >= settings.steps or 0 < settings.patience <= progress.waited


def _agreed_scores(
    network: UNet,
    validation: ExampleSource,
    class_names: tuple[str, ...],
    settings: LoopSettings,
    device: torch.device,
    *,
    is_first: bool,
) -> dict[str, float]:
    """Scores of the first process, in every process."""
    scores = dict.fromkeys(class_names[1:], 0.0)
    if is_first:
        scores = validate(network, validation, class_names, settings, device)
    return dict(zip(scores, from_first(list(scores.values())), strict=True))


def _region_classes(
    regions: tuple[tuple[str, ...], ...], class_names: tuple[str, ...]
) -> tuple[tuple[int, ...], ...]:
    unknown = sorted({name for region in regions for name in region} - set(class_names))
    if unknown or not all(0 < len(set(region)) < len(class_names) for region in regions):
        raise InputError(
            f"regions must name some of the classes {', '.join(class_names)}, and not all of "
            f"them, got {regions}; correct loop.regions"
        )
    return tuple(tuple(class_names.index(name) for name in region) for region in regions)


def _class_weights(
    named: Mapping[str, float], class_names: tuple[str, ...], device: torch.device
) -> torch.Tensor | None:
    unknown = sorted(set(named) - set(class_names))
    if unknown:
        raise InputError(
            f"class_weights must name some of the classes {', '.join(class_names)}, got "
            f"{', '.join(unknown)}; correct loop.class_weights"
        )
    return (
        torch.tensor([named.get(name, 1.0) for name in class_names], device=device)
        if named
        else None
    )


def learning_rate(step: int, settings: LoopSettings) -> float:
    """Learning rate of a step: a short rise, then half a cosine down to zero."""
    rise = min(1.0, (step + 1) / max(1, settings.warmup_steps))
    return settings.learning_rate * rise * 0.5 * (1 + math.cos(math.pi * step / settings.steps))


def _take_step(
    model: torch.nn.Module,
    run: TrainingRun,
    images: torch.Tensor,
    targets: torch.Tensor,
    rate: float,
    settings: LoopSettings,
    regions: tuple[tuple[int, ...], ...],
    weights: torch.Tensor | None,
) -> float:
    """One step of the optimiser, left out where the gradient is not finite; gives the loss."""
    for group in run.optimiser.param_groups:
        group["lr"] = rate
    model.train()
    with _precision(images.device, settings.precision):
        answers = model(images)
    loss = segmentation_loss(answers, targets, regions, weights)
    run.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    norm = torch.nn.utils.clip_grad_norm_(run.network.parameters(), settings.clip_norm)
    # A flat crop can blow gradients up beyond all numbers: one such step would end the run.
    if bool(norm.isfinite()):
        run.optimiser.step()
        run.average.update(run.network)
    return float(loss.detach())


def validate(
    network: UNet,
    validation: ExampleSource,
    class_names: tuple[str, ...],
    settings: LoopSettings,
    device: torch.device,
) -> dict[str, float]:
    """Dice coefficient of each class but background over all validation examples together.

    Voxels whose target is below 0 do not count.

    Parameters
    ----------
    network : UNet
    validation : function of int to example
    class_names : tuple of str
        Background first.
    settings : LoopSettings
    device : torch.device

    Returns
    -------
    dict of class name to Dice
        1 for a class that neither occurs nor is found.
    """
    network.eval()
    classes = len(class_names)
    both, found, true = (torch.zeros(classes) for _ in range(3))
    for index in range(settings.validation_examples):
        image, target = validation(index)
        with torch.no_grad(), _precision(device, settings.precision):
            answer = network(_on(image[None], device))
        label = answer.float().argmax(1)[0].cpu().flatten()
        target = target.flatten()
        label, target = label[target >= 0], target[target >= 0]
        both += torch.bincount(target[label == target], minlength=classes)
        found += torch.bincount(label, minlength=classes)
        true += torch.bincount(target, minlength=classes)
    dice = torch.where(
        found + true > 0, 2 * both / (found + true).clamp(min=1), torch.ones(classes)
    )
    return {name: float(value) for name, value in zip(class_names[1:], dice[1:], strict=True)}


class _Numbered(Dataset[Example]):
    """Examples of a source as torch's loader reads them."""

    def __init__(self, source: ExampleSource) -> None:
        self._source = source

    def __getitem__(self, index: int) -> Example:
        return self._source(index)


def _batches(
    source: ExampleSource, settings: LoopSettings, step: int, ranks: Ranks
) -> Iterable[Example]:
    """Batches from a step on; process r of n takes every n-th example."""
    first = step * settings.batch * ranks.world + ranks.rank
    stop = settings.steps * settings.batch * ranks.world
    numbers = range(first, stop, ranks.world)
    return DataLoader(
        _Numbered(source),
        batch_size=settings.batch,
        sampler=numbers,
        num_workers=settings.workers,
        persistent_workers=settings.workers > 0,
    )


def _on(images: torch.Tensor, device: torch.device) -> torch.Tensor:
    if device.type == "cpu" and images.dim() == 5:
        return images.contiguous(memory_format=torch.channels_last_3d)
    return images.to(device, non_blocking=True)


def _precision(device: torch.device, precision: str) -> AbstractContextManager[object]:
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
