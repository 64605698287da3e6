"""Make docs/gallery/simulation.md: simulated slices, and their statistics beside real ones.

    python scripts/make_simulation_gallery.py [--data ../shared/data] [--beside build/gallery]

Pictures of simulated exams go into docs/gallery/images. Where the real exams are at hand, pictures
of both side by side go into the folder of ``--beside``; they hold patient images and stay out of
the repository. The table of statistics is remade from both; without real exams the page is left
as it is.
"""

import argparse
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
from image_statistics import ImageStatistics, image_statistics
from PIL import Image

from mamri.geometry import to_anatomical
from mamri.io.read_exam import read_exam
from mamri.records import Exam, SeriesRole
from mamri.simulation import PROTOCOLS, SimulatedExam, draw_woman, simulate_exam
from mamri.simulation.protocols import aimed_at

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "gallery" / "simulation.md"
IMAGES = PAGE.parent / "images"
# Women of different density, size and disease, chosen by seed before looking at their pictures.
SEEDS = {"axial-fs": (31, 35, 37), "sagittal": (41, 42, 44, 45), "sagittal-corrected": (51, 52)}
ALONE = {"axial-plain": 61, "dixon": 62, "ultrafast": 63, "coronal": 64, "abbreviated": 65}


def real_exams(data: Path) -> dict[str, list[tuple[str, Exam]]]:
    """Real exams by the preset that imitates them, first phase and next where there is one."""
    found: dict[str, list[tuple[str, Exam]]] = {"axial-fs": [], "sagittal": []}
    found["sagittal-corrected"] = []
    duke = data / "duke_001_pre_dicom"
    if duke.is_dir():
        found["axial-fs"].append(("Duke 001", read_exam(duke)))
    for number in (1001, 1002, 1003, 1008):
        stem = data / "ispy1" / f"ISPY1_{number}"
        if Path(f"{stem}_pre.nii.gz").exists():
            phases = [(f"{stem}_pre.nii.gz", 0.0), (f"{stem}_post_early.nii.gz", 150.0)]
            found["sagittal"].append((f"I-SPY1 {number}", read_exam(phases=phases)))
    for side in "AB":
        stem = data / "tcga_ao_a03m" / f"TCGA-AO-A03M_breast{side}"
        if Path(f"{stem}_pre.nii.gz").exists():
            phases = [(f"{stem}_pre.nii.gz", 0.0), (f"{stem}_post1.nii.gz", 60.0)]
            found["sagittal-corrected"].append((f"TCGA {side}", read_exam(phases=phases)))
    return found


def simulated(preset: str, seed: int, *, whole: bool = False) -> SimulatedExam:
    """One exam of a preset; only its first two phases unless the whole visit is wanted."""
    protocol = PROTOCOLS[preset]
    if not whole:
        scan = protocol.dynamic
        protocol = replace(
            protocol,
            dynamic=replace(scan, times_s=scan.times_s[:2]),
            t2=None,
            diffusion=None,
            plain_t1=None,
            ultrafast=None,
        )
    woman = draw_woman(seed)
    return simulate_exam(woman, aimed_at(protocol, woman))


def grey(image: np.ndarray, high: float) -> np.ndarray:
    """Eight bits, from 0 to a level."""
    return (np.clip(np.asarray(image, float) / high, 0, 1) * 255).astype(np.uint8)


def strip(exam: Exam, phase: int = 0, n: int = 4, height: int = 256) -> np.ndarray:
    """Evenly spaced slices through the breasts in one row, front up or to the left."""
    ordered = to_anatomical(exam).dynamic
    assert ordered is not None, "an exam to show has a dynamic series"
    steps = np.linalg.norm(ordered.affine[:3, :3], axis=0)
    image = np.asarray(ordered.array[min(phase, ordered.n_phases - 1)])
    axis = int(np.argmax(steps))
    high = float(np.percentile(image, 99.7))
    picks = np.linspace(0.27, 0.73, n) * (image.shape[axis] - 1)
    tiles = []
    for pick in picks:
        tile = np.take(image, int(pick), axis=axis)
        if axis != 0:  # head up
            tile = tile[::-1]
        rest = [k for k in range(3) if k != axis]
        size = (
            round(tile.shape[1] * steps[rest[1]] / (tile.shape[0] * steps[rest[0]]) * height),
            height,
        )
        tiles.append(np.asarray(Image.fromarray(grey(tile, high)).resize(size)))
    return np.hstack(tiles)


