"""Masks against true masks, case by case: overlap, volume, surface distance, lesions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mamri.evaluation.estimate import wilson_interval
from mamri.evaluation.lesion_matching import LesionMatching, MatchingSettings, match_lesions
from mamri.evaluation.mama_mia import (
    ChallengeCase,
    age_groups,
    challenge_case,
    challenge_segmentation_score,
    menopausal_groups,
)
from mamri.evaluation.plain_figures import Figures, interval_figure, rounded
from mamri.evaluation.segmentation_scores import (
    MeasureSummary,
    SegmentationScores,
    score_segmentation,
    summarise_segmentations,
)
from mamri.geometry import spacing_mm
from mamri.io.evaluation_tables import CaseColumns, groups_of
from mamri.io.mask_pairs import MaskPair, find_mask_pairs, read_mask_pair
from mamri.pipeline.evaluation_document import evaluation_document
from mamri.records import InputError, LabelMap

ANY = "any"  # all labels together
_FEW_CASES = 20  # below which percentile intervals are told to be too narrow: assumption


@dataclass(frozen=True, slots=True)
class SegmentationEvaluation:
    """Settings of an evaluation of masks.

    Parameters
    ----------
    tolerance_mm : float, mm
        Of the normalised surface distance. Assumption: 2, about what readers' outlines of lesions
        differ by on average.
    lesions : MatchingSettings or None
        How lesions, the connected parts of all labels together, are matched; numbers in the masks
        are then those of lesions, and no label is measured by itself. None for no matching, as with
        masks of tissue.
    challenge : bool
        Whether the scores of the MAMA-MIA challenge are told, too; asks for the columns ``age``,
        ``menopause`` and ``density`` of the table of cases.
    bootstrap : int
        Samples of patients; 2000 are usual.
    seed : int
        Of the random numbers.
    """

    tolerance_mm: float = 2.0
    lesions: MatchingSettings | None = None
    challenge: bool = False
    bootstrap: int = 2000
    seed: int = 1


@dataclass(frozen=True, slots=True)
class CaseScores:
    """What was measured in a case.

    Parameters
    ----------
    case : str
    by_label : dict of str to SegmentationScores
        Labels of either mask by their number, and ``any``.
    lesions : LesionMatching or None
    challenge : ChallengeCase or None
    """

    case: str
    by_label: dict[str, SegmentationScores]
    lesions: LesionMatching | None
    challenge: ChallengeCase | None


def evaluate_segmentation(
    truth: Path,
    predicted: Path,
    settings: SegmentationEvaluation | None = None,
    *,
    table: CaseColumns | None = None,
    subgroups: Sequence[str] = (),
    tell: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Measure every mask of a folder against the one of the same name.

    Parameters
    ----------
    truth, predicted : Path
        As in `io.mask_pairs.find_mask_pairs`.
    settings : SegmentationEvaluation, optional
    table : CaseColumns, optional
        Patients and groups of the cases.
    subgroups : sequence of str
        Columns of the table.
    tell : function of int and int, optional
        Told how many of how many cases are done.

    Returns
    -------
    dict of plain values
        As `evaluation_document` makes it. ``figures`` holds ``labels``: by label, the summary of
        every measure; ``subgroups``: the same by group, of all labels together; ``lesions``:
        counts and shares over all cases; ``challenge``; ``per_case``; ``per_lesion``.

    Raises
    ------
    InputError, GeometryError
        As in `io.mask_pairs`; or if the table lacks a case.
    """
    settings = settings or SegmentationEvaluation()
    pairs = find_mask_pairs(truth, predicted)
    cases, groups = _of_table(pairs, table, subgroups)
    variables = _challenge_variables(cases) if settings.challenge else {}
    found = []
    for n, pair in enumerate(pairs):
        found.append(score_case(pair.case, *read_mask_pair(pair), settings))
        if tell is not None:
            tell(n + 1, len(pairs))
    return evaluation_document(
        "segmentation",
        cases,
        settings={
            "tolerance_mm": settings.tolerance_mm,
            "lesions_match_by": settings.lesions.criterion if settings.lesions else None,
            "min_iou": settings.lesions.min_iou if settings.lesions else None,
            "subgroups": list(subgroups),
            "bootstrap": settings.bootstrap,
            "seed": settings.seed,
        },
        figures=_figures(found, cases, groups, variables, settings),
        methods=[
            "overlap",
            "surface_distance",
            "empty_masks",
            *(["lesion_matching"] if settings.lesions else []),
            *(["mama_mia"] if settings.challenge else []),
            "bootstrap",
        ],
        warnings=_warnings(len(found)),
    )


