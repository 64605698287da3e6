"""A whole exam in anatomical order."""

from dataclasses import replace

import numpy as np

from mamri.geometry.orientation import anatomical_orientation
from mamri.records import DynamicSeries, Exam


def to_anatomical(exam: Exam) -> Exam:
    """Bring the dynamic series of an exam into anatomical order, without resampling.

    Index 0 runs from feet to head, 1 from front to back, 2 from the patient's right to left.
    ``storage_axes`` and ``storage_flips`` follow, so that outputs can still be written in the
    order of the input. T2 and diffusion keep their own grids.
    """
    if exam.dynamic is None:
        return exam
    orientation = anatomical_orientation(exam.dynamic.affine)
    shape = exam.dynamic.array.shape[1:]
    dynamic = DynamicSeries(
        np.ascontiguousarray(orientation.apply(exam.dynamic.array)),
        orientation.apply_affine(exam.dynamic.affine, shape),
        exam.dynamic.times_s,
    )
    s, r, c = orientation.axes
    axes, flips = exam.storage_axes, exam.storage_flips
    down, back, left = orientation.flips
    return replace(
        exam,
        dynamic=dynamic,
        storage_axes=(axes[s], axes[r], axes[c]),
        storage_flips=(flips[s] ^ down, flips[r] ^ back, flips[c] ^ left),
    )
