"""Learning to tell classes of lesions from cubes around them, and telling them.

Some patients are held out: their loss decides which epoch is kept. Nothing else of the lesions
given is set aside, so what the network is worth has to be measured on patients it never got.
The same seed gives the same weights on the same machine with the same number of threads. All is in
single precision: bfloat16 takes a quarter less time on processors that have it, but gradients of
small maps in it differed from run to run (torch 2.13) and were sometimes no numbers.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel

from mamri.networks.lesion_classifier import (
    ClassifierPlan,
    LesionClassifier,
    build_classifier,
)
from mamri.records import InputError, ModelError
from mamri.training.classifier_settings import ClassifierSettings
from mamri.training.crop_augmentation import augmented
from mamri.training.lesion_labels import check_labels, class_weights, held_out_lesions
from mamri.training.loop import LoopSettings, learning_rate

HEAD_FEET, LEFT_RIGHT = 2, 4  # axes of (N, C, S, R, K) that may be mirrored
AT_ONCE = 32  # lesions that are predicted together


@dataclass(frozen=True, slots=True)
class EpochReport:
    """One pass over the lesions.

    Parameters
    ----------
    epoch : int
        From 1 on.
    training_loss, held_out_loss : float
        Weighted cross-entropy; of the lesions learnt from, with their labels smoothed, and of
        those of the patients held out.
    """

    epoch: int
    training_loss: float
    held_out_loss: float


@dataclass(frozen=True, slots=True, eq=False)
class TrainedClassifier:
    """A network that has learnt, as plain arrays.

    Parameters
    ----------
    plan : ClassifierPlan
    weights : dict of str to float32 array
        By their names in the torch module of the plan, as `networks.weight_file` stores them.
    log : tuple of EpochReport
    best_epoch : int
        The one that was kept.
    seconds : float, s
    is_finished : bool
        False where learning was asked to stop.
    """

    plan: ClassifierPlan
    weights: dict[str, np.ndarray]
    log: tuple[EpochReport, ...]
    best_epoch: int
    seconds: float
    is_finished: bool = True


@dataclass(frozen=True, slots=True)
class Course:
    """How far learning is.

    Parameters
    ----------
    log : tuple of EpochReport
    best : float
        Lowest loss of the patients held out.
    best_epoch : int
    is_stopped : bool
        Whether learning was asked to stop.
    """

    log: tuple[EpochReport, ...] = ()
    best: float = math.inf
    best_epoch: int = 0
    is_stopped: bool = False

    @property
    def waited(self) -> int:
        """Epochs since the best."""
        return len(self.log) - self.best_epoch

    @property
    def is_best(self) -> bool:
        """Whether the last epoch was the best."""
        return self.waited == 0

    def judged(self, training_loss: float, held_out_loss: float) -> "Course":
        """The course with one more epoch.

        Raises
        ------
        ModelError
            If a loss is no number.
        """
        if not (math.isfinite(training_loss) and math.isfinite(held_out_loss)):
            raise ModelError(
                f"the loss must be finite, it is {training_loss} and {held_out_loss} in epoch "
                f"{len(self.log) + 1}: learning diverged; lower the learning rate"
            )
        epoch = len(self.log) + 1
        course = replace(self, log=(*self.log, EpochReport(epoch, training_loss, held_out_loss)))
        if held_out_loss < self.best:
            return replace(course, best=held_out_loss, best_epoch=epoch)
        return course


@dataclass(frozen=True, slots=True, eq=False)
class Lesions:
    """What is learnt from.

    Parameters
    ----------
    inputs : function of (b,) int and a generator to (b, ...) float tensor
        What the network sees of these lesions: varied at random, or as they are for None.
    y : (n,) int
        Classes.
    is_held_out : (n,) bool
    n_classes : int
    """

    inputs: Callable[[np.ndarray, torch.Generator | None], torch.Tensor]
    y: np.ndarray
    is_held_out: np.ndarray
    n_classes: int

    def targets(self, part: np.ndarray) -> torch.Tensor:
        """Classes (b,) int64 of some lesions."""
        return torch.from_numpy(self.y[part].astype(np.int64))


def fit_classifier(
    crops: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    plan: ClassifierPlan,
    settings: ClassifierSettings,
    seed: int,
    *,
    tell: Callable[[EpochReport], None] | None = None,
    shall_stop: Callable[[], bool] | None = None,
) -> TrainedClassifier:
    """Learn classes of lesions from cubes around them.

    Parameters
    ----------
    crops : (n, C, N, N, N) float, standard deviations
        Slices from feet to head, rows from front to back, columns from right to left; channels as
        in the plan, of mean about 0 and standard deviation about 1, the mask 0 or 1.
    y : (n,) int
        Class of each lesion, from 0 on.
    groups : (n,) int or str
        Patient of each lesion: all lesions of one are learnt from, or all are held out.
    plan : ClassifierPlan
    settings : ClassifierSettings
    seed : int, not negative
        Of the first weights, the patients held out and the augmentation.
    tell : function of EpochReport, optional
        Called after each epoch.
    shall_stop : function without arguments, optional
        Asked after each epoch; where it says so, learning ends with the best epoch so far.

    Returns
    -------
    TrainedClassifier
        Its probabilities are those of a population with as many lesions of each class as were
        given, whatever the weights of the classes in learning.

    Raises
    ------
    InputError
        If shapes do not fit, a number is not finite, labels are not classes of the plan, only one
        class came, or too few patients came to hold any out.
    ModelError
        If the loss is no number.
    """
    started = time.monotonic()
    check_cubes(crops, plan.channels, plan.size)
    check_labels(y, groups, len(crops), plan.n_classes)

    def inputs(part: np.ndarray, draws: torch.Generator | None) -> torch.Tensor:
        cubes = as_tensor(crops, part)
        if draws is None:
            return cubes
        return augmented(cubes, plan.channels, settings.augmentation, draws)

    network = build_classifier(plan, seed=seed)
    lesions = Lesions(
        inputs, y, held_out_lesions(y, groups, settings.held_out_share, seed), plan.n_classes
    )
    course, weights = learn(network, lesions, settings, seed, tell=tell, shall_stop=shall_stop)
    return TrainedClassifier(
        plan,
        weights,
        course.log,
        course.best_epoch,
        time.monotonic() - started,
        is_finished=not course.is_stopped,
    )


def predict_classifier(trained: TrainedClassifier, crops: np.ndarray) -> np.ndarray:
    """Probability of each class, averaged over mirror images of the cubes.

    Parameters
    ----------
    trained : TrainedClassifier
    crops : (n, C, N, N, N) float, standard deviations
        As `fit_classifier` takes them.

    Returns
    -------
    (n, n_classes) float64
        Rows sum to 1.

    Raises
    ------
    InputError
        If shapes do not fit the plan or a number is not finite.
    """
    plan = trained.plan
    check_cubes(crops, plan.channels, plan.size)
    network = trained_network(trained)
    return over_mirror_images(
        crops, lambda cubes: network(cubes).double().softmax(1), plan.n_classes
    )


def classifier_features(trained: TrainedClassifier, crops: np.ndarray) -> np.ndarray:
    """Features before the last layer, averaged over mirror images of the cubes.

    Parameters
    ----------
    trained : TrainedClassifier
    crops : (n, C, N, N, N) float, standard deviations
        As `fit_classifier` takes them.

    Returns
    -------
    (n, F) float64, dimensionless
        Of each stage, means within the outline, then maxima.

    Raises
    ------
    InputError
        If shapes do not fit the plan or a number is not finite.
    """
    plan = trained.plan
    check_cubes(crops, plan.channels, plan.size)
    network = trained_network(trained)
    return over_mirror_images(crops, network.features, plan.n_features)


def trained_network(trained: TrainedClassifier) -> LesionClassifier:
    """The torch network of what was learnt, ready to predict.

    Parameters
    ----------
    trained : TrainedClassifier
        Weights of half precision are taken, too.

    Returns
    -------
    LesionClassifier

    Raises
    ------
    ModelError
        If the weights are not those of the plan.
    """
    network = build_classifier(trained.plan)
    try:
        network.load_state_dict(
            {k: torch.from_numpy(np.array(v, np.float32)) for k, v in trained.weights.items()}
        )
    except RuntimeError as error:
        raise ModelError(
            "the weights of a classifier must be those of its plan, names or shapes differ; "
            "load both from the same model"
        ) from error
    return network.eval().requires_grad_(False)


def check_cubes(crops: np.ndarray, channels: tuple[str, ...], size: int) -> None:
    """Refuse cubes that a network is not made for.

    Parameters
    ----------
    crops : (n, C, N, N, N) float
    channels : tuple of C str
    size : int, voxels
        N.

    Raises
    ------
    InputError
        If the shape is another, or a number is not finite.
    """
    shape = (len(channels), *(size,) * 3)
    if crops.ndim != 5 or crops.shape[1:] != shape:
        raise InputError(
            f"cubes of shape (n, {', '.join(map(str, shape))}) with channels "
            f"{', '.join(channels)} were needed, got {crops.shape}; cut and stack them so"
        )
    if not np.isfinite(crops).all():
        raise InputError(
            "cubes of finite numbers were needed, got some that are NaN or infinite; fill what "
            "lies outside of the field of view with 0"
        )


def learn(
    network: torch.nn.Module,
    lesions: Lesions,
    settings: ClassifierSettings,
    seed: int,
    *,
    head_rate_factor: float = 1.0,
    tell: Callable[[EpochReport], None] | None = None,
    shall_stop: Callable[[], bool] | None = None,
) -> tuple[Course, dict[str, np.ndarray]]:
    """Learn until the loss of the patients held out no longer falls.

    Parameters
    ----------
    network : torch.nn.Module
        Changed in place. Its last layer is called ``head``.
    lesions : Lesions
    settings : ClassifierSettings
    seed : int, not negative
    head_rate_factor : float
        Learning rate of the last layer, as a multiple of that of the others.
    tell, shall_stop : functions, optional
        As in `fit_classifier`.

    Returns
    -------
    course : Course
    weights : dict of str to float32 array
        Averaged weights of the best epoch. The bias of the last layer undoes the weights of the
        classes: a loss with weights w is least where probabilities are p w / sum(p w).

    Raises
    ------
    ModelError
        If the loss is no number.
    """
    average = _moving_average(network, settings.average_decay)
    weights = class_weights(lesions.y, lesions.n_classes, settings.balance)
    course = Course()
    best: dict[str, torch.Tensor] = {}
    with torch.random.fork_rng(devices=[]):  # dropout draws from torch's own random numbers
        torch.manual_seed(seed)
        for training_loss in _epochs(
            network, average, lesions, weights, settings, seed, head_rate_factor
        ):
            course = course.judged(training_loss, _held_out_loss(average.module, lesions, weights))
            if course.is_best:
                best = {k: v.clone() for k, v in average.module.state_dict().items()}
            if tell is not None:
                tell(course.log[-1])
            course = replace(course, is_stopped=shall_stop is not None and shall_stop())
            if course.is_stopped or 0 < settings.patience <= course.waited:
                break
    best["head.bias"] -= weights.log()
    return course, {
        name: value.numpy() for name, value in best.items() if value.is_floating_point()
    }


def _epochs(
    network: torch.nn.Module,
    average: AveragedModel,
    lesions: Lesions,
    weights: torch.Tensor,
    settings: ClassifierSettings,
    seed: int,
    head_rate_factor: float,
) -> Iterator[float]:
    """Learn epoch by epoch; gives the mean loss of each."""
    order = np.random.default_rng((seed, 2))
    draws = torch.Generator().manual_seed(seed)
    optimiser = _optimiser(network, settings, head_rate_factor)
    rates = [group["lr"] for group in optimiser.param_groups]
    loss_of = torch.nn.CrossEntropyLoss(weights, label_smoothing=settings.label_smoothing)
    indices = np.flatnonzero(~lesions.is_held_out)
    n_parts = math.ceil(len(indices) / settings.batch)
    for epoch in range(settings.epochs):
        network.train()
        total = 0.0
        for n, part in enumerate(np.array_split(order.permutation(indices), n_parts)):
            factor = _rate_factor(epoch * n_parts + n, settings.epochs * n_parts, settings)
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            logits = network(lesions.inputs(part, draws))
            loss = loss_of(logits, lesions.targets(part))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
            optimiser.step()
            average.update_parameters(network)
            total += float(loss.detach()) * len(part)
        yield total / len(indices)


def _moving_average(network: torch.nn.Module, decay: float) -> AveragedModel:
    """A copy whose weights follow slowly; less so at first, so that first weights are forgotten."""

    def towards(old: torch.Tensor, new: torch.Tensor, n: torch.Tensor | int) -> torch.Tensor:
        return old.lerp(new, 1 - min(decay, (1 + int(n)) / (10 + int(n))))

    return AveragedModel(network, avg_fn=towards)


def _optimiser(
    network: torch.nn.Module, settings: ClassifierSettings, head_rate_factor: float
) -> torch.optim.AdamW:
    named = [(name, w) for name, w in network.named_parameters() if w.requires_grad]
    rate = settings.learning_rate
    return torch.optim.AdamW(
        [
            {"params": [w for k, w in named if not k.startswith("head.")], "lr": rate},
            {
                "params": [w for k, w in named if k.startswith("head.")],
                "lr": rate * head_rate_factor,
            },
        ],
        weight_decay=settings.weight_decay,
    )


def _rate_factor(step: int, steps: int, settings: ClassifierSettings) -> float:
    """Share of the learning rate at a step: a short rise, then half a cosine down to zero."""
    warmup = math.ceil(settings.warmup_share * steps)
    return learning_rate(step, LoopSettings(steps=steps, learning_rate=1.0, warmup_steps=warmup))


def _held_out_loss(network: torch.nn.Module, lesions: Lesions, weights: torch.Tensor) -> float:
    network.eval()
    indices = np.flatnonzero(lesions.is_held_out)
    with torch.no_grad():
        logits = torch.cat(
            [network(lesions.inputs(part, None)) for part in parts_of(indices, AT_ONCE)]
        )
    loss = torch.nn.functional.cross_entropy(logits, lesions.targets(indices), weights)
    return float(loss)


def over_mirror_images(
    crops: np.ndarray, compute: Callable[[torch.Tensor], torch.Tensor], width: int
) -> np.ndarray:
    """Mean of what is computed from cubes and their mirror images.

    Parameters
    ----------
    crops : (n, C, N, N, N) float
    compute : function of (b, C, N, N, N) to (b, width) tensor
    width : int

    Returns
    -------
    (n, width) float64
        Over all four of: as it is, mirrored left to right, head to feet, and both.
    """
    found = np.zeros((len(crops), width))
    mirrors: tuple[list[int], ...] = ([], [HEAD_FEET], [LEFT_RIGHT], [HEAD_FEET, LEFT_RIGHT])
    with torch.no_grad():
        for part in parts_of(np.arange(len(crops)), AT_ONCE):
            cubes = as_tensor(crops, part)
            answers = [compute(cubes.flip(axes) if axes else cubes) for axes in mirrors]
            found[part] = torch.stack(answers).double().mean(0).numpy()
    return found


def parts_of(indices: np.ndarray, size: int) -> list[np.ndarray]:
    """Indices in their order, so many at once."""
    return [indices[start : start + size] for start in range(0, len(indices), size)]


def as_tensor(crops: np.ndarray, part: np.ndarray) -> torch.Tensor:
    """Copies of some cubes, float32."""
    return torch.from_numpy(crops[part].astype(np.float32))
