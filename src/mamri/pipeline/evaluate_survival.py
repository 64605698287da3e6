"""Risks of an event over time, evaluated from a table of cases."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from mamri.evaluation import (
    bootstrap_interval,
    compare_bootstrap,
    concordance_index,
    concordance_index_ipcw,
    integrated_brier_score,
    time_dependent_auc,
)
from mamri.evaluation.plain_figures import (
    difference_figure,
    interval_figure,
    p_figure,
    rounded,
    survival_group_figures,
    with_holm,
)
from mamri.io.evaluation_tables import (
    EVENT,
    TIME,
    CaseColumns,
    events_of,
    groups_of,
    numbers_of,
    probabilities_of,
    read_cases,
    score_columns,
)
from mamri.pipeline.evaluation_document import evaluation_document, few_cases
from mamri.records import InputError

Figures = dict[str, Any]
SURVIVAL = "s_"  # begins the name of a column with the chance of no event up to a time
_SPLITS = {"halves": ("lower half", "upper half"), "thirds": ("lowest", "middle", "highest")}
_NO_SURVIVAL = (
    "No integrated Brier score: the table has risks, but no chances of no event up to a time "
    "(columns s_TIME, such as s_365)."
)


@dataclass(frozen=True, slots=True)
class SurvivalEvaluationSettings:
    """What `evaluate_survival` asks and with which numbers.

    Parameters
    ----------
    scores : tuple of str
        Columns with risks; empty for all that are nothing else.
    subgroups : tuple of str
        Columns with groups.
    times : tuple of float
        Of time-dependent AUCs, rising; empty for the quartiles of the times of events.
    unit : str
        Of the times, for the report.
    smallest_group : int
        Events that a subgroup needs to have a concordance: assumption.
    bootstrap : int
        Samples of patients; 2000 are usual.
    seed : int
        Of the random numbers.
    """

    scores: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    times: tuple[float, ...] = ()
    unit: str = ""
    smallest_group: int = 10
    bootstrap: int = 2000
    seed: int = 1

    def __post_init__(self) -> None:
        if self.bootstrap < 1 or self.smallest_group < 1:
            raise InputError(
                f"one bootstrap sample and one event a group at least were needed, got "
                f"{self.bootstrap} and {self.smallest_group}; 2000 and 10 are usual"
            )
        if np.any(np.diff(self.times) <= 0):
            raise InputError("times of AUCs rise, those given do not; write them in order")


@dataclass(frozen=True, slots=True, eq=False)
class _FollowUp:
    times: np.ndarray
    events: np.ndarray
    patients: np.ndarray


def evaluate_survival(
    path: Path, settings: SurvivalEvaluationSettings | None = None
) -> dict[str, Any]:
    """Evaluate the risks of a table with the columns ``time`` and ``event``.

    Parameters
    ----------
    path : Path
        CSV, see `mamri.io.evaluation_tables`. Columns ``s_TIME`` hold the chance of no event up to
        a time, all others that are no groups a risk, higher for an earlier event.
    settings : SurvivalEvaluationSettings, optional

    Returns
    -------
    dict of plain values
        See `evaluation_document`; its ``kind`` is ``survival``.

    Raises
    ------
    InputError
        If the table does not hold what was asked for.
    """
    asked = settings or SurvivalEvaluationSettings()
    table = read_cases(path)
    seen = _FollowUp(numbers_of(table, TIME), events_of(table), np.array(table.patients))
    if seen.times.min() < 0:
        raise InputError("times from 0 on were needed, some are negative; count from the start")
    chances = [name for name in table.columns if _time_of(name) is not None]
    others = (TIME, EVENT, *chances, *asked.subgroups)
    names = score_columns(table, chosen=asked.scores, others=others)
    risks = {name: numbers_of(table, name) for name in names}
    groups = {name: groups_of(table, name) for name in asked.subgroups}
    at = asked.times or _quartiles(seen)
    brier, reason = _integrated_brier(table, chances, seen)
    comparisons = _comparisons(seen, risks, asked)
    events = int(seen.events.sum())
    figures = {
        "events": events,
        "censored": int((~seen.events).sum()),
        "median_follow_up": rounded(_median_follow_up(seen)),
        "times": [rounded(time) for time in at],
        "scores": {name: _risk(seen, risk, at, groups, asked) for name, risk in risks.items()},
        "comparisons": comparisons,
        "integrated_brier": brier,
        "integrated_brier_missing": reason,
        "groups": _by_group(seen, groups, asked),
    }
    methods = ["concordance", "bootstrap", "time_auc", "kaplan_meier"]
    methods += ["integrated_brier"] if brier is not None else []
    methods += ["paired_bootstrap"] if comparisons else []
    return evaluation_document(
        "survival",
        table,
        settings=asdict(asked),
        figures=figures,
        methods=methods,
        warnings=few_cases(events, "events"),
    )


def _time_of(column: str) -> float | None:
    """Time of a column ``s_TIME``; None of any other."""
    try:
        return float(column.removeprefix(SURVIVAL)) if column.startswith(SURVIVAL) else None
    except ValueError:
        return None


def _quartiles(seen: _FollowUp) -> tuple[float, ...]:
    """Quartiles of the times of events that lie within follow-up."""
    found = np.unique(np.quantile(seen.times[seen.events], (0.25, 0.5, 0.75)))
    return tuple(float(time) for time in found if time < seen.times.max())


def _median_follow_up(seen: _FollowUp) -> float:
    return float(np.median(seen.times))


def _risk(
    seen: _FollowUp,
    risk: np.ndarray,
    at: Sequence[float],
    groups: dict[str, np.ndarray],
    settings: SurvivalEvaluationSettings,
) -> Figures:
    """Every figure of one risk."""
    horizon = at[-1] if len(at) else None

    def uno(times: np.ndarray, events: np.ndarray, risks: np.ndarray) -> float:
        return concordance_index_ipcw(times, events, risks, horizon=horizon)

    return {
        "concordance": _sampled(concordance_index, seen, risk, settings),
        "concordance_ipcw": {
            "horizon": None if horizon is None else rounded(horizon),
            "figure": _sampled(uno, seen, risk, settings),
        },
        "auc_at_times": [_auc_at(seen, risk, time, settings) for time in at],
        "risk_groups": {way: _risk_groups(seen, risk, names) for way, names in _SPLITS.items()},
        "subgroups": [
            _subgroups(name, seen, risk, group, settings) for name, group in groups.items()
        ],
    }


def _sampled(
    statistic: Callable[..., float],
    seen: _FollowUp,
    risk: np.ndarray,
    settings: SurvivalEvaluationSettings,
) -> Figures | None:
    """A statistic with its interval; None where these cases do not allow it."""
    try:
        found = bootstrap_interval(
            statistic, (seen.times, seen.events, risk), groups=seen.patients,
            n=settings.bootstrap, seed=settings.seed,
        )  # fmt: skip
    except InputError:
        return None
    return interval_figure(found) if np.isfinite(found.value) else None


def _auc_at(
    seen: _FollowUp, risk: np.ndarray, time: float, settings: SurvivalEvaluationSettings
) -> Figures:
    def area(times: np.ndarray, events: np.ndarray, risks: np.ndarray) -> float:
        return float(time_dependent_auc(times, events, risks, np.array([time])).auc[0])

    events = int(np.sum(seen.events & (seen.times <= time)))
    return {"time": rounded(time), "events": events, "auc": _sampled(area, seen, risk, settings)}


def _risk_groups(seen: _FollowUp, risk: np.ndarray, names: Sequence[str]) -> Figures | None:
    """Survival of halves or thirds of the risk; None where too many cases have one risk."""
    cuts = np.quantile(risk, np.arange(1, len(names)) / len(names))
    group = np.searchsorted(cuts, risk, side="left")  # a risk at the cut belongs to the lower group
    if len(np.unique(group)) < len(names):
        return None
    figures = survival_group_figures(seen.times, seen.events, group, names)
    counts = {
        name: {"cases": int(np.sum(group == k)), "events": int(seen.events[group == k].sum())}
        for k, name in enumerate(names)
    }
    return {"cuts": [rounded(cut) for cut in cuts], "counts": counts, **figures}


def _subgroups(
    variable: str,
    seen: _FollowUp,
    risk: np.ndarray,
    groups: np.ndarray,
    settings: SurvivalEvaluationSettings,
) -> Figures:
    """Concordance in each group; too small ones are named and counted."""
    rows = []
    for name in np.unique(groups):
        mine = groups == name
        part = _FollowUp(seen.times[mine], seen.events[mine], seen.patients[mine])
        events = int(part.events.sum())
        too_small = events < settings.smallest_group or len(np.unique(part.patients)) < 2
        rows.append(
            {
                "group": str(name),
                "cases": int(mine.sum()),
                "patients": len(np.unique(part.patients)),
                "events": events,
                "is_too_small": too_small,
                "concordance": None
                if too_small
                else _sampled(concordance_index, part, risk[mine], settings),
            }
        )
    return {"variable": variable, "groups": rows}


def _by_group(
    seen: _FollowUp, groups: dict[str, np.ndarray], settings: SurvivalEvaluationSettings
) -> list[Figures]:
    """Survival of the groups that are large enough, with Holm's p over the columns."""
    rows: list[Figures] = []
    for variable, group in groups.items():
        large = [
            name
            for name in np.unique(group)
            if seen.events[group == name].sum() >= settings.smallest_group
        ]
        if len(large) < 2:
            rows.append({"variable": variable, "p": None, "survival": None})
            continue
        rest = np.isin(group, large)
        found = survival_group_figures(
            seen.times[rest], seen.events[rest], np.searchsorted(large, group[rest]),
            [str(name) for name in large],
        )  # fmt: skip
        rows.append({"variable": variable, "p": found["log_rank_p"], "survival": found})
    return with_holm(rows)


