"""Classic MR images: one file a slice.

The attributes that all slices of a volume share are encoded once; each slice adds the few of its
own. That is what makes an exam of a thousand slices a matter of seconds.
"""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage

from mamri.geometry import slice_plane, spacing_mm
from mamri.io.dicom_writer.encode import EncodedObject, encode_elements
from mamri.io.dicom_writer.planned_series import PlannedSeries, PlannedVolume
from mamri.io.dicom_writer.private_attributes import add_private
from mamri.io.dicom_writer.stored_pixels import PixelForm, pixel_form
from mamri.io.dicom_writer.study_attributes import (
    StudyIdentity,
    add_series,
    imaging_frequency_mhz,
    names_agent,
    study_dataset,
)
from mamri.io.dicom_writer.values import date_text, decimal, optional_decimal, time_text
from mamri.io.scanner_habits import ScannerHabits
from mamri.records import Plane

# Time that a scanner takes to reconstruct a slice, s (assumption).
_RECONSTRUCTION_S = 0.013


def classic_images(
    series: PlannedSeries, identity: StudyIdentity, habits: ScannerHabits
) -> Iterator[EncodedObject]:
    """One object for each slice of a series, in order of instance number."""
    form = pixel_form(series, habits)
    instance = 0
    for volume in series.volumes:
        shared = encode_elements(_volume_dataset(series, volume, form, identity, habits))
        for n, image in enumerate(form.stored(volume.images)):
            instance += 1
            uid = identity.uid(series.key, "image", instance)
            own = _slice_dataset(series, volume, n, habits)
            own.SOPInstanceUID, own.InstanceNumber = uid, instance
            own.add_new(0x7FE00010, "OW", image.tobytes())
            yield EncodedObject(MRImageStorage, uid, {**shared, **encode_elements(own)})


def _volume_dataset(
    series: PlannedSeries,
    volume: PlannedVolume,
    form: PixelForm,
    identity: StudyIdentity,
    habits: ScannerHabits,
) -> Dataset:
    """What all images of one volume share."""
    d = study_dataset(identity, habits)
    add_series(d, series, identity)
    d.SOPClassUID = MRImageStorage
    d.ImageType = list(volume.image_type)
    _add_times(d, series, volume, habits)
    _add_sequence(d, series, volume, habits)
    _add_grid(d, series, volume)
    _add_pixel_form(d, volume, form)
    if names_agent(series, volume.after_contrast, habits):
        d.ContrastBolusAgent = "gadobutrol"
        d.ContrastBolusRoute = "IV"
        if habits.injection_time:
            d.ContrastBolusStartTime = time_text(habits.start)
    if series.derivation:
        d.DerivationDescription = series.derivation
    if volume.b_value is not None and habits.standard_b_value:
        if volume.b_value or habits.standard_b_value_at_zero:
            d.DiffusionBValue = volume.b_value
        if habits.diffusion_direction_private:
            d.DiffusionGradientOrientation = [0.0, 0.0, 0.0]
    add_private(d, series, volume, form, habits)
    return d


def _add_times(
    d: Dataset, series: PlannedSeries, volume: PlannedVolume, habits: ScannerHabits
) -> None:
    start = series.start if habits.trigger_time else volume.start
    d.AcquisitionDate, d.AcquisitionTime = date_text(start), time_text(start)
    d.ContentDate, d.ContentTime = date_text(start), time_text(start)
    d.InstanceCreationDate, d.InstanceCreationTime = date_text(start), time_text(start)
    d.AcquisitionNumber = volume.temporal_position
    if series.is_timed and volume.duration_s is not None:
        d.TemporalResolution = decimal(1000 * volume.duration_s)
        if habits.acquisition_duration:
            d.AcquisitionDuration = float(volume.duration_s)
    if (habits.temporal_position and series.is_dynamic) or habits.temporal_position_everywhere:
        d.TemporalPositionIdentifier = volume.temporal_position
        d.NumberOfTemporalPositions = series.n_phases
    if habits.trigger_time and series.is_dynamic:
        d.TriggerTime = decimal(_trigger_ms(series, volume))


def _trigger_ms(series: PlannedSeries, volume: PlannedVolume) -> float:
    return (volume.start - series.start).total_seconds() * 1000


