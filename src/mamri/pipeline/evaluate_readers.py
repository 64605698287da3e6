"""A reader study, from the scores of its readers to the difference that it shows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mamri.evaluation.delong import auc_interval
from mamri.evaluation.dorfman_berbaum_metz import PseudovalueComparison, dorfman_berbaum_metz
from mamri.evaluation.non_inferiority import (
    NonInferiority,
    compare_with_algorithm,
    non_inferiority,
)
from mamri.evaluation.obuchowski_rockette import (
    FigureDifference,
    Generalization,
    ReaderComparison,
    error_covariance,
    obuchowski_rockette,
)
from mamri.evaluation.plain_figures import (
    Figures,
    interval_figure,
    p_figure,
    rounded,
    rounded_list,
)
from mamri.evaluation.reader_power import PlannedTest, cases_needed
from mamri.evaluation.reader_study import (
    FigureOfMerit,
    ReaderStudy,
    one_modality,
    sensitivity_at_threshold,
    specificity_at_threshold,
)
from mamri.evaluation.roc import roc_auc, roc_curve
from mamri.io.evaluation_tables import CaseColumns, numbers_of
from mamri.io.reader_scores import ReaderScore, read_reader_scores
from mamri.pipeline.evaluation_document import evaluation_document, few_cases
from mamri.records import InputError

_FEW_READERS = 5  # assumption; with four, one reader is a quarter of what is known of readers
GENERALIZATIONS: tuple[Generalization, ...] = ("readers and cases", "cases", "readers")


@dataclass(frozen=True, slots=True)
class ReaderEvaluation:
    """Settings of the analysis of a reader study.

    Parameters
    ----------
    figure : {"auc", "sensitivity", "specificity"}
        Figure of merit of each reader.
    threshold : float or None
        Scores from here on are positive; for sensitivity and specificity.
    new : str
        Modality that is to be shown better, or not worse; differences are this one less another.
        Empty for the order of the table.
    margin : float or None
        By which it may be worse and still count as no worse; None for no such test.
    alpha : float
        One-sided level of that test.
    """

    figure: str = "auc"
    threshold: float | None = None
    new: str = ""
    margin: float | None = None
    alpha: float = 0.025


def evaluate_readers(
    scores: Path,
    truth: Path,
    settings: ReaderEvaluation | None = None,
    *,
    algorithm: CaseColumns | None = None,
) -> dict[str, Any]:
    """Compare modalities over readers, and readers with algorithms.

    Parameters
    ----------
    scores, truth : Path
        As in `io.reader_scores`.
    settings : ReaderEvaluation, optional
    algorithm : CaseColumns, optional
        Scores of algorithms that read the same cases alone, a column each.

    Returns
    -------
    dict of plain values
        As `evaluation_document` makes it. ``figures`` holds ``analyses`` by Obuchowski and Rockette
        and by Dorfman, Berbaum and Metz, for readers and cases, cases, and readers as samples;
        ``modalities``, ``by_reader``, ``variance``, ``non_inferiority``, ``algorithms``,
        ``reading_seconds`` and ``cases_for_power``.

    Raises
    ------
    InputError
        As in `io.reader_scores.read_reader_scores`, or if settings do not fit the study.
    """
    settings = settings or ReaderEvaluation()
    table = read_reader_scores(scores, truth)
    study = with_first(table.study, settings.new)
    figure = _figure(settings)
    if settings.margin is not None and not settings.new:
        raise InputError(
            "a margin speaks of the modality that is to be shown no worse; name it, one of "
            f"{', '.join(study.modalities)}"
        )
    comparisons = _comparisons(study, figure)
    main = comparisons[0]
    patients = study.cases if study.groups is None else tuple(map(str, study.groups))
    return evaluation_document(
        "readers",
        CaseColumns(
            f"{scores.name} and {truth.name}", study.cases, patients, study.groups is not None, {}
        ),
        settings={
            "figure": settings.figure,
            "threshold": settings.threshold,
            "new": settings.new,
            "margin": settings.margin,
            "alpha": settings.alpha,
        },
        figures={
            "readers": list(study.readers),
            "modality_names": list(study.modalities),
            "positive": int(study.labels.sum()),
            "by_reader": _by_reader(study, main, settings),
            "modalities": [
                {"modality": one.modality, **interval_figure(one.figure), "df": _df(one.df)}
                for one in main.modalities
            ],
            "analyses": [
                *(_analysis("Obuchowski-Rockette", one) for one in comparisons),
                *(
                    _analysis("Dorfman-Berbaum-Metz", one)
                    for one in _pseudovalue_comparisons(study, figure)
                ),
            ],
            "reader_differences": [_difference(one) for one in main.reader_differences],
            "variance": _variance(main),
            "non_inferiority": _verdicts(main.differences, settings),
            "algorithms": _algorithms(study, figure, algorithm, settings),
            "cases_for_power": _cases_for_power(main, len(study.readers)),
            "reading_seconds": _seconds(table.readings),
            "ignored_columns": list(table.ignored_columns),
        },
        methods=[
            "auc" if settings.figure == "auc" else "reader_threshold",
            "obuchowski_rockette",
            *(["dorfman_berbaum_metz"] if min(study.scores.shape[:2]) > 1 else []),
            *(["non_inferiority"] if settings.margin is not None else []),
            *(["algorithm_and_readers"] if algorithm is not None else []),
            *(["reader_power"] if len(study.readers) > 1 and len(study.modalities) == 2 else []),
        ],
        warnings=_warnings(study),
    )


def _warnings(study: ReaderStudy) -> list[str]:
    """What tempers the result from the start."""
    found = few_cases(
        int(min(study.labels.sum(), (~study.labels).sum())), "cases of the rarer class"
    )
    if len(study.readers) < _FEW_READERS:
        found.append(
            f"{len(study.readers)} readers say little of other readers: intervals for readers and "
            "cases rest on how much these few differ."
        )
    return found


def with_first(study: ReaderStudy, modality: str) -> ReaderStudy:
    """The study with one of its modalities in front; as it is if that is empty.

    Parameters
    ----------
    study : ReaderStudy
    modality : str

    Raises
    ------
    InputError
        If there is no such modality.
    """
    if not modality:
        return study
    if modality not in study.modalities:
        raise InputError(
            f"a modality of the study was needed, one of {', '.join(study.modalities)}, got "
            f"{modality}; write it as in the table"
        )
    others = [name for name in study.modalities if name != modality]
    order = [study.modalities.index(name) for name in (modality, *others)]
    return replace(study, scores=study.scores[order], modalities=(modality, *others))


def _figure(settings: ReaderEvaluation) -> FigureOfMerit:
    if settings.figure == "auc":
        return roc_auc
    at = {"sensitivity": sensitivity_at_threshold, "specificity": specificity_at_threshold}
    if settings.figure not in at or settings.threshold is None:
        raise InputError(
            "the figure is auc, or sensitivity or specificity at a threshold, got "
            f"{settings.figure} at {settings.threshold}; give both"
        )
    return at[settings.figure](settings.threshold)


def _comparisons(study: ReaderStudy, figure: FigureOfMerit) -> list[ReaderComparison]:
    """By Obuchowski and Rockette; for cases alone where there is one reader."""
    method = "delong" if figure is roc_auc else "jackknife"
    covariance = error_covariance(study, figure=figure, method=method)  # type: ignore[arg-type]
    wanted = GENERALIZATIONS if len(study.readers) > 1 else ("cases",)
    return [
        obuchowski_rockette(study, figure=figure, covariance=covariance, generalize_to=to)
        for to in wanted
    ]


def _analysis(method: str, one: ReaderComparison | PseudovalueComparison) -> Figures:
    return {
        "method": method,
        "generalize_to": one.generalize_to,
        "f": rounded(one.f),
        "df": [one.df_numerator, _df(one.df_denominator)],
        "p": p_figure(one.p),
        "differences": [_difference(d) for d in one.differences],
    }


def _pseudovalue_comparisons(
    study: ReaderStudy, figure: FigureOfMerit
) -> list[PseudovalueComparison]:
    """By Dorfman, Berbaum and Metz, where there are readers and modalities to vary."""
    if min(study.scores.shape[:2]) < 2:
        return []
    return [dorfman_berbaum_metz(study, figure=figure, generalize_to=to) for to in GENERALIZATIONS]


def _difference(one: FigureDifference) -> Figures:
    return {
        "first": one.first,
        "second": one.second,
        "reader": one.reader,
        "difference": interval_figure(one.difference),
        "standard_error": rounded(one.standard_error),
        "df": _df(one.df),
        "p": p_figure(one.p),
    }


def _df(value: float) -> float | str | None:
    """Degrees of freedom; infinite ones as a word, for JSON has none."""
    return "infinite" if math.isinf(value) else rounded(value)


def _by_reader(
    study: ReaderStudy, main: ReaderComparison, settings: ReaderEvaluation
) -> list[Figures]:
    """Figure of each reader in each modality, with an interval and a curve for the AUC."""
    found = []
    for i, modality in enumerate(study.modalities):
        for j, reader in enumerate(study.readers):
            row: Figures = {"modality": modality, "reader": reader}
            own = study.scores[i, j]
            row |= {"value": rounded(main.figures[i, j]), "lower": None, "upper": None}
            if settings.figure == "auc":
                row |= interval_figure(auc_interval(study.labels, own, groups=study.groups))
            curve = roc_curve(study.labels, own)
            row["roc"] = {
                "false_positive_rate": rounded_list(curve.false_positive_rate),
                "true_positive_rate": rounded_list(curve.true_positive_rate),
            }
            found.append(row)
    return found


def _variance(main: ReaderComparison) -> Figures:
    names = ("reader", "modality_reader", "error", "cov_1", "cov_2", "cov_3")
    # Seven digits: these are small numbers that others plan studies with.
    values = {name: getattr(main.variance, name) for name in names}
    return {
        **{k: float(f"{v:.7g}") if math.isfinite(v) else None for k, v in values.items()},
        "cases": main.variance.n_cases,
    }


def _verdicts(
    differences: Sequence[FigureDifference], settings: ReaderEvaluation
) -> list[Figures] | None:
    if settings.margin is None:
        return None
    return [
        {
            "first": one.first,
            "second": one.second,
            **_verdict(non_inferiority(one, margin=settings.margin, alpha=settings.alpha)),
        }
        for one in differences
        if one.first == settings.new
    ]


def _verdict(one: NonInferiority) -> Figures:
    return {
        "margin": one.margin,
        "alpha": one.alpha,
        "lower_bound": rounded(one.lower_bound),
        "p": p_figure(one.p),
        "p_superiority": p_figure(one.p_superiority),
        "is_non_inferior": one.is_non_inferior,
        "is_superior": one.is_superior,
    }


def _algorithms(
    study: ReaderStudy,
    figure: FigureOfMerit,
    table: CaseColumns | None,
    settings: ReaderEvaluation,
) -> list[Figures]:
    """Each algorithm less the mean of the readers in each modality."""
    if table is None:
        return []
    place = {case: n for n, case in enumerate(table.cases)}
    lacking = sum(case not in place for case in study.cases)
    if lacking:
        raise InputError(
            f"an algorithm must score the cases of the readers, {table.name} lacks {lacking} of "
            f"{len(study.cases)}; add them"
        )
    rows = [place[case] for case in study.cases]
    to: Generalization = "readers and cases" if len(study.readers) > 1 else "cases"
    found = []
    for column in table.columns:
        scores = numbers_of(table, column)[rows]
        alone: Figures = {
            "value": rounded(figure(study.labels, scores)),
            "lower": None,
            "upper": None,
        }
        if settings.figure == "auc":
            alone = interval_figure(auc_interval(study.labels, scores, groups=study.groups))
        for modality in study.modalities:
            difference = compare_with_algorithm(
                one_modality(study, modality), scores, figure=figure, generalize_to=to
            )
            margin = 0.0 if settings.margin is None else settings.margin
            verdict = _verdict(non_inferiority(difference, margin=margin, alpha=settings.alpha))
            found.append(
                {
                    "algorithm": column,
                    "modality": modality,
                    "alone": alone,
                    **{k: v for k, v in _difference(difference).items() if k != "reader"},
                    "non_inferiority": None if settings.margin is None else verdict,
                }
            )
    return found


def _cases_for_power(main: ReaderComparison, n_readers: int) -> list[Figures]:
    """Cases that as many readers would need to show a difference, taking this study as a pilot."""
    if n_readers < 2 or len(main.modalities) != 2:
        return []
    found = []
    for difference in (0.03, 0.05, 0.1):
        row: Figures = {"difference": difference, "readers": n_readers, "power": 0.8}
        try:
            planned = cases_needed(main.variance, PlannedTest(difference), n_readers=n_readers)
        except InputError:  # these readers reach no such power, or nothing varies
            found.append({**row, "cases": None})
            continue
        found.append({**row, "cases": planned.n_cases})
    return found


def _seconds(readings: Sequence[ReaderScore]) -> list[Figures]:
    """Median reading time by modality and reader, where it was noted."""
    found = []
    for modality in dict.fromkeys(r.modality for r in readings):
        for reader in dict.fromkeys(r.reader for r in readings):
            times = [
                r.seconds
                for r in readings
                if (r.modality, r.reader) == (modality, reader) and math.isfinite(r.seconds)
            ]
            if times:
                found.append(
                    {
                        "modality": modality,
                        "reader": reader,
                        "readings": len(times),
                        "median": rounded(float(np.median(times))),
                    }
                )
    return found
