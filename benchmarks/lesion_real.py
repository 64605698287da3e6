"""Lesions of the real exams in ../shared/data, and pictures to judge them by.

    python benchmarks/lesion_real.py PICTURES [--classical]

I-SPY 1 exams have a loose label; of TCGA breast A the place of the lesion was read off the images,
of breast B none is known. Phase times of TCGA are an assumption.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import binary_erosion

import mamri
from mamri.geometry.resample import Interpolation, resample_like
from mamri.io.lesion_outlines import read_lesion_outlines
from mamri.pipeline.analysis_settings import AnalysisSettings
from mamri.records import DetectionMethod, ExamResult, Volume
from mamri.report.wording import finding_sentence

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
# File voxel (120, 152, 25) of TCGA breast A, mm LPS.
TCGA_LESION_MM = (74.5, 15.8, -24.6)
Phases = list[tuple[str, float]]


def exams() -> dict[str, tuple[Phases, Path | None]]:
    """Phases with their times, and a label, by name."""
    found: dict[str, tuple[Phases, Path | None]] = {}
    times = {"pre": -60.0, "post_early": 150.0, "post_late": 450.0}
    for number in (1001, 1002, 1003, 1008):
        start = DATA / "ispy1" / f"ISPY1_{number}"
        phases = [(f"{start}_{name}.nii.gz", time) for name, time in times.items()]
        found[f"ispy1-{number}"] = phases, Path(f"{start}_lesion.nii.gz")
    for breast in "AB":
        start = DATA / "tcga_ao_a03m" / f"TCGA-AO-A03M_breast{breast}"
        posts = [(f"{start}_post{k}.nii.gz", 60 + 90.0 * (k - 1)) for k in range(1, 6)]
        found[f"tcga-{breast}"] = [(f"{start}_pre.nii.gz", -60.0), *posts], None
    return found


def picture(result: ExamResult, truth: np.ndarray | None) -> Image.Image:
    """The first subtraction where each finding is largest: red found, green label, blue breast."""
    labels = np.asarray(result.lesions.array)
    rise = np.asarray(result.maps["subtraction_01"].array, float)
    breast = np.asarray(result.anatomy.breast) > 0
    top = np.percentile(rise[breast], 99.7)
    slices = [int((labels == f.id).sum((1, 2)).argmax()) for f in result.findings[:6]]
    if truth is not None:
        slices.insert(0, int(truth.sum((1, 2)).argmax()))
    tiles = []
    for k in slices or [labels.shape[0] // 2]:
        grey = np.clip(255 * rise[k] / top, 0, 255).astype(np.uint8)
        rgb = np.stack([grey] * 3, axis=-1)
        for mask, colour in (
            (breast, (60, 120, 255)),
            (truth, (60, 255, 60)),
            (labels > 0, (255, 60, 60)),
        ):
            if mask is not None:
                rgb[border(mask[k])] = colour
        tiles.append(np.array(Image.fromarray(rgb).resize((420, 420 * len(rgb) // rgb.shape[1]))))
    return Image.fromarray(np.hstack(tiles))


def border(mask: np.ndarray) -> np.ndarray:
    """Voxels of a slice of a mask that touch what is outside."""
    return np.asarray(mask & ~binary_erosion(mask))


def main() -> None:
    """Analyse every exam and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--classical", action="store_true")
    options = parser.parse_args()
    options.pictures.mkdir(parents=True, exist_ok=True)
    method = DetectionMethod.CLASSICAL if options.classical else DetectionMethod.MODEL
    for name, (phases, label) in exams().items():
        exam = mamri.read_exam(None, phases=phases)
        result = mamri.analyze(exam, AnalysisSettings(detection_method=method))
        labels, truth = np.asarray(result.lesions.array), None
        told = ""
        if label is not None:
            drawn = read_lesion_outlines(label)
            truth = resample_like(
                Volume(np.asarray(drawn.array), drawn.affine),
                Volume(labels, result.lesions.affine),
                interpolation=Interpolation.NEAREST,
            ).array.astype(bool)
            union = labels > 0
            dice = 2 * (union & truth).sum() / max(1, union.sum() + truth.sum())
            told = f", Dice of all findings with the label {dice:.2f}"
        print(
            f"{name}: {len(result.findings)} findings{told}, {sum(result.timings_s.values()):.0f} s"
        )
        for f in result.findings:
            share = "" if truth is None else f", {np.mean(truth[labels == f.id]):.0%} in the label"
            away = np.linalg.norm(np.subtract(f.centroid_mm_lps, TCGA_LESION_MM))
            away_text = f", {away:.0f} mm from the known lesion" if name == "tcga-A" else ""
            print(
                f"  {f.id}: confidence {f.confidence or 0:.2f}, {f.volume_ml:.2f} ml, "
                f"{f.diameters_mm[0]:.0f} mm, {f.kinetics.delayed}{share}{away_text}"
            )
            kaiser = next(a for a in f.assessments if a.target == "kaiser_score")
            print(f"     {finding_sentence(f)} Kaiser score {kaiser.interval}")
            for m in f.description.measures:
                print(f"     {m.descriptor}: {m.name} {m.value:.2f} {m.unit} ({m.rule})")
        picture(result, truth).save(options.pictures / f"{name}.png")


if __name__ == "__main__":
    main()
