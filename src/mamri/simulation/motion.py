"""Motion between and within phases: shifts and turns of the patient, breathing of the chest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
from scipy import ndimage

from mamri.geometry import spacing_mm, to_lps
from mamri.simulation.body import Body, Field
from mamri.simulation.image_formation import point_spread

_PIVOT_MM = np.array([0.0, 40.0, 0.0])
_TICK_MM = 6.0  # between points where the depth in the chest is looked up


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """Where the patient lies in each phase.

    Parameters
    ----------
    shifts_mm : (T, 3) float, mm
    turns_rad : (T, 3) float, rad
    breathing_mm : (T, 3) float, mm
        Extra shift of the chest behind the breasts.
    within : (T,) bool
        Whether the patient moved during the phase.
    """

    shifts_mm: np.ndarray
    turns_rad: np.ndarray
    breathing_mm: np.ndarray
    within: np.ndarray


def draw_poses(n: int, motion_mm: float, motion_within: float, rng: np.random.Generator) -> Poses:
    """Poses of a patient who drifts away from the first phase; the first stays."""
    direction = rng.standard_normal((n, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    size = motion_mm * np.sqrt(np.linspace(0, 1, n)) * rng.uniform(0.5, 1, n)
    shifts = direction * size[:, None]
    turns = rng.normal(0, 0.002, (n, 3)) * motion_mm
    breath = rng.normal(0, 1.2, n) * motion_mm
    breathing = breath[:, None] * np.array([0.0, 1.0, 0.6])
    shifts[0], turns[0], breathing[0] = 0, 0, 0
    within = rng.random(n) < motion_within
    within[0] = False
    return Poses(shifts, turns, breathing, within & (motion_mm > 0))


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _cubic(p: float, weights: np.ndarray) -> None:
    """Catmull-Rom weights for a fractional position 0 to 1."""
    weights[0] = p * (-0.5 + p * (1 - 0.5 * p))
    weights[1] = 1 + p * p * (-2.5 + 1.5 * p)
    weights[2] = p * (0.5 + p * (2 - 1.5 * p))
    weights[3] = p * p * (-0.5 + 0.5 * p)


@numba.njit(cache=True, parallel=True)  # type: ignore[misc, unused-ignore]
def move(
    image: np.ndarray, transform: np.ndarray, breathing: np.ndarray, back: np.ndarray
) -> np.ndarray:
    """Image after a rigid movement and breathing, by cubic interpolation.

    Parameters
    ----------
    image : (S, R, C) float32
    transform : (3, 4) float
        (s, r, c, 1) of the new image to (s, r, c) of the old one.
    breathing : (3,) float, voxels
        Extra shift of the patient where ``back`` is 1.
    back : (S, R, C) float32
        0 in the breasts, 1 deep in the chest, below 0 far from the body.

    Returns
    -------
    (S, R, C) float32
    """
    n_s, n_r, n_c = image.shape
    out = np.zeros_like(image)
    for s in numba.prange(n_s):
        ws, wr, wc = np.empty(4), np.empty(4), np.empty(4)
        for r in range(n_r):
            for c in range(n_c):
                b = back[s, r, c]
                if b < 0:
                    continue
                t = transform
                ps = t[0, 0] * s + t[0, 1] * r + t[0, 2] * c + t[0, 3] - b * breathing[0]
                pr = t[1, 0] * s + t[1, 1] * r + t[1, 2] * c + t[1, 3] - b * breathing[1]
                pc = t[2, 0] * s + t[2, 1] * r + t[2, 2] * c + t[2, 3] - b * breathing[2]
                fs, fr, fc = int(np.floor(ps)), int(np.floor(pr)), int(np.floor(pc))
                _cubic(ps - fs, ws)
                _cubic(pr - fr, wr)
                _cubic(pc - fc, wc)
                total = 0.0
                for i in range(4):
                    ii = min(max(fs - 1 + i, 0), n_s - 1)
                    for j in range(4):
                        jj = min(max(fr - 1 + j, 0), n_r - 1)
                        line = 0.0
                        for k in range(4):
                            kk = min(max(fc - 1 + k, 0), n_c - 1)
                            line += wc[k] * image[ii, jj, kk]
                        total += ws[i] * wr[j] * line
                out[s, r, c] = max(total, 0.0)
    return out


def rigid_transform(
    affine: np.ndarray, *, shift_mm: Sequence[float], turn_rad: Sequence[float]
) -> np.ndarray:
    """Index transform of `move` for a small movement of the patient, (3, 4)."""
    a, b, c = turn_rad
    turn = np.array([[1, -c, b], [c, 1, -a], [-b, a, 1]])
    turn, _ = np.linalg.qr(turn)
    turn *= np.sign(np.diag(turn))
    whole = np.eye(4)
    whole[:3, :3] = turn.T
    whole[:3, 3] = _PIVOT_MM - turn.T @ (_PIVOT_MM + np.asarray(shift_mm))
    return np.asarray((np.linalg.inv(affine) @ whole @ affine)[:3])


def depth_in_chest(body: Body, affine: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """0 in the breasts, rising to 1 behind the chest wall; -1 far from the body, float32."""
    lengths = spacing_mm(affine) * (np.array(shape) - 1)
    counts = [
        int(max(2, min(n, np.ceil(v / _TICK_MM) + 1))) for n, v in zip(shape, lengths, strict=True)
    ]
    ticks = [np.linspace(0, n - 1, m) for n, m in zip(shape, counts, strict=True)]
    index = np.stack(np.meshgrid(*ticks, indexing="ij"), axis=-1).reshape(-1, 3)
    points = to_lps(affine, index)
    depth = np.clip((8.0 - body.sample(Field.MUSCLE, points)) / 25.0, 0, 1)
    depth[body.sample(Field.SKIN, points) > 12] = -1
    coarse = depth.reshape(counts).astype(np.float32)
    nearest = [
        np.minimum(np.rint(np.arange(n) * (m - 1) / max(n - 1, 1)).astype(int), m - 1)
        for n, m in zip(shape, counts, strict=True)
    ]
    return np.ascontiguousarray(coarse[np.ix_(*nearest)])


def moved(
    image: np.ndarray, poses: Poses, t: int, *, affine: np.ndarray, back: np.ndarray, axis: int
) -> np.ndarray:
    """Image of one phase in the pose of that phase.

    Where the patient moved within the phase, the middle of k-space along phase encoding is from
    that pose and the rest from the one before.

    Parameters
    ----------
    image : (S, R, C) float32
        In the position of the first phase.
    poses : Poses
    t : int
        Phase.
    affine : (4, 4) float, mm
    back : (S, R, C) float32
        From `depth_in_chest`.
    axis : int
        Of phase encoding.
    """

    def at(pose: int) -> np.ndarray:
        transform = rigid_transform(
            affine, shift_mm=poses.shifts_mm[pose], turn_rad=poses.turns_rad[pose]
        )
        breathing = np.linalg.inv(affine[:3, :3]) @ poses.breathing_mm[pose]
        return move(image, transform, breathing, back)

    here = at(t)
    if not poses.within[t] or t == 0:
        return here
    before = at(t - 1)
    middle = ndimage.convolve1d(here - before, point_spread(0.5), axis=axis, mode="nearest")
    return np.asarray(before + middle, np.float32)
