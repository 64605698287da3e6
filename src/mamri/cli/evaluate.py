"""``mamri evaluate``: how well predictions are met."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from mamri.cli.options import JsonOption

app = typer.Typer(no_args_is_help=True, help="Measure and compare predictions (extra predict).")


@app.callback()
def _evaluate() -> None:
    """Measure and compare predictions (extra predict)."""


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Runs of mamri train prediction.")],
    readers: Annotated[
        Path | None,
        typer.Option("--readers", help="CSV: column case, and a column of scores a reader."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write, JSON.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare models of runs, and readers, on the same cases with paired statistics."""
    from mamri.pipeline.extras import check_predict_extra

    check_predict_extra()
    from mamri.pipeline.compare_runs import compare_runs

    document = compare_runs(runs, readers=readers)
    if output is not None:
        text = json.dumps(document, indent=2, allow_nan=False)
        output.write_text(text + "\n", encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(document, indent=2, allow_nan=False))
        return
    typer.echo("\n".join(lines(document)))


def lines(document: dict[str, Any]) -> list[str]:
    """Figures and comparisons of a document, one a line."""
    figures = document["figures"]
    main = figures["main_figure"]
    found = [f"{figures['cases']} cases of {figures['patients']} patients"]
    for name, one in figures["models"].items():
        found.append(f"{name}: {main} {_said(one[main])}")
    for row in figures["comparisons"]:
        found.append(
            f"{row['first']} less {row['second']}: {_said(row['difference'])}, "
            + (
                "p undefined"
                if row["p"] is None
                else f"p {row['p']:.3g}, {row['p_holm']:.3g} after Holm"
            )
        )
    return found


def _said(figure: dict[str, float | None] | None) -> str:
    if figure is None or figure["value"] is None:
        return "undefined"
    if figure["lower"] is None or figure["upper"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ({figure['lower']:.3f} to {figure['upper']:.3f})"
