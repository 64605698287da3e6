"""The files of a result: masks, maps, projections, table, document, report."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mamri.geometry import spacing_mm
from mamri.io.features_csv import features_csv
from mamri.io.lesion_crops import write_crop
from mamri.io.nifti import write_nifti
from mamri.io.result_json import result_to_json
from mamri.kinetics import projection_volumes
from mamri.records import ExamResult, Volume
from mamri.report.html import render_report

# Brightest share of a projection shown as white, so that one vessel does not darken the rest.
_WINDOW_PERCENTILE = 99.8


def write_images(result: ExamResult, folder: Path) -> None:
    """Write masks, maps and projections as NIfTI, in the storage order of the input."""
    masks = {
        "breast": result.anatomy.breast,
        "fibroglandular": result.anatomy.fibroglandular,
        "vessels": result.vessels.array,
        "lesions": result.lesions.array,
    }
    affine = result.anatomy.affine
    shape = result.anatomy.breast.shape
    projections = projection_volumes(result.mips, affine, (shape[0], shape[1], shape[2]))
    for name, volume in projections.items():
        _write(result, folder / "mips" / f"{name}.nii.gz", volume)
        _write_picture(result.mips[name], volume, folder / "mips" / f"{name}.png")
    for name, mask in masks.items():
        _write(result, folder / "masks" / f"{name}.nii.gz", Volume(mask, affine))
    for name, volume in result.maps.items():
        _write(result, folder / "maps" / f"{name}.nii.gz", volume)
    for crop in result.crops:
        write_crop(folder, crop)


def write_report(result: ExamResult, folder: Path, *, created: str) -> None:
    """Write report.html and features.csv."""
    (folder / "report.html").write_text(render_report(result, created=created), encoding="utf-8")
    (folder / "features.csv").write_text(features_csv(result), encoding="utf-8", newline="")


def write_document(result: ExamResult, folder: Path, *, created: str) -> dict[str, Any]:
    """Write result.json and return it as a document."""
    document = result_to_json(result, created=created)
    text = json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)
    (folder / "result.json").write_text(text + "\n", encoding="utf-8")
    return document


def _write(result: ExamResult, path: Path, volume: Volume) -> None:
    path.parent.mkdir(exist_ok=True)
    array = volume.array
    if array.dtype == np.float64:
        array = array.astype(np.float32)
    write_nifti(
        path,
        array,
        volume.affine,
        storage_axes=result.exam.storage_axes,
        storage_flips=result.exam.storage_flips,
    )


def _write_picture(projection: np.ndarray, volume: Volume, path: Path) -> None:
    """Write a projection as an 8-bit picture with square pixels, front or head on top."""
    rows, columns = (step for step, n in zip(spacing_mm(volume.affine), volume.shape, strict=True)
                     if n > 1)  # fmt: skip
    bright = float(np.percentile(projection, _WINDOW_PERCENTILE)) or float(projection.max()) or 1.0
    grey = np.clip(projection / bright, 0, 1)
    grey = grey if path.stem == "axial" else grey[::-1]
    step = min(rows, columns)
    size = (round(grey.shape[1] * columns / step), round(grey.shape[0] * rows / step))
    picture = Image.fromarray((grey * 255).astype(np.uint8))
    picture.resize(size, Image.Resampling.BICUBIC).save(path)