def _figures(
    found: Sequence[CaseScores],
    cases: CaseColumns,
    groups: Mapping[str, np.ndarray],
    variables: dict[str, np.ndarray],
    settings: SegmentationEvaluation,
) -> Figures:
    names = sorted({name for one in found for name in one.by_label} - {ANY}, key=int)
    # One label alone is the same as all of them.
    shown = [ANY, *names] if len(names) > 1 else [ANY]
    return {
        "empty": _empty(found),
        "label_numbers": [int(name) for name in names],
        "labels": {
            name: _summary([_of(one, name, settings) for one in found], cases.patients, settings)
            for name in shown
        },
        "in_neither_mask": {
            name: sum(
                s.is_empty and s.is_empty_truth for s in (_of(one, name, settings) for one in found)
            )
            for name in shown
        },
        "subgroups": {
            column: _by_group(found, cases.patients, values, settings)
            for column, values in groups.items()
        },
        "lesions": None if settings.lesions is None else _lesions(found),
        "challenge": _challenge(found, variables) if settings.challenge else None,
        "per_case": [_row(one, name, settings) for one in found for name in shown],
        "per_lesion": [row for one in found for row in _lesion_rows(one)],
    }


def _warnings(n_cases: int) -> list[str]:
    if n_cases >= _FEW_CASES:
        return []
    return [
        f"Only {n_cases} cases: bootstrap intervals of so few are too narrow, and say little of "
        "cases to come."
    ]


def score_case(
    case: str, truth: LabelMap, predicted: LabelMap, settings: SegmentationEvaluation
) -> CaseScores:
    """Measure one case.

    Parameters
    ----------
    case : str
    truth, predicted : LabelMap
        On one grid.
    settings : SegmentationEvaluation
    """
    spacing = spacing_mm(truth.affine)

    def scored(true: np.ndarray, found: np.ndarray) -> SegmentationScores:
        return score_segmentation(true, found, spacing, tolerance_mm=settings.tolerance_mm)

    labels = sorted(set(np.unique(truth.array)) | set(np.unique(predicted.array)))
    true_any, found_any = truth.array > 0, predicted.array > 0
    by_label = {ANY: scored(true_any, found_any)}
    numbers = [int(label) for label in labels if label > 0 and settings.lesions is None]
    if len(numbers) > 1:
        by_label |= {str(k): scored(truth.array == k, predicted.array == k) for k in numbers}
    elif numbers:
        by_label[str(numbers[0])] = by_label[ANY]
    matching = (
        None if settings.lesions is None else match_lesions(true_any, found_any, settings.lesions)
    )
    challenge = challenge_case(true_any, found_any, spacing) if settings.challenge else None
    return CaseScores(case, by_label, matching, challenge)


def _of_table(
    pairs: Sequence[MaskPair], table: CaseColumns | None, subgroups: Sequence[str]
) -> tuple[CaseColumns, dict[str, np.ndarray]]:
    """The rows of the cases, in their order, and their groups."""
    cases = tuple(pair.case for pair in pairs)
    if table is None:
        if subgroups:
            raise InputError("subgroups are columns of a table of cases; give it with --cases")
        return CaseColumns("two folders of masks", cases, cases, False, {}), {}
    place = {case: n for n, case in enumerate(table.cases)}
    lacking = [case for case in cases if case not in place]
    if lacking:
        raise InputError(
            f"every case needs its row in {table.name}, {len(lacking)} of {len(cases)} have none; "
            "name the cases as the files, without their ending"
        )
    rows = [place[case] for case in cases]
    kept = CaseColumns(
        table.name,
        cases,
        tuple(table.patients[row] for row in rows),
        table.has_patients,
        {name: tuple(cells[row] for row in rows) for name, cells in table.columns.items()},
    )
    return kept, {column: groups_of(kept, column) for column in subgroups}


def _challenge_variables(cases: CaseColumns) -> dict[str, np.ndarray]:
    """Groups of the challenge, from the columns of the table."""
    lacking = [name for name in ("age", "menopause", "density") if name not in cases.columns]
    if lacking:
        raise InputError(
            "the challenge compares groups of age, menopause and density, the table of cases has "
            f"no column {', '.join(lacking)}; add it, with empty cells where unknown"
        )
    try:
        ages = np.array([float(cell or "nan") for cell in cases.columns["age"]])
    except ValueError as error:
        raise InputError(
            "ages are numbers in years, the table holds words; correct them"
        ) from error
    return {
        "age": age_groups(ages),
        "menopause": menopausal_groups(np.array(cases.columns["menopause"], object)),
        "density": np.array([cell.lower() for cell in cases.columns["density"]]),
    }


def _challenge(found: Sequence[CaseScores], variables: dict[str, np.ndarray]) -> Figures:
    """Rank score of the challenge, and its distance in voxels beside that in mm."""
    cases = [one.challenge for one in found if one.challenge is not None]
    dice = np.array([one.dice for one in cases])
    distance = np.array([one.normalised_hausdorff for one in cases])
    voxels = np.array([one.hausdorff95_voxels for one in cases])
    mm = np.array([one.hausdorff95_mm for one in cases])
    score = challenge_segmentation_score(dice, distance, variables)
    return {
        "rank": rounded(score.rank),
        "performance": rounded(score.performance),
        "fairness": rounded(score.fairness),
        "fairness_by_variable": {k: rounded(v) for k, v in score.fairness_by_variable.items()},
        "dice": rounded(float(dice.mean())),
        "hausdorff95_voxels": _mean_of_finite(voxels),
        "hausdorff95_mm": _mean_of_finite(mm),
        "without_distance": int(np.sum(~np.isfinite(voxels))),
    }


