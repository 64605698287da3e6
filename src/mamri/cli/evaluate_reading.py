"""``mamri evaluate segmentation``, ``detection``, ``readers``, and planning reader studies."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

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
from mamri.cli.progress import step_progress

_TOLD = 20  # times that progress over cases is told
CasesOption = Annotated[
    Path | None, typer.Option("--cases", help="CSV: case, patient, groups of the cases.")
]


def segmentation(
    truth: Annotated[Path, typer.Argument(help="Folder of true masks, or one file.")],
    found: Annotated[Path, typer.Argument(help="Folder of masks to measure, named alike.")],
    output: OutputOption,
    tolerance_mm: Annotated[
        float, typer.Option("--tolerance-mm", min=0, help="Of the surface Dice (NSD).")
    ] = 2.0,
    lesions: Annotated[
        bool, typer.Option("--lesions", help="Match lesions, the connected parts, too.")
    ] = False,
    min_iou: Annotated[
        float, typer.Option("--min-iou", min=0, max=1, help="Of lesions that match.")
    ] = 0.1,
    cases: CasesOption = None,
    subgroups: SubgroupsOption = "",
    challenge: Annotated[
        bool, typer.Option("--challenge", help="Scores of the MAMA-MIA challenge, too.")
    ] = False,
    title: TitleOption = "",
    bootstrap: BootstrapOption = 2000,
    seed: SeedOption = 1,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure masks against true masks, and write a report."""
    from mamri.pipeline.extras import check_predict_extra

    check_predict_extra()
    from mamri.evaluation.lesion_matching import MatchingSettings
    from mamri.io.evaluation_tables import read_cases
    from mamri.pipeline.evaluate_segmentation import SegmentationEvaluation, evaluate_segmentation

    settings = SegmentationEvaluation(
        tolerance_mm=tolerance_mm,
        lesions=MatchingSettings(min_iou=min_iou) if lesions else None,
        challenge=challenge,
        bootstrap=bootstrap,
        seed=seed,
    )
    table = None if cases is None else read_cases(cases)

    def evaluate() -> dict[str, Any]:
        with step_progress(_TOLD) as begin:
            return evaluate_segmentation(
                truth, found, settings, table=table, subgroups=names_of(subgroups),
                tell=_cases_told(begin),
            )  # fmt: skip

    write_and_tell(
        evaluate, output, _segmentation_lines, title=title, overwrite=overwrite, as_json=as_json
    )


