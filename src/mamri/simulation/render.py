"""From the woman to noise-free signal: every voxel's tissues, and their signal in each phase."""

import numba
import numpy as np

from mamri.simulation.body import COARSE_MM, SKIN_MM
from mamri.simulation.gradient_noise import gradient_noise
from mamri.simulation.lesions import lesion_at

N_PLAIN = 13  # tissues before the lesions, in the order of `Tissue`
MAX_UPTAKE = 2.0  # highest relative uptake in the signal table
BACK_LIMIT = -0.28  # forward coordinate where the breast ends beside the chest (assumption)
_N_FIELDS = 9


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _interpolate(
    fields: np.ndarray, origin: np.ndarray, x: float, y: float, z: float, out: np.ndarray
) -> None:
    """Trilinear values of all coarse fields at a point."""
    px = min(max((x - origin[0]) / COARSE_MM, 0.0), fields.shape[2] - 1.001)
    py = min(max((y - origin[1]) / COARSE_MM, 0.0), fields.shape[1] - 1.001)
    pz = min(max((z - origin[2]) / COARSE_MM, 0.0), fields.shape[0] - 1.001)
    ix, iy, iz = int(px), int(py), int(pz)
    fx, fy, fz = px - ix, py - iy, pz - iz
    for f in range(_N_FIELDS):
        out[f] = 0.0
    for k in range(2):
        wz = fz if k == 1 else 1 - fz
        for j in range(2):
            wy = wz * (fy if j == 1 else 1 - fy)
            for i in range(2):
                w = wy * (fx if i == 1 else 1 - fx)
                for f in range(_N_FIELDS):
                    out[f] += w * fields[iz + k, iy + j, ix + i, f]


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _step(value: float, low: float, high: float) -> float:
    """Smooth step from 0 at ``low`` to 1 at ``high``."""
    t = min(1.0, max(0.0, (value - low) / (high - low)))
    return t * t * (3 - 2 * t)


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def parenchyma_score(
    x: float, y: float, z: float, nipple: np.ndarray, field: np.ndarray, seed: int
) -> float:
    """How much a point of the breast wants to be fibroglandular; a threshold gives the density.

    Ridged noise at three scales makes sheets and strands; its lattice shrinks towards the nipple
    and is stretched along the way to it, so that the strands converge there as the lobes do.
    """
    x += 5 * gradient_noise(x / 24, y / 24, z / 24, seed + 1)
    z += 5 * gradient_noise(x / 24, y / 24, z / 24, seed + 2)
    dx, dy, dz = x - nipple[0], y - nipple[1], z - nipple[2]
    away = np.sqrt(dx * dx + dy * dy + dz * dz) + 1e-3
    scale = 32.0 * ((away + 6) / 32.0) ** 0.6 / away
    qx, qy, qz = dx * scale, dy * scale, dz * scale
    coarse = 1 - 2.2 * abs(gradient_noise(qx / 19, qy / 19, qz / 19, seed + 3))
    middle = 1 - 2.2 * abs(gradient_noise(qx / 9.5, qy / 9.5, qz / 9.5, seed + 4))
    fine = 1 - 2.2 * abs(gradient_noise(qx / 4.7, qy / 4.7, qz / 4.7, seed + 5))
    patch = gradient_noise(x / 38, y / 38, z / 38, seed + 6)
    depth = -field[0] + 14 * np.exp(-((away / 17) ** 2))
    gate = _step(depth, 5.0, 16.0) * _step(field[1], 1.0, 12.0)
    core = 1 - 0.9 * field[7] ** 2 - 0.8 * (1 - _step(field[1], 8.0, 55.0))
    score = 0.34 * coarse + 0.46 * middle + 0.34 * fine + 0.35 * patch + 0.45 * core
    return float(score * gate - 1.2 * (1 - gate))


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def parenchyma_scores(
    points: np.ndarray,
    fields: np.ndarray,
    origin: np.ndarray,
    nipple: np.ndarray,
    seed: int,
) -> np.ndarray:
    """`parenchyma_score` of many points, (N, 3) mm LPS; -9 outside the breasts."""
    scores = np.full(points.shape[0], -9.0)
    field = np.empty(_N_FIELDS)
    for n in range(points.shape[0]):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        _interpolate(fields, origin, x, y, z, field)
        if field[0] < 0 and field[1] > 0 and field[7] < 1.08 and field[8] > BACK_LIMIT:
            scores[n] = parenchyma_score(x, y, z, nipple, field, seed)
    return scores


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _over(weights: np.ndarray, tissue: int, alpha: float) -> None:
    """Lay a tissue of the given opacity over what is there."""
    alpha = min(1.0, max(0.0, alpha))
    if alpha > 0:
        weights *= 1 - alpha
        weights[tissue] += alpha


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _breast(
    weights: np.ndarray,
    uptake: np.ndarray,
    f: np.ndarray,
    x: float,
    y: float,
    z: float,
    nipple: np.ndarray,
    threshold: float,
    seed: int,
) -> tuple[float, float]:
    """Ligaments and fibroglandular tissue in the fat; share of the latter and its brightness."""
    glandular, grain = 0.0, 1.0
    sheet = gradient_noise(x / 15, y / 15, z / 15, seed + 9)
    sheet += 0.4 * gradient_noise(x / 6, y / 6, z / 6, seed + 10)
    _over(weights, 4, 0.38 * (1 - abs(sheet) / 0.05))
    if f[7] < 1.3:
        score = parenchyma_score(x, y, z, nipple, f, seed) - threshold
        glandular = _step(score, -0.10, 0.10)
        grain += 0.5 * (min(max(score, 0.0), 0.5) - 0.15)
        uptake[3] = 1 + 0.7 * gradient_noise(x / 9, y / 9, z / 9, seed + 8)
        _over(weights, 3, glandular)
    return glandular, grain


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _surface(
    weights: np.ndarray, f: np.ndarray, x: float, y: float, z: float, nipple: np.ndarray, vox: float
) -> None:
    """Skin, thicker in the areola, and the nipple."""
    _over(weights, 1, 0.5 + (f[0] + SKIN_MM) / vox)
    away = np.sqrt((x - nipple[0]) ** 2 + (y - nipple[1]) ** 2 + (z - nipple[2]) ** 2)
    if away < 16:
        _over(weights, 12, _step(-away, -8.5, -6.0) * _step(f[0], -9.0, -6.0))
        _over(weights, 1, 0.7 * _step(-away, -16.0, -12.0) * _step(f[0], -4.0, -2.5))


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _chest(weights: np.ndarray, f: np.ndarray, x: float, y: float, z: float, vox: float) -> None:
    """Muscle, ribs, lungs, heart, great vessels and liver."""
    _over(weights, 5, 0.5 - f[1] / vox)
    _over(weights, 2, 0.85 * (1 - abs(f[2]) / 1.6))  # fat plane between pectoral muscle and ribs
    depth = -f[2]
    if depth > -2:
        beside = abs(x)
        along = z + 0.30 * beside - 0.12 * y
        along -= 29.0 * np.floor(along / 29.0) + 14.5
        rib = np.sqrt(((depth - 7.0) / 4.8) ** 2 + (along / 7.5) ** 2)
        if beside > 22:
            _over(weights, 6, 0.5 + (1 - rib) * 4.8 / vox)
        plate = max(beside - 17.0, abs(depth - 6.5) - 5.0)
        _over(weights, 6, 0.5 - plate / vox)
    if f[3] < vox:
        lung = min(1.0, max(0.0, 0.5 - f[3] / vox))
        _over(weights, 7, lung)
        _over(weights, 2, lung * (0.5 - (abs(x - 6) - 17 - 0.12 * max(0.0, depth - 20)) / 4))
        _over(weights, 10, lung * (0.5 - f[6] / vox))
        _over(weights, 2, lung * (0.5 - (f[4] - 4.0) / vox))
        _over(weights, 9, lung * (0.5 - f[4] / vox))
        wall = 9.5 if x > 20 else 4.0
        _over(weights, 8, lung * (0.5 - (f[4] + wall) / vox))
        _over(weights, 8, lung * (0.5 - f[5] / vox))


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _fat_residual(x: float, z: float, suppressed: bool, seed: int) -> float:
    """Share of the fat signal that is left; suppression fails towards the edges of the field."""
    if not suppressed:
        return 1.0
    uneven = gradient_noise(x / 70, z / 70, 0.3, seed + 21)
    failing = _step(-z - 52, 0.0, 36.0) + 0.5 * _step(abs(x) - 145, 0.0, 35.0)
    failing += 0.25 * _step(z - 68, 0.0, 25.0)
    return 0.105 * (1 + 0.25 * uneven) + 0.30 * failing * (0.75 + 0.6 * uneven)


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def render(
    signal: np.ndarray,
    tissue: np.ndarray,
    fgt: np.ndarray,
    breast: np.ndarray,
    lesion: np.ndarray,
    vessels: np.ndarray,
    affine: np.ndarray,
    fields: np.ndarray,
    origin: np.ndarray,
    nipples: np.ndarray,
    thresholds: np.ndarray,
    rows: np.ndarray,
    spicules: np.ndarray,
    table: np.ndarray,
    suppressed: bool,
    seed: int,
) -> None:
    """Fill signal and truth of every voxel.

    Parameters
    ----------
    signal : (T, S, R, C) float32, a.u.
    tissue, breast, lesion : (S, R, C) uint8
    fgt : (S, R, C) bool
        These five are written.
    vessels : (S, R, C) uint8
        Share of breast vessel, 255 is full.
    affine : (4, 4) float, mm
    fields, origin : coarse fields of `Body`
    nipples : (2, 3) float, mm LPS
        Right, left.
    thresholds : (2,) float
        Of `parenchyma_score`, right and left.
    rows, spicules : from `lesion_table`
    table : (K, E, T) float, a.u.
        Signal of each tissue by relative uptake 0 to 2 and phase.
    suppressed : bool
    seed : int
    """
    n_phases, n_s, n_r, n_c = signal.shape
    n_e = table.shape[1]
    n_lesions = rows.shape[0]
    volume = abs(np.linalg.det(affine[:3, :3]))
    vox = volume ** (1.0 / 3.0)
    weights = np.zeros(N_PLAIN + n_lesions)
    uptake = np.ones(N_PLAIN + n_lesions)
    f = np.empty(_N_FIELDS)
    for s in range(n_s):
        for r in range(n_r):
            for c in range(n_c):
                x = affine[0, 0] * s + affine[0, 1] * r + affine[0, 2] * c + affine[0, 3]
                y = affine[1, 0] * s + affine[1, 1] * r + affine[1, 2] * c + affine[1, 3]
                z = affine[2, 0] * s + affine[2, 1] * r + affine[2, 2] * c + affine[2, 3]
                _interpolate(fields, origin, x, y, z, f)
                inside = min(1.0, max(0.0, 0.5 - f[0] / vox))
                if inside <= 0:
                    continue
                weights[:] = 0
                weights[2] = 1
                uptake[:] = 1
                grain = 1.0
                fibres = 1.0
                side = 0 if x < 0 else 1
                if f[1] > -vox:  # in front of the muscles
                    thr, nipple = thresholds[side], nipples[side]
                    glandular, grain = _breast(weights, uptake, f, x, y, z, nipple, thr, seed)
                    if inside >= 0.5 and f[1] > 0 and f[7] < 1.08 and f[8] > BACK_LIMIT:
                        breast[s, r, c] = side + 1
                        fgt[s, r, c] = glandular >= 0.5 and f[0] < -SKIN_MM
                if f[1] < vox:
                    _chest(weights, f, x, y, z, vox)
                    fibres += 0.18 * gradient_noise(x / 14, y / 3.5, z / 14, seed + 11)
                _surface(weights, f, x, y, z, nipples[side], vox)
                if vessels[s, r, c] > 0:
                    _over(weights, 11, vessels[s, r, c] / 255.0)
                for n in range(n_lesions):
                    share, relative = lesion_at(rows[n], spicules[n], x, y, z, vox)
                    if share > 0:
                        _over(weights, N_PLAIN + n, share)
                        uptake[N_PLAIN + n] = relative
                        if share >= 0.5:
                            lesion[s, r, c] = n + 1
                weights *= inside
                best, label = 1 - inside, 0
                residual = _fat_residual(x, z, suppressed, seed)
                speckle = 1 + 0.06 * gradient_noise(x / 4, y / 4, z / 4, seed + 12)
                for k in range(1, N_PLAIN + n_lesions):
                    w = weights[k]
                    if w <= 0:
                        continue
                    if w > best:
                        best, label = w, min(k, N_PLAIN)
                    w *= speckle * (residual if k == 2 else (grain if k == 3 else fibres))
                    e = min(max(uptake[k], 0.0), MAX_UPTAKE) * (n_e - 1) / MAX_UPTAKE
                    j = min(int(e), n_e - 2)
                    e -= j
                    for t in range(n_phases):
                        signal[t, s, r, c] += w * (
                            (1 - e) * table[k, j, t] + e * table[k, j + 1, t]
                        )
                tissue[s, r, c] = label
                if lesion[s, r, c] > 0:
                    fgt[s, r, c] = False