def _mean_of_finite(values: np.ndarray) -> float | None:
    finite = values[np.isfinite(values)]
    return rounded(float(finite.mean())) if finite.size else None


def _of(one: CaseScores, name: str, settings: SegmentationEvaluation) -> SegmentationScores:
    """Scores of a label; of two empty masks where neither has it."""
    if name in one.by_label:
        return one.by_label[name]
    nothing = np.zeros((1, 1, 1), bool)
    return score_segmentation(nothing, nothing, (1, 1, 1), tolerance_mm=settings.tolerance_mm)


def _empty(found: Sequence[CaseScores]) -> dict[str, int]:
    """Cases in which a mask has no voxel."""
    scores = [one.by_label[ANY] for one in found]
    return {
        "both": sum(s.is_empty_truth and s.is_empty for s in scores),
        "truth_alone": sum(s.is_empty_truth and not s.is_empty for s in scores),
        "prediction_alone": sum(s.is_empty and not s.is_empty_truth for s in scores),
    }


def _summary(
    scores: Sequence[SegmentationScores], patients: Sequence[str], settings: SegmentationEvaluation
) -> Figures:
    groups = np.array(patients)
    if np.unique(groups).size < 2:  # no interval from one patient
        found = summarise_segmentations(scores, n=1, seed=settings.seed)
        return {name: {**_plain(one), "lower": None, "upper": None} for name, one in found.items()}
    found = summarise_segmentations(scores, groups=groups, n=settings.bootstrap, seed=settings.seed)
    return {name: _plain(one) for name, one in found.items()}


def _plain(one: MeasureSummary) -> Figures:
    names = ("standard_deviation", "median", "lower_quartile", "upper_quartile")
    return {
        **interval_figure(one.mean),
        **{name: rounded(getattr(one, name)) for name in names},
        "cases": one.n_cases,
        "undefined": one.n_undefined,
    }


def _by_group(
    found: Sequence[CaseScores],
    patients: Sequence[str],
    values: np.ndarray,
    settings: SegmentationEvaluation,
) -> Figures:
    rows = {str(value): np.flatnonzero(values == value).tolist() for value in np.unique(values)}
    return {
        value: _summary([found[n].by_label[ANY] for n in of], [patients[n] for n in of], settings)
        for value, of in rows.items()
    }


def _lesions(found: Sequence[CaseScores]) -> Figures:
    """Counts and shares over the lesions of all cases."""
    matchings = [one.lesions for one in found if one.lesions is not None]
    pairs = [pair for one in matchings for pair in one.pairs]
    missed = sum(len(one.missed) for one in matchings)
    false = sum(len(one.false_positives) for one in matchings)
    return {
        "true": len(pairs) + missed,
        "found": len(pairs),
        "false_positives": false,
        "false_positives_per_case": rounded(false / max(1, len(matchings))),
        **lesion_shares(len(pairs), missed, false),
        "mean_dice_of_pairs": rounded(float(np.mean([p.dice for p in pairs]))) if pairs else None,
    }


def lesion_shares(pairs: int, missed: int, false: int) -> Mapping[str, Any]:
    """Sensitivity, precision with Wilson's intervals, and F1 of counts of lesions."""
    return {
        "sensitivity": interval_figure(wilson_interval(pairs, pairs + missed)),
        "precision": interval_figure(wilson_interval(pairs, pairs + false)),
        "f1": rounded(2 * pairs / (2 * pairs + missed + false)) if pairs + missed + false else None,
    }


def _row(one: CaseScores, name: str, settings: SegmentationEvaluation) -> dict[str, Any]:
    values = asdict(_of(one, name, settings))
    values.pop("tolerance_mm")
    return {
        "case": one.case,
        "label": name,
        **{k: v if isinstance(v, bool) else rounded(v) for k, v in values.items()},
    }


def _lesion_rows(one: CaseScores) -> list[dict[str, Any]]:
    """Pairs, then true lesions and those found that have no partner."""
    if one.lesions is None:
        return []
    found: list[dict[str, Any]] = [
        {
            "truth": pair.truth_label,
            "predicted": pair.predicted_label,
            "iou": rounded(pair.iou),
            "dice": rounded(pair.dice),
        }
        for pair in one.lesions.pairs
    ]
    found += [{"truth": label} for label in one.lesions.missed]
    found += [{"predicted": label} for label in one.lesions.false_positives]
    empty = dict.fromkeys(("truth", "predicted", "iou", "dice"))
    return [{"case": one.case, **empty, **row} for row in found]
