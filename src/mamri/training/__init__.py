"""Training: random images of cached anatomies, the same code on CPU and GPU.

With `networks` the only folder that imports torch: ``pip install 'mamri[train]'``.
"""

from mamri.training.anatomy_examples import (
    PriorSettings,
    ViewSettings,
    code_lookup,
    detail_example,
    detail_settings,
    field_example,
    field_settings,
)
from mamri.training.cached_anatomy import (
    CachedAnatomy,
    LabelCoding,
    cached_anatomy,
    label_centres,
    to_device,
)
from mamri.training.first_weights import start_from
from mamri.training.lesion_examples import lesion_example, lesion_settings
from mamri.training.level import normalised
from mamri.training.loop import LoopSettings, TrainedNetwork, train
from mamri.training.processes import Ranks, joined, use_threads, wait_for_all
from mamri.training.real_examples import (
    UNKNOWN,
    AugmentationSettings,
    RealCase,
    RealExampleSettings,
    is_real,
    normalised_channels,
    real_case,
    real_detail_example,
    real_example,
    real_field_example,
)
from mamri.training.run_log import StepReport
from mamri.training.settings import (
    ContrastSettings,
    RandomisationSettings,
    ScanSettings,
    SpatialSettings,
)
from mamri.training.signal_table import SignalTable, signal_table
from mamri.training.stream import consistency_stream, training_pair, training_stream

__all__ = [
    "UNKNOWN",
    "AugmentationSettings",
    "CachedAnatomy",
    "ContrastSettings",
    "LabelCoding",
    "LoopSettings",
    "PriorSettings",
    "RandomisationSettings",
    "Ranks",
    "RealCase",
    "RealExampleSettings",
    "ScanSettings",
    "SignalTable",
    "SpatialSettings",
    "StepReport",
    "TrainedNetwork",
    "ViewSettings",
    "cached_anatomy",
    "code_lookup",
    "consistency_stream",
    "detail_example",
    "detail_settings",
    "field_example",
    "field_settings",
    "is_real",
    "joined",
    "label_centres",
    "lesion_example",
    "lesion_settings",
    "normalised",
    "normalised_channels",
    "real_case",
    "real_detail_example",
    "real_example",
    "real_field_example",
    "signal_table",
    "start_from",
    "to_device",
    "train",
    "training_pair",
    "training_stream",
    "use_threads",
    "wait_for_all",
]
