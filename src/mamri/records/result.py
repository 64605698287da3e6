"""The whole answer for one examination."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mamri.records.anatomy import Anatomy
from mamri.records.caveat import Caveat, QualityCheck, Status
from mamri.records.diffusion import AlignmentQuality
from mamri.records.exam import Coverage, Exam, Plane
from mamri.records.finding import Assessment, Finding
from mamri.records.laterality import Laterality
from mamri.records.lesion_crop import LesionCrop
from mamri.records.provenance import Provenance
from mamri.records.volume import LabelMap, Volume


@dataclass(frozen=True, slots=True)
class BreastMeasurement:
    """Volumes and background enhancement of one breast.

    Parameters
    ----------
    side : Laterality
    volume_ml, fgt_ml : float, ml
    density_percent : float, %
        Fibroglandular over breast volume.
    density_category : str
        BI-RADS amount of fibroglandular tissue, ``a`` to ``d``, or ``undetermined``.
    bpe_percent : float, %
        Background parenchymal enhancement; NaN where undefined.
    bpe_category : str
        ``minimal``, ``mild``, ``moderate``, ``marked`` or ``undetermined``.
    """

    side: Laterality
    volume_ml: float
    fgt_ml: float
    density_percent: float
    density_category: str
    bpe_percent: float
    bpe_category: str


@dataclass(frozen=True, slots=True)
class BreastSymmetry:
    """How the left breast differs from the right one.

    The asymmetry index of two volumes is ``100 (left - right) / (left + right)``: 0 where they are
    alike, positive where the left one is larger, -100 or 100 where one is empty. NaN where it
    could not be told.

    Parameters
    ----------
    status : Status
        ``ok`` where both breasts were seen whole.
    reason : str
        Why not, in a sentence; empty where they were.
    volume_index_percent, fgt_index_percent : float, %
        Asymmetry index of the breast volumes and of the volumes of fibroglandular tissue.
    density_difference_points, bpe_difference_points : float, percentage points
        Density and background enhancement of the left breast less those of the right one.
    """

    status: Status
    reason: str = ""
    volume_index_percent: float = float("nan")
    fgt_index_percent: float = float("nan")
    density_difference_points: float = float("nan")
    bpe_difference_points: float = float("nan")


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A model that took part in an analysis.

    Parameters
    ----------
    name, version : str
    sha256 : str
        Digest of the whole model folder.
    licence, trained_on : str
    """

    name: str
    version: str
    sha256: str
    licence: str
    trained_on: str


@dataclass(frozen=True, slots=True, eq=False)
class ExamResult:
    """Everything that ``mamri.analyze`` found, on the grid of the dynamic series.

    All volumes are in anatomical order: slices from feet to head, rows from front to back,
    columns from the patient's right to left (see ``geometry.orientation``).

    Parameters
    ----------
    exam : Exam
        As analysed: in anatomical order, motion corrected.
    plane, coverage : Plane, Coverage
        Acquisition plane of the input and breasts in the field of view.
    anatomy : Anatomy
    vessels : LabelMap
    lesions : LabelMap
        Value = finding id.
    maps : mapping of str to Volume
        ``percent_enhancement``, ``signal_enhancement_ratio``, ``washout`` and so on.
    mips : mapping of str to (rows, columns) array
        Maximum intensity projections of the early subtraction in anatomical order, keys ``axial``,
        ``sagittal_right``, ``sagittal_left``, ``coronal``; see ``kinetics.projections``.
    breasts : tuple of BreastMeasurement
    symmetry : BreastSymmetry
    findings : tuple of Finding
    checks : tuple of QualityCheck
    caveats : tuple of Caveat
    provenance : tuple of Provenance
    models : tuple of ModelUse
    alignment : AlignmentQuality or None
        Of the diffusion images with the anatomy; None without them.
    timings_s : mapping of step to seconds
    peak_memory_mb : float, MiB
    crops : tuple of LesionCrop
        Empty unless they were asked for.
    """

    exam: Exam
    plane: Plane
    coverage: Coverage
    anatomy: Anatomy
    vessels: LabelMap
    lesions: LabelMap
    maps: Mapping[str, Volume]
    mips: Mapping[str, np.ndarray]
    breasts: tuple[BreastMeasurement, ...]
    symmetry: BreastSymmetry
    findings: tuple[Finding, ...]
    checks: tuple[QualityCheck, ...]
    caveats: tuple[Caveat, ...]
    provenance: tuple[Provenance, ...]
    assessments: tuple[Assessment, ...] = ()
    models: tuple[ModelUse, ...] = ()
    alignment: AlignmentQuality | None = None
    timings_s: Mapping[str, float] = field(default_factory=dict)
    peak_memory_mb: float = float("nan")
    crops: tuple[LesionCrop, ...] = ()
