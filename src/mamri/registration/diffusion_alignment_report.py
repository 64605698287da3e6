"""How a diffusion series was aligned with the anatomy, and how good the agreement is."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from mamri.records import Caveat, GeometryError, Status
from mamri.records.volume import checked_affine


class AlignmentKind(StrEnum):
    """Which transform stands between the anatomy and the diffusion series."""

    NONE = "none"
    RIGID = "rigid"
    AFFINE = "affine"


@dataclass(frozen=True, slots=True)
class AlignmentSettings:
    """Settings of the alignment. Limits without a source are assumptions.

    Parameters
    ----------
    most_freedom : AlignmentKind
        ``none`` measures only, ``rigid`` stops after the rigid step.
    working_spacing_mm : float, mm
        Voxel size at which the images are compared: about that of diffusion images.
    inset_mm : float, mm
        Depth under the surface of the breasts from which images are compared. Skin and surface
        fat are left out: what fat suppression leaves of fat lies beside itself in echo planar
        images, by 14 mm in simulated exams, and draws the transform along.
    smoothing_mm : float, mm
        Standard deviation of the smoothing of the images at the first of two resolutions.
    samples : int
        Fixed random positions at which the images are compared.
    rounds : int
        Most rounds of the search, each along every parameter, at each resolution.
    min_move_mm : float, mm
        Motions whose mean length in the breasts is below this are not applied: a quarter of a
        usual diffusion voxel edge of 2 mm, below what lesion masks can show.
    min_gain, min_affine_gain : float
        Part by which the normalised mutual information above 1 must rise for the rigid transform
        to be applied, and for the affine one to be preferred to it.
    max_mean_mm, max_displacement_mm : float, mm
        Mean and largest displacement in the breasts that are believed. Simulated fields displace
        breast tissue by up to 4 mm at 1.5 T and 8 mm at 3 T; patients add some.
    max_volume_change : float
        Largest change of volume by an affine transform, as a part.
    min_overlap : float
        Part of the breasts that the diffusion images must hold.
    min_peak : float
        Normalised mutual information above 1, against its largest value at six shifts by
        ``peak_shift_mm``, below which an agreement is not believed to be more than chance.
        Simulated exams reach 2.5 to 5.7, noise and the images of another woman 0.8 to 1.1.
    peak_shift_mm : float, mm
        Beyond the width of gland strands, within the breast.
    """

    most_freedom: AlignmentKind = AlignmentKind.AFFINE
    working_spacing_mm: float = 2.5
    inset_mm: float = 4.0
    smoothing_mm: float = 5.0
    samples: int = 20000
    rounds: int = 6
    min_move_mm: float = 0.5
    min_gain: float = 0.05
    min_affine_gain: float = 0.05
    max_mean_mm: float = 12.0
    max_displacement_mm: float = 25.0
    max_volume_change: float = 0.2
    min_overlap: float = 0.5
    min_peak: float = 1.5
    peak_shift_mm: float = 12.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well two images agree in the breasts.

    Parameters
    ----------
    mutual_information : float
        Normalised mutual information (Studholme) under the skin, 1 (none) to 2.
    edge_agreement : float
        Mean squared cosine of the angle between the gradients of both images under the skin,
        weighted by the strength of the reference's edges; 1/3 by chance, 1 where all run alike.
    gland_dice : float
        Overlap of the brightest fifth of the breasts in the diffusion images, mostly gland, with
        that of the reference (the darkest fifth, where gland is dark there); 0.2 by chance.
    """

    mutual_information: float
    edge_agreement: float
    gland_dice: float


@dataclass(frozen=True, slots=True, eq=False)
class DiffusionAlignment:
    """Where the points of the anatomy lie in the diffusion images.

    Parameters
    ----------
    reference_to_diffusion : (4, 4) float, mm
        Takes an LPS point of the reference to the LPS point, by the affine of the diffusion
        series, at which the same tissue lies there. The identity unless a transform was believed.
    kind : AlignmentKind
        The transform used.
    status : Status
        ``ok``: aligned, or found to be in place; ``undefined``: the images could not tell, and
        the identity is used; ``not_computed``: not asked for.
    sentence : str
        What was done and why, for a person.
    before, after : Agreement
        With the geometry of the files alone, and with the transform used.
    displacement_mean_mm, displacement_max_mm : float, mm
        Length of the transform used, in the breasts.
    overlap : float
        Part of the breasts that the diffusion images hold.
    caveats : tuple of Caveat
    """

    reference_to_diffusion: np.ndarray
    kind: AlignmentKind
    status: Status
    sentence: str
    before: Agreement
    after: Agreement
    displacement_mean_mm: float
    displacement_max_mm: float
    overlap: float
    caveats: tuple[Caveat, ...] = ()

    def __post_init__(self) -> None:
        matrix = checked_affine(self.reference_to_diffusion)
        if self.kind is AlignmentKind.NONE and not np.array_equal(matrix, np.eye(4)):
            raise GeometryError(
                "an alignment of kind 'none' must be the identity, got another matrix; "
                "name the kind of the transform"
            )
        object.__setattr__(self, "reference_to_diffusion", matrix)

    @property
    def diffusion_to_reference(self) -> np.ndarray:
        """Inverse transform, (4, 4) mm: from LPS points of the diffusion series."""
        return np.linalg.inv(self.reference_to_diffusion)
