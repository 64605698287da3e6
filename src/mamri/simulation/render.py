"""From the woman to voxels: what each one is made of, by looking at points inside it."""

from typing import NamedTuple

import numba
import numpy as np

from mamri.simulation._tissue_table import Tissue
from mamri.simulation.body import COARSE_MM, N_FIELDS, Field
from mamri.simulation.cell_noise import cell_noise
from mamri.simulation.chest import along_fibres, lay_chest
from mamri.simulation.gradient_noise import gradient_noise
from mamri.simulation.layers import MAX_LAYERS, Layers, Place, lay_over
from mamri.simulation.lesions import Row, lesion_at
from mamri.simulation.parenchyma import Pattern, parenchyma_score, smooth_step

BACK_LIMIT = -0.28  # forward coordinate where the breast ends beside the chest (assumption)

_N_FIELDS, _N_CODES = N_FIELDS, 256
_SKIN, _FAT, _GLAND = int(Tissue.SKIN), int(Tissue.FAT), int(Tissue.FIBROGLANDULAR)
_LIGAMENT, _NIPPLE, _BLOOD = int(Tissue.LIGAMENT), int(Tissue.NIPPLE), int(Tissue.BLOOD)
_VEIN, _ARTERY, _OEDEMA = int(Tissue.VEIN), int(Tissue.ARTERY), int(Tissue.OEDEMA)
_IMPLANT, _LESION = int(Tissue.IMPLANT), int(Tissue.LESION)
_F_SKIN, _F_MUSCLE, _F_RIBCAGE = int(Field.SKIN), int(Field.MUSCLE), int(Field.RIBCAGE)
_F_FOOTPRINT, _F_FORWARD = int(Field.FOOTPRINT), int(Field.FORWARD)
_F_TERRITORY = int(Field.TERRITORY)
_SOFTNESS, _NON_MASS = int(Pattern.SOFTNESS), int(Row.IS_NON_MASS)


class Scene(NamedTuple):
    """What is rendered.

    Parameters
    ----------
    fields : (Z, Y, X, F) float32
    origin : (3,) float, mm
        Coarse fields of `Body`.
    seed : int
    thresholds : (2,) float
        Of the parenchyma, right and left.
    background : (2,) float
        Uptake of fibroglandular tissue, and strength of its foci.
    skin_mm, areola_mm : float, mm
    nipples : (2, 3) float, mm LPS
    patterns : (2, 11) float
    blobs : (B, 10) float
        Centre, radii, tissue, hilum, tissue of the shell and its thickness.
    rows : (L, 28) float
    spicules : (L, 26, 5) float
        From `lesion_table`.
    """

    fields: np.ndarray
    origin: np.ndarray
    seed: int
    thresholds: np.ndarray
    background: np.ndarray
    skin_mm: float
    areola_mm: float
    nipples: np.ndarray
    patterns: np.ndarray
    blobs: np.ndarray
    rows: np.ndarray
    spicules: np.ndarray


class Canvas(NamedTuple):
    """Arrays of a `TissueMixture` to be filled, and the vessels that were drawn before."""

    tissues: np.ndarray
    share: np.ndarray
    uptake: np.ndarray
    grain: np.ndarray
    breast: np.ndarray
    lesions: np.ndarray
    fibroglandular: np.ndarray
    vessels: np.ndarray
    veins: np.ndarray
    arteries: np.ndarray


