"""Trial of ways to take motion out of a dynamic exam, on warps whose truth is known.

A pre-contrast volume is enhanced (glands by a smooth amount, three spherical lesions strongly),
warped by a random smooth motion, and given noise of its own; every method must then undo the
motion. Reported for each method: what is left of the motion in the breast and in the glands, how
much the volume of the lesions changed, whether the motion folds, and the processor time.

    python benchmarks/registration_trial.py                 # a phantom built here
    python benchmarks/registration_trial.py FOLDER [...]    # real volumes: pre-contrast NIfTI files

Results on a few volumes are regression figures, never accuracy claims.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from skimage.filters import threshold_otsu

from mamri.geometry import anatomical_orientation, spacing_mm
from mamri.geometry.resample import coarsen
from mamri.records import Volume
from mamri.registration import MotionMethod, MotionSettings
from mamri.registration.displacement import (
    Displacement,
    jacobian_determinant,
    sampled_displacement,
    warp,
)
from mamri.registration.motion_estimate import (
    WorkingFrame,
    find_motion,
    residual_motion,
    working_array,
    working_frame,
)

LESION_RADII_MM = (4.0, 6.0, 9.0)
ENHANCEMENT = 1.2  # of the lesions, relative to bright tissue
RIGID_SHIFT_MM = 1.5
LOCAL_RMS_MM = (0.5, 1.5)  # a calm and a restless exam
LATTICE_MM = 45.0


@dataclass(frozen=True)
class Case:
    """One pair of phases and the truth between them."""

    name: str
    pre: Volume
    post: Volume
    still: Volume  # the post phase as it would be without motion
    breast: np.ndarray
    gland: np.ndarray
    lesions: np.ndarray
    motion: Displacement  # moving(y) = still(y + motion(y))


def main(paths: list[str]) -> None:
    """Run every method on every volume and print one table."""
    volumes = [(Path(p).name[:14], read(Path(p))) for p in paths] or [("phantom", phantom())]
    print(f"{'volume':15}{'local':>6} {'method':22}{'breast':>7}{'p95':>6}{'gland':>7}"
          f"{'dV%':>7}{'worst':>7}{'folds':>6}{'est.':>6}{'cpu s':>7}{'wall s':>7}")  # fmt: skip
    for name, volume in volumes:
        for rms in LOCAL_RMS_MM:
            case = make_case(name, volume, rms, seed=7)
            for label, method in METHODS.items():
                report(case, rms, label, method)


def read(path: Path) -> Volume:
    """Volume in anatomical order from NIfTI or, for ``.npy``, axial 1.1 x 0.8 x 0.8 mm."""
    if path.suffix == ".npy":
        return Volume(np.load(path), np.diag([1.1, 0.8, 0.8, 1.0])[[2, 1, 0, 3]])
    image = sitk.ReadImage(str(path))
    array = sitk.GetArrayFromImage(image)
    axes = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes[:, ::-1], image.GetOrigin()
    order = anatomical_orientation(affine)
    return Volume(np.ascontiguousarray(order.apply(array)), order.apply_affine(affine, array.shape))


def phantom() -> Volume:
    """Two half-ellipsoid breasts with gland strands on a chest wall, 1.5 mm."""
    rng = np.random.default_rng(3)
    shape, h = (80, 100, 200), 1.5
    z, y, x = np.meshgrid(*[(np.arange(n) - n / 2) * h for n in shape], indexing="ij")
    breast = np.zeros(shape, bool)
    for side in (-75, 75):
        breast |= ((x - side) / 62) ** 2 + (z / 55) ** 2 + ((y - 40) / 95) ** 2 < 1
    texture = ndimage.gaussian_filter(rng.normal(size=shape), 2.5)
    gland = breast & (texture > 0.4 * texture.std())
    image = 60.0 * breast + 110.0 * gland
    image[y > 40] = 90 + 400 * texture[y > 40]
    image = ndimage.gaussian_filter(image, 0.6) + rng.normal(0, 3, shape)
    return Volume(np.clip(image, 0, None).astype(np.int16), np.diag([h, h, h, 1])[[2, 1, 0, 3]])


def make_case(name: str, pre: Volume, rms_mm: float, *, seed: int) -> Case:
    """Enhance, warp and disturb a volume."""
    rng = np.random.default_rng(seed)
    spacing = np.array(spacing_mm(pre.affine))
    image = pre.array.astype(np.float32)
    smooth = ndimage.gaussian_filter(image, 2.0 / spacing)
    level = 0.4 * threshold_otsu(smooth[::2, ::2, ::2])  # fat is dark where it is suppressed
    body = largest(smooth > level)
    for part in body:
        part[:] = ndimage.binary_fill_holes(part)
    rows = np.flatnonzero(body.any((0, 2)))
    breast = body.copy()
    breast[:, rows[0] + int(0.55 * len(rows)) :] = False  # the front half: no chest wall
    bright = float(np.percentile(image[breast], 80))
    gland = breast & (image > bright)
    depth = ndimage.distance_transform_edt(breast, sampling=spacing)
    lesions = np.zeros(image.shape, np.uint8)
    for label, radius in enumerate(LESION_RADII_MM, 1):
        away = depth
        if label > 1:
            away = ndimage.distance_transform_edt(lesions == 0, sampling=spacing)
        spots = np.argwhere((depth > radius + 4) & (away > radius + 4))
        if len(spots) == 0:
            continue
        centre = spots[rng.integers(len(spots))]
        mm = [(np.arange(n) - c) * h for n, c, h in zip(image.shape, centre, spacing, strict=True)]
        r2 = mm[0][:, None, None] ** 2 + mm[1][:, None] ** 2 + mm[2] ** 2
        lesions[r2 <= radius**2] = label
    patchy = ndimage.zoom(rng.uniform(0.0, 0.3, (5, 5, 5)), np.array(image.shape) / 5, order=1)
    rise = ndimage.gaussian_filter((lesions > 0).astype(np.float32), 0.5 / spacing)
    still = image * (1 + patchy * gland) + ENHANCEMENT * bright * rise
    motion = random_motion(image.shape, spacing, rms_mm, rng)
    moved = np.empty_like(still)
    warp(still, motion, out=moved)
    sd = 0.02 * bright

    def disturbed(values: np.ndarray) -> Volume:
        noisy = values + rng.normal(0, sd, values.shape).astype(np.float32)
        return Volume(np.clip(np.rint(noisy), 0, 32767).astype(np.int16), pre.affine)

    return Case(
        name, disturbed(image), disturbed(moved), disturbed(still), breast, gland, lesions, motion
    )


def largest(mask: np.ndarray) -> np.ndarray:
    """Largest connected part."""
    labels, _ = ndimage.label(mask)
    return labels == np.argmax(np.bincount(labels.ravel())[1:]) + 1


def random_motion(
    shape: tuple[int, ...], spacing: np.ndarray, rms_mm: float, rng: np.random.Generator
) -> Displacement:
    """A shift and small turn, plus a local motion of the given size."""
    n = [int(np.ceil(s * h / LATTICE_MM)) + 4 for s, h in zip(shape, spacing, strict=True)]
    local = rng.normal(size=(3, *n))
    shift = rng.normal(size=3)
    shift *= RIGID_SHIFT_MM / np.linalg.norm(shift)
    turn = np.radians(0.4) * np.array([[0, -1, 0.5], [1, 0, -0.3], [-0.5, 0.3, 0]])

    def at(axes: list[np.ndarray]) -> np.ndarray:
        mm = [a * h for a, h in zip(axes, spacing, strict=True)]
        nodes = np.meshgrid(*[x / LATTICE_MM + 1.5 for x in mm], indexing="ij")
        u = np.stack([ndimage.map_coordinates(c, nodes, order=3, mode="nearest") for c in local])
        u *= rms_mm / np.sqrt((u**2).sum(0).mean())
        middle = np.array(shape) * spacing / 2
        x = np.stack(np.meshgrid(*[m - c for m, c in zip(mm, middle, strict=True)], indexing="ij"))
        u += shift.reshape(3, 1, 1, 1) + np.tensordot(turn, x, axes=1)
        return u / spacing.reshape(3, 1, 1, 1)

    return sampled_displacement(tuple(shape), tuple(4.0 / spacing), at)


def dense(motion: Displacement) -> np.ndarray:
    """Displacement at every voxel, (3, S, R, C) voxels."""
    return motion.at([np.arange(n, dtype=float) for n in motion.shape])


Method = Callable[[Case, WorkingFrame], Displacement | None]


def by_mamri(settings: MotionSettings) -> Method:
    """The package's own way, with its acceptance rules."""

    def find(case: Case, frame: WorkingFrame) -> Displacement | None:
        return find_motion(case.post, frame, settings).displacement

    return find


