"""Classical anatomy of a breast MRI: breasts, skin, fibroglandular tissue, nipples, body.

No learning: thresholds against noise, a smooth surface for the chest wall, two classes in the
breast. It needs no model, says how sure it is, and serves as the baseline for anything learned.
"""

from dataclasses import asdict, dataclass

import numpy as np
from scipy import ndimage

from mamri.geometry import to_lps
from mamri.records import Anatomy, Caveat, Laterality, Provenance, Volume
from mamri.segmentation.coarse_anatomy import CoarseAnatomy, find_coarse_anatomy
from mamri.segmentation.fibroglandular import (
    TissueModel,
    find_fibroglandular,
    fit_tissue_model,
)
from mamri.segmentation.nipple import find_nipple
from mamri.segmentation.skin import find_skin
from mamri.segmentation.working_grid import interpolate_from

REFERENCES = (
    "Hirschmuller H. Stereo processing by semiglobal matching and mutual information. IEEE Trans "
    "Pattern Anal Mach Intell 2008;30:328-341. doi:10.1109/TPAMI.2007.1166",
    "Otsu N. A threshold selection method from gray-level histograms. IEEE Trans Syst Man Cybern "
    "1979;9:62-66. doi:10.1109/TSMC.1979.4310076",
    "Wells WM, Grimson WEL, Kikinis R, Jolesz FA. Adaptive segmentation of MRI data. IEEE Trans "
    "Med Imaging 1996;15:429-442. doi:10.1109/42.511747",
)


@dataclass(frozen=True, slots=True)
class AnatomySettings:
    """Settings of `segment_anatomy`.

    Parameters
    ----------
    working_spacing_mm : float
        Spacing of the grid on which body and chest wall are found (assumption).
    skin_thickness_mm : float
        Thickness of the shell called skin: the upper end of the 0.5 to 3 mm of healthy breasts,
        widened by the blur of the image (assumption).
    skin_margin_mm : float
        Fibroglandular tissue is looked for only deeper than this: skin, its blur and the glow of
        signal in front of it (assumption, judged on images: 6 mm removes the rim and leaves the
        tissue).
    min_wall_evidence : float
        Mean step at the chest wall, on a scale where 1 is a full step from fat to muscle, below
        which the wall is called uncertain (assumption).
    min_tissue_contrast : float
        Log ratio of fibroglandular tissue to fat, in spreads of fat, below which their border is
        called uncertain (assumption).
    """

    working_spacing_mm: float = 2.0
    skin_thickness_mm: float = 2.5
    skin_margin_mm: float = 6.0
    min_wall_evidence: float = 0.15
    min_tissue_contrast: float = 1.5


def segment_anatomy(
    image: Volume, settings: AnatomySettings | None = None
) -> tuple[Anatomy, Provenance]:
    """Find the breasts and their tissues on one pre-contrast T1 volume.

    Parameters
    ----------
    image : Volume, a.u.
        In anatomical order, prone, with or without fat suppression, one or both breasts,
        bias-corrected or not.
    settings : AnatomySettings or None
        None for the defaults.

    Returns
    -------
    Anatomy, Provenance
        Empty masks with a caveat where nothing like a breast is found.
    """
    settings = settings if settings is not None else AnatomySettings()
    coarse = find_coarse_anatomy(image, spacing=settings.working_spacing_mm)
    breast, body = _full_masks(image, coarse)
    skin = np.zeros(image.shape, bool)
    gland = np.zeros(image.shape, bool)
    models: list[TissueModel] = []
    boxes = ndimage.find_objects((breast > 0).astype(np.uint8))
    if boxes:
        box = boxes[0]
        depth = interpolate_from(coarse.grid, np.minimum(coarse.depth_mm, 10.0), box)
        skin[box] = find_skin(breast[box] > 0, depth, thickness_mm=settings.skin_thickness_mm)
        gland[box], models = _glandular_tissue(
            image.array[box],
            (breast[box] > 0) & (depth > settings.skin_margin_mm),
            coarse,
            box,
        )
    provenance = _provenance(coarse, settings)
    anatomy = Anatomy(
        breast,
        gland,
        skin,
        body,
        image.affine,
        _nipples(image, coarse),
        provenance.method,
        _caveats(coarse, models, settings),
        cut_sides=_cut_sides(coarse),
    )
    return anatomy, provenance


def _full_masks(image: Volume, coarse: CoarseAnatomy) -> tuple[np.ndarray, np.ndarray]:
    """Breast labels and body (S, R, C) on the full grid, with smooth borders."""
    grid = coarse.grid
    z, y, x = (grid.working_position(axis, np.arange(image.shape[axis])) for axis in range(3))
    zz, xx = np.meshgrid(z, x, indexing="ij")
    wall = ndimage.map_coordinates(
        coarse.wall.depth_mm / grid.spacing, [zz, xx], order=1, mode="nearest"
    )
    soft = ndimage.gaussian_filter(coarse.body.astype(np.float32), 0.7, mode="nearest")
    body = interpolate_from(grid, soft) > 0.5
    near_z, near_x = (
        np.clip(np.round(v), 0, grid.shape[axis] - 1).astype(int) for axis, v in ((0, z), (2, x))
    )
    labels = coarse.columns.labels[np.ix_(near_z, near_x)]
    breast = np.zeros(image.shape, np.uint8)
    for index in range(image.shape[0]):
        inside = body[index] & (y[:, None] < wall[index][None])
        breast[index] = np.where(inside, labels[index][None], 0)
    return breast, body


