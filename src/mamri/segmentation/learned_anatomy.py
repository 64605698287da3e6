"""Anatomy of a breast MRI by the anatomy model: two networks and nothing drawn by hand.

Convention: a breast runs from the skin to the front of the pectoral muscle and chest wall, from the
clavicle to the inframammary fold and to the lateral end of the breast tissue; presternal fat is
split at the midline. Fibroglandular tissue excludes skin and vessels.
"""

from dataclasses import asdict, dataclass, field

import numpy as np
from scipy import ndimage

from mamri.geometry import spacing_mm, to_lps
from mamri.networks.inference_engine import Engine
from mamri.networks.resample_probabilities import mask_at
from mamri.records import Anatomy, Caveat, Laterality, Provenance, Volume
from mamri.records.provenance import SettingValue
from mamri.segmentation.body import find_body
from mamri.segmentation.detail_stage import BreastDetail, find_breast_detail
from mamri.segmentation.field_of_view import cut_sides
from mamri.segmentation.field_stage import BreastField, find_breast_field
from mamri.segmentation.stored_grey_scale import blank_air, upright_grey_scale
from mamri.segmentation.tissue_refinement import RefinementSettings, refined_fibroglandular
from mamri.segmentation.working_grid import average_to, interpolate_from, working_grid

REFERENCES = (
    "Ronneberger O, Fischer P, Brox T. U-Net: convolutional networks for biomedical image "
    "segmentation. MICCAI 2015:234-241. doi:10.1007/978-3-319-24574-4_28",
    "Billot B, Greve DN, Puonti O, et al. SynthSeg: segmentation of brain MRI scans of any "
    "contrast and resolution without retraining. Med Image Anal 2023;86:102789. "
    "doi:10.1016/j.media.2023.102789",
    "Isensee F, Jaeger PF, Kohl SAA, et al. nnU-Net: a self-configuring method for deep "
    "learning-based biomedical image segmentation. Nat Methods 2021;18:203-211. "
    "doi:10.1038/s41592-020-01008-z",
    "Van Leemput K, Maes F, Vandermeulen D, Suetens P. Automated model-based tissue classification "
    "of MR images of the brain. IEEE Trans Med Imaging 1999;18:897-908. doi:10.1109/42.811270",
)
_NO_BREAST = Caveat(
    "no_breast_found", "The networks found nothing like a breast; all masks of breasts are empty."
)
_INVERTED = Caveat(
    "grey_scale_inverted",
    "The image before contrast is stored with its grey scale inverted, air bright; the breasts "
    "were found on the image turned back, but nothing measured from its signals can be trusted.",
)


@dataclass(frozen=True, slots=True, eq=False)
class AnatomyNetworks:
    """The anatomy model, ready to run.

    Parameters
    ----------
    field, detail : Engine
    name, version : str
    """

    field: Engine
    detail: Engine
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class LearnedAnatomySettings:
    """Settings of `segment_with_networks`.

    Parameters
    ----------
    mirrored : bool
        Whether the field network sees the mirrored image too.
    overlap : float
        Share of a tile of the detail network that its neighbour covers too. Assumption: a
        quarter, where nnU-Net takes a half; twice as fast.
    min_fibroglandular, min_vessel : float
        Probability above which a voxel of the breast is fibroglandular tissue, or a vessel.
    refinement : RefinementSettings or None
        How the image sharpens fibroglandular tissue; None takes the network's answer as it is.
    body_spacing_mm : float, mm
        Grid on which body and air are told apart (assumption); the breasts do not depend on it.
    """

    mirrored: bool = True
    overlap: float = 0.25
    min_fibroglandular: float = 0.5
    min_vessel: float = 0.5
    refinement: RefinementSettings | None = field(default_factory=RefinementSettings)
    body_spacing_mm: float = 3.0


def segment_with_networks(
    image: Volume, networks: AnatomyNetworks, settings: LearnedAnatomySettings | None = None
) -> tuple[Anatomy, Provenance]:
    """Find the breasts and their tissues on one pre-contrast T1 volume.

    Parameters
    ----------
    image : Volume, a.u.
        In anatomical order, prone; any plane, one or both breasts, with or without fat
        suppression, with or without bias correction.
    networks : AnatomyNetworks
    settings : LearnedAnatomySettings or None

    Returns
    -------
    Anatomy, Provenance
        Empty masks with a caveat where nothing like a breast is found.
    """
    settings = settings or LearnedAnatomySettings()
    image, was_inverted = upright_grey_scale(image)
    found = find_breast_field(image, networks.field, mirrored=settings.mirrored)
    body = _body(image, settings.body_spacing_mm)
    breast = np.zeros(image.shape, np.uint8)
    gland, skin, vessels = (np.zeros(image.shape, bool) for _ in range(3))
    if found.sides:
        detail = find_breast_detail(image, found, networks.detail, overlap=settings.overlap)
        box = detail.box
        breast[box] = _breast_labels(image, found, detail)
        inside = breast[box] > 0
        gland[box] = inside & mask_at(
            _fibroglandular(detail, settings)[None],
            detail.positions,
            (0,),
            threshold=settings.min_fibroglandular,
        )
        skin[box] = inside & detail.mask("skin", "nipple", above=0.5)
        vessels[box] = inside & detail.mask("vessel", above=settings.min_vessel)
    sides = tuple(side for side in found.sides if np.any(breast == side))
    nipples = {side: _nipple(image, breast, side) for side in sides}
    provenance = _provenance(networks, settings)
    cut = cut_sides(breast, image.affine)
    anatomy = Anatomy(
        breast,
        gland,
        skin,
        body | (breast > 0),
        image.affine,
        nipples,
        provenance.method,
        (*_caveats(found, sides, cut), *([_INVERTED] if was_inverted else [])),
        cut_sides=cut,
        vessels=vessels,
    )
    return anatomy, provenance


