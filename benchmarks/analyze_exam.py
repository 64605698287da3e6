"""Time and memory of ``mamri analyze`` on a simulated exam, stage by stage, and of reading.

    python benchmarks/analyze_exam.py WORK_FOLDER [--runs 3]

The exam (448 x 448 x 160 voxels, 5 phases, 800 DICOM files) is made once in WORK_FOLDER. Every
analysis runs in a process of its own, so that its peak memory is its own. Reading is measured
against dcm2niix (PyPI, ``-z n``) on the same folder, one run of each in turn; ratios of one pair
are what counts, machines being noisy.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from mamri.pipeline.simulate_exam import SimulationRequest, simulate_to_folder

_READ = (
    "import sys, time; from pathlib import Path; from mamri.io.read_exam import read_exam; "
    "start = time.perf_counter(); exam = read_exam(Path(sys.argv[1])); "
    "print(time.perf_counter() - start, exam.dynamic.array.shape)"
)


def _analysis(exam: Path, output: Path, registration: str) -> dict:
    shutil.rmtree(output, ignore_errors=True)
    command = [sys.executable, "-m", "mamri.cli.main", "analyze", str(exam), "-o", str(output)]
    start = time.perf_counter()
    subprocess.run(
        [*command, "--registration", registration], check=True, capture_output=True, text=True
    )
    document = json.loads((output / "result.json").read_text())
    return {
        "total_s": time.perf_counter() - start,
        "peak_memory_mb": document["peak_memory_mb"],
        "timings_s": document["timings_s"],
    }


def _read_pair(exam: Path, work: Path, dcm2niix: str) -> tuple[float, float, float]:
    """Seconds of the reader alone, of its whole process, and of dcm2niix's whole process."""
    start = time.perf_counter()
    out = subprocess.run(
        [sys.executable, "-c", _READ, str(exam)], check=True, capture_output=True, text=True
    ).stdout
    process = time.perf_counter() - start
    target = work / "dcm2niix"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    start = time.perf_counter()
    subprocess.run(
        [dcm2niix, "-z", "n", "-f", "%s", "-o", str(target), str(exam)],
        check=True, capture_output=True,
    )  # fmt: skip
    return float(out.split()[0]), process, time.perf_counter() - start


def main() -> None:
    """Run everything and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--dcm2niix", default=shutil.which("dcm2niix"))
    options = parser.parse_args()
    folder = options.work / "exam"
    if not (folder / "truth.json").exists():
        simulate_to_folder(folder, request=SimulationRequest("benchmark"), seed=11, overwrite=True)
    exam = folder / "dicom"
    if options.dcm2niix:
        pairs = [_read_pair(exam, options.work, options.dcm2niix) for _ in range(options.runs)]
        for name, column in (("reader", 0), ("reader process", 1)):
            ratios = [pair[column] / pair[2] for pair in pairs]
            print(
                f"{name}: median {statistics.median(p[column] for p in pairs):.2f} s; "
                f"over dcm2niix: median ratio {statistics.median(ratios):.2f} "
                f"({min(ratios):.2f} to {max(ratios):.2f})"
            )
        print(f"dcm2niix process: median {statistics.median(p[2] for p in pairs):.2f} s")
    for registration in ("none", "rigid", "deformable"):
        runs = [
            _analysis(exam, options.work / f"result-{registration}", registration)
            for _ in range(options.runs)
        ]
        total = statistics.median(run["total_s"] for run in runs)
        memory = max(run["peak_memory_mb"] for run in runs)
        print(f"\nregistration {registration}: median {total:.1f} s, peak memory {memory:.0f} MiB")
        for step in runs[0]["timings_s"]:
            seconds = statistics.median(run["timings_s"][step] for run in runs)
            print(f"  {step:<16} {seconds:7.2f} s")


if __name__ == "__main__":
    main()
