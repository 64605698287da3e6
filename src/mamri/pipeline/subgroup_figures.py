"""Subgroups of a classification as plain values."""

from typing import Any

import numpy as np

from mamri.evaluation import Subgroup, SubgroupComparison
from mamri.evaluation.plain_figures import interval_figure, p_figure, rounded


def subgroup_figures(found: tuple[SubgroupComparison, ...]) -> list[dict[str, Any]]:
    """Groups, gaps and test of each variable.

    Parameters
    ----------
    found : tuple of SubgroupComparison

    Returns
    -------
    list of dict of plain values
    """
    return [
        {
            "variable": one.variable,
            "groups": [_group(group) for group in one.groups],
            "gaps": [
                {
                    "measure": gap.measure,
                    "largest": gap.largest,
                    "smallest": gap.smallest,
                    "gap": interval_figure(gap.gap),
                }
                for gap in one.gaps
            ],
            "chi_squared": rounded(one.chi_squared),
            "degrees_of_freedom": one.degrees_of_freedom,
            "p": p_figure(one.p),
            "p_holm": p_figure(one.p_holm),
            "shares_patients": one.shares_patients,
        }
        for one in found
    ]


def _group(group: Subgroup) -> dict[str, Any]:
    head = {
        "group": group.name,
        "cases": group.n,
        "patients": group.n_patients,
        "positive": group.positives,
        "is_too_small": group.is_too_small,
    }
    measures = ("auc", "sensitivity", "specificity", "calibration_in_the_large")
    return {**head, **{name: _figure(getattr(group, name)) for name in measures}}


def _figure(estimate: Any) -> dict[str, float | None] | None:
    return interval_figure(estimate) if np.isfinite(estimate.value) else None
