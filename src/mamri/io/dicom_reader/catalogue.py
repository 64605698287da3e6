"""What a DICOM input holds: every series with its role, and the plan of the dynamic series.

Headers only. Refusals that concern the whole input (no image, several patients) are raised;
what keeps the dynamic series from being assembled is kept as an error in the plan's place, so that
an inspection can still show the rest.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from mamri.geometry import slice_plane, spacing_mm
from mamri.io.dicom_reader import _tag_table as tags
from mamri.io.dicom_reader.b_value import b_value, measured_frames
from mamri.io.dicom_reader.dynamic_plan import DynamicPlan, plan_dynamic
from mamri.io.dicom_reader.frames import Frame, frames_of
from mamri.io.dicom_reader.image_file import FileRefusedError, ImageFile, check_pixels, read_header
from mamri.io.dicom_reader.input_files import InputFile, open_input
from mamri.io.dicom_reader.options import DicomOptions
from mamri.io.dicom_reader.phases import split_volumes
from mamri.io.dicom_reader.roles import T1_CANDIDATE, SeriesFeatures, classify
from mamri.io.dicom_reader.stacks import Stack, make_stacks, stack_fault
from mamri.io.dicom_reader.values import HeaderValues
from mamri.records import (
    Acquisition,
    Caveat,
    DicomError,
    InputError,
    SeriesRecord,
    SeriesRole,
    TimingError,
)

_HEADER_THREADS = 4
_NOT_DICOM = "not_dicom"


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One series of the input.

    Parameters
    ----------
    uid, description : str
    number : int or None
    role : SeriesRole
    reason : str
    frames : tuple of Frame
    stacks : tuple of Stack
        Largest first.
    faults : tuple of (file name, reason)
        Files of the series that could not be used.
    """

    uid: str
    description: str
    number: int | None
    role: SeriesRole
    reason: str
    frames: tuple[Frame, ...]
    stacks: tuple[Stack, ...]
    faults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """What an input holds.

    Parameters
    ----------
    series : tuple of SeriesRecord
    dynamic : DynamicPlan or None
    refusal : str or None
        Why the dynamic series could not be assembled, and the remedy.
    refusal_error : InputError or None
        The same as an error, for who must have the series.
    acquisition : Acquisition
    b_values : tuple of float, s/mm2
        Distinct b-values of the diffusion series.
    study_instance_uid : str
    caveats : tuple of Caveat
    skipped : tuple of (file name, reason)
        Files that were not used; `not_dicom` of them are no DICOM files.
    not_dicom : int
    diffusion, t2 : Series or None
        Series for diffusion and for T2 or STIR.
    volumes : tuple of str or None
        For each series, how many volumes it holds and what separates them; None for one volume.
    """

    series: tuple[SeriesRecord, ...]
    dynamic: DynamicPlan | None
    refusal: str | None
    refusal_error: InputError | None
    acquisition: Acquisition
    b_values: tuple[float, ...]
    study_instance_uid: str
    caveats: tuple[Caveat, ...]
    skipped: tuple[tuple[str, str], ...]
    not_dicom: int
    diffusion: Series | None = None
    t2: Series | None = None
    volumes: tuple[str | None, ...] = ()


@dataclass(slots=True)
class _Scan:
    """Files of an input, sorted into usable and not."""

    images: list[ImageFile] = field(default_factory=list)
    refused: list[tuple[InputFile, FileRefusedError]] = field(default_factory=list)
    not_dicom: int = 0


def catalogue(path: Path, options: DicomOptions = DicomOptions()) -> Catalogue:  # noqa: B008
    """List what a folder, zip archive or file holds, from headers alone.

    Parameters
    ----------
    path : Path
    options : DicomOptions

    Raises
    ------
    DicomError
        If there is no usable image, or images of several patients or studies.
    """
    with open_catalogue(path, options) as found:
        return found


@contextmanager
def open_catalogue(path: Path, options: DicomOptions) -> Iterator[Catalogue]:
    """As `catalogue`; files of an archive stay readable until the context is left."""
    with open_input(Path(path)) as files:
        yield _catalogue(files, options)


