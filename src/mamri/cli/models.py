"""``mamri models``: segmentation models, those of mamri and imported ones."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from mamri.cli.options import JsonOption
from mamri.cli.progress import step_progress
from mamri.records import InputError, ModelError

app = typer.Typer(
    no_args_is_help=True, help="List, check, import, export, install and apply models."
)
NameArgument = Annotated[str, typer.Argument(help="Name of a model, or path of its folder.")]


def models_folder() -> Path:
    """Folder of the user's models: MAMRI_MODELS, or one in the home."""
    named = os.environ.get("MAMRI_MODELS")
    return Path(named) if named else Path.home() / ".local" / "share" / "mamri" / "models"


@contextmanager
def _given_folder() -> Iterator[None]:
    """A folder that the user gives and mamri refuses is input (3), no missing model (4)."""
    try:
        yield
    except ModelError as error:
        raise InputError(str(error)) from error


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """Show the models that names can be given for."""
    from mamri.io.find_model import list_models

    rows = [
        {
            "name": found.name,
            "version": found.model.card.version if found.model else None,
            "task": found.model.card.task if found.model else None,
            "licence": found.model.card.licence if found.model else None,
            "is_packaged": found.is_packaged,
            "path": str(found.path),
            "problem": found.problem or None,
        }
        for found in list_models(models_folder())
    ]
    if as_json:
        typer.echo(json.dumps({"models": rows}, indent=2))
        return
    for row in rows:
        typer.echo(f"{row['name']:<28} {row['version'] or '':<12} {row['task'] or row['problem']}")
    if not rows:
        typer.echo(f"no models in {models_folder()}")


@app.command()
def show(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show the card of a model."""
    from mamri.io.find_model import find_model
    from mamri.io.model_card import card_to_json

    model = find_model(name, models_folder())
    card = card_to_json(model.card)
    if as_json:
        typer.echo(json.dumps({**card, "sha256": model.sha256, "path": str(model.path)}, indent=2))
        return
    for key in ("name", "version", "task", "licence", "trained_on", "intended_use"):
        typer.echo(f"{key.replace('_', ' ')}: {card[key]}")
    for number, image in enumerate(card["inputs"]):
        typer.echo(f"image {number + 1}: {image['name']} ({image['description']})")
    for label in card["labels"]:
        typer.echo(f"label {label['value']}: {label['name']} ({label['description'] or 'no text'})")
    for limit in card["limits"]:
        typer.echo(f"limit: {limit}")
    typer.echo(f"networks: {', '.join(card['networks'])}")
    typer.echo(f"sha256: {model.sha256}")
    typer.echo(f"folder: {model.path}")


@app.command()
def verify(name: NameArgument, as_json: JsonOption = False) -> None:
    """Check the files of a model against its manifest; exit code 3 where they differ."""
    from mamri.io.find_model import find_model
    from mamri.io.model_folder import verify_model_folder

    model = find_model(name, models_folder())
    problems = verify_model_folder(model.path)
    if as_json:
        typer.echo(json.dumps({"name": model.card.name, "problems": problems}, indent=2))
    else:
        for problem in problems:
            typer.echo(f"{model.card.name}: {problem}")
        if not problems:
            typer.echo(f"{model.card.name}: all files are as its manifest says")
    if problems:
        raise typer.Exit(3)


@app.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="Result folder of nnU-Net v2.")],
    name: Annotated[str, typer.Option("--name", help="Name to give: lower case and hyphens.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder of models to write it in; yours by default."),
    ] = None,
    configuration: Annotated[
        str | None, typer.Option("--configuration", help="Such as 3d_fullres, where several are.")
    ] = None,
    fold: Annotated[
        list[str] | None,
        typer.Option("--fold", help="Fold to take, or all; repeat for an ensemble."),
    ] = None,
    checkpoint: Annotated[
        str, typer.Option("--checkpoint", help="File name in the folder of each fold.")
    ] = "checkpoint_final.pth",
    licence: Annotated[
        str | None, typer.Option("--licence", help="Licence of the weights, for the model card.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a model of a result folder of nnU-Net v2. Nothing in it is executed."""
    from mamri.pipeline.import_nnunet import NnunetImport, import_nnunet

    wanted = NnunetImport(configuration, tuple(fold or ()), checkpoint, licence)
    with step_progress(2) as begin, _given_folder():
        model = import_nnunet(
            folder, (output or models_folder()) / name, name=name, wanted=wanted, begin_step=begin
        )
    _print_written(model, as_json)


@app.command()
def export(
    name: NameArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write it in.")],
    as_json: JsonOption = False,
) -> None:
    """Copy a model to give it to others."""
    from mamri.io.find_model import find_model
    from mamri.pipeline.keep_models import copy_model

    model = find_model(name, models_folder())
    with _given_folder():
        copied = copy_model(model.path, output)
    _print_written(copied, as_json)


@app.command()
def install(
    folder: Annotated[Path, typer.Argument(help="Folder of a model.")],
    as_json: JsonOption = False,
) -> None:
    """Check a model and copy it to where names are looked up."""
    from mamri.pipeline.keep_models import copy_model

    with _given_folder():
        copied = copy_model(folder, models_folder())
    _print_written(copied, as_json)


@app.command()
def run(
    name: NameArgument,
    images: Annotated[
        list[Path], typer.Argument(help="NIfTI files, one for each input of the model, in order.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Mask to write, .nii.gz.")],
    precision: Annotated[
        str,
        typer.Option("--precision", help="f32 as nnU-Net on CPUs; bf16 or auto are faster."),
    ] = "f32",
    backend: Annotated[
        str, typer.Option("--backend", help="openvino, or torch (extra train).")
    ] = "openvino",
    device: Annotated[str, typer.Option("--device", help="cpu, or cuda with torch.")] = "cpu",
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="CPU threads; one a core by default.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the mask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Apply an imported model to NIfTI images and write a mask on their grid."""
    from mamri.io.find_model import find_model
    from mamri.networks.inference_engine import Backend, Device, EngineSettings, Precision
    from mamri.pipeline.apply_model import N_STEPS, apply_model

    try:
        settings = EngineSettings(Backend(backend), Device(device), Precision(precision), threads)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    model = find_model(name, models_folder())
    with step_progress(N_STEPS) as begin:
        document = apply_model(
            model, images, output, settings=settings, overwrite=overwrite, begin_step=begin
        )
    if as_json:
        typer.echo(json.dumps(document, indent=2))
        return
    for label in document["labels"]:
        typer.echo(f"{label['value']} {label['name']}: {label['volume_ml']:.2f} ml")
    typer.echo(f"mask: {output}")
    typer.echo("Research software: not a medical device, not for diagnosis.")


def _print_written(model: Any, as_json: bool) -> None:
    card = model.card
    if as_json:
        labels = [{"value": label.value, "name": label.name} for label in card.labels]
        document = {
            "name": card.name,
            "path": str(model.path),
            "sha256": model.sha256,
            "labels": labels,
            "limits": list(card.limits),
        }
        typer.echo(json.dumps(document, indent=2))
        return
    typer.echo(f"model {card.name}: {model.path}")
    for label in card.labels:
        typer.echo(f"label {label.value}: {label.name} ({label.description or 'no text'})")
    for limit in card.limits:
        typer.echo(f"limit: {limit}")
