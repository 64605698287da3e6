"""How far diffusion images lie from the anatomy before and after alignment, on simulated exams.

    python benchmarks/diffusion_alignment.py [--seeds 1 2] [--protocols axial-fs dixon ...]

The simulator distorts the echo planar images by its off-resonance field, fat by its chemical shift
besides; so every exam has a displacement that is known at each point of the breasts. To it a known
motion of the patient is added by changing the affine of the series alone, which interpolates
nothing. The residual is the distance between where a transform says the tissue of a point of the
breasts lies and where it really lies. The floor is what the affine transform fitted to the truth by
least squares leaves: no affine alignment can do better than it on average of the squares. Lesions:
Dice of their masks, carried to the diffusion grid, with where they really lie there.

One phase is simulated, on a grid of 2.2 x 1.6 x 1.6 mm. Results are regression figures, never
accuracy claims: distortion, fat suppression and noise are simulated.
"""

import argparse
import time
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from mamri.geometry.affines import to_lps
from mamri.records import DiffusionSeries, Volume
from mamri.registration import (
    AlignmentKind,
    AlignmentSettings,
    DiffusionAlignment,
    align_diffusion,
    carry_mask,
)
from mamri.simulation import PROTOCOLS, build_body, draw_condition, draw_woman, render_mixture
from mamri.simulation.image_formation import distort
from mamri.simulation.scan import begin_visit, off_resonance, scan_dynamic
from mamri.simulation.sequences import Grid
from mamri.simulation.still_scans import scan_diffusion
from mamri.simulation.synthesis import PROTON_HZ_PER_T

T1_GRID = Grid((80, 192, 224), (2.2, 1.6, 1.6))
WITH_DIFFUSION = [name for name, p in PROTOCOLS.items() if p.diffusion is not None]
METHODS = (AlignmentKind.NONE, AlignmentKind.RIGID, AlignmentKind.AFFINE)


@dataclass(frozen=True)
class Case:
    """One simulated exam and the truth in its breasts."""

    name: str
    reference: Volume
    breast: np.ndarray
    lesions: np.ndarray
    series: DiffusionSeries
    points: np.ndarray  # (N, 3) LPS mm, where tissue really is
    bent: np.ndarray  # (N, 3) LPS mm, where distortion puts it
    lesions_seen: np.ndarray  # on the diffusion grid, after distortion


def simulate(name: str, seed: int) -> Case:
    """One phase and the lowest b-value of an exam, with the displacement of its echo planar image.

    The displacement is the one that `scan_diffusion` applies, written again here.
    """
    protocol = PROTOCOLS[name]
    echo = protocol.diffusion
    assert echo is not None, "a protocol with diffusion"
    echo = replace(echo, b_values=echo.b_values[:1])
    dynamic = replace(protocol.dynamic, grid=T1_GRID, times_s=protocol.dynamic.times_s[:1])
    protocol = replace(protocol, dynamic=dynamic, diffusion=echo)
    visit = begin_visit(build_body(draw_woman(seed)), protocol, draw_condition(seed), seed)
    t1 = scan_dynamic(visit, dynamic, 0)
    affine, shape = echo.grid.affine(), echo.grid.shape
    mixture = render_mixture(visit.digital, affine, shape)
    off = off_resonance(visit, mixture)
    zoom = [n / m for n, m in zip(shape, off.shape, strict=True)]
    train_s = shape[1] * echo.echo_spacing_ms / 1000 / echo.acceleration
    hz_per_ppm = 1e-6 * PROTON_HZ_PER_T * protocol.field_strength_t
    shift = np.asarray(ndimage.zoom(off, zoom, order=1, grid_mode=False), np.float32)
    shift *= np.float32(hz_per_ppm * train_s)  # voxels along rows
    breast = mixture.breast > 0
    points = to_lps(affine, np.argwhere(breast))
    return Case(
        name=f"{name} {seed}",
        reference=Volume(t1.phases[0], T1_GRID.affine()),
        breast=t1.mixture.breast > 0,
        lesions=t1.mixture.lesions > 0,
        series=DiffusionSeries(scan_diffusion(visit, echo, 2), affine, np.array(echo.b_values)),
        points=points,
        bent=points + shift[breast][:, None] * affine[:3, 1],
        lesions_seen=distort((mixture.lesions > 0).astype(np.float32), shift) > 0.5,
    )


