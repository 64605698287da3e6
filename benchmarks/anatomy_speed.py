"""Seconds and peak memory of the anatomy model on one large exam, engines side by side.

    python benchmarks/anatomy_speed.py [--runs 3] [--shape 160 448 448] [--model PATH]

One process an engine, run in turns; each loads the model, warms up on nothing and segments the
image of a simulated woman, so that loading is told apart. Prints medians as a Markdown table.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ENGINES = {
    "OpenVINO bf16": ("openvino", "bf16"),
    "OpenVINO f32": ("openvino", "f32"),
    "torch bf16": ("torch", "bf16"),
    "torch f32": ("torch", "f32"),
}


def run_once(image_path: Path, engine: str, model: Path | None) -> dict[str, float]:
    """Segment in this process; seconds and MiB."""
    from mamri.io.find_model import find_model
    from mamri.networks.inference_engine import Backend, EngineSettings, Precision
    from mamri.pipeline.anatomy_networks import load_anatomy_networks
    from mamri.records import Volume
    from mamri.segmentation.learned_anatomy import segment_with_networks

    backend, precision = ENGINES[engine]
    with np.load(image_path) as stored:
        image = Volume(stored["array"], stored["affine"])
    start = time.perf_counter()
    settings = EngineSettings(backend=Backend(backend), precision=Precision(precision))
    networks = load_anatomy_networks(find_model(model or "anatomy"), settings)
    loaded = time.perf_counter()
    found, _ = segment_with_networks(image, networks)
    done = time.perf_counter()
    return {
        "load": loaded - start,
        "segment": done - loaded,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "breast": float(np.count_nonzero(found.breast)),
        "fibroglandular": float(np.count_nonzero(found.fibroglandular)),
    }


def make_image(path: Path, shape: tuple[int, int, int]) -> None:
    """A woman before contrast on a grid of about 360 mm."""
    from dataclasses import replace

    from mamri.simulation import PROTOCOLS, draw_woman, simulate_exam
    from mamri.simulation.sequences import Grid

    protocol = PROTOCOLS["axial-fs"]
    spacing = (176.0 / shape[0], 358.0 / shape[1], 358.0 / shape[2])
    scan = replace(
        protocol.dynamic, grid=Grid(shape, spacing), times_s=protocol.dynamic.times_s[:1]
    )
    single = replace(protocol, dynamic=scan, t2=None, diffusion=None, plain_t1=None)
    exam = simulate_exam(draw_woman(700_100), single).exam
    from mamri.geometry import to_anatomical

    dynamic = to_anatomical(exam).dynamic
    assert dynamic is not None
    phase = dynamic.phase(0)
    np.savez(path, array=np.ascontiguousarray(phase.array), affine=phase.affine)


def main() -> None:
    """Time all engines in turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--shape", type=int, nargs=3, default=(160, 448, 448))
    parser.add_argument("--model", type=Path)
    parser.add_argument("--one", nargs=2, metavar=("IMAGE", "ENGINE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(run_once(Path(options.one[0]), options.one[1], options.model)))
        return
    found: dict[str, list[dict[str, float]]] = {engine: [] for engine in ENGINES}
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "image.npz"
        make_image(image, tuple(options.shape))
        for _ in range(options.runs):
            for engine in ENGINES:
                command = [sys.executable, __file__, "--one", str(image), engine]
                if options.model:
                    command += ["--model", str(options.model)]
                answer = subprocess.run(command, check=True, capture_output=True, text=True)
                found[engine].append(json.loads(answer.stdout.splitlines()[-1]))
    print("| engine | load s | segment s | peak MiB | breast voxels | FGT voxels |\n|" + "---|" * 6)
    for engine, rows in found.items():
        median = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
        print(
            f"| {engine} | {median['load']:.1f} | {median['segment']:.1f} | "
            f"{median['memory']:.0f} | {median['breast']:.0f} | {median['fibroglandular']:.0f} |"
        )


if __name__ == "__main__":
    main()