def _fibroglandular(detail: BreastDetail, settings: LearnedAnatomySettings) -> np.ndarray:
    """Probability of fibroglandular tissue on the working grid, sharpened by the image."""
    gland = detail.of("fibroglandular")
    if settings.refinement is None:
        return gland
    inside = detail.of("breast", "fibroglandular") > 0.5
    return refined_fibroglandular(
        detail.image,
        gland,
        detail.of("breast"),
        inside,
        spacing_mm=detail.grid.spacing,
        settings=settings.refinement,
    )


def _breast_labels(image: Volume, field: BreastField, detail: BreastDetail) -> np.ndarray:
    """Breasts by side in the box of the full grid, uint8."""
    breast = detail.of("breast", "fibroglandular", "skin", "nipple")
    # Vessels run inside the breasts and behind them: the coarse answer tells which.
    breast += detail.of("vessel") * (detail.prior > 0.5)
    full = mask_at(breast[None], detail.positions, (0,))
    full &= ~blank_air(image.array[detail.box], spacing_mm(image.affine))
    index = np.meshgrid(
        *(np.arange(part.start, part.stop, dtype=np.float32) for part in detail.box),
        indexing="ij", sparse=True,
    )  # fmt: skip
    # The midline plane in index coordinates.
    plane = field.midline @ image.affine
    on_left = plane[0] * index[0] + plane[1] * index[1] + plane[2] * index[2] + plane[3] > 0
    labels = np.zeros(full.shape, np.uint8)
    for side in field.sides:
        own = full & (on_left == (side is Laterality.LEFT))
        labels[_largest(own)] = side
    return labels


def _largest(mask: np.ndarray) -> np.ndarray:
    """Largest part of a mask, with what it encloses slice by slice."""
    parts, n = ndimage.label(mask)
    if n > 1:
        mask = parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    out = np.empty_like(mask)
    for number, plane in enumerate(mask):
        out[number] = ndimage.binary_fill_holes(plane)
    return out


def _nipple(image: Volume, breast: np.ndarray, side: Laterality) -> tuple[float, float, float]:
    """Tip of a breast: the middle of its foremost 2 mm, patient coordinates."""
    own = breast == side
    rows = np.flatnonzero(own.any(axis=(0, 2)))
    n = max(1, round(2.0 / float(np.linalg.norm(image.affine[:3, 1]))))
    tip = np.argwhere(own[:, rows[0] : rows[0] + n]).mean(axis=0)
    tip[1] += rows[0]
    x, y, z = to_lps(image.affine, tip)
    return float(x), float(y), float(z)


def _body(image: Volume, spacing: float) -> np.ndarray:
    grid = working_grid(image.shape, image.affine, spacing)
    body = find_body(np.nan_to_num(average_to(grid, image.array)), spacing=spacing)
    return interpolate_from(grid, body.astype(np.float32)) > 0.25


def _caveats(
    field: BreastField, sides: tuple[Laterality, ...], cut: tuple[Laterality, ...]
) -> tuple[Caveat, ...]:
    if not sides:
        return (_NO_BREAST,)
    doubts = []
    if field.is_bilateral and len(sides) == 1:
        text = "The field of view covers both sides, but a breast was found on one side only."
        doubts.append(Caveat("one_breast_found", text))
    if not field.is_side_certain:
        text = "The image is centred near the midline: the side of its breast is uncertain."
        doubts.append(Caveat("breast_side_uncertain", text))
    if cut:
        text = "A breast reaches the edge of the field of view; its volume is a lower limit."
        doubts.append(Caveat("breast_cut_by_field_of_view", text))
    return tuple(doubts)


def _provenance(networks: AnatomyNetworks, settings: LearnedAnatomySettings) -> Provenance:
    method = (
        f"Breasts, fibroglandular tissue, skin and vessels were found by the model {networks.name} "
        f"{networks.version}, two U-Nets trained on simulated women with random image contrast: "
        "one saw the whole field of view at 4.8 mm, the other the breasts at 1.2 mm with the "
        "first one's answer. "
    )
    if settings.refinement is not None:
        method += (
            "Fibroglandular tissue was then sharpened by two Gaussian classes with slowly varying "
            "means, fitted by expectation maximisation with the networks' answer as prior. "
        )
    method += "Sides were told by patient coordinates."
    return Provenance("anatomy", method, _flat(settings), REFERENCES)


def _flat(settings: LearnedAnatomySettings) -> dict[str, SettingValue]:
    """Settings as plain values by name."""
    values = asdict(settings)
    refinement = values.pop("refinement") or {}
    return values | refinement
