"""``mamri simulate``: a breast MRI exam with known truth."""

from pathlib import Path
from typing import Annotated

import typer

from mamri.cli.progress import step_progress


def simulate(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write; must be new or empty.")
    ],
    preset: Annotated[str, typer.Option("--preset", help="Protocol to imitate.")] = "demo",
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same exam.")] = 1,
) -> None:
    """Simulate one exam: DICOM files, truth masks and truth.json."""
    from mamri.pipeline.simulate_exam import simulate_to_folder

    with step_progress(3) as begin:
        folder = simulate_to_folder(output, preset=preset, seed=seed, begin_step=begin)
    typer.echo(f"simulated exam: {folder}")