def _catalogue(files: Sequence[InputFile], options: DicomOptions) -> Catalogue:
    scan = _scan(files)
    caveats: list[Caveat] = []
    images = _without_duplicates(scan.images, caveats)
    series = _all_series(images, scan)
    placed = [image for image in images if image.is_mr]
    if not any(entry.frames for entry in series):
        raise _nothing_usable(scan, series, len(files))
    _one_patient(placed, caveats)
    study = _one_study(placed)
    caveats += _odd_files(placed, scan, len(files))
    dynamic, error, planned = plan_dynamic(
        [entry for entry in series if entry.role is T1_CANDIDATE], options
    )
    caveats += planned
    caveats += _untimed(dynamic)
    roles: Mapping[str, tuple[SeriesRole, str, bool]] = {}
    if dynamic is not None:
        roles = dynamic.roles
    final = [_final_role(entry, roles) for entry in series]
    diffusion = _largest(final, {SeriesRole.DWI})
    # Oedema shows where fat is dark: STIR goes before a T2 that may not be fat suppressed.
    t2 = _largest(final, {SeriesRole.STIR}) or _largest(final, {SeriesRole.T2})
    used = {uid for uid, (_, _, use) in roles.items() if use}
    b_values: set[float] = set()
    if diffusion is not None:
        found = [b_value(frame.values) for frame in diffusion.frames]
        b_values = {round(b) for b in found if b is not None}
        if len(measured_frames(diffusion.frames)) < len(diffusion.frames):
            caveats.append(
                Caveat(
                    "computed_trace_set_apart",
                    "The diffusion series holds a computed trace image among the measured ones; "
                    "it was set apart.",
                )
            )
    skipped = tuple((file.name, refusal.why) for file, refusal in scan.refused)
    return Catalogue(
        series=tuple(
            _record(entry, used=entry.uid in used or entry in (t2, diffusion)) for entry in final
        ),
        dynamic=dynamic,
        refusal=None if error is None else str(error),
        refusal_error=error,
        acquisition=Acquisition() if dynamic is None else dynamic.acquisition,
        b_values=tuple(sorted(b_values)),
        study_instance_uid=study,
        caveats=tuple(caveats),
        skipped=skipped,
        not_dicom=scan.not_dicom,
        diffusion=diffusion,
        t2=t2,
        volumes=tuple(describe_volumes(entry) for entry in final),
    )


def _scan(files: Sequence[InputFile]) -> _Scan:
    def read(file: InputFile) -> ImageFile | FileRefusedError:
        try:
            return read_header(file)
        except FileRefusedError as refusal:
            return refusal

    scan = _Scan()
    with ThreadPoolExecutor(_HEADER_THREADS) as pool:
        for file, outcome in zip(files, pool.map(read, files), strict=True):
            if isinstance(outcome, ImageFile):
                scan.images.append(outcome)
            elif outcome.code == _NOT_DICOM:
                scan.not_dicom += 1
                scan.refused.append((file, outcome))
            else:
                scan.refused.append((file, outcome))
    return scan


def _nothing_usable(scan: _Scan, series: Sequence[Series], n_files: int) -> DicomError:
    dicom = [(f, r) for f, r in scan.refused if r.code != _NOT_DICOM]
    if dicom:
        file, refusal = dicom[0]
        more = f" ({len(dicom)} files were refused)" if len(dicom) > 1 else ""
        return DicomError(
            f"an MR image was needed, but {file.name} {refusal.why}{more}; "
            "export the exam again from its source"
        )
    if scan.refused and n_files == 1:
        file, refusal = scan.refused[0]
        return DicomError(
            f"a DICOM image was needed, but {file.name} {refusal.why}; give the exam's folder"
        )
    reasons = f" ({series[0].reason})" if series else ""
    return DicomError(
        f"DICOM MR images were needed, none of the {n_files} files is one that can be read"
        f"{reasons}; give the folder that holds the exam"
    )


def _without_duplicates(images: list[ImageFile], caveats: list[Caveat]) -> list[ImageFile]:
    kept: dict[str, ImageFile] = {}
    dropped = 0
    for image in images:
        uid = image.values.text(tags.SOP_INSTANCE_UID)
        if uid not in kept:
            kept[uid] = image
            continue
        if _pixel_digest(image) != _pixel_digest(kept[uid]):
            raise DicomError(
                f"every image needs its own SOPInstanceUID, {kept[uid].file.name} and "
                f"{image.file.name} share one but differ; remove the wrong one"
            )
        dropped += 1
    if dropped:
        caveats.append(
            Caveat("duplicate_images", f"{dropped} identical copies of images were left out.")
        )
    return list(kept.values())


# What two copies of one image must agree in, besides their pixels.
_IDENTITY = (
    tags.SERIES_INSTANCE_UID,
    tags.IMAGE_POSITION,
    tags.IMAGE_ORIENTATION,
    tags.ACQUISITION_DATETIME,
    tags.ACQUISITION_DATE,
    tags.ACQUISITION_TIME,
    tags.CONTENT_TIME,
    tags.TRIGGER_TIME,
    tags.TEMPORAL_POSITION,
    tags.RESCALE_SLOPE,
    tags.RESCALE_INTERCEPT,
)


