"""``mamri evaluate sample-size``: how many cases a study takes."""

import json
from typing import Annotated

import typer

from mamri.cli.options import JsonOption

_ASK = (
    "ask for one of: --auc with --width, --auc with --null, --auc with --other and --correlation, "
    "--sensitivity and --specificity with --width"
)


def sample_size(
    auc: Annotated[float | None, typer.Option("--auc", help="Expected AUC.")] = None,
    width: Annotated[
        float | None, typer.Option("--width", help="Half width of the 95 % interval.")
    ] = None,
    null: Annotated[
        float | None, typer.Option("--null", help="AUC that it shall be shown to differ from.")
    ] = None,
    other: Annotated[
        float | None, typer.Option("--other", help="AUC of another score of the same cases.")
    ] = None,
    correlation: Annotated[
        float | None, typer.Option("--correlation", help="Of the two AUCs, 0 if not paired.")
    ] = None,
    sensitivity: Annotated[float | None, typer.Option("--sensitivity", help="Expected.")] = None,
    specificity: Annotated[float | None, typer.Option("--specificity", help="Expected.")] = None,
    prevalence: Annotated[
        float, typer.Option("--prevalence", help="Share of cases with the disease.")
    ] = 0.5,
    power: Annotated[float, typer.Option("--power", help="To be reached.")] = 0.8,
    as_json: JsonOption = False,
) -> None:
    """Cases that a study of one or two scores takes, at a two-sided level of 5 %."""
    from mamri.pipeline.extras import check_predict_extra

    check_predict_extra()
    from mamri.evaluation import (
        cases_for_auc_precision,
        cases_for_auc_test,
        cases_for_sensitivity_and_specificity,
        cases_for_two_aucs,
    )

    asked = {
        name
        for name, value in (
            ("auc", auc), ("width", width), ("null", null), ("other", other),
            ("correlation", correlation), ("sensitivity", sensitivity),
            ("specificity", specificity),
        )
        if value is not None
    }  # fmt: skip
    if asked == {"auc", "width"} and auc is not None and width is not None:
        found = cases_for_auc_precision(auc, width, prevalence=prevalence)
    elif asked == {"auc", "null"} and auc is not None and null is not None:
        found = cases_for_auc_test(auc, null, power=power, prevalence=prevalence)
    elif asked == {"auc", "other", "correlation"} and (
        auc is not None and other is not None and correlation is not None
    ):
        found = cases_for_two_aucs(
            auc, other, correlation=correlation, power=power, prevalence=prevalence
        )
    elif asked == {"sensitivity", "specificity", "width"} and (
        sensitivity is not None and specificity is not None and width is not None
    ):
        found = cases_for_sensitivity_and_specificity(
            sensitivity, specificity, width, prevalence=prevalence
        )
    else:
        raise typer.BadParameter(_ASK)
    document = {
        "cases": found.total,
        "positive": found.positives,
        "negative": found.negatives,
    }
    if as_json:
        typer.echo(json.dumps(document, indent=2))
        return
    typer.echo(f"{found.total} cases: {found.positives} positive, {found.negatives} negative")
