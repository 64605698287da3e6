"""Trained deep models as folders: ``model.json``, weights of each member, arrays, digests."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from mamri.io.manifest import MANIFEST, read_manifest, write_manifest
from mamri.io.model_folder import CARD
from mamri.io.predictor_arrays import (
    calibration_arrays,
    domain_arrays,
    read_calibration,
    read_domain,
)
from mamri.io.record_json import record_from_json, record_to_json
from mamri.networks.weight_file import load_weights, save_weights
from mamri.prediction.calibration import Calibration
from mamri.prediction.domain import Domain
from mamri.prediction.experiment import IntensityStandard, Target
from mamri.records import ModelError

IMAGE_SCHEMA = "mamri-image-predictor/1"
_ARRAYS = "arrays.safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class ImagePredictor:
    """A deep model that answers for crops of findings.

    Parameters
    ----------
    name : str
    target : Target
    classes : tuple of str
    plan : dict of plain values
        Of the networks.
    channels : tuple of str
    standard : IntensityStandard
    weights : tuple of dict of str to float array
        Of each member.
    nyul : tuple of (11,) float
        Standard scale of each member; empty where intensities need none.
    calibration : Calibration
    domain : Domain
        Features of the training cases that the first member had not seen.
    """

    name: str
    target: Target
    classes: tuple[str, ...]
    plan: dict[str, Any]
    channels: tuple[str, ...]
    standard: IntensityStandard
    weights: tuple[dict[str, np.ndarray], ...]
    nyul: tuple[np.ndarray, ...]
    calibration: Calibration
    domain: Domain


def write_image_predictor(path: Path, predictor: ImagePredictor, card: dict[str, Any]) -> None:
    """Write a deep model into a new folder.

    Parameters
    ----------
    path : Path
    predictor : ImagePredictor
    card : dict of plain values
    """
    path.mkdir(parents=True, exist_ok=True)
    for n, weights in enumerate(predictor.weights):
        save_weights(path / _weights(n), weights)
    arrays = calibration_arrays(predictor.calibration) | domain_arrays(predictor.domain)
    arrays |= {f"nyul.{n}": levels for n, levels in enumerate(predictor.nyul)}
    (path / _ARRAYS).write_bytes(save({k: np.ascontiguousarray(v) for k, v in arrays.items()}))
    document = {
        "schema": IMAGE_SCHEMA,
        "name": predictor.name,
        "target": record_to_json(predictor.target),
        "classes": list(predictor.classes),
        "channels": list(predictor.channels),
        "intensity": predictor.standard.value,
        "plan": predictor.plan,
        "members": len(predictor.weights),
        **card,
    }
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    (path / CARD).write_text(text + "\n", encoding="utf-8")
    write_manifest(path)


def read_image_predictor(path: Path) -> tuple[ImagePredictor, dict[str, Any], str]:
    """Read a deep model and check it against its manifest.

    Parameters
    ----------
    path : Path

    Returns
    -------
    predictor : ImagePredictor
    card : dict
    sha256 : str
        Digest of the manifest.

    Raises
    ------
    ModelError
        If a file is missing or changed.
    """
    try:
        card = json.loads((path / CARD).read_text(encoding="utf-8"))
        members = int(card["members"])
        manifest = (path / MANIFEST).read_bytes()
        needed = (CARD, _ARRAYS, *map(_weights, range(members)))
        for name, digest in read_manifest(path, needed).items():
            if hashlib.sha256((path / name).read_bytes()).hexdigest() != digest:
                raise ValueError(f"{name} was changed")
        arrays = load((path / _ARRAYS).read_bytes())
        predictor = ImagePredictor(
            card["name"],
            record_from_json(Target, card["target"], "target"),
            tuple(card["classes"]),
            card["plan"],
            tuple(card["channels"]),
            IntensityStandard(card["intensity"]),
            tuple(
                {k: v.astype(np.float32) for k, v in load_weights(path / _weights(n)).items()}
                for n in range(members)
            ),
            tuple(arrays[f"nyul.{n}"] for n in range(members) if f"nyul.{n}" in arrays),
            read_calibration(arrays),
            read_domain(arrays),
        )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ModelError(
            f"the deep model {path.name} does not hold ({error}); restore it, or train it anew"
        ) from error
    return predictor, card, hashlib.sha256(manifest).hexdigest()


def _weights(member: int) -> str:
    return f"member{member}.safetensors"
