"""``mamri evaluate``: how well predictions are met, in runs and in tables of cases."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from mamri.cli import evaluate_reading as reading
from mamri.cli.evaluate_sample_size import sample_size
from mamri.cli.evaluation_options import (
    BootstrapOption,
    OutputOption,
    OverwriteOption,
    SeedOption,
    SubgroupsOption,
    TitleOption,
    names_of,
    said,
    write_and_tell,
)
from mamri.cli.options import JsonOption

CasesArgument = Annotated[
    Path, typer.Argument(metavar="CASES", help="CSV: a row a case, a column a score.")
]
ScoresOption = Annotated[
    str, typer.Option("--scores", metavar="A,B,...", help="Columns with scores; all by default.")
]

_HELP = "Measure and compare predictions, masks, marks and readers (extra predict)."
app = typer.Typer(no_args_is_help=True, help=_HELP)
for _command in (
    reading.segmentation,
    reading.detection,
    reading.readers,
    reading.plan_reading,
    reading.reader_power,
    sample_size,
):
    app.command()(_command)


@app.callback()
def _evaluate() -> None:
    """Measure and compare predictions, masks, marks and readers (extra predict)."""


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


@app.command()
def classification(
    cases: CasesArgument,
    output: OutputOption,
    truth: Annotated[str, typer.Option("--truth", help="Column with the truth.")] = "truth",
    positive: Annotated[
        str, typer.Option("--positive", help="Its value that means yes; 1, yes or true by default.")
    ] = "",
    scores: ScoresOption = "",
    probabilities: Annotated[
        str,
        typer.Option(
            "--probabilities",
            metavar="A,B,...",
            help="Scores that are probabilities, or none; all from 0 to 1 by default.",
        ),
    ] = "",
    subgroups: SubgroupsOption = "",
    threshold: Annotated[
        float | None, typer.Option("--threshold", help="From which on a case is called positive.")
    ] = None,
    prevalence: Annotated[
        float | None, typer.Option("--prevalence", help="Of practice, for predictive values.")
    ] = None,
    numbers: Annotated[
        bool, typer.Option("--numbers", help="Truth and scores are numbers in one unit.")
    ] = False,
    ordinal: Annotated[
        bool, typer.Option("--ordinal", help="Columns are readers' categories: agreement.")
    ] = False,
    title: TitleOption = "",
    bootstrap: BootstrapOption = 2000,
    seed: SeedOption = 1,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Evaluate scores of a table against the truth, and write a report."""
    from mamri.pipeline.extras import check_predict_extra

    if numbers and ordinal:
        raise typer.BadParameter("--numbers and --ordinal exclude each other")
    check_predict_extra()
    from mamri.pipeline.evaluate_classification import (
        ClassificationSettings,
        evaluate_classification,
    )

    settings = ClassificationSettings(
        truth=truth,
        positive=positive,
        scores=names_of(scores),
        probabilities=names_of(probabilities),
        subgroups=names_of(subgroups),
        threshold=threshold,
        prevalence=prevalence,
        bootstrap=bootstrap,
        seed=seed,
    )
    write_and_tell(
        lambda: evaluate_classification(cases, settings, numbers=numbers, ordinal=ordinal),
        output, evaluation_lines, title=title, overwrite=overwrite, as_json=as_json,
    )  # fmt: skip


@app.command()
def survival(
    cases: CasesArgument,
    output: OutputOption,
    scores: ScoresOption = "",
    subgroups: SubgroupsOption = "",
    times: Annotated[
        str, typer.Option("--times", metavar="T,T,...", help="Times of AUCs, in the table's unit.")
    ] = "",
    unit: Annotated[str, typer.Option("--unit", help="Of the times, such as days.")] = "",
    title: TitleOption = "",
    bootstrap: BootstrapOption = 2000,
    seed: SeedOption = 1,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Evaluate risks of an event over time, and write a report (extra survival)."""
    from mamri.pipeline.extras import check_predict_extra, check_survival_extra

    try:
        at = tuple(float(time) for time in names_of(times))
    except ValueError as error:
        raise typer.BadParameter("--times takes numbers separated by commas") from error
    check_predict_extra()
    check_survival_extra()
    from mamri.pipeline.evaluate_survival import SurvivalEvaluationSettings, evaluate_survival

    settings = SurvivalEvaluationSettings(
        scores=names_of(scores),
        subgroups=names_of(subgroups),
        times=at,
        unit=unit,
        bootstrap=bootstrap,
        seed=seed,
    )
    write_and_tell(
        lambda: evaluate_survival(cases, settings),
        output, evaluation_lines, title=title, overwrite=overwrite, as_json=as_json,
    )  # fmt: skip


# Main figure of a score by kind of evaluation, and what it is called.
_MAIN = {
    "classification": ("auc", "AUC"),
    "classes": ("auc", "mean AUC"),
    "numbers": ("r_squared", "R2"),
    "survival": ("concordance", "concordance"),
}


def evaluation_lines(document: dict[str, Any]) -> list[str]:
    """Main figures and comparisons of an evaluation, one a line."""
    figures = document["figures"]
    found = []
    key, word = _MAIN.get(document["kind"], ("", ""))
    for name, one in figures.get("scores", {}).items():
        found.append(f"{name}: {word} {said(one[key])}")
    for row in figures.get("pairs", ()):
        kappa = said(row["weighted_kappa"])
        found.append(f"{row['first']} and {row['second']}: weighted kappa {kappa}")
    return found + [_compared(row) for row in figures.get("comparisons", ())]


def lines(document: dict[str, Any]) -> list[str]:
    """Figures and comparisons of a document, one a line."""
    figures = document["figures"]
    main = figures["main_figure"]
    found = [f"{figures['cases']} cases of {figures['patients']} patients"]
    for name, one in figures["models"].items():
        found.append(f"{name}: {main} {said(one[main])}")
    return found + [_compared(row) for row in figures["comparisons"]]


def _compared(row: dict[str, Any]) -> str:
    told = (
        "p undefined" if row["p"] is None else f"p {row['p']:.3g}, {row['p_holm']:.3g} after Holm"
    )
    return f"{row['first']} less {row['second']}: {said(row['difference'])}, {told}"
