"""The document of an evaluation: plain values of one form, whatever was evaluated.

A kind adds its ``figures`` and names its methods; head, methods, warnings and limits are the same
for all. A further kind needs its own figures, its methods in the table, and a page in
`mamri.report.evaluation_html`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mamri.io.evaluation_tables import CaseColumns
from mamri.pipeline._evaluation_methods_table import METHODS
from mamri.pipeline._reading_methods_table import READING_METHODS
from mamri.records.version import __version__

SCHEMA = "mamri-evaluation/1"
_METHODS = METHODS | READING_METHODS
_FEW = 100  # cases of the rarer class below which a validation is called small, see below
_FEW_SOURCE = "Vergouwe Y et al. J Clin Epidemiol 2005;58:475-483"

# What no evaluation of files can tell.
LIMITS = (
    "Whether these cases are like those where it would be used: the input does not say how they "
    "were chosen.",
    "Whether a model saw any of these cases, or others of the same patients, before: if it did, "
    "every figure is too good.",
    "Whether the truth is right; errors of the reference standard make what is measured look "
    "worse, or, where it took part in the truth, better.",
    "Whether its use helps patients.",
)


def evaluation_document(
    kind: str,
    table: CaseColumns,
    *,
    settings: Mapping[str, Any],
    figures: Mapping[str, Any],
    methods: Sequence[str],
    warnings: Sequence[str] = (),
) -> dict[str, Any]:
    """Head, figures and words of one evaluation.

    Parameters
    ----------
    kind : str
        What was evaluated, such as ``classification``.
    table : CaseColumns
    settings, figures : mapping of plain values
    methods : sequence of str
        Names in the table of methods.
    warnings : sequence of str
        What the reader must know first.

    Returns
    -------
    dict of plain values
    """
    own = []
    if not table.has_patients:
        own.append(
            "There is no column patient: cases were taken for independent. If some are of one "
            "patient, all intervals are too narrow."
        )
    return {
        "schema": SCHEMA,
        "kind": kind,
        "software": {"name": "mamri", "version": __version__},
        "table": table.name,
        "cases": len(table.cases),
        "patients": len(set(table.patients)),
        "has_patients": table.has_patients,
        "settings": dict(settings),
        "warnings": [*warnings, *own],
        "methods": [
            {"name": name, "text": _METHODS[name][0], "source": _METHODS[name][1]}
            for name in methods
        ],
        "limits": list(LIMITS),
        "figures": dict(figures),
    }


def few_cases(rarer: int, noun: str) -> list[str]:
    """A warning where the rarer class, or events, are too few for a firm validation."""
    if rarer >= _FEW:
        return []
    return [
        f"Only {rarer} {noun}. A validation wants about {_FEW} of the rarer kind ({_FEW_SOURCE}); "
        "mind the width of the intervals."
    ]