def _add_sequence(
    d: Dataset, series: PlannedSeries, volume: PlannedVolume, habits: ScannerHabits
) -> None:
    label, scan = habits.labels[series.kind], series.acquisition
    d.ScanningSequence = list(label.scanning_sequence)
    d.SequenceVariant = list(label.sequence_variant)
    saturated = bool(scan.fat_suppressed) and not volume.part  # Dixon saturates nothing
    options = habits.scan_options + habits.fat_saturation_words * saturated
    d.ScanOptions = list(options) if options else ""
    d.MRAcquisitionType = "3D" if series.is_3d else "2D"
    if habits.private_sequence_name is None:
        b = f"{volume.b_value or 0:g}"
        d.SequenceName = label.sequence_name.format(b=b)
    d.AngioFlag = "N"
    d.RepetitionTime = optional_decimal(scan.tr_ms)
    d.EchoTime = optional_decimal(scan.te_ms)
    d.FlipAngle = optional_decimal(scan.flip_angle_deg)
    if series.inversion_time_ms is not None:
        d.InversionTime = decimal(series.inversion_time_ms)
    d.EchoTrainLength = series.echo_train_length
    d.EchoNumbers = 1
    d.NumberOfAverages = 1
    d.ImagedNucleus = "1H"
    d.ImagingFrequency = decimal(imaging_frequency_mhz(series))
    d.PercentSampling = d.PercentPhaseFieldOfView = 100
    d.PixelBandwidth = label.bandwidth_hz
    d.ReceiveCoilName, d.TransmitCoilName = habits.receive_coil, "Body"
    d.VariableFlipAngleFlag = "N"


def _add_grid(d: Dataset, series: PlannedSeries, volume: PlannedVolume) -> None:
    between, rows, columns = spacing_mm(volume.affine)
    along_columns = volume.affine[:3, 2] / columns
    along_rows = volume.affine[:3, 1] / rows
    d.ImageOrientationPatient = [decimal(v) for v in (*along_columns, *along_rows)]
    d.PixelSpacing = [decimal(rows), decimal(columns)]
    d.SliceThickness = decimal(series.slice_thickness_mm(volume.affine))
    d.SpacingBetweenSlices = decimal(between)
    d.Rows, d.Columns = n_rows, n_columns = volume.images.shape[1:]
    # Phase encoding runs left to right in axial slices, so that the heart does not cross a breast.
    if slice_plane(volume.affine) is Plane.AXIAL:
        d.InPlanePhaseEncodingDirection = "ROW"
        d.AcquisitionMatrix = [n_rows, 0, 0, n_columns]
        d.NumberOfPhaseEncodingSteps = n_columns
    else:
        d.InPlanePhaseEncodingDirection = "COL"
        d.AcquisitionMatrix = [0, n_columns, n_rows, 0]
        d.NumberOfPhaseEncodingSteps = n_rows


def _add_pixel_form(d: Dataset, volume: PlannedVolume, form: PixelForm) -> None:
    d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit = 16, form.bits_stored, form.bits_stored - 1
    d.PixelRepresentation = int(form.signed)
    d.WindowCenter, d.WindowWidth = form.window(volume.images)
    if form.slope is not None:
        d.RescaleIntercept, d.RescaleSlope, d.RescaleType = "0", decimal(form.slope), "normalized"


def _slice_dataset(
    series: PlannedSeries, volume: PlannedVolume, n: int, habits: ScannerHabits
) -> Dataset:
    """What one slice has for itself, but for its identifier and pixels."""
    d = Dataset()
    position = volume.affine[:3, 3] + n * volume.affine[:3, 0]
    d.ImagePositionPatient = [decimal(v) for v in position]
    d.SliceLocation = decimal(float(position @ _normal(volume.affine)))
    duration = volume.duration_s or 0.0
    if habits.content_time_a_slice:
        moment = volume.start + timedelta(seconds=duration + _RECONSTRUCTION_S * n)
        d.ContentDate, d.ContentTime = date_text(moment), time_text(moment)
    if habits.trigger_time_a_slice and series.is_dynamic:
        part = 1000 * duration * n / len(volume.images)
        d.TriggerTime = decimal(_trigger_ms(series, volume) + part)
    return d


def _normal(affine: np.ndarray) -> np.ndarray:
    columns, rows = affine[:3, 2], affine[:3, 1]
    normal = np.cross(columns, rows)
    return np.asarray(normal / np.linalg.norm(normal))
