"""``mamri simulate``: breast MRI exams with known truth."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mamri.cli.options import JsonOption
from mamri.cli.progress import step_progress


class Form(StrEnum):
    """File format of the exams."""

    DICOM = "dicom"
    NIFTI = "nifti"


def simulate(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder to write; must be new or empty.")
    ] = None,
    preset: Annotated[
        str, typer.Option("--preset", help="Protocol to imitate; --list shows them.")
    ] = "demo",
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same exam.", min=0)] = 1,
    n: Annotated[
        int | None,
        typer.Option(
            "--n", min=1, help="Number of exams, each in a folder of its own; seeds count up."
        ),
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="Format of the images.")] = Form.DICOM,
    vendor: Annotated[
        str | None,
        typer.Option("--vendor", help="Scanner whose DICOM habits to imitate; --list shows them."),
    ] = None,
    maps: Annotated[
        bool, typer.Option("--maps/--no-maps", help="Write true Ktrans, ve, vp, T1, T2, ADC maps.")
    ] = True,
    anatomies: Annotated[
        bool,
        typer.Option("--anatomies", help="Write anatomies to train on (tissue maps), not exams."),
    ] = False,
    many_lesions: Annotated[
        bool, typer.Option("--many-lesions", help="Several lesions in each woman of anatomies.")
    ] = False,
    spacing: Annotated[
        float, typer.Option("--spacing", help="Voxel size of anatomies in mm.", min=0.8, max=6.0)
    ] = 1.5,
    list_presets: Annotated[
        bool, typer.Option("--list", help="Show presets and vendors and do nothing else.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier simulation (without --n).")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Simulate exams: images, truth masks, true parameter maps and truth.json."""
    if list_presets:
        _print_presets(as_json)
        return
    if output is None:
        raise typer.BadParameter("give the folder to write with -o DIR")
    if anatomies:
        _write_anatomies(output, seed, n or 1, spacing, many_lesions, as_json)
        return
    from mamri.pipeline.simulate_exam import (  # imported late: --help stays quick
        N_STEPS,
        ExamForm,
        SimulationRequest,
        simulate_many,
        simulate_to_folder,
    )

    request = SimulationRequest(preset, ExamForm(form.value), vendor, maps)
    with step_progress(N_STEPS * (n or 1)) as begin:
        if n is None:
            simulate_to_folder(
                output, request=request, seed=seed, overwrite=overwrite, begin_step=begin
            )
            rows: list[dict[str, object]] = [{"folder": str(output), "seed": seed}]
        else:
            rows = simulate_many(output, request=request, first_seed=seed, n=n, begin_step=begin)
    if as_json:
        typer.echo(json.dumps({"output": str(output), "exams": rows}, indent=2))
    elif n is None:
        typer.echo(f"simulated exam: {output}")
    else:
        typer.echo(f"{len(rows)} simulated exams: {output / 'exams.csv'}")


def _write_anatomies(
    output: Path, seed: int, n: int, spacing: float, many_lesions: bool, as_json: bool
) -> None:
    from mamri.pipeline.training_anatomies import MANY_LESIONS, write_anatomies
    from mamri.simulation import LesionMix

    mix = MANY_LESIONS if many_lesions else LesionMix()
    with step_progress(n) as begin:
        paths = write_anatomies(
            output, first_seed=seed, n=n, mix=mix, spacing_mm=spacing, begin_step=begin
        )
    if as_json:
        typer.echo(json.dumps({"output": str(output), "anatomies": [p.name for p in paths]}))
    else:
        typer.echo(f"{len(paths)} anatomies: {output}")


def _print_presets(as_json: bool) -> None:
    from mamri.pipeline.simulate_exam import HABITS
    from mamri.simulation import PROTOCOLS

    if as_json:
        presets = {name: protocol.models for name, protocol in PROTOCOLS.items()}
        typer.echo(json.dumps({"presets": presets, "vendors": list(HABITS)}, indent=2))
        return
    for name, protocol in PROTOCOLS.items():
        typer.echo(f"{name:<20} {protocol.models}")
    typer.echo(f"vendors: {', '.join(HABITS)}")
