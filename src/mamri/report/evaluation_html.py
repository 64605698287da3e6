"""The report of an evaluation: one HTML file from the document alone, whatever was evaluated.

A further kind is one entry in `PAGES`: a function from the document to a `Page`.
"""

from collections.abc import Callable
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mamri.records import InputError
from mamri.report.evaluation_classes import categories_page, classes_page, numbers_page
from mamri.report.evaluation_classification import classification_page
from mamri.report.evaluation_detection import detection_page
from mamri.report.evaluation_page import Document, Page
from mamri.report.evaluation_readers import readers_page
from mamri.report.evaluation_segmentation import segmentation_page
from mamri.report.evaluation_survival import survival_page

PAGES: dict[str, Callable[[Document], Page]] = {
    "classification": classification_page,
    "classes": classes_page,
    "numbers": numbers_page,
    "ordinal": categories_page,
    "survival": survival_page,
    "segmentation": segmentation_page,
    "detection": detection_page,
    "readers": readers_page,
}


def render_evaluation(document: Document, *, title: str = "") -> str:
    """Write the report of an evaluation as one self-contained HTML document.

    Parameters
    ----------
    document : mapping
        Content of ``evaluation.json``.
    title : str
        What was evaluated "of what", by default.

    Returns
    -------
    str
        HTML. Plots are embedded; nothing is loaded from elsewhere; every text of the input, such
        as names of scores and groups, is escaped. The same document gives the same text.

    Raises
    ------
    InputError
        If there is no page for its kind.
    """
    kind = document["kind"]
    if kind not in PAGES:
        raise InputError(
            f"a report needs a kind of {', '.join(PAGES)}, got {kind}; use the version of mamri "
            "that wrote the document"
        )
    page = PAGES[kind](document)
    return (
        _environment()
        .get_template("evaluation.html.j2")
        .render(
            title=title or f"Evaluation of {page.what}",
            page=page,
            sections=[section for section in page.sections if not section.is_empty],
            document=document,
            software=document["software"],
        )
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mamri.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # SVG whose texts matplotlib has escaped.
    environment.filters["drawn"] = Markup
    return environment