def _pixel_digest(image: ImageFile) -> bytes:
    with open(image.file.path, "rb") as stream:
        stream.seek(image.elements.pixel_offset)
        digest = hashlib.sha256(stream.read())
    digest.update(repr([image.values.text(tag) for tag in _IDENTITY]).encode())
    return digest.digest()


def _all_series(images: Sequence[ImageFile], scan: _Scan) -> list[Series]:
    groups: dict[str, list[ImageFile]] = {}
    for image in images:
        groups.setdefault(image.values.text(tags.SERIES_INSTANCE_UID), []).append(image)
    faults: dict[str, list[tuple[str, str]]] = {}
    for file, refusal in scan.refused:
        if refusal.values is not None:
            uid = refusal.values.text(tags.SERIES_INSTANCE_UID)
            faults.setdefault(uid, []).append((file.name, refusal.why))
    return [_one_series(uid, group, scan, faults.get(uid, [])) for uid, group in groups.items()]


def _one_series(
    uid: str, images: list[ImageFile], scan: _Scan, faults: list[tuple[str, str]]
) -> Series:
    frames: list[Frame] = []
    first = images[0]
    role, reason = classify(_features(images, []))
    if (first.is_mr and first.elements.pixel_tag is not None) or role is T1_CANDIDATE:
        for image in images:
            if "MOSAIC" in reason.upper() or "VFRAME" in reason.upper():
                break
            try:
                check_pixels(image)
                frames += frames_of(image)
            except FileRefusedError as refusal:
                scan.refused.append((image.file, refusal))
                faults.append((image.file.name, refusal.why))
    if frames:
        role, reason = classify(_features(images, frames))
    return Series(
        uid,
        first.values.text(tags.SERIES_DESCRIPTION),
        first.values.integer(tags.SERIES_NUMBER),
        role,
        reason,
        tuple(frames),
        tuple(make_stacks(frames)),
        tuple(faults),
    )


def _features(images: Sequence[ImageFile], frames: Sequence[Frame]) -> SeriesFeatures:
    first = frames[0].values if frames else images[0].values
    image_type = {t.upper() for image in images[:64] for t in image.values.texts(tags.IMAGE_TYPE)}
    image_type |= {t.upper() for frame in frames[:64] for t in frame.values.texts(tags.IMAGE_TYPE)}
    leading = tuple(t.upper() for t in images[0].values.texts(tags.IMAGE_TYPE)[:1])
    b_values = {b_value(frame.values) for frame in frames}
    sequence = first.texts(tags.SCANNING_SEQUENCE) or _enhanced_sequence(first)
    normals = {tuple(abs(frame.normal).round(1)) for frame in frames}
    description = first.text(tags.SERIES_DESCRIPTION) or first.text(tags.PROTOCOL_NAME)
    return SeriesFeatures(
        description=description,
        modality=first.text(tags.MODALITY),
        image_type=(*leading, *sorted(image_type - set(leading))),
        scanning_sequence=sequence,
        tr_ms=first.number(tags.REPETITION_TIME),
        te_ms=first.number(tags.ECHO_TIME),
        ti_ms=first.number(tags.INVERSION_TIME),
        b_values=tuple(b for b in b_values if b is not None),
        samples_per_pixel=first.integer(tags.SAMPLES_PER_PIXEL) or 1,
        n_images=len(frames) or len(images),
        n_orientations=max(len(normals), 1),
        contrast_agent=bool(first.text(tags.CONTRAST_AGENT)),
        is_3d={"3D": True, "2D": False}.get(first.text(tags.MR_ACQUISITION_TYPE)),
        has_pixels=images[0].elements.pixel_tag is not None,
    )


_ECHO_WORDS = {"SPIN": ("SE",), "GRADIENT": ("GR",), "BOTH": ("SE", "GR")}


def _enhanced_sequence(values: HeaderValues) -> tuple[str, ...]:
    """Pulse sequence of an Enhanced image in the words of ScanningSequence."""
    echo = _ECHO_WORDS.get(values.text(tags.ECHO_PULSE_SEQUENCE).upper(), ())
    planar = values.text(tags.ECHO_PLANAR).upper() == "YES"
    return (*echo, "EP") if planar else echo


def _one_patient(images: Sequence[ImageFile], caveats: list[Caveat]) -> None:
    people = {
        (image.values.text(tags.PATIENT_ID), _plain_name(image.values.text(tags.PATIENT_NAME)))
        for image in images
    }
    identifiers = {identifier for identifier, _ in people if identifier}
    names = {name for _, name in people if name}
    if len(identifiers) > 1 or len(names) > 1:
        raise DicomError(
            f"images of one patient were needed, {max(len(identifiers), len(names))} patients "
            "came by PatientID (0010,0020) and PatientName (0010,0010); give the folder of one "
            "patient"
        )
    if any(not identifier for identifier, _ in people):
        caveats.append(
            Caveat(
                "no_patient_id",
                "Images without a PatientID: nothing in the files proves that they belong to one "
                "person.",
            )
        )


