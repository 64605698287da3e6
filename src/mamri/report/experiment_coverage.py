"""Prediction sets that hold the truth less often than they were made to."""

from mamri.evaluation import wilson_interval
from mamri.report.experiment_models import Document, figure_at, ranked

WHOLE = ""  # stands for all classes together


def short_coverages(document: Document, label: str) -> frozenset[str]:
    """Coverages whose 95 % interval, Wilson's, lies wholly below the level of the sets.

    Parameters
    ----------
    document : mapping
    label : str
        Of the model.

    Returns
    -------
    frozenset of str
        Names of classes, and `WHOLE` for that of all cases. A class whose number of tested cases
        the document does not tell is not judged.
    """
    sets = figure_at(document, label, "sets") or {}
    figures = document["figures"]
    counts = {WHOLE: figures["cases"], **(figures.get("counts") or {})}
    shares = {WHOLE: sets.get("coverage"), **(sets.get("coverage_by_class") or {})}
    return frozenset(
        word
        for word, share in shares.items()
        if share is not None
        and counts.get(word)
        # The document rounds shares, so that counts are found again by rounding.
        and wilson_interval(round(share * counts[word]), counts[word]).upper < sets["level"]
    )


def short_models(document: Document) -> list[str]:
    """Models whose sets fall short, of all cases or of a class."""
    return [label for label in ranked(document) if short_coverages(document, label)]
