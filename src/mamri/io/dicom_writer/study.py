"""Write a whole study as a scanner of given habits stores it.

Unique identifiers lie under 2.25 and follow from the study and the habits, so that the same study
is written the same way each time. File names are scrambled: their order is not that of the slices.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from mamri.io.dicom_writer.classic_images import classic_images
from mamri.io.dicom_writer.encode import EncodedObject
from mamri.io.dicom_writer.enhanced_images import enhanced_images
from mamri.io.dicom_writer.plan_study import WRITABLE_ROLES, plan_study
from mamri.io.dicom_writer.planned_series import PlannedSeries
from mamri.io.dicom_writer.stored_pixels import HIGHEST
from mamri.io.dicom_writer.study_attributes import StudyIdentity
from mamri.io.dicom_writer.values import unique_identifier
from mamri.io.scanner_habits import SIEMENS_HABITS, ObjectForm, ScannerHabits
from mamri.records import AcquiredSeries, DicomError, GeometryError

# A field of view that ends this near the midline holds one breast, mm; the reader's limit too.
_MIDLINE_MM = 20.0


def write_dicom_study(
    series: Sequence[AcquiredSeries],
    folder: Path,
    habits: ScannerHabits = SIEMENS_HABITS,
    *,
    study_instance_uid: str,
    patient_number: int,
    begin: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write a study as DICOM files.

    Parameters
    ----------
    series : sequence of AcquiredSeries
        Whole numbers from 0 to 65535. Parts of one Dixon acquisition share their start.
    folder : Path
        New or empty; one folder a series is made in it.
    habits : ScannerHabits
    study_instance_uid : str
    patient_number : int
        Stands in the patient ID ``SIM-<number>``.
    begin : callable or None
        Is told the description of each series before it is written.

    Returns
    -------
    list of Path
        The files, in order of series and instance.

    Raises
    ------
    DicomError
        If the folder is not empty, there is no series, or one cannot be stored.
    GeometryError
        If the slices of a series are not at right angles to rows and columns.
    """
    _check_folder(folder)
    _check_series(series)
    identity = StudyIdentity(
        study_uid=study_instance_uid,
        patient_number=patient_number,
        laterality=_laterality(series),
        key=unique_identifier(repr(habits)),
    )
    paths: list[Path] = []
    for planned in plan_study(series, habits):
        if begin is not None:
            begin(planned.description)
        place = folder / f"{planned.number:04d}"
        place.mkdir(parents=True, exist_ok=True)
        for encoded in _objects(planned, identity, habits):
            scrambled = hashlib.sha256(encoded.sop_instance.encode()).hexdigest()[:12]
            path = place / f"{scrambled}.dcm"
            encoded.write(path)
            paths.append(path)
    return paths


def _objects(
    series: PlannedSeries, identity: StudyIdentity, habits: ScannerHabits
) -> Iterator[EncodedObject]:
    if habits.form is ObjectForm.CLASSIC:
        return classic_images(series, identity, habits)
    return enhanced_images(series, identity, habits)


def _check_folder(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise DicomError(
            "an empty folder was needed for the DICOM files, got one that holds files already; "
            "name a new folder"
        )


def _check_series(series: Sequence[AcquiredSeries]) -> None:
    if not series:
        raise DicomError("at least one series was needed, none came; acquire one first")
    for entry in series:
        array = entry.array
        if entry.role not in WRITABLE_ROLES:
            raise DicomError(
                f"a series that a scanner acquires was needed, got one of role {entry.role.value}; "
                "leave it out: the writer adds localizer, subtraction and projection itself"
            )
        if array.dtype.kind not in "iu" or array.min() < 0 or array.max() > HIGHEST:
            raise DicomError(
                f"whole numbers from 0 to {HIGHEST} were needed, got {array.dtype} values; scale "
                "and round the volumes first"
            )
        if len(array) > 1 and entry.times_s is None and entry.b_values is None:
            raise DicomError(
                f"times or b-values were needed to tell {len(array)} volumes of a "
                f"{entry.role.value} series apart, got neither; give times_s or b_values"
            )
        unit = entry.affine[:3, :3] / np.linalg.norm(entry.affine[:3, :3], axis=0)
        if np.abs(unit.T @ unit - np.eye(3)).max() > 1e-4:
            raise GeometryError(
                "slices at right angles to rows and columns were needed, got a sheared grid; "
                "resample the series to a rectangular grid first"
            )


def _laterality(series: Sequence[AcquiredSeries]) -> str:
    """Side of the breast that all series show, from patient coordinates; empty for both."""
    low, high = np.inf, -np.inf
    for entry in series:
        corners = np.array(np.meshgrid(*([0, n - 1] for n in entry.array.shape[1:]))).reshape(3, -1)
        x = entry.affine[0, :3] @ corners + entry.affine[0, 3]
        low, high = min(low, float(x.min())), max(high, float(x.max()))
    if low > -_MIDLINE_MM:
        return "L"
    return "R" if high < _MIDLINE_MM else ""
