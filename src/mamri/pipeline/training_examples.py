"""Examples of each task: simulated women, labelled exams, or both."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mamri.pipeline.real_cases import (
    CachedCases,
    RealData,
    cache_cases,
    cache_key,
    find_real_data,
    mirrored_classes,
)
from mamri.pipeline.step_clock import silent
from mamri.pipeline.training_anatomies import AnatomyFolder, RotatingPool
from mamri.pipeline.training_configuration import (
    SegmentationTask,
    SegmentationTraining,
    changed_record,
)
from mamri.records import InputError
from mamri.segmentation.anatomy_model import DETAIL_CLASSES, FIELD_CLASSES
from mamri.segmentation.lesion_model import LESION_CHANNELS, LESION_CLASSES
from mamri.simulation.training_anatomy import SIDE_STEP, TrainingLabel

if TYPE_CHECKING:  # torch is an extra
    from mamri.training import RandomisationSettings, RealExampleSettings

ExampleSource = Callable[[int], Any]

# Examples of validation lie far from those that are learnt.
_JUDGED = 1_000_000
# The field network sees the whole chest at twice the voxel size, the other the breasts.
_CACHED: dict[SegmentationTask, dict[str, Any]] = {
    SegmentationTask.FIELD: {"every": 2},
    SegmentationTask.DETAIL: {"margin_mm": 40.0},
    SegmentationTask.LESION: {"margin_mm": 40.0, "dynamic": True},
}


@dataclass(frozen=True, slots=True)
class TrainingExamples:
    """Examples and what they are of.

    Parameters
    ----------
    learnt, judged : function of int to example
        To learn from and to validate with.
    class_names : tuple of str
        Background first.
    in_channels : int
    about : mapping of str to plain value
        For the record of the run.
    """

    learnt: ExampleSource
    judged: ExampleSource
    class_names: tuple[str, ...]
    in_channels: int
    about: Mapping[str, Any]


def make_examples(
    training: SegmentationTraining,
    cache: Path,
    *,
    begin_step: Callable[[str], None] = silent,
) -> tuple[TrainingExamples, Callable[[], None]]:
    """Examples of a configuration, and what makes its cache of labelled exams.

    Nothing is written before the second is called; examples of labelled exams need it.

    Parameters
    ----------
    training : SegmentationTraining
    cache : Path
        Folder for resampled exams.
    begin_step : function of str

    Returns
    -------
    TrainingExamples
    function without arguments

    Raises
    ------
    InputError
        If a setting does not fit or data are missing.
    """
    if training.task is SegmentationTask.CUSTOM:
        return _real_examples(training, cache, begin_step)
    simulated = _simulated_examples(training)
    if not training.is_real:
        return simulated, lambda: None
    real, fill_cache = _real_examples(training, cache, begin_step)
    return _mixed(simulated, real, training), fill_cache


def _simulated_examples(training: SegmentationTraining) -> TrainingExamples:
    from mamri.training import detail_settings, field_settings, lesion_settings

    task, data = training.task, training.data
    options = {**_CACHED[task], "contrasts": data.contrasts}
    plain = {
        SegmentationTask.FIELD: field_settings,
        SegmentationTask.DETAIL: detail_settings,
        SegmentationTask.LESION: lesion_settings,
    }[task]()
    randomisation: RandomisationSettings = changed_record(
        plain, training.randomisation, "randomisation"
    )
    if randomisation.dynamic != plain.dynamic:
        raise InputError(
            f"the task {task.value} needs randomisation.dynamic = {str(plain.dynamic).lower()}, "
            f"got {str(randomisation.dynamic).lower()}; remove it"
        )
    learnt = AnatomyFolder(training.folder / data.anatomies, kept=data.kept, **options)
    judged = AnatomyFolder(training.folder / data.validation, kept=data.kept, **options)
    one_example = _drawn(training, randomisation)

    def example(anatomies: AnatomyFolder, seed: int, index: int) -> Any:
        return one_example(RotatingPool(anatomies, data.kept, data.turn, index), seed, index)

    if task is not SegmentationTask.FIELD:
        _check_shape(randomisation.spatial.shape, training)
    return TrainingExamples(
        partial(example, learnt, data.seed),
        partial(example, judged, data.seed + _JUDGED),
        _CLASSES[task],
        _CHANNELS[task],
        {
            "data": {**asdict(data), "anatomies": len(learnt), "validation": len(judged)},
            "randomisation": asdict(randomisation),
        },
    )


def _drawn(
    training: SegmentationTraining, randomisation: "RandomisationSettings"
) -> Callable[[RotatingPool, int, int], Any]:
    """Function of anatomies, seed and number that gives an example of the task."""
    from mamri.training import (
        PriorSettings,
        ViewSettings,
        code_lookup,
        detail_example,
        field_example,
        lesion_example,
    )

    lookup = code_lookup(class_lookup(training.task))
    divisor = 2 ** (len(training.network.features) - 1)

    def example(pool: RotatingPool, seed: int, index: int) -> Any:
        if training.task is SegmentationTask.FIELD:
            view = ViewSettings()
            return field_example(pool, lookup, randomisation, view, seed, index, divisor=divisor)
        if training.task is SegmentationTask.LESION:
            return lesion_example(pool, lookup, randomisation, seed, index)
        return detail_example(pool, lookup, randomisation, PriorSettings(), seed, index)

    return example


def _real_examples(
    training: SegmentationTraining, cache: Path, begin_step: Callable[[str], None]
) -> tuple[TrainingExamples, Callable[[], None]]:
    from mamri.training import (
        PriorSettings,
        ViewSettings,
        real_detail_example,
        real_example,
        real_field_example,
    )

    task, real, data = training.task, training.real, training.data
    settings = _real_settings(training)
    found = find_real_data(real, training.folder, _CLASSES[task])
    _check_real(found, training)
    spacing = settings.spatial.spacing_mm
    # A folder for what decides the files: corrected labels are read anew.
    cache /= cache_key(found, spacing, is_level_shared=real.is_level_shared)
    pairs = mirrored_classes(real, found.class_names)
    if task is SegmentationTask.FIELD:
        pairs = ((FIELD_CLASSES.index("right_breast"), FIELD_CLASSES.index("left_breast")),)
    learnt = CachedCases(found.learnt, cache, spacing, pairs)
    judged = CachedCases(found.judged, cache, spacing, pairs)

    def example(cases: CachedCases, seed: int, is_plain: bool, index: int) -> Any:
        if task is SegmentationTask.FIELD:
            view, divisor = ViewSettings(), 2 ** (len(training.network.features) - 1)
            return real_field_example(
                cases, settings, view, seed, index, divisor=divisor, is_plain=is_plain
            )
        if task is SegmentationTask.DETAIL:
            prior = PriorSettings()
            return real_detail_example(cases, settings, prior, seed, index, is_plain=is_plain)
        return real_example(cases, settings, seed, index, is_plain=is_plain)

    def fill_cache() -> None:
        cache_cases(
            (*found.learnt, *found.judged),
            found,
            cache,
            spacing=spacing,
            is_level_shared=real.is_level_shared,
            begin_step=begin_step,
        )

    if task is not SegmentationTask.FIELD:
        _check_shape(settings.spatial.shape, training)
    examples = TrainingExamples(
        partial(example, learnt, data.seed, False),
        partial(example, judged, data.seed + _JUDGED, True),
        found.class_names,
        2 if task is SegmentationTask.DETAIL else found.n_channels,
        {
            "data": {"seed": data.seed},
            "real": {
                **asdict(real),
                "learnt": [case.name for case in found.learnt],
                "judged": [case.name for case in found.judged],
            },
            "randomisation": asdict(settings),
        },
    )
    return examples, fill_cache


def _mixed(
    simulated: TrainingExamples, real: TrainingExamples, training: SegmentationTraining
) -> TrainingExamples:
    from mamri.training import is_real

    share = training.data.real_share

    def example(one: ExampleSource, other: ExampleSource, seed: int, index: int) -> Any:
        return (other if is_real(share, seed, index) else one)(index)

    seed = training.data.seed
    return TrainingExamples(
        partial(example, simulated.learnt, real.learnt, seed),
        partial(example, simulated.judged, real.judged, seed + _JUDGED),
        simulated.class_names,
        simulated.in_channels,
        {**simulated.about, "real": real.about["real"]},
    )


def _real_settings(training: SegmentationTraining) -> "RealExampleSettings":
    from mamri.training import RealExampleSettings, detail_settings, field_settings

    if training.task is SegmentationTask.CUSTOM:
        return changed_record(RealExampleSettings(), training.randomisation, "randomisation")
    is_field = training.task is SegmentationTask.FIELD
    plain = RealExampleSettings((field_settings() if is_field else detail_settings()).spatial)
    spatial = {k: v for k, v in training.randomisation.items() if k == "spatial"}
    return changed_record(plain, spatial, "randomisation")


def _check_real(found: RealData, training: SegmentationTraining) -> None:
    if training.task is SegmentationTask.CUSTOM:
        return
    needed = {
        SegmentationTask.FIELD: ("right_breast", "left_breast"),
        SegmentationTask.DETAIL: ("breast",),
    }[training.task]
    named = {found.class_names[code] for code in found.codes.values() if code < 255}
    if found.n_channels != 1 or not named & set(needed):
        raise InputError(
            f"labelled exams for {training.task.value} need one channel and the class "
            f"{' or '.join(needed)}, got {found.n_channels} channels and {', '.join(sorted(named))}"
            "; correct real.channels and real.labels"
        )


def _check_shape(shape: tuple[int, ...], training: SegmentationTraining) -> None:
    divisor = 2 ** (len(training.network.features) - 1)
    if any(size % divisor for size in shape):
        raise InputError(
            f"a network of {len(training.network.features)} stages needs crops of multiples of "
            f"{divisor} voxels, got {shape}; change randomisation.spatial.shape or the stages"
        )


_CLASSES: dict[SegmentationTask, tuple[str, ...]] = {
    SegmentationTask.FIELD: FIELD_CLASSES,
    SegmentationTask.DETAIL: DETAIL_CLASSES,
    SegmentationTask.LESION: LESION_CLASSES,
    SegmentationTask.CUSTOM: (),
}
_CHANNELS = {
    SegmentationTask.FIELD: 1,
    SegmentationTask.DETAIL: 2,
    SegmentationTask.LESION: len(LESION_CHANNELS),
}


def class_lookup(task: SegmentationTask) -> list[int]:
    """Class of each of the 256 codes that an anatomy's target may hold."""
    table = [0] * 256
    for side in range(3):
        for label in TrainingLabel:
            table[SIDE_STEP * side + label] = _class_of(task, label, side)
    return table


