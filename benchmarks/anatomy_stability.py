"""Volumes of breast and fibroglandular tissue when only the image changes.

    python benchmarks/anatomy_stability.py [--data FOLDER] [--pictures FOLDER] [--model PATH]

On the shared real exams: resampled to 2 mm, grey scale inverted inside the body or in the whole
image, a smooth bias
added, mirrored in storage, mirrored as a patient, and the first phase after contrast in place of
the one before it. Prints a table in Markdown; a figure is the change of the volume in percent.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

import mamri
from mamri.geometry import spacing_mm, to_anatomical, voxel_volume_ml
from mamri.geometry.resample import coarsen, grid_at, resample_like
from mamri.io.find_model import find_model
from mamri.io.read_exam import parse_phase
from mamri.networks.inference_engine import EngineSettings
from mamri.pipeline.anatomy_networks import load_anatomy_networks
from mamri.records import Anatomy, Exam, Volume
from mamri.segmentation.learned_anatomy import segment_with_networks

_COLOURS = np.array(
    [[0, 0, 0], [255, 90, 90], [90, 160, 255], [90, 255, 90], [255, 255, 90]], float
)


def exams(data: Path) -> Iterator[tuple[str, Exam]]:
    """Real exams that are at hand, in anatomical order."""
    duke = data / "duke_001_pre_dicom"
    if duke.is_dir():
        yield "Duke 001", to_anatomical(mamri.read_exam(duke))
    for number in (1001, 1002, 1003, 1008):
        stem = data / "ispy1" / f"ISPY1_{number}"
        yield f"I-SPY1 {number}", _nifti(f"{stem}_pre.nii.gz:0", f"{stem}_post_early.nii.gz:150")
    for breast in "AB":
        stem = data / "tcga_ao_a03m" / f"TCGA-AO-A03M_breast{breast}"
        yield f"TCGA {breast}", _nifti(f"{stem}_pre.nii.gz:0", f"{stem}_post1.nii.gz:60")


def _nifti(*phases: str) -> Exam:
    return to_anatomical(mamri.read_exam(phases=[parse_phase(text) for text in phases]))


def variants(exam: Exam) -> Iterator[tuple[str, Volume]]:
    """The image before contrast, changed in ways that leave the anatomy."""
    assert exam.dynamic is not None
    plain = exam.dynamic.phase(0)
    array = np.asarray(plain.array, np.float32)
    yield "as it is", replace(plain, array=array)
    yield "2 mm", resample_like(coarsen(plain, 2.0), grid_at(plain, 2.0))
    top = float(np.percentile(array, 99.5))
    body = array > 0.08 * top
    yield (
        "inverted",
        replace(plain, array=np.where(body, np.clip(1.1 * top - array, 0, None), array)),
    )
    yield "stored inverted", replace(plain, array=array.max() - array)
    s, r, c = (np.linspace(-1, 1, n, dtype=np.float32) for n in array.shape)
    bias = np.exp(0.35 * s[:, None, None] + 0.25 * r[:, None] - 0.35 * c)
    yield "bias", replace(plain, array=array * bias)
    yield "patient mirrored", replace(plain, array=np.ascontiguousarray(array[..., ::-1]))
    if exam.dynamic.n_phases > 1:
        yield "after contrast", exam.dynamic.phase(1)


def volumes(found: Anatomy) -> tuple[float, float]:
    """Breast and fibroglandular tissue in ml."""
    voxel = voxel_volume_ml(found.affine)
    return voxel * np.count_nonzero(found.breast), voxel * np.count_nonzero(found.fibroglandular)


def picture(image: Volume, found: Anatomy) -> Image.Image:
    """Five slices, image above masks, in true proportions."""
    along = 2 if image.shape[2] < 100 else 0
    others = tuple(axis for axis in range(3) if axis != along)
    filled = np.flatnonzero((found.breast > 0).any(axis=others))
    low, high = np.percentile(image.array[::3, ::3, ::3], (1, 99.5))
    tiles = []
    for part in (0.12, 0.3, 0.5, 0.7, 0.88):
        number = int(filled[0] + part * (filled[-1] - filled[0]))
        level = np.clip((np.take(image.array, number, along) - low) / (high - low), 0, 1)
        grey = level[..., None] * np.full(3, 255.0)
        label = np.take(found.breast, number, along).astype(int)
        label[np.take(found.fibroglandular, number, along)] = 3
        if found.vessels is not None:
            label[np.take(found.vessels, number, along)] = 4
        mixed = np.where(label[..., None] > 0, 0.6 * grey + 0.4 * _COLOURS[label], grey)
        size = [
            round(np.take(image.array, number, along).shape[k] * spacing_mm(image.affine)[axis])
            for k, axis in enumerate(others)
        ]
        pair = [
            Image.fromarray(p.astype(np.uint8)).resize((size[1], size[0])) for p in (grey, mixed)
        ]
        rows = [np.asarray(p)[::-1] if along == 2 else np.asarray(p) for p in pair]
        tiles.append(np.concatenate(rows))
    return Image.fromarray(np.concatenate(tiles, 1))


def main() -> None:
    """Run all exams and variants."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    networks = load_anatomy_networks(
        find_model(options.model or "anatomy"), EngineSettings(threads=options.threads)
    )
    print("| exam | image | sides | breast ml | change % | FGT ml | change % |\n|" + "---|" * 7)
    for name, exam in exams(options.data):
        first: tuple[float, float] | None = None
        for variant, image in variants(exam):
            found, _ = segment_with_networks(image, networks)
            breast, gland = volumes(found)
            first = first or (breast, gland)
            change = [
                100 * (new / old - 1) for new, old in zip((breast, gland), first, strict=True)
            ]
            sides = " ".join(side.word for side in found.sides)
            print(
                f"| {name} | {variant} | {sides} | {breast:.0f} | {change[0]:+.1f} | "
                f"{gland:.0f} | {change[1]:+.1f} |",
                flush=True,
            )
            if options.pictures and variant == "as it is":
                options.pictures.mkdir(parents=True, exist_ok=True)
                picture(image, found).save(
                    options.pictures / f"{name.replace(' ', '-').lower()}.png"
                )


if __name__ == "__main__":
    main()