def _plain_name(name: str) -> str:
    """Name without the separators and case that systems write differently."""
    return "".join(name.replace("^", " ").replace("=", " ").split()).casefold()


def _one_study(images: Sequence[ImageFile]) -> str:
    studies = Counter(image.values.text(tags.STUDY_INSTANCE_UID) for image in images)
    if len(studies) > 1:
        raise DicomError(
            f"one study was needed, images of {len(studies)} came; give the folder of one visit"
        )
    return next(iter(studies))


def _odd_files(images: Sequence[ImageFile], scan: _Scan, n_files: int) -> list[Caveat]:
    caveats = []
    odd = [(file, r) for file, r in scan.refused if r.code != _NOT_DICOM]
    if odd:
        file, refusal = odd[0]
        caveats.append(
            Caveat(
                "files_refused",
                f"{len(odd)} of {n_files} files were not used: {file.name} {refusal.why}"
                + (" and others." if len(odd) > 1 else "."),
            )
        )
    programs = [image for image in images if image.has_executable_preamble]
    if programs:
        caveats.append(
            Caveat(
                "executable_preamble",
                f"{len(programs)} files begin like a program ({programs[0].file.name}); their "
                "first 128 bytes were ignored and are never copied.",
            )
        )
    unreadable = {
        name
        for image in images
        for tag, name in (
            (tags.REPETITION_TIME, "RepetitionTime"),
            (tags.ECHO_TIME, "EchoTime"),
            (tags.TRIGGER_TIME, "TriggerTime"),
        )
        if image.values.is_unreadable(tag)
    }
    if unreadable:
        caveats.append(
            Caveat(
                "unreadable_numbers",
                f"{', '.join(sorted(unreadable))} held no finite number in some files and was "
                "taken as absent.",
            )
        )
    if any(image.values.has_unknown_charset for image in images):
        caveats.append(
            Caveat(
                "unknown_character_set",
                "A character set is not known: some text was read with replacement characters.",
            )
        )
    return caveats


def _untimed(dynamic: DynamicPlan | None) -> list[Caveat]:
    """A caveat where phases carry no acquisition time, with the clock that was used instead."""
    if dynamic is None:
        return []
    clocks = (tags.ACQUISITION_DATETIME, tags.ACQUISITION_TIME)
    lacking = [
        phase
        for phase in dynamic.phases
        if not any(phase.volume.frames[0].values.text(tag) for tag in clocks)
    ]
    if not lacking:
        return []
    return [
        Caveat(
            "acquisition_time_missing",
            f"AcquisitionTime (0008,0032) is absent in {len(lacking)} of {len(dynamic.phases)} "
            f"phases; their time was taken from {lacking[0].volume.time_source}.",
        )
    ]


def _final_role(entry: Series, roles: Mapping[str, tuple[SeriesRole, str, bool]]) -> Series:
    if entry.role is not T1_CANDIDATE:
        return entry
    if entry.uid in roles:
        role, reason, _ = roles[entry.uid]
        return replace(entry, role=role, reason=reason)
    return replace(entry, role=SeriesRole.OTHER, reason=f"{entry.reason}, not in the dynamic")


def _largest(series: Sequence[Series], roles: set[SeriesRole]) -> Series | None:
    fitting = [entry for entry in series if entry.role in roles and entry.stacks]
    return max(fitting, key=lambda entry: len(entry.frames), default=None)


def describe_volumes(entry: Series) -> str | None:
    """How many volumes a series holds and what separates them, or why nothing does."""
    if not entry.stacks:
        return None
    stack = entry.stacks[0]
    fault = stack_fault(stack)
    if fault is not None:
        return fault
    if stack.n_volumes == 1:
        return None
    if entry.role in (SeriesRole.DWI, SeriesRole.ADC):
        return f"{stack.n_volumes} diffusion volumes, told apart by b-value and direction"
    try:
        volumes, order, _ = split_volumes(stack, n_times=None)
    except TimingError as error:
        return str(error)
    return f"{len(volumes)} volumes by {order}"


def _record(entry: Series, *, used: bool) -> SeriesRecord:
    if not entry.stacks:
        return SeriesRecord(
            entry.uid, entry.description, entry.role, entry.reason, False, len(entry.faults)
        )
    stack = entry.stacks[0]
    return SeriesRecord(
        entry.uid, entry.description, entry.role, entry.reason, used, len(entry.frames),
        stack.shape, spacing_mm(stack.affine), slice_plane(stack.affine),
    )  # fmt: skip
