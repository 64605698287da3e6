"""What the commands of ``mamri evaluate`` that write a folder share: options, and the writing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

OutputOption = Annotated[
    Path, typer.Option("--output", "-o", help="Folder to write; new or empty.")
]
SubgroupsOption = Annotated[
    str, typer.Option("--subgroups", metavar="A,B,...", help="Columns with groups of patients.")
]
TitleOption = Annotated[str, typer.Option("--title", help="Title of the report.")]
BootstrapOption = Annotated[
    int, typer.Option("--bootstrap", min=1, help="Bootstrap samples of patients.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="Of the random numbers.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace an evaluation.")]


def names_of(text: str) -> tuple[str, ...]:
    """Names of a comma-separated list."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def said(figure: dict[str, Any] | None) -> str:
    """A figure with its interval, in one line."""
    if figure is None or figure["value"] is None:
        return "undefined"
    if figure["lower"] is None or figure["upper"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ({figure['lower']:.3f} to {figure['upper']:.3f})"


def write_and_tell(
    evaluate: Callable[[], dict[str, Any]],
    output: Path,
    lines: Callable[[dict[str, Any]], list[str]],
    *,
    title: str,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Evaluate, write the folder, and print what came of it.

    Parameters
    ----------
    evaluate : callable
        Gives the document.
    output : Path
    lines : callable
        The main figures of a document, one a line.
    title : str
    overwrite, as_json : bool
    """
    from mamri.pipeline.write_evaluation import write_evaluation

    document = write_evaluation(evaluate, output, title=title, overwrite=overwrite)
    if as_json:
        typer.echo(json.dumps(document, indent=2, allow_nan=False))
        return
    typer.echo(f"{document['cases']} cases of {document['patients']} patients")
    for line in (*lines(document), *(f"mind: {message}" for message in document["warnings"])):
        typer.echo(line)
    typer.echo(f"report: {output / 'report.html'}")
    typer.echo("Research software: not a medical device, not for diagnosis.")
