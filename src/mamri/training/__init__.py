"""Training: random images of cached anatomies, the same code on CPU and GPU.

With `networks` the only folder that imports torch: ``pip install 'mamri[train]'``.
"""

from mamri.training.cached_anatomy import (
    CachedAnatomy,
    LabelCoding,
    cached_anatomy,
    to_device,
)
from mamri.training.level import normalised
from mamri.training.settings import (
    ContrastSettings,
    RandomisationSettings,
    ScanSettings,
    SpatialSettings,
)
from mamri.training.signal_table import SignalTable, signal_table
from mamri.training.stream import consistency_stream, training_pair, training_stream

__all__ = [
    "CachedAnatomy",
    "ContrastSettings",
    "LabelCoding",
    "RandomisationSettings",
    "ScanSettings",
    "SignalTable",
    "SpatialSettings",
    "cached_anatomy",
    "consistency_stream",
    "normalised",
    "signal_table",
    "to_device",
    "training_pair",
    "training_stream",
]