def _comparisons(
    seen: _FollowUp, risks: dict[str, np.ndarray], settings: SurvivalEvaluationSettings
) -> list[Figures]:
    truth = np.column_stack([seen.times, seen.events])

    def concordance(outcome: np.ndarray, risk: np.ndarray) -> float:
        return concordance_index(outcome[:, 0], outcome[:, 1] == 1, risk)

    rows = [
        {
            "first": first,
            "second": second,
            **difference_figure(
                compare_bootstrap(
                    concordance, truth, risks[first], risks[second], groups=seen.patients,
                    n=settings.bootstrap, seed=settings.seed,
                )
            ),
        }
        for first, second in combinations(risks, 2)
    ]  # fmt: skip
    return with_holm(rows)


def _integrated_brier(
    table: CaseColumns, chances: Sequence[str], seen: _FollowUp
) -> tuple[Figures | None, str]:
    """Integrated Brier score of the columns ``s_TIME``, or why there is none."""
    if not chances:
        return None, _NO_SURVIVAL
    timed = sorted((_time_of(name) or 0.0, name) for name in chances)
    at = np.array([time for time, _ in timed])
    survival = np.column_stack([probabilities_of(table, name) for _, name in timed])
    try:
        value = integrated_brier_score(seen.times, seen.events, survival, at)
    except InputError as error:
        return None, f"No integrated Brier score: {error}"
    return {"value": p_figure(value), "times": [rounded(time) for time in at]}, ""
