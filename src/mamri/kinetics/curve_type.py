"""Initial and delayed enhancement in the words of BI-RADS, and the three curve types."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from mamri.records import DelayedPhase, InitialPhase


@dataclass(frozen=True, slots=True)
class CurveThresholds:
    """Limits between the words for a curve; printed with every result.

    Parameters
    ----------
    slow_below_percent : float, %
        Initial enhancement below this is slow [1]_ [2]_.
    fast_above_percent : float, %
        Initial enhancement above this is fast; between the two it is medium [1]_ [2]_.
    delayed_change_percent : float, %
        A signal change from the initial peak to the late phase beyond plus or minus this is
        persistent or wash-out, within it plateau (the 10 % in general use; no vendor's default
        was found in print, so an assumption).
    min_enhancement_percent : float, %
        Weaker enhancement gets no curve type: 50 %, the lowest of the thresholds studied for
        CADstream (50, 80 and 100 %) [3]_ and the lower end of the 50 to 60 % recommended
        in [4]_.

    References
    ----------
    .. [1] Morris EA, Comstock CE, Lee CH et al. ACR BI-RADS Magnetic Resonance Imaging. In: ACR
       BI-RADS Atlas, 5th ed. American College of Radiology, 2013.
    .. [2] Kuhl C. The current status of breast MR imaging. Part I. Radiology 2007;244:356-378.
       doi:10.1148/radiol.2442051620
    .. [3] Lehman CD, Peacock S, DeMartini WB, Chen X. A new automated software system to evaluate
       breast MR examinations: improved specificity without decreased sensitivity. AJR Am J
       Roentgenol 2006;187:51-56. doi:10.2214/AJR.05.0269
    .. [4] Levman J, Causer P, Warner E, Martel AL. Effect of the enhancement threshold on the
       computer-aided detection of breast cancer using MRI. Acad Radiol 2009;16:1064-1069.
       doi:10.1016/j.acra.2009.03.018
    """

    slow_below_percent: float = 50.0
    fast_above_percent: float = 100.0
    delayed_change_percent: float = 10.0
    min_enhancement_percent: float = 50.0


DEFAULT_THRESHOLDS = CurveThresholds()


class CurveType(IntEnum):
    """Values of the curve-type map; 1 to 3 are the types I to III of Kuhl."""

    NONE = 0
    PERSISTENT = 1
    PLATEAU = 2
    WASHOUT = 3


_DELAYED_WORDS = {
    CurveType.PERSISTENT: DelayedPhase.PERSISTENT,
    CurveType.PLATEAU: DelayedPhase.PLATEAU,
    CurveType.WASHOUT: DelayedPhase.WASHOUT,
}


def curve_type(
    enhancement: np.ndarray, change: np.ndarray, thresholds: CurveThresholds = DEFAULT_THRESHOLDS
) -> np.ndarray:
    """Type of each curve, from its enhancement and its delayed change.

    Parameters
    ----------
    enhancement : (...) float, %
        Percent enhancement that decides whether the curve gets a type at all.
    change : (...) float, %
        Signal change from the initial peak to the late phase; see `delayed_change`.
    thresholds : CurveThresholds

    Returns
    -------
    (...) uint8
        `CurveType`; 0 where the enhancement is too weak or either value is NaN.

    Examples
    --------
    >>> curve_type(np.full(4, 120.0), np.array([15.0, -5.0, -20.0, np.nan])).tolist()
    [1, 2, 3, 0]
    """
    limit = thresholds.delayed_change_percent
    types = np.full(np.shape(change), CurveType.PLATEAU, np.uint8)
    types[change > limit] = CurveType.PERSISTENT
    types[change < -limit] = CurveType.WASHOUT
    enhances = np.asarray(enhancement) >= thresholds.min_enhancement_percent
    types[~enhances | np.isnan(change)] = CurveType.NONE
    return types


def initial_phase(
    enhancement: float, thresholds: CurveThresholds = DEFAULT_THRESHOLDS
) -> InitialPhase | None:
    """Word for the initial enhancement in percent; None if it is NaN.

    Examples
    --------
    >>> initial_phase(49.0).value, initial_phase(100.0).value, initial_phase(101.0).value
    ('slow', 'medium', 'fast')
    """
    if np.isnan(enhancement):
        return None
    if enhancement < thresholds.slow_below_percent:
        return InitialPhase.SLOW
    if enhancement > thresholds.fast_above_percent:
        return InitialPhase.FAST
    return InitialPhase.MEDIUM


def delayed_phase(kind: int) -> DelayedPhase | None:
    """Word for a curve type; None for `CurveType.NONE`."""
    return _DELAYED_WORDS.get(CurveType(kind))