def by_demons(case: Case, frame: WorkingFrame) -> Displacement | None:
    """Diffeomorphic demons of plain SimpleITK after histogram matching, three levels of 2 mm."""
    fixed = sitk.GetImageFromArray(frame.fixed)
    moving = sitk.GetImageFromArray(coarsen(case.post, 2.0).array)
    for image in (fixed, moving):
        image.SetSpacing(frame.spacing[::-1])
    moving = sitk.HistogramMatching(moving, fixed, 128, 16, True)
    field = None
    for shrink in (4, 2, 1):
        small = [sitk.BinShrink(image, [shrink] * 3) for image in (fixed, moving)]
        demons = sitk.DiffeomorphicDemonsRegistrationFilter()
        demons.SetNumberOfIterations(40)
        demons.SetStandardDeviations(2.0)
        demons.SetNumberOfThreads(2)
        if field is not None:
            field = sitk.Resample(field, small[0], sitk.Transform(), sitk.sitkLinear)
            field = demons.Execute(*small, field)
        else:
            field = demons.Execute(*small)
    mm = np.moveaxis(sitk.GetArrayFromImage(field), -1, 0)[::-1]  # (3, S, R, C), mm
    factor = np.array(frame.spacing) / frame.full_spacing

    def at(axes: list[np.ndarray]) -> np.ndarray:
        coarse = [(a - (f - 1) / 2) / f for a, f in zip(axes, factor, strict=True)]
        nodes = np.meshgrid(*coarse, indexing="ij")
        u = np.stack([ndimage.map_coordinates(c, nodes, order=1, mode="nearest") for c in mm])
        return u / np.array(frame.full_spacing).reshape(3, 1, 1, 1)

    return sampled_displacement(frame.shape, tuple(3.0 / np.array(frame.full_spacing)), at)


