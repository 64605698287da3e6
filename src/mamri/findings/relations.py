"""How findings of one breast stand to each other: one focus or several, near or far."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import KDTree

from mamri.geometry import to_lps
from mamri.records import UNDETERMINED, Finding, FindingRelation, LabelMap


@dataclass(frozen=True, slots=True)
class RelationSettings:
    """What counts as a satellite.

    Parameters
    ----------
    satellite_mm : float, mm
        Edge to edge. Assumption: 20 mm.
    satellite_share : float
        Largest volume of a satellite against the finding that it belongs to. Assumption: a half.
    """

    satellite_mm: float = 20.0
    satellite_share: float = 0.5


DEFAULT_RELATIONS = RelationSettings()


def relate_findings(
    findings: tuple[Finding, ...],
    labels: LabelMap,
    settings: RelationSettings = DEFAULT_RELATIONS,
) -> tuple[Finding, ...]:
    """Give every finding its relation to the others of its breast.

    Parameters
    ----------
    findings : tuple of Finding
    labels : LabelMap
        Value = finding id.
    settings : RelationSettings

    Returns
    -------
    tuple of Finding
    """
    points = {f.id: _points(f, labels) for f in findings}
    trees = {number: KDTree(cloud) for number, cloud in points.items()}
    related = []
    for finding in findings:
        others = [f for f in findings if f.side is finding.side and f.id != finding.id]
        away = {f.id: float(trees[finding.id].query(points[f.id])[0].min()) for f in others}
        related.append(replace(finding, relation=_relation(finding, others, away, settings)))
    return tuple(related)


def _relation(
    finding: Finding,
    others: list[Finding],
    away_mm: Mapping[int, float],
    settings: RelationSettings,
) -> FindingRelation:
    if not others:
        return FindingRelation("unifocal")
    quadrants = {finding.quadrant, *(f.quadrant for f in others)}
    if UNDETERMINED in quadrants:
        multiplicity = UNDETERMINED
    else:
        multiplicity = "multifocal" if len(quadrants) == 1 else "multicentric"
    nearest = min(away_mm, key=lambda number: away_mm[number])
    is_largest = finding.volume_ml >= max(f.volume_ml for f in others)
    satellites = tuple(
        f.id
        for f in others
        if is_largest
        and away_mm[f.id] <= settings.satellite_mm
        and f.volume_ml <= settings.satellite_share * finding.volume_ml
    )
    return FindingRelation(multiplicity, nearest, away_mm[nearest], satellites)


def _points(finding: Finding, labels: LabelMap) -> np.ndarray:
    return np.asarray(to_lps(labels.affine, np.argwhere(labels.array == finding.id)))
