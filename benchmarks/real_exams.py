"""What ``mamri analyze`` finds on the shared real exams: a regression table, not an accuracy claim.

    python benchmarks/real_exams.py WORK_FOLDER [--data ../shared/data]

Writes every result into WORK_FOLDER (open the reports and look) and prints a table in Markdown. The
I-SPY 1 labels are one person's outlines, larger than published functional volumes: weak truth.
"""

import argparse
from pathlib import Path

import nibabel as nib
import numpy as np

from mamri.pipeline.analyze_to_folder import analyze_to_folder
from mamri.records import ExamResult

# The protocol of I-SPY 1: early about 2.5 min, late about 7.5 min after injection.
_ISPY1 = {"pre": 0.0, "post_early": 150.0, "post_late": 450.0}
# No times are known for this exam: an assumption that fits the usual protocol of that time.
_TCGA = {"pre": 0.0} | {f"post{k}": 60.0 + 90.0 * (k - 1) for k in range(1, 6)}


def _cases(data: Path) -> list[tuple[str, Path | None, list[tuple[str, float]], Path | None]]:
    cases: list[tuple[str, Path | None, list[tuple[str, float]], Path | None]] = []
    for number in (1001, 1002, 1003, 1008):
        stem = data / "ispy1" / f"ISPY1_{number}"
        phases = [(f"{stem}_{name}.nii.gz", time) for name, time in _ISPY1.items()]
        cases.append((f"I-SPY1 {number}", None, phases, Path(f"{stem}_lesion.nii.gz")))
    for breast in "AB":
        stem = data / "tcga_ao_a03m" / f"TCGA-AO-A03M_breast{breast}"
        phases = [(f"{stem}_{name}.nii.gz", time) for name, time in _TCGA.items()]
        cases.append((f"TCGA breast {breast}", None, phases, None))
    cases.append(("Duke 001, one phase", data / "duke_001_pre_dicom", [], None))
    return cases


def _dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def _row(name: str, result: ExamResult, output: Path, label: Path | None) -> str:
    lesions = np.asanyarray(nib.load(output / "masks" / "lesions.nii.gz").dataobj)
    best = "no label"
    if label is not None:
        truth = np.asanyarray(nib.load(label).dataobj) > 0
        scores = [_dice(lesions == finding.id, truth) for finding in result.findings]
        best = f"{max(scores):.2f}" if scores else "missed"
    findings = "; ".join(
        f"{f.id}: {f.quadrant}, {f.diameters_mm[0]:.0f} mm, {f.volume_ml:.2f} ml, "
        f"{f.kinetics.delayed.value if f.kinetics.delayed else 'no curve'}"
        for f in result.findings
    )
    breasts = "; ".join(
        f"{b.side.word} {b.volume_ml:.0f} ml, FGT {b.density_percent:.0f} %" for b in result.breasts
    )
    codes = ", ".join(dict.fromkeys(caveat.code for caveat in result.caveats)) or "none"
    total = sum(result.timings_s.values())
    return f"| {name} | {best} | {findings or 'none'} | {breasts} | {codes} | {total:.0f} s |"


def main() -> None:
    """Analyse every exam that is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    print("| exam | Dice with label | findings | breasts | caveats | time |")
    print("|---|---|---|---|---|---|")
    for name, source, phases, label in _cases(options.data):
        output = options.work / name.replace(" ", "-").replace(",", "")
        result, _ = analyze_to_folder(source, output, phases=phases, overwrite=True)
        print(_row(name, result, output, label), flush=True)


if __name__ == "__main__":
    main()