def _class_of(task: SegmentationTask, label: TrainingLabel, side: int) -> int:
    if task is SegmentationTask.FIELD:
        outside = {TrainingLabel.MUSCLE: "muscle", TrainingLabel.HEART: "heart"}
        names = (outside.get(label, "background"), "right_breast", "left_breast")
        return FIELD_CLASSES.index(names[side])
    if task is SegmentationTask.LESION:
        is_lesion = label is TrainingLabel.LESION and side > 0
        is_vessel = label is TrainingLabel.VESSEL
        return LESION_CLASSES.index(
            "lesion" if is_lesion else "vessel" if is_vessel else "background"
        )
    name = _DETAIL_OF[label]
    # A lesion looks like fibroglandular tissue before contrast; outside the breast it is a node.
    return DETAIL_CLASSES.index(
        "background" if label is TrainingLabel.LESION and not side else name
    )


_DETAIL_OF = {
    TrainingLabel.BACKGROUND: "background",
    TrainingLabel.BREAST: "breast",
    TrainingLabel.FIBROGLANDULAR: "fibroglandular",
    TrainingLabel.VESSEL: "vessel",
    TrainingLabel.MUSCLE: "muscle",
    TrainingLabel.HEART: "heart",
    TrainingLabel.SKIN: "skin",
    TrainingLabel.NIPPLE: "nipple",
    TrainingLabel.LESION: "fibroglandular",
}
