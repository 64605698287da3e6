"""``mamri inspect``: what an input holds and why, without analysing it."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mamri.cli.options import (
    JsonOption,
    PhaseOption,
    SideOption,
    TimesOption,
    parse_times,
)


def inspect(
    exam: Annotated[
        Path | None,
        typer.Argument(help="DICOM folder, zip or file; folder with exam.json; 4D NIfTI file."),
    ] = None,
    phase: PhaseOption = None,
    times: TimesOption = None,
    side: SideOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every series with its role and reason, and the phases with their times."""
    if exam is None and not phase:
        raise typer.BadParameter("give an exam, or --phase FILE:SECONDS for each NIfTI phase")
    from mamri.io.read_exam import parse_phase
    from mamri.pipeline.inspect_exam import inspect_exam

    document = inspect_exam(
        exam,
        phases=[parse_phase(text) for text in phase or ()],
        times_s=parse_times(times),
        side=side.value if side else None,
    )
    if as_json:
        typer.echo(json.dumps(document, indent=2, allow_nan=False))
        return
    _print(document, Console())


def _print(document: dict[str, object], console: Console) -> None:
    for title in ("series", "phases"):
        rows = document[title]
        if not isinstance(rows, list) or not rows:
            continue
        table = Table(title=title, title_justify="left", title_style="bold")
        for column in rows[0]:
            table.add_column(str(column).replace("_", " "), overflow="fold")
        for row in rows:
            table.add_row(*(Text(_cell(value)) for value in row.values()))
        console.print(table)
    for key in ("order_source", "time_source", "injection_source", "refusal"):
        if document.get(key):
            console.print(Text(f"{key.replace('_', ' ')}: {document[key]}"))
    for title in ("caveats", "skipped"):
        entries = document.get(title)
        for line in entries if isinstance(entries, list) else ():
            console.print(Text(f"{title.rstrip('s')}: {line}"))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return " x ".join(_cell(item) for item in value)
    return "" if value is None else str(value)