def motion(shift_mm: list[float], turn_deg: list[float], stretch: list[float]) -> np.ndarray:
    """A shift and turn, after a stretch and shears along rows; (4, 4) mm."""
    matrix = np.eye(4)
    turn = Rotation.from_euler("xyz", turn_deg, degrees=True).as_matrix()
    matrix[:3, :3] = turn @ (np.eye(3) + np.outer([0, 1, 0], stretch))
    matrix[:3, 3] = shift_mm
    return matrix


MOTIONS = {
    "field alone": np.eye(4),
    "and 5 mm, 2 degrees": motion([2.0, -4.0, 2.5], [1.5, -1.0, 1.0], [0, 0, 0]),
    "and 10 mm, 4 degrees": motion([-4.0, 8.0, -5.0], [-3.0, 2.0, 2.0], [0, 0, 0]),
    "and stretch 8 %, shear 4 %": motion([-1.0, 3.0, -2.0], [-1.0, 1.0, -1.0], [0.04, 0.08, 0.0]),
}


def residuals(matrix: np.ndarray, points: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Distance between found and true places, (N,) mm."""
    return np.linalg.norm(to_lps(matrix, points) - truth, axis=1)


def floor_mm(points: np.ndarray, truth: np.ndarray) -> float:
    """Mean residual of the affine transform that fits the truth best."""
    extended = np.c_[points, np.ones(len(points))]
    fitted = extended @ np.linalg.lstsq(extended, truth, rcond=None)[0]
    return float(np.linalg.norm(fitted - truth, axis=1).mean())


def lesion_dice(case: Case, series: DiffusionSeries, found: DiffusionAlignment) -> float:
    """Overlap of the lesions as carried with the lesions as they lie in the diffusion images."""
    if not case.lesions_seen.any():
        return float("nan")
    grid = Volume(series.array[0], series.affine)
    carried = carry_mask(case.lesions, case.reference, found, grid).mask
    both = np.count_nonzero(carried) + np.count_nonzero(case.lesions_seen)
    return 2 * np.count_nonzero(carried & case.lesions_seen) / both


def main() -> None:
    """Align every exam after every motion and print one Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--protocols", nargs="+", default=WITH_DIFFUSION, choices=WITH_DIFFUSION)
    arguments = parser.parse_args()
    print("| exam | displacement | asked | used | residual mean (mm) | p95 (mm) | floor (mm) "
          "| NMI | glands Dice | lesions Dice | cpu s |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for seed in arguments.seeds:
        for name in arguments.protocols:
            case = simulate(name, seed)
            for label, moved in MOTIONS.items():
                report(case, label, moved)


def report(case: Case, label: str, moved: np.ndarray) -> None:
    """Print the lines of one exam after one motion."""
    series = replace(case.series, affine=moved @ case.series.affine)
    truth = to_lps(moved, case.bent)
    for method in METHODS:
        start = time.process_time()
        found, _ = align_diffusion(
            series, case.reference, case.breast, AlignmentSettings(most_freedom=method)
        )
        cpu = time.process_time() - start
        left = residuals(found.reference_to_diffusion, case.points, truth)
        used = found.kind if found.status != "undefined" else "undefined"
        print(
            f"| {case.name} | {label} | {method} | {used} | {left.mean():.2f} "
            f"| {np.percentile(left, 95):.1f} | {floor_mm(case.points, truth):.2f} "
            f"| {found.after.mutual_information:.3f} | {found.after.gland_dice:.2f} "
            f"| {lesion_dice(case, series, found):.2f} | {cpu:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
