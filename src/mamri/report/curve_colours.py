"""Colours of the curve types: blue persistent, green plateau, red wash-out.

The usual colours of breast MRI workstations, in shades that differ in lightness too, so that
they can be told apart without colour vision. Words always stand beside them.
"""

import numpy as np

from mamri.kinetics.curve_type import CurveType
from mamri.records import DelayedPhase

CURVE_TYPE_VALUE = {
    DelayedPhase.PERSISTENT: CurveType.PERSISTENT.value,
    DelayedPhase.PLATEAU: CurveType.PLATEAU.value,
    DelayedPhase.WASHOUT: CurveType.WASHOUT.value,
}

WORD = {
    DelayedPhase.PERSISTENT: "persistent",
    DelayedPhase.PLATEAU: "plateau",
    DelayedPhase.WASHOUT: "wash-out",
}

RGB = {
    DelayedPhase.PERSISTENT: (66, 133, 244),
    DelayedPhase.PLATEAU: (52, 199, 89),
    DelayedPhase.WASHOUT: (255, 69, 58),
}

# Assumptions, judged by eye: the colour of a finding is clear with its anatomy still visible, that
# of its surroundings does not draw the eye away from it.
_OPACITY_INSIDE = 0.72
_OPACITY_OUTSIDE = 0.38


def paint_curve_types(
    grey: np.ndarray, curve_types: np.ndarray, findings: np.ndarray
) -> np.ndarray:
    """Lay the colours of the curve types over a grey picture.

    Parameters
    ----------
    grey : (H, W) uint8
    curve_types : (H, W) real
        Values of `CURVE_TYPE_VALUE`; anything else, NaN too, stays grey.
    findings : (H, W) bool
        Where the colours are strong; elsewhere they are faint.

    Returns
    -------
    (H, W, 3) uint8
    """
    picture = np.repeat(grey[..., None], 3, axis=2).astype(np.float32)
    for phase, value in CURVE_TYPE_VALUE.items():
        where = curve_types == value
        colour = np.array(RGB[phase], np.float32)
        # Bright tissue stays a little brighter: the colour takes some of the grey with it.
        lightness = 0.55 + 0.45 * picture[where] / 255.0
        opacity = np.where(findings[where], _OPACITY_INSIDE, _OPACITY_OUTSIDE)[:, None]
        picture[where] = (1 - opacity) * picture[where] + opacity * colour * lightness
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8)


def curve_type_shares(curve_types: np.ndarray) -> dict[DelayedPhase, float]:
    """Share of each curve type among some voxels that have one; empty where none has.

    Parameters
    ----------
    curve_types : real, any shape
    """
    counts = {
        phase: int(np.count_nonzero(curve_types == value))
        for phase, value in CURVE_TYPE_VALUE.items()
    }
    total = sum(counts.values())
    return {phase: count / total for phase, count in counts.items()} if total else {}
