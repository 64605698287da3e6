"""How well predictions of when an event happens are met, computed by scikit-survival.

A higher risk speaks for an earlier event. Measures that weight by the chance of being still
followed up (IPCW) learn it from `times` and `events` themselves unless `censoring` gives those of
other women, such as the ones the model was fitted to; it must not depend on the risk. The chance is
taken at the time of the event, not just before it, which differs only where times are coarse.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mamri.evaluation.cases import number_list
from mamri.evaluation.follow_up import follow_up
from mamri.records import InputError
from mamri.records.volume import read_only

FollowUp = tuple[np.ndarray, np.ndarray]  # times and events of other women


@dataclass(frozen=True, slots=True, eq=False)
class TimeDependentAuc:
    """AUC of the risk for events up to each time.

    Parameters
    ----------
    times, auc : (t,) float, unit of the input; dimensionless
    mean : float
        Weighted by the fall in survival between the times.
    """

    times: np.ndarray
    auc: np.ndarray
    mean: float

    def __post_init__(self) -> None:
        for name in ("times", "auc"):
            object.__setattr__(self, name, read_only(getattr(self, name)))


def concordance_index(times: np.ndarray, events: np.ndarray, risks: np.ndarray) -> float:
    """Harrell's C: share of comparable pairs in which the earlier event had the higher risk.

    Comparable are pairs whose earlier time is an event; an event is earlier than censoring at the
    same time, and two events at one time are left out. Equal risks count half [1]_. It depends on
    the pattern of censoring; `concordance_index_ipcw` does not.

    Parameters
    ----------
    times : (n,) float, any unit of time
    events : (n,) bool or 0 and 1
        True if the event happened, False if censored.
    risks : (n,) float

    Returns
    -------
    float
        NaN where no pair is comparable.

    Raises
    ------
    InputError
        If a time is negative, a number not finite, the lengths differ, or there is no event.

    References
    ----------
    .. [1] Harrell FE, Lee KL, Mark DB. Multivariable prognostic models: issues in developing
       models, evaluating assumptions and adequacy, and measuring and reducing errors. Stat Med
       1996;15:361-387. doi:10.1002/(SICI)1097-0258(19960229)15:4<361::AID-SIM168>3.0.CO;2-4
    """
    from sksurv import metrics

    at, happened = follow_up(times, events)
    risk = number_list(risks, "risks", length=len(at))
    if not _has_comparable_pair(at, happened):
        return float("nan")
    return float(metrics.concordance_index_censored(happened, at, risk)[0])


def concordance_index_ipcw(
    times: np.ndarray,
    events: np.ndarray,
    risks: np.ndarray,
    *,
    horizon: float | None = None,
    censoring: FollowUp | None = None,
) -> float:
    """Uno's C: Harrell's C with each event weighted by 1 / (chance of being still followed up)^2.

    Equation 6 of [1]_, with a Kaplan-Meier estimate of that chance.

    Parameters
    ----------
    times : (n,) float, any unit of time
    events : (n,) bool or 0 and 1
        True if the event happened, False if censored.
    risks : (n,) float
    horizon : float or None
        Events before this time count; all if None, where a few late ones may weigh a great deal.
    censoring : (times, events) or None
        Of the women from whom censoring is learned.

    Returns
    -------
    float
        NaN where no pair is comparable.

    Raises
    ------
    InputError
        As in `concordance_index`, and if no event lies before the horizon or one lies beyond the
        follow-up that censoring is learned from.

    References
    ----------
    .. [1] Uno H, Cai T, Pencina MJ, D'Agostino RB, Wei LJ. On the C-statistics for evaluating
       overall adequacy of risk prediction procedures with censored survival data. Stat Med
       2011;30:1105-1117. doi:10.1002/sim.4154
    """
    from sksurv import metrics

    at, happened = follow_up(times, events)
    risk = number_list(risks, "risks", length=len(at))
    counted = happened & (at < (np.inf if horizon is None else horizon))
    if not counted.any():
        raise InputError(
            f"an event before the horizon was needed, got horizon {horizon} and the first event at "
            f"{at[happened].min():g}; take a later horizon"
        )
    known = _censoring(at, happened, censoring, at[counted].max())
    if not _has_comparable_pair(at, happened):
        return float("nan")
    found = metrics.concordance_index_ipcw(known, _records(at, happened), risk, tau=horizon)
    return float(found[0])


def integrated_brier_score(
    times: np.ndarray,
    events: np.ndarray,
    survival: np.ndarray,
    at: np.ndarray,
    *,
    censoring: FollowUp | None = None,
) -> float:
    """Mean over time of the squared difference between predicted and true survival [1]_.

    Weighted by the chance of being still followed up, and averaged over the times by the trapezoid
    rule (all times weigh alike).

    Parameters
    ----------
    times : (n,) float, any unit of time
    events : (n,) bool or 0 and 1
        True if the event happened, False if censored.
    survival : (n, t) float
        Predicted chance of no event up to each time.
    at : (t,) float
        Two or more, rising, from the first to before the last of `times`.
    censoring : (times, events) or None
        Of the women from whom censoring is learned.

    Returns
    -------
    float
        0 is perfect; always predicting one half gives 0.25 if nobody is censored.

    Raises
    ------
    InputError
        As in `concordance_index`, if `at` or the shape of `survival` does not fit, or censoring is
        not known up to the last time.

    References
    ----------
    .. [1] Graf E, Schmoor C, Sauerbrei W, Schumacher M. Assessment and comparison of prognostic
       classification schemes for survival data. Stat Med 1999;18:2529-2545.
       doi:10.1002/(SICI)1097-0258(19990915/30)18:17/18<2529::AID-SIM274>3.0.CO;2-5
    """
    from sksurv import metrics

    seen, happened = follow_up(times, events)
    points = _points(at, seen, happened)
    if len(points) < 2:
        raise InputError("two times at least were needed, got one; the mean is over time")
    predicted = np.asarray(survival, np.float64)
    if (
        predicted.shape != (len(seen), len(points))
        or not ((predicted >= 0) & (predicted <= 1)).all()
    ):
        raise InputError(
            f"survival from 0 to 1 of {len(seen)} women at {len(points)} times was needed, got "
            f"shape {predicted.shape}; predict each woman at each time"
        )
    known = _censoring(seen, happened, censoring, points[-1])
    cut = _cut(seen, happened, points[-1])
    return float(metrics.integrated_brier_score(known, cut, predicted, points))


def time_dependent_auc(
    times: np.ndarray,
    events: np.ndarray,
    risks: np.ndarray,
    at: np.ndarray,
    *,
    censoring: FollowUp | None = None,
) -> TimeDependentAuc:
    """AUC between women with an event up to a time and those without one then [1]_.

    Women with an event are weighted by 1 / (chance of being still followed up); those censored
    before the time count in neither class. The mean is that of [2]_.

    Parameters
    ----------
    times : (n,) float, any unit of time
    events : (n,) bool or 0 and 1
        True if the event happened, False if censored.
    risks : (n,) float
    at : (t,) float
        Rising, from the first event to before the last of `times`.
    censoring : (times, events) or None
        Of the women from whom censoring is learned.

    Returns
    -------
    TimeDependentAuc

    Raises
    ------
    InputError
        As in `concordance_index`, if `at` does not fit, or censoring is not known up to the last
        time.

    References
    ----------
    .. [1] Uno H, Cai T, Tian L, Wei LJ. Evaluating prediction rules for t-year survivors with
       censored regression models. J Am Stat Assoc 2007;102:527-537.
       doi:10.1198/016214507000000149
    .. [2] Lambert J, Chevret S. Summary measure of discrimination in survival models based on
       cumulative/dynamic time-dependent ROC curves. Stat Methods Med Res 2016;25:2088-2102.
       doi:10.1177/0962280213515571
    """
    from sksurv import metrics

    seen, happened = follow_up(times, events)
    risk = number_list(risks, "risks", length=len(seen))
    points = _points(at, seen, happened)
    if points[0] < seen[happened].min():
        raise InputError(
            f"times from the first event on were needed, got {points[0]:g} before "
            f"{seen[happened].min():g}; start later"
        )
    known = _censoring(seen, happened, censoring, points[-1])
    cut = _cut(seen, happened, points[-1])
    auc, mean = metrics.cumulative_dynamic_auc(known, cut, risk, points)
    return TimeDependentAuc(points, np.asarray(auc), float(mean))


def _has_comparable_pair(seen: np.ndarray, happened: np.ndarray) -> bool:
    """Whether anybody outlasts the first event."""
    first = seen[happened].min()
    return bool((seen > first).any() or (~happened & (seen == first)).any())


def _points(at: np.ndarray, seen: np.ndarray, happened: np.ndarray) -> np.ndarray:
    """Rising times within follow-up, the last of them not before the first event."""
    points = number_list(at, "times to measure at")
    first, last = seen.min(), seen.max()
    if (np.diff(points) <= 0).any() or points[0] < first or points[-1] >= last:
        raise InputError(
            f"rising times within follow-up, from {first:g} to before {last:g}, were needed, "
            f"got {len(points)} from {points[0]:g} to {points[-1]:g}; leave out the others"
        )
    if points[-1] < seen[happened].min():
        raise InputError(
            f"a time from the first event on was needed, got {points[-1]:g} before "
            f"{seen[happened].min():g}; add later times"
        )
    return points


def _censoring(
    seen: np.ndarray, happened: np.ndarray, censoring: FollowUp | None, last: float
) -> Any:
    """Records to learn censoring from, with somebody still followed up after the last time."""
    known_times, known_events = (seen, happened) if censoring is None else follow_up(*censoring)
    longest = known_times.max()
    # After its longest time follow-up is over unless all of it ended in events.
    if last > longest or (last == longest and not known_events[known_times == longest].all()):
        raise InputError(
            f"censoring must be known up to {last:g}, got follow-up to {longest:g}; give an "
            f"earlier horizon or earlier times"
        )
    return _records(known_times, known_events)


def _cut(seen: np.ndarray, happened: np.ndarray, last: float) -> Any:
    """Records as they stand just after the last time: nobody who goes on has had an event yet."""
    goes_on = seen > last
    return _records(np.where(goes_on, np.nextafter(last, np.inf), seen), happened & ~goes_on)


def _records(times: np.ndarray, events: np.ndarray) -> Any:
    """Structured array of scikit-survival."""
    from sksurv.util import Surv

    return Surv.from_arrays(events, times)
