"""Trained predictors as folders: ``model.json``, arrays, the estimator without pickle, digests.

The estimator is stored by skops, which names every type in the file; one that is not on the list
below is refused, and nothing in the file is ever executed.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from mamri.io.image_predictor_folder import IMAGE_SCHEMA
from mamri.io.manifest import MANIFEST, read_manifest, write_manifest
from mamri.io.model_folder import CARD
from mamri.io.predictor_arrays import (
    calibration_arrays,
    domain_arrays,
    read_calibration,
    read_domain,
)
from mamri.io.record_json import record_from_json, record_to_json
from mamri.normalization.site_harmonisation import SiteAdjustment
from mamri.prediction.experiment import Target
from mamri.prediction.predictor import Predictor
from mamri.prediction.preparation import Preparation
from mamri.prediction.table_learner import TableMember
from mamri.records import ModelError

SCHEMA = "mamri-predictor/1"
_ARRAYS, _ESTIMATOR = "arrays.safetensors", "estimator.skops"
# Types beyond those that skops itself trusts; each only holds numbers.
_TRUSTED = (
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    "sksurv.ensemble.forest.RandomSurvivalForest",
    "sksurv.functions.StepFunction",
    "sksurv.linear_model.coxph.BreslowEstimator",
    "sksurv.linear_model.coxph.CoxPHSurvivalAnalysis",
    "sksurv.tree.tree.SurvivalTree",
)


@dataclass(frozen=True, slots=True, eq=False)
class PredictorFolder:
    """A predictor on disk.

    Parameters
    ----------
    path : Path
    card : dict
        The content of model.json.
    sha256 : str
        Digest of the manifest, and so of the whole model.
    predictor : Predictor
    """

    path: Path
    card: dict[str, Any]
    sha256: str
    predictor: Predictor


def write_predictor(path: Path, predictor: Predictor, card: dict[str, Any]) -> None:
    """Write a predictor into a new folder.

    Parameters
    ----------
    path : Path
    predictor : Predictor
    card : dict of plain values
        What it was trained on, measured figures, limits.

    Raises
    ------
    ModelError
        If the estimator cannot be stored without pickle.
    """
    from skops.io import dumps

    path.mkdir(parents=True, exist_ok=True)
    stored = dumps([member.estimator for member in predictor.members])
    _check_types(stored)
    (path / _ESTIMATOR).write_bytes(stored)
    (path / _ARRAYS).write_bytes(save(_arrays(predictor)))
    document = {
        "schema": SCHEMA,
        "name": predictor.name,
        "target": record_to_json(predictor.target),
        "classes": list(predictor.classes),
        "columns": list(predictor.columns),
        "sites": _site_names(predictor.preparation.sites),
        "estimator": _ESTIMATOR,
        "arrays": _ARRAYS,
        **card,
    }
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    (path / CARD).write_text(text + "\n", encoding="utf-8")
    write_manifest(path)


def read_predictor(path: Path) -> PredictorFolder:
    """Read a predictor and check it against its manifest.

    Parameters
    ----------
    path : Path

    Returns
    -------
    PredictorFolder

    Raises
    ------
    ModelError
        If a file is missing, changed, or holds a type that is not expected.
    """
    try:
        card = json.loads((path / CARD).read_text(encoding="utf-8"))
        digests = read_manifest(path, (CARD, _ARRAYS, _ESTIMATOR))
        content = {name: (path / name).read_bytes() for name in digests}
    except (OSError, ValueError) as error:
        raise ModelError(
            f"a predictor is a folder with {CARD} and {MANIFEST}, {path.name} has no readable "
            "ones; give a folder that mamri train prediction wrote"
        ) from error
    changed = [n for n, data in content.items() if hashlib.sha256(data).hexdigest() != digests[n]]
    if changed or predictor_schema(path) != "table":
        what = f"{', '.join(changed)} was changed" if changed else "its schema is another"
        raise ModelError(f"the predictor {path.name} does not hold: {what}; restore it")
    from skops.io import get_untrusted_types, loads

    try:
        stored = content[_ESTIMATOR]
        _check_types(stored)
        estimators = loads(stored, trusted=get_untrusted_types(data=stored))
        predictor = _predictor(card, load(content[_ARRAYS]), estimators)
    except (KeyError, TypeError, ValueError, SafetensorError, BadZipFile) as error:
        raise ModelError(
            f"the predictor {path.name} lacks {error}; train it anew with this version"
        ) from error
    digest = hashlib.sha256((path / MANIFEST).read_bytes()).hexdigest()
    return PredictorFolder(path, card, digest, predictor)


def predictor_schema(path: Path) -> str:
    """``table`` or ``images`` of a folder that holds a predictor, empty of any other.

    Parameters
    ----------
    path : Path
    """
    try:
        card = json.loads((path / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    schema = card.get("schema") if isinstance(card, dict) else None
    return {SCHEMA: "table", IMAGE_SCHEMA: "images"}.get(str(schema), "")


def _check_types(stored: bytes) -> None:
    from skops.io import get_untrusted_types

    unknown = sorted(set(get_untrusted_types(data=stored)) - set(_TRUSTED))
    if unknown:
        raise ModelError(
            f"an estimator of known types was needed, it holds {', '.join(unknown[:3])}; "
            "use another kind of model"
        )


def _arrays(predictor: Predictor) -> dict[str, np.ndarray]:
    found = {
        **domain_arrays(predictor.domain),
        "residuals": predictor.residuals,
        "limits": predictor.limits,
        **_preparation_arrays("all", predictor.preparation),
    }
    for n, member in enumerate(predictor.members):
        found |= _preparation_arrays(f"member{n}", member.preparation)
    if predictor.calibration is not None:
        found |= calibration_arrays(predictor.calibration)
    return {name: np.ascontiguousarray(array) for name, array in found.items()}


_PREPARATION = ("medians", "first", "levels", "centre", "scale", "kept")


def _preparation_arrays(place: str, preparation: Preparation) -> dict[str, np.ndarray]:
    found = {f"{place}.{name}": getattr(preparation, name) for name in _PREPARATION}
    sites = preparation.sites
    if sites is not None:
        found |= {f"{place}.sites.centre": sites.centre, f"{place}.sites.scale": sites.scale}
        for n, name in enumerate(sorted(sites.shift)):
            found[f"{place}.sites.{n}.shift"] = sites.shift[name]
            found[f"{place}.sites.{n}.stretch"] = sites.stretch[name]
    return found


def _preparation(
    place: str, arrays: dict[str, np.ndarray], about: dict[str, Any] | None
) -> Preparation:
    plain = {name: arrays[f"{place}.{name}"] for name in _PREPARATION}
    sites = None
    if about is not None:
        names = about["names"]
        sites = SiteAdjustment(
            arrays[f"{place}.sites.centre"],
            arrays[f"{place}.sites.scale"],
            {name: arrays[f"{place}.sites.{n}.shift"] for n, name in enumerate(names)},
            {name: arrays[f"{place}.sites.{n}.stretch"] for n, name in enumerate(names)},
            about["is_empirical"],
        )
    return Preparation(sites=sites, **plain)


def _predictor(
    card: dict[str, Any], arrays: dict[str, np.ndarray], estimators: list[Any]
) -> Predictor:
    calibration = read_calibration(arrays) if "calibration.y" in arrays else None
    members = tuple(
        TableMember(_preparation(f"member{n}", arrays, card["sites"]), estimator)
        for n, estimator in enumerate(estimators)
    )
    return Predictor(
        card["name"],
        record_from_json(Target, card["target"], "target"),
        tuple(card["classes"]),
        tuple(card["columns"]),
        members,
        calibration,
        arrays["residuals"],
        _preparation("all", arrays, card["sites"]),
        read_domain(arrays),
        arrays["limits"],
    )


def _site_names(sites: SiteAdjustment | None) -> dict[str, Any] | None:
    if sites is None:
        return None
    return {"names": sorted(sites.shift), "is_empirical": sites.is_empirical}
