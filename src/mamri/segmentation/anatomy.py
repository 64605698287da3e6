"""Classical anatomy of a breast MRI: breasts, skin, fibroglandular tissue, nipples, body.

No learning: thresholds against noise, a smooth surface for the chest wall, two classes in the
breast. It needs no model, says how sure it is, and serves as the baseline for anything learned.
"""

from dataclasses import asdict, dataclass

import numpy as np
from scipy import ndimage

from mamri.geometry import to_lps
from mamri.records import Anatomy, Caveat, Laterality, Provenance, Volume
from mamri.segmentation.body import air_level, filled_from_behind, find_body
from mamri.segmentation.breast_sides import field_is_bilateral, find_columns, find_midline
from mamri.segmentation.chest_wall import find_chest_wall
from mamri.segmentation.fat_suppression import is_fat_suppressed
from mamri.segmentation.fibroglandular import find_fibroglandular, fit_tissue_model
from mamri.segmentation.nipple import find_nipple
from mamri.segmentation.skin import find_skin
from mamri.segmentation.trunk import front_depth, trunk_depth
from mamri.segmentation.working_grid import (
    WorkingGrid,
    average_to,
    interpolate_from,
    working_grid,
)


@dataclass(frozen=True, slots=True)
class AnatomySettings:
    """Settings of `segment_anatomy`.

    Parameters
    ----------
    working_spacing_mm : float
        Spacing of the grid on which body and chest wall are found (assumption).
    skin_thickness_mm : float
        Thickness of the shell called skin; measured 0.8 to 3 mm in healthy breasts (assumption
        within that range, widened by the blur of the image).
    """

    working_spacing_mm: float = 2.0
    skin_thickness_mm: float = 2.5


def segment_anatomy(
    image: Volume, settings: AnatomySettings = AnatomySettings()
) -> tuple[Anatomy, Provenance]:
    """Find the breasts and their tissues on one pre-contrast T1 volume.

    Parameters
    ----------
    image : Volume, a.u.
        In anatomical order, with or without fat suppression, one or both breasts.
    settings : AnatomySettings

    Returns
    -------
    Anatomy, Provenance
        Empty masks with a caveat where nothing like a breast is found.
    """
    spacing = settings.working_spacing_mm
    grid = working_grid(image.shape, image.affine, spacing)
    coarse = average_to(grid, image.array)
    body = find_body(coarse, spacing=spacing)
    front = front_depth(body) * spacing
    x_mm = to_lps(
        image.affine,
        np.stack(
            [
                np.full(grid.shape[2], (image.shape[0] - 1) / 2),
                np.full(grid.shape[2], (image.shape[1] - 1) / 2),
                grid.full_position(2, np.arange(grid.shape[2])),
            ],
            axis=1,
        ),
    )[:, 0]
    z_mm = (np.arange(grid.shape[0]) - (grid.shape[0] - 1) / 2) * spacing
    bilateral = field_is_bilateral(x_mm)
    midline = find_midline(front, x_mm, is_bilateral=bilateral)
    trunk = trunk_depth(front, x_mm - midline, z_mm)
    air = air_level(ndimage.gaussian_filter(coarse, 1.5 / spacing)).mean
    rows = np.arange(grid.shape[1])[None, :, None] * spacing
    ahead = body & (rows < trunk[:, None, :] - 5.0)
    depth = ndimage.distance_transform_edt(body, sampling=spacing)
    global DBG
    DBG = dict(air=air, coarse=coarse, ahead=ahead, depth=depth, trunk=trunk)
    suppressed0 = is_fat_suppressed(coarse, ahead, depth)
    found = find_chest_wall(
        coarse, front, trunk, spacing=spacing, air=air, fat_suppressed=suppressed0
    )
    wall = found.depth_mm
    DBG["found"] = found
    # retromammary tissue lost in noise: enclosed by skin, breast and chest wall
    behind = (rows > wall[:, None, :]) & (rows > front[:, None, :])
    body = filled_from_behind(body | behind)
    columns = find_columns(
        front, trunk, wall, x_mm, spacing=spacing, is_bilateral=bilateral, midline_mm=midline
    )
    breast, full_body = _full_masks(image, grid, body, wall, columns.labels)
    skin = np.zeros(image.shape, bool)
    fgt = np.zeros(image.shape, bool)
    caveats: list[Caveat] = []
    box = ndimage.find_objects((breast > 0).astype(np.uint8))
    if box and box[0] is not None:
        cut = box[0]
        inside = breast[cut] > 0
        skin[cut] = find_skin(
            inside, full_body[cut], spacing=grid.full_spacing, thickness=settings.skin_thickness_mm
        )
        values = image.array[cut].astype(np.float32)
        inside_work = body & (rows < wall[:, None, :]) & (columns.labels > 0)[:, None, :]
        depth = ndimage.distance_transform_edt(body, sampling=spacing)
        for side in Laterality:
            model = fit_tissue_model(
                coarse, inside_work & (depth > 3.0) & (columns.labels == side)[:, None, :],
                spacing=spacing, air=air, fat_suppressed=suppressed0 is not False,
            )
            if model is not None:
                DBG["model"] = model
                fgt[cut] |= find_fibroglandular(
                    values, (breast[cut] == side) & ~skin[cut], model,
                    interpolate_from(grid, model.field)[cut], spacing=grid.full_spacing,
                )
    else:
        caveats.append(
            Caveat("no_breast_found", "No tissue stands out from the trunk like a breast.")
        )
    nipples: dict[Laterality, tuple[float, float, float]] = {}
    for side in Laterality:
        tip = find_nipple(np.where(columns.labels == side, front, np.nan), spacing=spacing)
        if tip is not None:
            full = [float(grid.full_position(axis, np.asarray(v))) for axis, v in enumerate(tip)]
            x, y, z = to_lps(image.affine, np.array(full))
            nipples[side] = (float(x), float(y), float(z))
    method = "Breasts were found with a smooth trunk surface and noise-based thresholds."
    anatomy = Anatomy(
        breast, fgt, skin, full_body, image.affine, nipples, method, tuple(caveats)
    )
    return anatomy, Provenance("anatomy", method, asdict(settings))


def _full_masks(
    image: Volume, grid: WorkingGrid, body: np.ndarray, wall: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    z, y, x = (grid.working_position(axis, np.arange(image.shape[axis])) for axis in range(3))
    zz, xx = np.meshgrid(z, x, indexing="ij")
    wall_full = ndimage.map_coordinates(wall / grid.spacing, [zz, xx], order=1, mode="nearest")
    # the border of the working mask, smooth on the full grid
    soft = ndimage.gaussian_filter(body.astype(np.float32), 0.7, mode="nearest")
    nearest = [
        np.clip(np.round(v), 0, n - 1).astype(int) for v, n in zip((z, y, x), grid.shape, strict=True)
    ]
    labels_full = labels[np.ix_(nearest[0], nearest[2])]
    full_body = interpolate_from(grid, soft) > 0.5
    breast = np.zeros(image.shape, np.uint8)
    for index in range(image.shape[0]):
        front = y[:, None] < wall_full[index][None]
        breast[index] = np.where(front & full_body[index], labels_full[index][None], 0)
    return breast, full_body
