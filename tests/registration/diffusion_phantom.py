"""A breast that can be imaged on any grid, and whose place in the diffusion images is known."""

import numpy as np
from scipy import ndimage

from mamri.geometry.affines import to_lps
from mamri.records import DiffusionSeries, Volume

STEP = 2.0  # mm, of the random field that gland is made of
FIELD = ndimage.gaussian_filter(np.random.default_rng(5).normal(size=(70, 70, 70)), 3.0)
FIELD /= FIELD.std()
HALF_AXES = np.array([50.0, 45.0, 48.0])  # LPS mm, around (0, 0, 0)

# Index 0 to the head, 1 to the back, 2 to the patient's left.
ANATOMY_SHAPE = (60, 64, 68)
ANATOMY_AFFINE = np.array([[0, 0, 1.7, -57], [0, 1.7, 0, -53.5], [1.9, 0, 0, -56], [0, 0, 0, 1.0]])
DIFFUSION_SHAPE = (32, 56, 58)
DIFFUSION_AFFINE = np.array([[0, 0, 2.2, -63], [0, 2.2, 0, -60], [4.0, 0, 0, -62], [0, 0, 0, 1.0]])


def centres(shape, affine):
    return to_lps(affine, np.moveaxis(np.indices(shape), 0, -1))


def tissue(points):
    """Share of breast and of gland at LPS points."""
    radius = np.linalg.norm(points / HALF_AXES, axis=-1)
    breast = np.clip((1 - radius) * 25, 0, 1)
    index = np.moveaxis(points / STEP + 35, -1, 0)
    gland = ndimage.map_coordinates(FIELD, index, order=1, mode="nearest") > 0.4
    return breast, gland * (radius < 0.88)


def anatomy(*, fat=60.0, gland=200.0):
    """Image before contrast with noise, and the breast mask."""
    breast, share = tissue(centres(ANATOMY_SHAPE, ANATOMY_AFFINE))
    image = breast * (fat + share * (gland - fat))
    noise = np.random.default_rng(1).normal(0, 6, (2, *ANATOMY_SHAPE))
    return Volume(np.hypot(image + noise[0], noise[1]).astype(np.float32), ANATOMY_AFFINE), (
        breast > 0.5
    )


def diffusion(transform, *, bend=None):
    """Series in which the tissue of a point p of the anatomy lies at ``transform @ p``.

    ``bend`` gives a further displacement (mm, LPS) from the points of the diffusion images.
    """
    images, shape, affine = [], DIFFUSION_SHAPE, DIFFUSION_AFFINE
    for seed, (fat, gland) in enumerate([(15.0, 300.0), (15.0, 300.0), (8.0, 120.0)]):
        image = 0.0
        for part in (-0.33, 0.0, 0.33):  # a slice is thicker than a voxel of the field
            points = centres(shape, affine) + part * affine[:3, 0]
            if bend is not None:
                points = points - bend(points)
            breast, share = tissue(to_lps(np.linalg.inv(transform), points))
            image = image + breast * (fat + share * (gland - fat)) / 3
        noise = np.random.default_rng(10 + seed).normal(0, 8, (2, *shape))
        images.append(np.hypot(image + noise[0], noise[1]))
    return DiffusionSeries(np.array(images, np.float32), affine, np.array([0.0, 0.0, 800.0]))


def misplacement_mm(alignment, transform):
    """Mean distance in the breast between where points are said to lie and where they lie."""
    _, mask = anatomy()
    points = centres(ANATOMY_SHAPE, ANATOMY_AFFINE)[mask]
    found = to_lps(alignment.reference_to_diffusion, points)
    return float(np.linalg.norm(found - to_lps(transform, points), axis=1).mean())
