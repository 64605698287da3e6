"""Answers of trained predictors for the findings of an exam."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mamri.findings import CropSettings
from mamri.io.features_csv import MEASURE, finding_cells
from mamri.io.model_folder import CARD
from mamri.io.predictor_folder import PredictorFolder, predictor_schema, read_predictor
from mamri.pipeline.analysis_settings import AnalysisSettings
from mamri.pipeline.image_predictor_use import ImagePredictorFolder, read_image_folder
from mamri.prediction.experiment import TargetKind
from mamri.prediction.predictor import LEVEL, Predicted, predict_case
from mamri.radiomics import RadiomicsSettings
from mamri.records import (
    ALL_SIMULATED,
    Assessment,
    ExamResult,
    Finding,
    ModelError,
    ModelUse,
    Status,
)


@dataclass(frozen=True, slots=True, eq=False)
class Predictors:
    """Predictors that a user named.

    Parameters
    ----------
    tables : tuple of PredictorFolder
    images : tuple of ImagePredictorFolder
    """

    tables: tuple[PredictorFolder, ...]
    images: tuple[ImagePredictorFolder, ...]

    @property
    def all(self) -> tuple[PredictorFolder | ImagePredictorFolder, ...]:
        """Tables first."""
        return (*self.tables, *self.images)


def read_predictors(folders: Sequence[Path]) -> Predictors:
    """Predictors of folders, each a predictor or the run of an experiment with ``models/``.

    Parameters
    ----------
    folders : sequence of Path

    Returns
    -------
    Predictors

    Raises
    ------
    ModelError
        If a folder holds none, or one that was changed.
    """
    tables: list[PredictorFolder] = []
    images: list[ImagePredictorFolder] = []
    seen: set[Path] = set()
    for folder in folders:
        places = [folder, *sorted(folder.glob("*")), *sorted(folder.glob("models/*"))]
        paths = [path for path in places if (path / CARD).is_file() and path.resolve() not in seen]
        kinds = {path: predictor_schema(path) for path in paths}
        tables += [read_predictor(path) for path in paths if kinds[path] == "table"]
        images += [read_image_folder(path) for path in paths if kinds[path] == "images"]
        seen |= {path.resolve() for path in paths}
        if not any(predictor_schema(path) for path in places):
            raise ModelError(
                f"a predictor, or the run of an experiment, was needed, {folder.name} holds none; "
                "train one with mamri train prediction"
            )
    return Predictors(tuple(tables), tuple(images))


def settings_for(predictors: Predictors, settings: AnalysisSettings) -> AnalysisSettings:
    """Settings of an analysis that gives predictors what they need: radiomics, crops.

    Parameters
    ----------
    predictors : Predictors
    settings : AnalysisSettings
    """
    needed = {name for one in predictors.tables for name in one.predictor.needed}
    if settings.radiomics is None and any(name.startswith("radiomics__") for name in needed):
        settings = replace(settings, radiomics=RadiomicsSettings())
    if settings.crops is None and predictors.images:
        settings = replace(settings, crops=CropSettings())
    return settings


def with_predictions(result: ExamResult, predictors: Predictors) -> ExamResult:
    """Add the answers of predictors to every finding, and the predictors to the models used.

    Parameters
    ----------
    result : ExamResult
    predictors : Predictors

    Returns
    -------
    ExamResult
    """
    findings = tuple(_answered(finding, result, predictors) for finding in result.findings)
    used = tuple(
        ModelUse(
            one.predictor.name,
            str(one.card.get("version", "")),
            one.sha256,
            str(one.card.get("licence", "the user's own")),
            _trained_on(one),
        )
        for one in predictors.all
    )
    return replace(result, findings=findings, models=(*result.models, *used))


def _answered(finding: Finding, result: ExamResult, predictors: Predictors) -> Finding:
    cells = finding_cells(finding)
    crop = next((crop for crop in result.crops if crop.finding == finding.id), None)
    said = [
        assessment(one, predict_case(one.predictor, _with_gaps(one, cells)))
        for one in predictors.tables
    ]
    said += [assessment(one, one.answer(crop)) for one in predictors.images]
    return replace(finding, assessments=(*finding.assessments, *said))


def _with_gaps(one: PredictorFolder, cells: Mapping[str, Any]) -> dict[str, Any]:
    """Cells with an empty one for each measure that only findings of another type have."""
    measures = {name: None for name in one.predictor.needed if name.startswith(MEASURE)}
    return {**measures, **cells}


def assessment(folder: PredictorFolder | ImagePredictorFolder, said: Predicted) -> Assessment:
    """An answer as it stands in results.

    Parameters
    ----------
    folder : PredictorFolder or ImagePredictorFolder
    said : Predicted

    Returns
    -------
    Assessment
        Of a binary target the value is the probability of yes with its Venn-Abers interval; of
        classes the one class that remains.
    """
    predictor = folder.predictor
    target = predictor.target
    value: str | float | None = said.value
    unit = target.unit
    if target.kind is TargetKind.BINARY and said.probability:
        value, unit = round(said.probability[predictor.classes[1]], 3), "probability"
    elif target.kind is TargetKind.SURVIVAL:
        unit = "% of the training cases have a lower risk"
    if isinstance(value, float):
        value = round(value, 3)
    sentence = said.reason
    if not sentence and said.possible:
        sentence = f"{said.possible[0]} at {100 * LEVEL:.0f} % confidence"
    return Assessment(
        target=target.name,
        value=value,
        unit=unit,
        interval=None if said.interval is None else _rounded(said.interval),
        model=predictor.name,
        evidence=f"{sentence}; trained on {_trained_on(folder)}".removeprefix("; "),
        status=Status.OK if said.probability or value is not None else Status.NOT_COMPUTED,
    )


def _rounded(interval: tuple[float, float]) -> tuple[float, float]:
    return round(interval[0], 3), round(interval[1], 3)


def _trained_on(folder: PredictorFolder | ImagePredictorFolder) -> str:
    trained = folder.card.get("trained_on", {})
    text = f"{trained.get('cases')} cases of {trained.get('patients')} patients"
    if folder.card.get("simulation"):
        text += f", {ALL_SIMULATED}"
    if folder.card.get("labels_permuted"):
        text += ", with shuffled labels: means nothing"
    return text