_RIGID = MotionSettings(method=MotionMethod.RIGID)
_FREE = MotionSettings(method=MotionMethod.DEFORMABLE)
METHODS: dict[str, Method] = {
    "none": lambda case, frame: None,
    "rigid": by_mamri(_RIGID),
    "demons (SimpleITK)": by_demons,
    "elastix 16 mm x150": by_mamri(_FREE),
    "elastix 24 mm x150": by_mamri(replace(_FREE, grid_spacing_mm=24.0)),
    "elastix 24 mm x60": by_mamri(
        replace(_FREE, grid_spacing_mm=24.0, deformable_iterations=60, samples=2048)
    ),
    "elastix 32 mm x60": by_mamri(
        replace(_FREE, grid_spacing_mm=32.0, deformable_iterations=60, samples=2048)
    ),
}


def report(case: Case, rms: float, label: str, method: Method) -> None:
    """Print one line of the table."""
    frame = working_frame(case.pre, case.breast, MotionSettings())
    wall, cpu = time.perf_counter(), time.process_time()
    found = method(case, frame)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    spacing = np.array(spacing_mm(case.pre.affine)).reshape(3, 1, 1, 1)
    indices = np.indices(case.pre.shape, dtype=np.float32, sparse=False)
    u = np.zeros_like(indices) if found is None else dense(found)
    truth = dense(case.motion)
    left = u + np.stack(
        [ndimage.map_coordinates(t, indices + u, order=1, mode="nearest") for t in truth]
    )
    error = np.sqrt(((left * spacing) ** 2).sum(0))
    folds = int((jacobian_determinant(u)[case.breast] <= 0).sum())
    corrected = case.post.array
    if found is not None:
        corrected = np.empty_like(case.post.array)
        warp(case.post.array, found, out=corrected)
    changes = lesion_changes(case, corrected)
    est = residual_motion(frame, working_array(Volume(corrected, case.pre.affine), _RIGID))
    in_breast = error[case.breast]
    worst = max(changes, key=abs)
    print(
        f"{case.name:15}{rms:6.1f} {label:22}{in_breast.mean():7.2f}"
        f"{np.percentile(in_breast, 95):6.2f}{error[case.gland].mean():7.2f}"
        f"{np.mean(np.abs(changes)):7.1f}{worst:7.1f}{folds:6d}{est.median_mm:6.2f}"
        f"{cpu:7.1f}{wall:7.1f}",
        flush=True,
    )


def lesion_changes(case: Case, corrected: np.ndarray) -> list[float]:
    """Change of each lesion's volume in the subtraction against the one without motion, %."""
    out = []
    spacing = spacing_mm(case.pre.affine)
    for label in np.unique(case.lesions[case.lesions > 0]):
        lesion = case.lesions == label
        tight = ndimage.find_objects(lesion.astype(np.uint8))[0]
        box = tuple(
            slice(max(part.start - int(8 / h), 0), part.stop + int(8 / h))
            for part, h in zip(tight, spacing, strict=True)
        )
        pre = case.pre.array[box].astype(np.float32)
        truth = case.still.array[box] - pre
        level = np.median(truth[lesion[box]]) / 2
        before = np.count_nonzero(ndimage.gaussian_filter(truth, 0.7) > level)
        now = ndimage.gaussian_filter(corrected[box] - pre, 0.7)
        out.append(100.0 * (np.count_nonzero(now > level) / before - 1))
    return out


if __name__ == "__main__":
    main(sys.argv[1:])