class _Sums(NamedTuple):
    """What the points of a voxel add up to."""

    total: np.ndarray  # share by code
    touched: np.ndarray  # codes with a share
    moments: np.ndarray  # uptake and its share, brightness and its share


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def interpolate(
    fields: np.ndarray, origin: np.ndarray, x: float, y: float, z: float, out: np.ndarray
) -> None:
    """Trilinear values of all coarse fields at a point, written to ``out``."""
    px = min(max((x - origin[0]) / COARSE_MM, 0.0), fields.shape[2] - 1.001)
    py = min(max((y - origin[1]) / COARSE_MM, 0.0), fields.shape[1] - 1.001)
    pz = min(max((z - origin[2]) / COARSE_MM, 0.0), fields.shape[0] - 1.001)
    ix, iy, iz = int(px), int(py), int(pz)
    fx, fy, fz = px - ix, py - iy, pz - iz
    out[:] = 0.0
    for k in range(2):
        wz = fz if k == 1 else 1 - fz
        for j in range(2):
            wy = wz * (fy if j == 1 else 1 - fy)
            for i in range(2):
                w = wy * (fx if i == 1 else 1 - fx)
                for f in range(_N_FIELDS):
                    out[f] += w * fields[iz + k, iy + j, ix + i, f]


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _is_breast(f: np.ndarray) -> bool:
    """Whether a point is read as breast: skin to muscle, to the midline, not beside the chest."""
    front = f[_F_SKIN] < 0 and f[_F_MUSCLE] > 0
    return bool(front and f[_F_TERRITORY] < 1 and f[_F_FORWARD] > BACK_LIMIT)


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def parenchyma_scores(
    points: np.ndarray,
    fields: np.ndarray,
    origin: np.ndarray,
    nipple: np.ndarray,
    pattern: np.ndarray,
    seed: int,
) -> np.ndarray:
    """`parenchyma_score` of many points, (N, 3) mm LPS; -9 outside the breasts."""
    scores = np.full(points.shape[0], -9.0)
    field = np.empty(_N_FIELDS)
    for n in range(points.shape[0]):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        interpolate(fields, origin, x, y, z, field)
        if _is_breast(field):
            scores[n] = parenchyma_score(x, y, z, nipple, field, pattern, seed)
    return scores


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _lay_ligaments(layers: Layers, n: int, f: np.ndarray, at: Place, seed: int) -> int:
    """Cooper's ligaments: thin sheets between fat lobules, some of them missing."""
    x, y, z = at.x, at.y, at.z
    bend = 5 * gradient_noise(x / 17, y / 17, z / 17, seed + 17)
    near, second, tone = cell_noise((x + bend) / 15, (y - bend) / 21, (z + bend) / 15, seed + 18)
    patchy = gradient_noise(x / 23, y / 23, z / 23, seed + 19) + 0.5 * (tone - 0.5)
    present = smooth_step(patchy, -0.10, 0.35)
    width = 0.30 + 0.35 * present
    away = (second - near) * 8.0
    # Sheets fade away from the breast.
    strong = 0.55 * present * (1 - 0.8 * smooth_step(f[_F_FOOTPRINT], 0.9, 1.5))
    thin = min(1.0, 2 * width / at.vox)
    return lay_over(layers, n, _LIGAMENT, strong * thin * (0.5 + (width - away) / at.vox))


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _lay_surface(layers: Layers, n: int, f: np.ndarray, at: Place, scene: Scene, side: int) -> int:
    """Skin, thicker in the areola, and the nipple."""
    nipple = scene.nipples[side]
    uneven = gradient_noise(at.x / 28, at.y / 28, at.z / 28, scene.seed + 20)
    thick = scene.skin_mm * (1 + 0.35 * uneven)
    away = np.sqrt((at.x - nipple[0]) ** 2 + (at.y - nipple[1]) ** 2 + (at.z - nipple[2]) ** 2)
    if away < scene.areola_mm:
        thick *= 1 + 0.9 * smooth_step(-away, -scene.areola_mm, -0.7 * scene.areola_mm)
    n = lay_over(layers, n, _SKIN, 0.5 + (f[_F_SKIN] + thick) / at.vox)
    if away < 9:
        inner = smooth_step(-away, -8.5, -6.0) * smooth_step(f[_F_SKIN], -9.0, -6.0)
        n = lay_over(layers, n, _NIPPLE, inner)
    return n


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _lay_blobs(layers: Layers, n: int, blobs: np.ndarray, at: Place) -> int:
    """Cysts, nodes, implants and clips: ellipsoids with an optional shell and an optional core."""
    for k in range(blobs.shape[0]):
        b = blobs[k]
        dx, dy, dz = at.x - b[0], at.y - b[1], at.z - b[2]
        largest = max(b[3], b[4], b[5]) + at.vox + 1
        away2 = dx * dx + dy * dy + dz * dz
        if away2 > largest * largest:
            continue
        level = np.sqrt((dx / b[3]) ** 2 + (dy / b[4]) ** 2 + (dz / b[5]) ** 2) + 1e-6
        smallest = min(b[3], b[4], b[5])
        edge = (1 - level) * min(np.sqrt(away2) / level, smallest * 1.5)
        if b[8] > 0:
            n = lay_over(layers, n, int(b[8]), 0.5 + (edge + b[9]) / at.vox)
        n = lay_over(layers, n, int(b[6]), 0.5 + edge / at.vox)
        if b[7] > 0:  # fatty hilum, off the middle
            u, w = (dx - 0.25 * b[3]) / b[3], (dz - 0.2 * b[5]) / b[5]
            hilum = np.sqrt(u * u + (dy / b[4]) ** 2 + w * w)
            n = lay_over(layers, n, _FAT, 0.5 + (b[7] - hilum) * smallest / at.vox)
    return n


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _gland_texture(score: float, at: Place, scene: Scene, texture: np.ndarray) -> None:
    """Uptake and brightness of fibroglandular tissue."""
    x, y, z, seed = at.x, at.y, at.z, scene.seed
    cloud = gradient_noise(x / 30, y / 30, z / 30, seed + 21)
    nodule, _, tone = cell_noise(x / 8, y / 8, z / 8, seed + 22)
    foci = scene.background[1] * smooth_step(-nodule, -0.42, -0.22) * (2.2 if tone > 0.6 else 0.0)
    texture[0] = scene.background[0] * (1 + 0.8 * cloud + foci)
    texture[2] += 0.35 * (min(max(score, -0.1), 0.5) - 0.1)
    texture[2] += 0.22 * gradient_noise(x / 2.2, y / 2.2, z / 2.2, seed + 23)


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _lay_lesions(
    layers: Layers,
    n: int,
    f: np.ndarray,
    at: Place,
    scene: Scene,
    gland: float,
    texture: np.ndarray,
) -> int:
    """Lesions with their cores and the oedema around them."""
    in_breast = f[_F_SKIN] < -2 and f[_F_MUSCLE] > 0
    for k in range(scene.rows.shape[0]):
        share, core, uptake, oedema = lesion_at(
            scene.rows[k], scene.spicules[k], at.x, at.y, at.z, at.vox
        )
        if in_breast:
            n = lay_over(layers, n, _OEDEMA, 0.75 * oedema)
        if share <= 0 or f[_F_SKIN] > -0.5 * scene.skin_mm or f[_F_RIBCAGE] < 3:
            continue
        if scene.rows[k, _NON_MASS] > 0:
            share *= gland
        n = lay_over(layers, n, _LESION + 2 * k, share)
        n = lay_over(layers, n, _LESION + 2 * k + 1, share * core)
        texture[1] = uptake
    return n


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _lay_all(
    layers: Layers,
    f: np.ndarray,
    at: Place,
    vein: float,
    artery: float,
    scene: Scene,
    texture: np.ndarray,
) -> int:
    """All layers at a point; texture gets uptake of gland, of lesions, and brightness."""
    x, y, z, seed = at.x, at.y, at.z, scene.seed
    side = 0 if x < 0 else 1
    n = lay_over(layers, 0, _FAT, 1.0)
    texture[:] = 1.0
    gland = 0.0
    if f[_F_MUSCLE] > -at.vox:
        n = _lay_ligaments(layers, n, f, at, seed)
        if f[_F_FOOTPRINT] < 1.35:
            pattern = scene.patterns[side]
            score = parenchyma_score(x, y, z, scene.nipples[side], f, pattern, seed)
            score -= scene.thresholds[side]
            gland = smooth_step(score, -0.4 * pattern[_SOFTNESS], 0.6 * pattern[_SOFTNESS])
            # None where it would not be read as breast.
            gland *= smooth_step(-f[_F_TERRITORY], -1.0, -0.93)
            gland *= smooth_step(f[_F_FORWARD], BACK_LIMIT, BACK_LIMIT + 0.06)
            n = lay_over(layers, n, _GLAND, gland)
            if gland > 0:
                _gland_texture(score, at, scene, texture)
    if f[_F_MUSCLE] < at.vox:
        n = lay_chest(layers, n, f, at, seed)
        along, across = along_fibres(x, z)
        texture[2] += 0.20 * gradient_noise(along / 30, across / 3.0, y / 3.0, seed + 24)
    n = _lay_surface(layers, n, f, at, scene, side)
    n = _lay_blobs(layers, n, scene.blobs, at)
    n = lay_over(layers, n, _VEIN, vein)
    n = lay_over(layers, n, _ARTERY, artery)
    n = _lay_lesions(layers, n, f, at, scene, gland, texture)
    texture[2] += 0.06 * gradient_noise(x / 3.5, y / 3.5, z / 3.5, seed + 25)
    texture[2] += 0.10 * gradient_noise(x / 12, y / 12, z / 12, seed + 26)
    # Fine septa: dark where a noise field vanishes.
    texture[2] += 0.14 * (abs(gradient_noise(x / 5, y / 9, z / 5, seed + 29)) - 0.2)
    return n


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _add_point(
    layers: Layers, n: int, inside: float, texture: np.ndarray, sums: _Sums, n_touched: int
) -> int:
    """Add the layers of a point to the sums of its voxel."""
    for k in range(n):
        share, code = layers.shares[k] * inside, layers.codes[k]
        if share <= 0:
            continue
        if sums.total[code] == 0:
            sums.touched[n_touched] = code
            n_touched += 1
        sums.total[code] += share
        if code == _GLAND or code >= _LESION:
            sums.moments[0] += share * (texture[0] if code == _GLAND else texture[1])
            sums.moments[1] += share
        sums.moments[2] += share * (texture[2] if code != _BLOOD else 1.0)
        sums.moments[3] += share
    return n_touched


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _settle(
    canvas: Canvas, s: int, r: int, c: int, sums: _Sums, n_touched: int, air: float, n_lesions: int
) -> None:
    """Write the two largest shares of a voxel, its texture and its truth; clear the sums."""
    first, second, a, b = air, 0.0, 0, 0
    for k in range(n_touched):
        code = sums.touched[k]
        share = sums.total[code]
        if share > first:
            second, b = first, a
            first, a = share, code
        elif share > second:
            second, b = share, code
    canvas.tissues[0, s, r, c], canvas.tissues[1, s, r, c] = a, b
    canvas.share[s, r, c] = int(255 * first / max(first + second, 1e-6) + 0.5)
    m = sums.moments
    if m[1] > 0:
        canvas.uptake[s, r, c] = int(min(250.0, 100 * m[0] / m[1]) + 0.5)
    canvas.grain[s, r, c] = int(min(250.0, max(0.0, 100 * m[2] / m[3])) + 0.5)
    in_breast = canvas.breast[s, r, c] > 0
    canvas.fibroglandular[s, r, c] = in_breast and sums.total[_GLAND] >= 0.5
    canvas.vessels[s, r, c] = sums.total[_VEIN] + sums.total[_ARTERY] >= 0.5
    if sums.total[_IMPLANT] >= 0.5:
        canvas.breast[s, r, c] = 0
    for k in range(n_lesions):
        if sums.total[_LESION + 2 * k] + sums.total[_LESION + 2 * k + 1] >= 0.5:
            canvas.lesions[s, r, c] = k + 1
    for k in range(n_touched):
        sums.total[sums.touched[k]] = 0.0


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _render_slice(
    canvas: Canvas, scene: Scene, affine: np.ndarray, points: tuple[int, int, int], s: int
) -> None:
    """Fill one slice."""
    _, n_r, n_c = canvas.share.shape
    ps, pr, pc = points
    n_points = ps * pr * pc
    steps = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    vox = (steps[0] / ps * steps[1] / pr * steps[2] / pc) ** (1.0 / 3.0)
    reach = 0.5 * np.sqrt((steps**2).sum()) + vox
    layers = Layers(np.zeros(MAX_LAYERS, np.int64), np.zeros(MAX_LAYERS))
    f, texture = np.empty(_N_FIELDS), np.empty(3)
    sums = _Sums(np.zeros(_N_CODES), np.zeros(_N_CODES, np.int64), np.empty(4))
    for r in range(n_r):
        for c in range(n_c):
            x = affine[0, 0] * s + affine[0, 1] * r + affine[0, 2] * c + affine[0, 3]
            y = affine[1, 0] * s + affine[1, 1] * r + affine[1, 2] * c + affine[1, 3]
            z = affine[2, 0] * s + affine[2, 1] * r + affine[2, 2] * c + affine[2, 3]
            interpolate(scene.fields, scene.origin, x, y, z, f)
            if f[_F_SKIN] > reach:
                continue
            if _is_breast(f):
                canvas.breast[s, r, c] = 1 if x < 0 else 2
            vein, artery = canvas.veins[s, r, c] / 255.0, canvas.arteries[s, r, c] / 255.0
            n_touched, within = 0, 0.0
            sums.moments[:] = 0
            for i in range(n_points):
                us = ((i // (pr * pc)) + 0.5) / ps - 0.5
                ur = ((i // pc) % pr + 0.5) / pr - 0.5
                uc = (i % pc + 0.5) / pc - 0.5
                px = x + affine[0, 0] * us + affine[0, 1] * ur + affine[0, 2] * uc
                py = y + affine[1, 0] * us + affine[1, 1] * ur + affine[1, 2] * uc
                pz = z + affine[2, 0] * us + affine[2, 1] * ur + affine[2, 2] * uc
                if n_points > 1:
                    interpolate(scene.fields, scene.origin, px, py, pz, f)
                inside = min(1.0, max(0.0, 0.5 - f[_F_SKIN] / vox)) / n_points
                if inside <= 0:
                    continue
                within += inside
                at = Place(px, py, pz, vox)
                n = _lay_all(layers, f, at, vein, artery, scene, texture)
                n_touched = _add_point(layers, n, inside, texture, sums, n_touched)
            if n_touched > 0:
                _settle(canvas, s, r, c, sums, n_touched, 1 - within, scene.rows.shape[0])


@numba.njit(cache=True, parallel=True)  # type: ignore[misc, unused-ignore]
def render(canvas: Canvas, scene: Scene, affine: np.ndarray, points: tuple[int, int, int]) -> None:
    """Fill the mixture and the truth of every voxel.

    Parameters
    ----------
    canvas : Canvas
        Written here, but for the vessels (share of a voxel, 255 is full).
    scene : Scene
    affine : (4, 4) float, mm
    points : (3,) int
        Points to look at along each axis of a voxel.
    """
    # The work stands in a function of its own: a parallel loop drops what it writes to the arrays
    # of a named tuple itself (numba 0.68).
    for s in numba.prange(canvas.share.shape[0]):
        _render_slice(canvas, scene, affine, points, s)
