"""A reader study before it is read: who reads what when, how many readers and cases it takes."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mamri.evaluation.obuchowski_rockette import ReaderVariance
from mamri.evaluation.plain_figures import rounded
from mamri.evaluation.reader_power import (
    PlannedTest,
    ReaderPower,
    cases_needed,
    reader_power,
    readers_needed,
)
from mamri.evaluation.reading_order import ReadingSettings, plan_reading
from mamri.io.evaluation_tables import read_cases, words_of
from mamri.io.reader_scores import write_reading_list
from mamri.pipeline.output_folder import whole_folder
from mamri.records import InputError
from mamri.records.version import __version__

PLAN = "plan.json"
_COMPONENTS = ("reader", "modality_reader", "error", "cov_1", "cov_2", "cov_3")


def plan_reader_study(
    table: Path,
    readers: Sequence[str],
    output: Path,
    *,
    modalities: tuple[str, str] = ("without AI", "with AI"),
    balance: Sequence[str] = (),
    settings: ReadingSettings | None = None,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write a list of readings for each reader, in the form that scores come back in.

    Parameters
    ----------
    table : Path
        CSV with a column ``case``; its other columns may balance the halves.
    readers : sequence of str
        Names or numbers, as they shall stand in files.
    output : Path
        Folder to write: ``reading-list-K.csv`` of the K-th reader, and ``plan.json``, which tells
        nothing of the truth either.
    modalities : (str, str)
    balance : sequence of str
        Columns of the table whose values both halves share, such as truth, site, density.
    settings : ReadingSettings, optional
    overwrite : bool

    Returns
    -------
    dict of plain values
        As in ``plan.json``.

    Raises
    ------
    InputError
        If the table cannot be read, lacks a column, or names are not unique.
    """
    settings = settings or ReadingSettings()
    cases = read_cases(table)
    columns = [words_of(cases, column) for column in balance]
    strata = ["|".join(words) for words in zip(*columns, strict=True)] if columns else None
    plan = plan_reading(
        readers, cases.cases, strata=strata, modalities=modalities, settings=settings
    )
    files = [f"reading-list-{n}.csv" for n in range(1, len(plan.readers) + 1)]
    document: dict[str, Any] = {
        "schema": "mamri-reading-plan/1",
        "software": {"name": "mamri", "version": __version__},
        "readers": dict(zip(files, plan.readers, strict=True)),
        "modalities": list(plan.modalities),
        "cases": len(plan.cases),
        "balanced_by": list(balance),
        "strata": [] if strata is None else sorted(Counter(strata).values()),
        "readings": len(plan.readings),
        "washout_days": plan.washout_days,
        "days_per_session": settings.days_per_session,
        "seed": settings.seed,
    }
    with whole_folder(output, overwrite=overwrite, marker=PLAN) as folder:
        for name, reader in zip(files, plan.readers, strict=True):
            write_reading_list(plan, folder / name, reader=reader)
        (folder / PLAN).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return document


def pilot_variance(path: Path) -> ReaderVariance:
    """Variance components of an earlier study, from its ``evaluation.json``.

    Parameters
    ----------
    path : Path
        The file, or the folder that holds it.

    Returns
    -------
    ReaderVariance

    Raises
    ------
    InputError
        If it is no evaluation of readers, or of one reader or modality alone.
    """
    file = path / "evaluation.json" if path.is_dir() else path
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        found = document["figures"]["variance"]
        values = {name: float(found[name]) for name in _COMPONENTS}
        return ReaderVariance(**values, n_cases=int(found["cases"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "variance components are in evaluation.json of mamri evaluate readers, of a study of "
            f"two readers and two modalities at least, {path.name} has none; run that first"
        ) from error


def plan_power(
    variance: ReaderVariance,
    test: PlannedTest,
    *,
    n_readers: int | None = None,
    n_cases: int | None = None,
    power: float = 0.8,
) -> dict[str, Any]:
    """Power of a planned study, or what reaches a power.

    Parameters
    ----------
    variance : ReaderVariance
    test : PlannedTest
    n_readers, n_cases : int, optional
        Both: their power. One: the least number of the other that reaches ``power``.
    power : float

    Returns
    -------
    dict of plain values

    Raises
    ------
    InputError
        If neither is given, or the power is not reached.
    """
    found: ReaderPower
    if n_readers is not None and n_cases is not None:
        found = reader_power(variance, test, n_readers=n_readers, n_cases=n_cases)
    elif n_readers is not None:
        found = cases_needed(variance, test, n_readers=n_readers, power=power)
    elif n_cases is not None:
        found = readers_needed(variance, test, n_cases=n_cases, power=power)
    else:
        raise InputError("readers or cases were needed, or both, got neither; give one to plan by")
    return {
        "readers": found.n_readers,
        "cases": found.n_cases,
        "power": rounded(found.power),
        "difference": test.difference,
        "margin": test.margin,
        "alpha": test.alpha,
        "generalize_to": test.generalize_to,
        "standard_error": rounded(found.standard_error),
    }