def stack(rows: list[np.ndarray]) -> Image.Image:
    """Rows of one picture, padded to the widest."""
    width = max(row.shape[1] for row in rows)
    return Image.fromarray(np.vstack([np.pad(r, ((0, 4), (0, width - r.shape[1]))) for r in rows]))


def save(picture: Image.Image, path: Path) -> None:
    """A small JPEG or PNG, at most 1400 pixels wide."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if picture.width > 1400:
        picture = picture.resize((1400, round(picture.height * 1400 / picture.width)))
    picture.save(path, quality=82)


def other_series(exam: SimulatedExam) -> Image.Image:
    """T2, b-values of diffusion and plain T1 of a whole visit, middle slices."""
    rows = []
    for series in exam.series:
        if series.role is SeriesRole.DYNAMIC:
            continue
        middle = series.array.shape[1] // 2
        tiles = [
            grey(v[middle], max(float(np.percentile(v[middle], 99.7)), 1.0))
            for v in series.array[:4]
        ]
        sized = [
            np.asarray(Image.fromarray(t).resize((round(t.shape[1] * 200 / t.shape[0]), 200)))
            for t in tiles
        ]
        rows.append(np.hstack(sized))
    return stack(rows)


def projection(exam: SimulatedExam) -> np.ndarray:
    """Maximum intensity projection of the first subtraction, from the front and from the feet."""
    ordered = to_anatomical(exam.exam).dynamic
    assert ordered is not None, "a simulated exam has a dynamic series"
    rise = ordered.array[1].astype(float) - ordered.array[0]
    steps = np.linalg.norm(ordered.affine[:3, :3], axis=0)
    axial = rise.max(axis=0)
    coronal = rise.max(axis=1)[::-1]
    high = float(np.percentile(axial, 99.7))
    tiles = []
    for tile, (down, across) in ((axial, (1, 2)), (coronal, (0, 2))):
        size = (round(tile.shape[1] * steps[across]), round(tile.shape[0] * steps[down]))
        tiles.append(np.asarray(Image.fromarray(grey(tile, high)).resize(size)))
    return stack(tiles)


def table(real: dict[str, list[ImageStatistics]], made: dict[str, list[ImageStatistics]]) -> str:
    """Ranges of every statistic, real and simulated, by preset."""
    presets = [p for p in SEEDS if real.get(p)]
    header = "| statistic |" + "".join(f" {p}: real | simulated |" for p in presets)
    lines = [header, "|---|" + "---|---|" * len(presets)]
    for field in fields(ImageStatistics):
        row = f"| {field.name} |"
        for preset in presets:
            for group in (real[preset], made[preset]):
                values = sorted(getattr(s, field.name) for s in group)
                text = ", ".join(f"{v:.3g}" for v in values)
                row += f" {text} |"
        lines.append(row)
    return "\n".join(lines)


def main() -> None:
    """Make pictures and table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--beside", type=Path, default=ROOT / "build" / "gallery")
    options = parser.parse_args()
    real = real_exams(options.data)
    numbers: dict[str, list[ImageStatistics]] = {}
    for preset, seeds in SEEDS.items():
        exams = [simulated(preset, seed) for seed in seeds]
        rows = [strip(e.exam) for e in exams]
        save(stack([*rows, strip(exams[0].exam, phase=1)]), IMAGES / f"{preset}.jpg")
        numbers[preset] = [image_statistics(e.exam) for e in exams]
        if real[preset]:
            beside = [np.vstack([strip(r), strip(r, phase=1)]) for _, r in real[preset]]
            ours = [np.vstack([strip(e.exam), strip(e.exam, phase=1)]) for e in exams]
            save(stack([*beside, *ours]), options.beside / f"{preset}_real_above.png")
        print(preset, "done", flush=True)
    for preset, seed in ALONE.items():
        exam = simulated(preset, seed)
        save(stack([strip(exam.exam), strip(exam.exam, phase=1)]), IMAGES / f"{preset}.jpg")
        print(preset, "done", flush=True)
    visit = simulated("axial-fs", SEEDS["axial-fs"][0], whole=True)
    save(other_series(visit), IMAGES / "other-series.jpg")
    save(projection(visit), IMAGES / "projections.jpg")
    if not any(real.values()):
        print("no real exams at hand: the table is left as it is")
        return
    measured = {p: [image_statistics(e) for _, e in group] for p, group in real.items()}
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition("<!-- table begins -->")
    _, _, after = rest.partition("<!-- table ends -->")
    body = f"<!-- table begins -->\n{table(measured, numbers)}\n<!-- table ends -->"
    PAGE.write_text(before + body + after, encoding="utf-8")


if __name__ == "__main__":
    main()
