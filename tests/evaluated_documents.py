"""A small document of every kind of evaluation, made once by its pipeline."""

import copy
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nibabel as nib
import numpy as np
from evaluated_tables import write_table

from mamri.evaluation import MatchingSettings
from mamri.io.evaluation_tables import CaseColumns
from mamri.pipeline.evaluate_classification import (
    ClassificationSettings,
    evaluate_classification,
)
from mamri.pipeline.evaluate_detection import DetectionEvaluation, evaluate_detection
from mamri.pipeline.evaluate_readers import evaluate_readers
from mamri.pipeline.evaluate_segmentation import SegmentationEvaluation, evaluate_segmentation
from mamri.pipeline.evaluate_survival import SurvivalEvaluationSettings, evaluate_survival

OF_SCORES = ("classification", "classes", "numbers", "ordinal", "survival")
OF_IMAGES = ("segmentation", "detection", "readers")
KINDS = (*OF_SCORES, *OF_IMAGES)
ASKED = ClassificationSettings(
    subgroups=("age_group", "site"), prevalence=0.01, bootstrap=5, smallest_class=6
)


def document(kind: str) -> dict[str, Any]:
    """Content of ``evaluation.json``, to be changed as one likes."""
    return copy.deepcopy(_document(kind))


@lru_cache
def _document(kind: str) -> dict[str, Any]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        if kind in OF_IMAGES:
            return {"segmentation": _masks, "detection": _marks, "readers": _readers}[kind](folder)
        if kind == "survival":
            settings = SurvivalEvaluationSettings(subgroups=("site",), unit="days", bootstrap=5)
            return evaluate_survival(write_table(folder, kind), settings)
        if kind == "classification":
            return evaluate_classification(write_table(folder, "binary"), ASKED)
        return evaluate_classification(
            write_table(folder, kind), ClassificationSettings(bootstrap=5),
            numbers=kind == "numbers", ordinal=kind == "ordinal",
        )  # fmt: skip


def _masks(folder: Path) -> dict[str, Any]:
    """Half found, wholly found, missed; of two patients and two densities, one unknown."""
    for place, ends in (("truth", (6, 6, 6)), ("found", (4, 6, 2))):
        (folder / place).mkdir()
        for case, end in zip("abc", ends, strict=True):
            mask = np.zeros((8, 8, 4), np.uint8)
            mask[2:end, 2:6, 1:3] = 1
            nib.save(nib.Nifti1Image(mask, np.eye(4)), folder / place / f"{case}.nii.gz")
    table = CaseColumns(
        "cases.csv", ("a", "b", "c"), ("p", "p", "q"), True, {"density": ("dense <b>", "", "c")}
    )
    settings = SegmentationEvaluation(lesions=MatchingSettings(), bootstrap=5)
    return evaluate_segmentation(
        folder / "truth", folder / "found", settings, table=table, subgroups=["density"]
    )


def _marks(folder: Path) -> dict[str, Any]:
    """Two images with a lesion, one of them marked and with a false mark; two normal ones."""
    lesions, marks = folder / "lesions.csv", folder / "marks.csv"
    lesions.write_text("image,x_mm,y_mm,z_mm,diameter_mm\na,0,0,0,10\nb,0,0,0,\nc,,,,\nd,,,,\n")
    marks.write_text("image,score,x_mm,y_mm,z_mm\na,0.9,1,0,0\na,0.4,0,0,40\nc,0.6,0,0,0\n")
    return evaluate_detection(lesions, marks, DetectionEvaluation(rates=(0.5, 1.0), bootstrap=5))


def _readers(folder: Path) -> dict[str, Any]:
    """Three readers, twelve cases, two modalities of which the new one is better."""
    rng = np.random.default_rng(5)
    scores, truth = folder / "scores.csv", folder / "truth.csv"
    sick = np.arange(12) % 2
    rows = ["reader,case,modality,score"]
    for modality, shift in (("new", 1.5), ("old", 0.7)):
        for reader in "xyz":
            said = shift * sick + rng.normal(size=12)
            rows += [f"{reader},c{k},{modality},{said[k]:.3f}" for k in range(12)]
    scores.write_text("\n".join(rows) + "\n")
    truth.write_text("\n".join(["case,truth", *(f"c{k},{sick[k]}" for k in range(12))]) + "\n")
    return evaluate_readers(scores, truth)
