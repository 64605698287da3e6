"""``mamri demo``: simulate one exam as DICOM, analyse it, say where the report is."""

from pathlib import Path
from typing import Annotated

import typer

from mamri.cli.progress import step_progress


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write; must be new or empty.")
    ] = Path("demo-output"),
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier demo in the output folder.")
    ] = False,
) -> None:
    """Simulate an exam with known lesions as DICOM, analyse it, print where the report is."""
    from mamri.pipeline.demo import N_STEPS, run_demo

    with step_progress(N_STEPS) as begin:
        lines = run_demo(output, overwrite=overwrite, begin_step=begin)
    typer.echo("\n".join(lines))
