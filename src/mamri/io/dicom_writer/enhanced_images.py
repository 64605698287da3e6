"""Enhanced MR images: many frames a file, with shared and per-frame functional groups.

PS3.3 A.36.2 (Enhanced MR Image IOD) and C.8.13 (its functional groups).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID, EnhancedMRImageStorage

from mamri.io.dicom_writer.encode import EncodedObject, encode_elements
from mamri.io.dicom_writer.functional_groups import (
    USUAL_SCAN_S,
    frame_groups,
    shared_groups,
    volume_groups,
)
from mamri.io.dicom_writer.planned_series import PlannedSeries, PlannedVolume
from mamri.io.dicom_writer.pulse_sequence import frame_type, image_description, pulse_sequence
from mamri.io.dicom_writer.stored_pixels import PixelForm, pixel_form
from mamri.io.dicom_writer.study_attributes import (
    StudyIdentity,
    add_series,
    names_agent,
    study_dataset,
)
from mamri.io.dicom_writer.values import date_text, datetime_text, time_text
from mamri.io.scanner_habits import ObjectForm, ScannerHabits

# What frames are ordered by: (attribute, functional group that holds it).
_STACK = (0x00209056, 0x00209111)
_IN_STACK = (0x00209057, 0x00209111)
_TEMPORAL = (0x00209128, 0x00209111)
_B_VALUE = (0x00189087, 0x00189117)
_FRAME_TYPE = (0x00089007, 0x00189226)
_MIXED = "MIXED"


def enhanced_images(
    series: PlannedSeries, identity: StudyIdentity, habits: ScannerHabits
) -> Iterator[EncodedObject]:
    """Multi-frame objects of a series, in order of instance number."""
    form = pixel_form(series, habits)
    for n, volumes in enumerate(_objects(series, habits), start=1):
        uid = identity.uid(series.key, "image", n)
        d = _object_dataset(series, volumes, form, identity, habits)
        d.SOPInstanceUID, d.InstanceNumber = uid, n
        pixels = np.concatenate([form.stored(volume.images) for volume in volumes])
        d.add_new(0x7FE00010, "OW", pixels.tobytes())
        yield EncodedObject(EnhancedMRImageStorage, uid, encode_elements(d))


def _objects(series: PlannedSeries, habits: ScannerHabits) -> list[list[PlannedVolume]]:
    """Volumes that share an object: one each, or all of one matrix."""
    if habits.form is ObjectForm.ENHANCED_VOLUME:
        return [[volume] for volume in series.volumes]
    groups: dict[tuple[int, ...], list[PlannedVolume]] = {}
    for volume in series.volumes:
        groups.setdefault(volume.images.shape[1:], []).append(volume)
    return list(groups.values())


def _object_dataset(
    series: PlannedSeries,
    volumes: Sequence[PlannedVolume],
    form: PixelForm,
    identity: StudyIdentity,
    habits: ScannerHabits,
) -> Dataset:
    d = study_dataset(identity, habits)
    del d.Laterality  # FrameLaterality says it
    add_series(d, series, identity)
    d.SOPClassUID = EnhancedMRImageStorage
    first = volumes[0]
    types = {frame_type(series, volume) for volume in volumes}
    d.ImageType = _image_type(types)
    d.AcquisitionDateTime = datetime_text(first.start)
    content = first.start + timedelta(seconds=first.duration_s or 0.0)
    d.ContentDate, d.ContentTime = date_text(content), time_text(content)
    d.InstanceCreationDate, d.InstanceCreationTime = date_text(content), time_text(content)
    d.AcquisitionNumber = first.temporal_position
    d.AcquisitionDuration = float(sum(v.duration_s or USUAL_SCAN_S for v in volumes))
    d.ContentQualification = "RESEARCH"
    d.AcquisitionContextSequence = []
    d.update(image_description(series))
    if d.ImageType[0] != "DERIVED":
        d.update(pulse_sequence(series, habits))
    has_agent = any(names_agent(series, volume.after_contrast, habits) for volume in volumes)
    if has_agent:
        _add_contrast_agent(d, habits)
    _add_pixel_form(d, volumes, form)
    dimensions = _dimensions(series, volumes, types)
    _add_dimensions(d, dimensions, identity)
    shared = shared_groups(series, volumes, form, identity.laterality, habits)
    own = [volume_groups(series, volume, habits, has_agent=has_agent) for volume in volumes]
    if len(own) == 1:  # what holds for all frames stands once
        shared.update(own.pop())
    d.SharedFunctionalGroupsSequence = [shared]
    d.PerFrameFunctionalGroupsSequence = list(_per_frame(series, volumes, dimensions, own))
    d.NumberOfFrames = len(d.PerFrameFunctionalGroupsSequence)
    return d


def _image_type(types: set[tuple[str, ...]]) -> list[str]:
    """ImageType of the object: MIXED wherever its frames differ."""
    return [
        values.pop() if len(values) == 1 else _MIXED
        for values in (set(column) for column in zip(*sorted(types), strict=True))
    ]


def _add_contrast_agent(d: Dataset, habits: ScannerHabits) -> None:
    agent = _code("407976008", "SCT", "Gadobutrol")
    agent.ContrastBolusAgentNumber = 1
    agent.ContrastBolusAdministrationRouteSequence = [_code("47625008", "SCT", "Intravenous route")]
    agent.ContrastBolusIngredientCodeSequence = [_code("58281002", "SCT", "Gadolinium")]
    agent.ContrastBolusVolume = agent.ContrastBolusIngredientConcentration = ""
    profile = Dataset()
    profile.ContrastBolusVolume = ""
    if habits.injection_time:
        profile.ContrastBolusStartTime = time_text(habits.start)
    agent.ContrastAdministrationProfileSequence = [profile]
    d.ContrastBolusAgentSequence = [agent]


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    d = Dataset()
    d.CodeValue, d.CodingSchemeDesignator, d.CodeMeaning = value, scheme, meaning
    return d


def _add_pixel_form(d: Dataset, volumes: Sequence[PlannedVolume], form: PixelForm) -> None:
    d.Rows, d.Columns = volumes[0].images.shape[1:]
    d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit = 16, form.bits_stored, form.bits_stored - 1
    d.PixelRepresentation = int(form.signed)
    d.BurnedInAnnotation, d.LossyImageCompression = "NO", "00"
    d.PresentationLUTShape = "IDENTITY"


@dataclass(frozen=True, slots=True)
class _Dimension:
    """One dimension along which frames are ordered."""

    pointer: int
    group: int
    label: str


def _dimensions(
    series: PlannedSeries, volumes: Sequence[PlannedVolume], types: set[tuple[str, ...]]
) -> list[_Dimension]:
    dimensions = [_Dimension(*_STACK, "Stack ID"), _Dimension(*_IN_STACK, "In-Stack Position")]
    if series.is_timed:
        dimensions.append(_Dimension(*_TEMPORAL, "Temporal Position"))
    if any(volume.b_value is not None for volume in volumes):
        dimensions.append(_Dimension(*_B_VALUE, "Diffusion b-value"))
    if len(types) > 1:
        dimensions.append(_Dimension(*_FRAME_TYPE, "Frame Type"))
    return dimensions


def _add_dimensions(d: Dataset, dimensions: Sequence[_Dimension], identity: StudyIdentity) -> None:
    organization = UID(identity.uid("dimensions"))
    item = Dataset()
    item.DimensionOrganizationUID = organization
    d.DimensionOrganizationSequence = [item]
    items = []
    for dimension in dimensions:
        item = Dataset()
        item.DimensionOrganizationUID = organization
        item.DimensionIndexPointer = dimension.pointer
        item.FunctionalGroupPointer = dimension.group
        item.DimensionDescriptionLabel = dimension.label
        items.append(item)
    d.DimensionIndexSequence = items


def _per_frame(
    series: PlannedSeries,
    volumes: Sequence[PlannedVolume],
    dimensions: Sequence[_Dimension],
    of_volumes: Sequence[Dataset],
) -> Iterator[Dataset]:
    """Functional groups of each frame; those of its volume too, unless they are shared by all."""
    affines = [volume.affine for volume in volumes]
    stacks = [next(k for k, a in enumerate(affines) if np.array_equal(a, b)) for b in affines]
    stack_of = {k: n for n, k in enumerate(sorted(set(stacks)), start=1)}
    b_values = sorted({v.b_value for v in volumes if v.b_value is not None})
    types = list(dict.fromkeys(frame_type(series, v) for v in volumes))
    for v, (volume, stack) in enumerate(zip(volumes, stacks, strict=True)):
        index = {
            _STACK[0]: stack_of[stack],
            _TEMPORAL[0]: volume.temporal_position,
            _B_VALUE[0]: 1 if volume.b_value is None else 1 + b_values.index(volume.b_value),
            _FRAME_TYPE[0]: 1 + types.index(frame_type(series, volume)),
        }
        for n in range(len(volume.images)):
            index[_IN_STACK[0]] = n + 1
            values = [index[dimension.pointer] for dimension in dimensions]
            groups = frame_groups(volume, n)
            if of_volumes:
                groups.update(of_volumes[v])
            content = groups.FrameContentSequence[0]
            content.StackID, content.InStackPositionNumber = str(stack_of[stack]), n + 1
            content.DimensionIndexValues = values
            yield groups