def detection(
    lesions: Annotated[Path, typer.Argument(help="CSV: image, x_mm, y_mm, z_mm, diameter_mm.")],
    marks: Annotated[Path, typer.Argument(help="CSV: image, score, x_mm, y_mm, z_mm.")],
    output: OutputOption,
    within_mm: Annotated[
        float, typer.Option("--within-mm", min=0, help="Least reach of a lesion.")
    ] = 5.0,
    title: TitleOption = "",
    bootstrap: BootstrapOption = 2000,
    seed: SeedOption = 1,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure marks by the lesions that they hit (FROC, AFROC, LROC), and write a report."""
    from mamri.pipeline.extras import check_predict_extra

    check_predict_extra()
    from mamri.pipeline.evaluate_detection import DetectionEvaluation, evaluate_detection

    settings = DetectionEvaluation(within_mm=within_mm, bootstrap=bootstrap, seed=seed)
    write_and_tell(
        lambda: evaluate_detection(lesions, marks, settings),
        output, _detection_lines, title=title, overwrite=overwrite, as_json=as_json,
    )  # fmt: skip


def readers(
    scores: Annotated[Path, typer.Argument(help="CSV: reader, case, modality, score.")],
    truth: Annotated[Path, typer.Argument(help="CSV: case, truth (0 or 1), patient.")],
    output: OutputOption,
    new: Annotated[
        str, typer.Option("--new", help="Modality to be shown better, or no worse.")
    ] = "",
    margin: Annotated[
        float | None, typer.Option("--margin", min=0, help="By which it may be worse.")
    ] = None,
    figure: Annotated[
        Literal["auc", "sensitivity", "specificity"],
        typer.Option("--figure", help="Figure of merit of a reader."),
    ] = "auc",
    threshold: Annotated[
        float | None, typer.Option("--threshold", help="From which on a score is positive.")
    ] = None,
    algorithm: Annotated[
        Path | None, typer.Option("--algorithm", help="CSV: case, a column an algorithm.")
    ] = None,
    title: TitleOption = "",
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compare modalities over readers and cases (MRMC), and write a report."""
    from mamri.pipeline.extras import check_predict_extra

    check_predict_extra()
    from mamri.io.evaluation_tables import read_cases
    from mamri.pipeline.evaluate_readers import ReaderEvaluation, evaluate_readers

    settings = ReaderEvaluation(figure, threshold, new, margin)
    table = None if algorithm is None else read_cases(algorithm)
    write_and_tell(
        lambda: evaluate_readers(scores, truth, settings, algorithm=table),
        output, _reader_lines, title=title, overwrite=overwrite, as_json=as_json,
    )  # fmt: skip


def plan_reading(
    cases: Annotated[Path, typer.Argument(help="CSV: case, and columns to balance by.")],
    output: OutputOption,
    reader: Annotated[list[str], typer.Option("--reader", help="Name; once for each reader.")],
    modalities: Annotated[
        str, typer.Option("--modalities", metavar="OLD,NEW", help="The two to compare.")
    ] = "without AI,with AI",
    balance: Annotated[
        str, typer.Option("--balance", metavar="A,B,...", help="Columns that halves share.")
    ] = "",
    washout_weeks: Annotated[
        float, typer.Option("--washout-weeks", help="Between two readings of a case.")
    ] = 4.0,
    seed: SeedOption = 1,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Draw who reads which case when and how, as a list for each reader."""
    from mamri.pipeline.extras import check_predict_extra

    check_predict_extra()
    from mamri.evaluation.reading_order import ReadingSettings
    from mamri.pipeline.plan_reader_study import plan_reader_study

    pair = names_of(modalities)
    if len(pair) != 2:
        raise typer.BadParameter("--modalities takes two names separated by a comma")
    document = plan_reader_study(
        cases, reader, output,
        modalities=(pair[0], pair[1]), balance=names_of(balance),
        settings=ReadingSettings(washout_weeks=washout_weeks, seed=seed), overwrite=overwrite,
    )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(document, indent=2))
        return
    for name, who in document["readers"].items():
        typer.echo(f"{who}: {output / name}")
    typer.echo(
        f"{document['cases']} cases twice, {document['washout_days']} days between two readings "
        "of a case"
    )


def reader_power(
    pilot: Annotated[Path, typer.Option("--pilot", help="evaluation.json of a reader study.")],
    difference: Annotated[float, typer.Option("--difference", help="That is true, as assumed.")],
    n_readers: Annotated[
        int | None, typer.Option("--readers", min=1, help="Readers; alone: cases needed.")
    ] = None,
    n_cases: Annotated[
        int | None, typer.Option("--cases", min=2, help="Cases; alone: readers needed.")
    ] = None,
    power: Annotated[float, typer.Option("--power", help="To be reached.")] = 0.8,
    margin: Annotated[
        float | None, typer.Option("--margin", min=0, help="To show no worse, one-sided.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Power of a reader study, or the readers or cases that it takes."""
    from mamri.pipeline.extras import check_predict_extra

    check_predict_extra()
    from mamri.evaluation.reader_power import PlannedTest
    from mamri.pipeline.plan_reader_study import pilot_variance, plan_power

    alpha = 0.05 if margin is None else 0.025
    found = plan_power(
        pilot_variance(pilot), PlannedTest(difference, margin, alpha),
        n_readers=n_readers, n_cases=n_cases, power=power,
    )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    typer.echo(
        f"{found['readers']} readers and {found['cases']} cases: power {found['power']:.2f} for a "
        f"difference of {found['difference']:g}"
        + ("" if margin is None else f" and a margin of {margin:g}")
    )


def _cases_told(begin: Callable[[str], None]) -> Callable[[int, int], None]:
    """Tells how many cases are done, some times in all."""

    def tell(done: int, total: int) -> None:
        if done == total or done % max(1, total // _TOLD) == 0:
            begin(f"case {done} of {total}")

    return tell


def _segmentation_lines(document: dict[str, Any]) -> list[str]:
    found = []
    for name, one in document["figures"]["labels"].items():
        word = "all labels" if name == "any" else f"label {name}"
        found.append(
            f"{word}: Dice {said(one['dice'])}, NSD {said(one['nsd'])}, HD95 "
            f"{said(one['hausdorff95_mm'])} mm ({one['hausdorff95_mm']['undefined']} undefined)"
        )
    lesions = document["figures"]["lesions"]
    if lesions is not None:
        found.append(
            f"lesions: {lesions['found']} of {lesions['true']} found, "
            f"{lesions['false_positives']} false"
        )
    return found


def _detection_lines(document: dict[str, Any]) -> list[str]:
    figures = document["figures"]
    found = [f"{figures['lesions']} lesions in {figures['images']} images"]
    for rate in document["settings"]["false_marks_per_image"]:
        found.append(f"sensitivity at {rate:g}: {said(figures[f'sensitivity_at_{rate:g}'])}")
    found += [f"{name}: {said(figures[name])}" for name in ("afroc", "lroc")]
    return found


def _reader_lines(document: dict[str, Any]) -> list[str]:
    figures = document["figures"]
    found = [f"{one['modality']}: {said(one)}" for one in figures["modalities"]]
    for analysis in figures["analyses"]:
        for one in analysis["differences"]:
            p = "p undefined" if one["p"] is None else f"p {one['p']:.3g}"
            found.append(
                f"{one['first']} less {one['second']}, {analysis['method']}, "
                f"{analysis['generalize_to']}: {said(one['difference'])}, {p}"
            )
    for one in figures["non_inferiority"] or ():
        verdict = "no worse" if one["is_non_inferior"] else "not shown to be no worse"
        found.append(f"{one['first']}: {verdict} than {one['second']} by {one['margin']:g}")
    return found