def _glandular_tissue(
    values: np.ndarray,
    inner: np.ndarray,
    coarse: CoarseAnatomy,
    box: tuple[slice, slice, slice],
) -> tuple[np.ndarray, list[TissueModel]]:
    """Fibroglandular tissue in a box of the full grid, and the tissue model of each breast."""
    suppressed = coarse.fat_suppressed is not False
    labels = coarse.breast
    # nothing is glandular where no model could be fitted
    log_limit = np.full(labels.shape, 80.0 if suppressed else -80.0, np.float32)
    models = []
    for side in Laterality:
        model = fit_tissue_model(
            coarse.image,
            (labels == side) & (coarse.depth_mm > 2.5),
            spacing=coarse.grid.spacing,
            air=coarse.air,
            fat_suppressed=suppressed,
        )
        if model is not None:
            models.append(model)
            columns = (coarse.columns.labels == side)[:, None, :]
            log_limit = np.where(columns, model.field + model.threshold, log_limit)
    gland = find_fibroglandular(
        np.nan_to_num(values.astype(np.float32)),
        inner,
        interpolate_from(coarse.grid, log_limit, box),
        spacing=coarse.grid.full_spacing,
        fat_suppressed=suppressed,
    )
    return gland, models


def _nipples(image: Volume, coarse: CoarseAnatomy) -> dict[Laterality, tuple[float, float, float]]:
    found = {}
    for side in Laterality:
        own = np.where(coarse.columns.labels == side, coarse.front_mm, np.nan)
        tip = find_nipple(own, spacing=coarse.grid.spacing)
        if tip is not None:
            index = [
                float(coarse.grid.full_position(axis, np.array(v))) for axis, v in enumerate(tip)
            ]
            x, y, z = to_lps(image.affine, np.array(index))
            found[side] = (float(x), float(y), float(z))
    return found


def _caveats(
    coarse: CoarseAnatomy, models: list[TissueModel], settings: AnatomySettings
) -> tuple[Caveat, ...]:
    labels = coarse.columns.labels
    over = labels > 0
    if not over.any():
        text = "Nothing stands out from the trunk like a breast; all masks of breasts are empty."
        return (Caveat("no_breast_found", text),)
    doubts = []
    if coarse.columns.is_bilateral and len(np.unique(labels[over])) == 1:
        text = "The field of view covers both sides, but a breast was found on one side only."
        doubts.append(Caveat("one_breast_found", text))
    if not coarse.columns.is_side_certain:
        text = "The image is centred near the midline: the side of its breast is uncertain."
        doubts.append(Caveat("breast_side_uncertain", text))
    if float(np.mean(coarse.wall.evidence[over])) < settings.min_wall_evidence:
        text = (
            "Fat and chest wall differ little: the back border of the breast follows the expected "
            "shape more than the image, and volumes and distances to the chest wall are rough."
        )
        doubts.append(Caveat("chest_wall_uncertain", text))
    if _cut_sides(coarse):
        text = "A breast reaches the edge of the field of view; its volume is a lower limit."
        doubts.append(Caveat("breast_cut_by_field_of_view", text))
    if coarse.fat_suppressed is None:
        text = (
            "The image does not tell whether fat is suppressed; suppression was assumed, and "
            "fibroglandular tissue may be wrong."
        )
        doubts.append(Caveat("fat_suppression_uncertain", text))
    if not models or min(model.contrast for model in models) < settings.min_tissue_contrast:
        text = "Fibroglandular tissue differs little from fat; its amount is uncertain."
        doubts.append(Caveat("fibroglandular_contrast_low", text))
    return tuple(doubts)


def _cut_sides(coarse: CoarseAnatomy) -> tuple[Laterality, ...]:
    """Breasts whose tissue far out of the trunk touches the edge of the image."""
    return tuple(side for side in Laterality if _is_cut(coarse, coarse.columns.labels == side))


def _is_cut(coarse: CoarseAnatomy, columns: np.ndarray) -> bool:
    far = columns & (coarse.trunk_mm - coarse.front_mm > 40.0)  # a breast, not its border
    edges = (far[0], far[-1], far[:, 0], far[:, -1])
    # at least 3 cm of such tissue at one edge, or a breast that meets the front edge (assumptions)
    touching = max(float(edge.sum()) for edge in edges) * coarse.grid.spacing > 30.0
    pressed = columns & (coarse.front_mm <= coarse.grid.spacing)
    return touching or int(pressed.sum()) * coarse.grid.spacing**2 > 100.0


def _provenance(coarse: CoarseAnatomy, settings: AnatomySettings) -> Provenance:
    fat = {True: "with", False: "without", None: "with (assumed)"}[coarse.fat_suppressed]
    method = (
        f"The body was separated from air by the level of the noise on a "
        f"{settings.working_spacing_mm:g} mm grid, the front of the chest wall was found as a "
        "smooth surface of least cost by semi-global matching of the step from fat to muscle, and "
        "the breasts as the tissue before it that stands out from the trunk. Skin was the outer "
        f"{settings.skin_thickness_mm:g} mm. Fibroglandular tissue was separated from fat by "
        f"Otsu's method with a smooth coil field, for an image {fat} fat suppression."
    )
    return Provenance("anatomy", method, asdict(settings), REFERENCES)
