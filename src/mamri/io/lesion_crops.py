"""Crops of findings on disk: one safetensors file a finding, half precision.

The images are stored as differences from the mean of their landmarks in units of the standard
deviation, so that half precision keeps them to a twentieth of a percent; reading undoes it.
"""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from mamri.records import InputError, IntensityLandmarks, Laterality, LesionCrop

_SCHEMA = "mamri-crop/1"
_LANDMARKS = {"pre": "dynamic", "first_post": "dynamic", "late": "dynamic", "t2": "t2"}


def crop_path(folder: Path, finding: int) -> Path:
    """Where the crop of a finding lies in a folder of results."""
    return folder / "crops" / f"finding_{finding}.safetensors"


def write_crop(folder: Path, crop: LesionCrop) -> Path:
    """Write a crop into a folder of results.

    Parameters
    ----------
    folder : Path
    crop : LesionCrop

    Returns
    -------
    Path
        ``crops/finding_ID.safetensors``; the same crop always makes the same bytes.
    """
    path = crop_path(folder, crop.finding)
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        name: ((image - level) / spread).astype(np.float16)
        for name, image in crop.images.items()
        for level, spread in [_level(crop.landmarks, name)]
    }
    about = {
        "schema": _SCHEMA,
        "finding": crop.finding,
        "side": crop.side.word,
        "spacing_mm": crop.spacing_mm,
        "landmarks": {name: asdict(levels) for name, levels in crop.landmarks.items()},
    }
    path.write_bytes(
        save({**arrays, "mask": crop.mask.astype(np.uint8)}, {"mamri": json.dumps(about)})
    )
    return path


def read_crop(path: Path) -> LesionCrop:
    """Read a crop.

    Parameters
    ----------
    path : Path

    Returns
    -------
    LesionCrop

    Raises
    ------
    InputError
        If the file is missing, damaged or of another kind.
    """
    try:
        with safe_open(path, framework="numpy") as stored:
            about = json.loads((stored.metadata() or {})["mamri"])
            arrays = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        if about["schema"] != _SCHEMA:
            raise KeyError("schema")
        landmarks = {
            name: IntensityLandmarks(**{**levels, "percentiles": tuple(levels["percentiles"])})
            for name, levels in about["landmarks"].items()
        }
        mask = arrays.pop("mask") > 0
        images = {
            name: image.astype(np.float32) * np.float32(spread) + np.float32(level)
            for name, image in arrays.items()
            for level, spread in [_level(landmarks, name)]
        }
        side = Laterality[about["side"].upper()]
        return LesionCrop(
            int(about["finding"]), side, float(about["spacing_mm"]), images, mask, landmarks
        )
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"a crop of a finding as mamri analyze --crops writes it was needed, {path.name} in "
            f"{path.parent.parent.name} is missing or another file; analyse the exam with --crops"
        ) from error


def _level(landmarks: dict[str, IntensityLandmarks], image: str) -> tuple[float, float]:
    """Mean and standard deviation that an image is stored by; (0, 1) without landmarks."""
    levels = landmarks.get(_LANDMARKS.get(image, ""))
    return (0.0, 1.0) if levels is None else (levels.mean, levels.sd or 1.0)
