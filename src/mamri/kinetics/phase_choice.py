"""Which phases of a dynamic series are baseline, initial, early and late.

Times count from the injection of contrast agent; phases at or before 0 s are pre-contrast.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from mamri.records import Caveat


class Baseline(StrEnum):
    """How the signal before contrast is made from several pre-contrast phases."""

    MEAN = "mean"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class PhaseSettings:
    """Times at which the curve is read.

    Parameters
    ----------
    early_s : float, s
        Target of the early phase; 150 s after the functional tumor volume definition of
        I-SPY [1]_.
    late_s : float, s
        Target of the late phase; 450 s after [1]_.
    initial_within_s : float, s
        The initial phase of BI-RADS: within the first two minutes [2]_.
    min_separation_s : float, s
        Early and late phases closer than this are not told apart (assumption).
    max_early_offset_s : float, s
        An early phase further from its target earns a caveat (assumption: half the time
        between the phases of a protocol with 120 s per phase).
    min_late_s : float, s
        A late phase before this earns a caveat: the post-initial phase of BI-RADS is judged on
        images taken several minutes after injection; 300 s is the lower end of the 5 to 7
        minutes usual for curves (assumption after [3]_).
    baseline : Baseline
        Mean of all pre-contrast phases (less noise; the series is on one intensity scale), or
        the last one.

    References
    ----------
    .. [1] Hylton NM, Blume JD, Bernreuter WK et al. Locally advanced breast cancer: MR imaging
       for prediction of response to neoadjuvant chemotherapy: results from ACRIN 6657/I-SPY
       TRIAL. Radiology 2012;263:663-672. doi:10.1148/radiol.12110748
    .. [2] Morris EA, Comstock CE, Lee CH et al. ACR BI-RADS Magnetic Resonance Imaging. In: ACR
       BI-RADS Atlas, 5th ed. American College of Radiology, 2013.
    .. [3] Kuhl CK, Mielcareck P, Klaschik S et al. Dynamic breast MR imaging: are signal
       intensity time course data useful for differential diagnosis of enhancing lesions?
       Radiology 1999;211:101-110. doi:10.1148/radiology.211.1.r99ap38101
    """

    early_s: float = 150.0
    late_s: float = 450.0
    initial_within_s: float = 120.0
    min_separation_s: float = 60.0
    max_early_offset_s: float = 60.0
    min_late_s: float = 300.0
    baseline: Baseline = Baseline.MEAN


DEFAULT_PHASES = PhaseSettings()


@dataclass(frozen=True, slots=True)
class PhaseChoice:
    """Indices of the phases that the curve is read at.

    Parameters
    ----------
    pre : tuple of int
        Phases whose mean is the baseline; empty where there is none.
    post : tuple of int
        All post-contrast phases.
    initial : tuple of int
        Post-contrast phases of the initial part of the curve.
    rise : tuple of int
        Post-contrast phases up to and including the early one: the highest of them is the
        reference for wash-out.
    early, late : int or None
    """

    pre: tuple[int, ...]
    post: tuple[int, ...]
    initial: tuple[int, ...]
    rise: tuple[int, ...]
    early: int | None
    late: int | None

    @property
    def is_dynamic(self) -> bool:
        """Whether there is a phase before and one after contrast."""
        return bool(self.pre) and bool(self.post)


def choose_phases(
    times_s: np.ndarray, settings: PhaseSettings = DEFAULT_PHASES
) -> tuple[PhaseChoice, tuple[Caveat, ...]]:
    """Choose the phases at which enhancement is read.

    Early and late are the pair of post-contrast phases, at least ``min_separation_s`` apart,
    with the least sum of distances to their targets. Where the phases nearest to the two targets
    are far enough apart this is exactly those two; otherwise it still gives two distinct phases.
    Ties go to the earlier phase.

    Parameters
    ----------
    times_s : (T,) float, s from injection
        Strictly increasing.
    settings : PhaseSettings, optional

    Returns
    -------
    PhaseChoice
    tuple of Caveat
        ``no_baseline_phase``, ``no_post_contrast_phase``, ``no_late_phase``,
        ``early_phase_off_target``, ``late_phase_early``.

    Examples
    --------
    >>> choice, caveats = choose_phases(np.array([-30.0, 60.0, 150.0, 240.0, 330.0, 420.0]))
    >>> choice.early, choice.late, choice.initial, caveats
    (2, 5, (1,), ())
    """
    times = np.asarray(times_s, dtype=np.float64)
    pre = tuple(int(i) for i in np.flatnonzero(times <= 0))
    post = tuple(int(i) for i in np.flatnonzero(times > 0))
    if settings.baseline is Baseline.LAST:
        pre = pre[-1:]
    early, late = _early_and_late(times, post, settings)
    initial = tuple(i for i in post if times[i] <= settings.initial_within_s) or post[:1]
    rise = tuple(i for i in post if early is not None and i <= early)
    choice = PhaseChoice(pre, post, initial, rise, early, late)
    return choice, _caveats(times, choice, settings)


def _early_and_late(
    times: np.ndarray, post: tuple[int, ...], settings: PhaseSettings
) -> tuple[int | None, int | None]:
    if not post:
        return None, None
    pairs = [
        (i, j)
        for i in post
        for j in post
        if j > i and times[j] - times[i] >= settings.min_separation_s
    ]
    if not pairs:
        return min(post, key=lambda i: abs(times[i] - settings.early_s)), None
    return min(
        pairs,
        key=lambda pair: (
            abs(times[pair[0]] - settings.early_s) + abs(times[pair[1]] - settings.late_s)
        ),
    )


def _caveats(times: np.ndarray, choice: PhaseChoice, settings: PhaseSettings) -> tuple[Caveat, ...]:
    caveats = []
    if not choice.pre:
        caveats.append(
            Caveat(
                "no_baseline_phase",
                "There is no phase before contrast, so enhancement could not be computed.",
            )
        )
    if choice.early is None:
        caveats.append(
            Caveat(
                "no_post_contrast_phase",
                "There is no phase after contrast, so enhancement could not be computed.",
            )
        )
        return tuple(caveats)
    offset = abs(times[choice.early] - settings.early_s)
    if offset > settings.max_early_offset_s:
        caveats.append(
            Caveat(
                "early_phase_off_target",
                f"The phase used as early was taken {times[choice.early]:.0f} s after injection, "
                f"{offset:.0f} s from the target of {settings.early_s:.0f} s, which affects "
                "percent enhancement, signal enhancement ratio and functional tumor volume.",
            )
        )
    if choice.late is None:
        caveats.append(
            Caveat(
                "no_late_phase",
                "There is no second phase at least "
                f"{settings.min_separation_s:.0f} s after the early one, so wash-out, curve type "
                "and signal enhancement ratio could not be computed.",
            )
        )
    elif times[choice.late] < settings.min_late_s:
        caveats.append(
            Caveat(
                "late_phase_early",
                f"The last usable phase was taken {times[choice.late]:.0f} s after injection, "
                f"before {settings.min_late_s:.0f} s, so wash-out may be underestimated.",
            )
        )
    return tuple(caveats)
