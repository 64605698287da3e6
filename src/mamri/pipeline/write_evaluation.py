"""An evaluation on disk: report, document, tables and checklists, all of them or none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mamri.io.evaluation_files import DOCUMENT, REPORT, write_evaluation_files
from mamri.pipeline.output_folder import check_output, whole_folder
from mamri.report.checklists import CHECKLISTS, render_checklist
from mamri.report.evaluation_html import render_evaluation


def write_evaluation(
    evaluate: Callable[[], dict[str, Any]], output: Path, *, title: str = "", overwrite: bool
) -> dict[str, Any]:
    """Evaluate and write what came of it.

    Parameters
    ----------
    evaluate : callable
        Gives the document; it is not called where the output is refused.
    output : Path
        Folder, new or empty.
    title : str
        Of the report.
    overwrite : bool
        Replace an earlier evaluation.

    Returns
    -------
    dict of plain values
        The document.

    Raises
    ------
    InputError
        If the folder holds something else, or the evaluation refuses its input.
    """
    check_output(output, overwrite=overwrite, marker=DOCUMENT)
    document = evaluate()
    texts = {REPORT: render_evaluation(document, title=title)}
    texts |= {name: render_checklist(document, name) for name in CHECKLISTS}
    with whole_folder(output, overwrite=overwrite, marker=DOCUMENT) as folder:
        write_evaluation_files(folder, document, texts)
    return document
