"""Functional groups of Enhanced MR images, PS3.3 C.7.6.16 and C.8.13.5."""

from collections.abc import Sequence
from datetime import timedelta

from pydicom.dataset import Dataset

from mamri.geometry import slice_plane, spacing_mm
from mamri.io._scanner_label_table import SeriesKind
from mamri.io.dicom_writer.planned_series import PlannedSeries, PlannedVolume
from mamri.io.dicom_writer.pulse_sequence import (
    acquisition_contrast,
    frame_type,
    volume_calculation,
    volumetric_properties,
)
from mamri.io.dicom_writer.stored_pixels import PixelForm
from mamri.io.dicom_writer.study_attributes import imaging_frequency_mhz, names_agent
from mamri.io.dicom_writer.values import datetime_text, decimal
from mamri.io.scanner_habits import ScannerHabits
from mamri.records import Plane

# Duration of a scan whose record does not say, s (assumption).
USUAL_SCAN_S = 180.0


def item(**values: object) -> Dataset:
    """One sequence item."""
    d = Dataset()
    for keyword, value in values.items():
        setattr(d, keyword, value)
    return d


def shared_groups(
    series: PlannedSeries,
    volumes: Sequence[PlannedVolume],
    form: PixelForm,
    laterality: str,
    habits: ScannerHabits,
) -> Dataset:
    """What holds for all frames of an object."""
    d = Dataset()
    centre, width = form.window(volumes[0].images)
    d.FrameAnatomySequence = [
        item(
            AnatomicRegionSequence=[
                item(CodeValue="76752008", CodingSchemeDesignator="SCT", CodeMeaning="Breast")
            ],
            FrameLaterality=laterality or "B",
        )
    ]
    d.PixelValueTransformationSequence = [
        item(RescaleIntercept="0", RescaleSlope=decimal(form.slope or 1.0), RescaleType="US")
    ]
    d.FrameVOILUTSequence = [item(WindowCenter=centre, WindowWidth=width)]
    if series.derivation == "":
        _add_acquisition_groups(d, series, volumes[0], habits)
    return d


def _add_acquisition_groups(
    d: Dataset, series: PlannedSeries, volume: PlannedVolume, habits: ScannerHabits
) -> None:
    """How frames were acquired: timing, echo, modifiers, coils, field of view, averages."""
    scan, label = series.acquisition, habits.labels[series.kind]
    is_spin = series.kind in (SeriesKind.T2, SeriesKind.STIR)
    train = series.echo_train_length
    d.MRTimingAndRelatedParametersSequence = [
        item(
            RepetitionTime=decimal(scan.tr_ms or 0.0),
            FlipAngle=decimal(scan.flip_angle_deg or 0.0),
            EchoTrainLength=train,
            RFEchoTrainLength=train if is_spin else 0,
            GradientEchoTrainLength=0 if is_spin else train,
            OperatingModeSequence=[
                item(OperatingModeType=kind, OperatingMode="IEC_NORMAL")
                for kind in ("STATIC FIELD", "RF", "GRADIENT")
            ],
            SpecificAbsorptionRateSequence=[
                item(SpecificAbsorptionRateDefinition="IEC_WHOLE_BODY",
                     SpecificAbsorptionRateValue=0.5)
            ],
            GradientOutputType="PER_NERVE_STIM",
            GradientOutput=50.0,
        )
    ]  # fmt: skip
    d.MREchoSequence = [item(EffectiveEchoTime=float(scan.te_ms or 0.0))]
    d.MRModifierSequence = [_modifier(series)]
    d.MRImagingModifierSequence = [
        item(
            MagnetizationTransfer="NONE",
            BloodSignalNulling="NO",
            Tagging="NONE",
            TransmitterFrequency=imaging_frequency_mhz(series),
            PixelBandwidth=decimal(label.bandwidth_hz),
        )
    ]
    d.MRReceiveCoilSequence = [
        item(
            ReceiveCoilName=habits.receive_coil,
            ReceiveCoilManufacturerName="",
            ReceiveCoilType="MULTICOIL",
            QuadratureReceiveCoil="NO",
            MultiCoilDefinitionSequence=[
                item(MultiCoilElementName="1", MultiCoilElementUsed="YES")
            ],
        )
    ]
    d.MRTransmitCoilSequence = [
        item(TransmitCoilName="Body", TransmitCoilManufacturerName="", TransmitCoilType="BODY")
    ]
    d.MRFOVGeometrySequence = [_field_of_view(volume)]
    d.MRAveragesSequence = [item(NumberOfAverages=1)]


def _modifier(series: PlannedSeries) -> Dataset:
    inversion = series.inversion_time_ms
    d = item(
        InversionRecovery="NO" if inversion is None else "YES",
        FlowCompensation="NONE",
        Spoiling="NONE" if series.kind in (SeriesKind.T2, SeriesKind.STIR) else "RF_AND_GRADIENT",
        T2Preparation="NO",
        SpectrallySelectedExcitation="NONE",
        SpatialPresaturation="NONE",
        PartialFourier="NO",
        ParallelAcquisition="NO",
    )
    if inversion is not None:
        d.InversionTimes = [float(inversion)]
    return d


def _field_of_view(volume: PlannedVolume) -> Dataset:
    rows, columns = volume.images.shape[1:]
    is_axial = slice_plane(volume.affine) is Plane.AXIAL
    return item(
        InPlanePhaseEncodingDirection="ROW" if is_axial else "COLUMN",
        MRAcquisitionFrequencyEncodingSteps=rows if is_axial else columns,
        MRAcquisitionPhaseEncodingStepsInPlane=columns if is_axial else rows,
        MRAcquisitionPhaseEncodingStepsOutOfPlane=len(volume.images),
        PercentSampling="100",
        PercentPhaseFieldOfView="100",
    )


def volume_groups(
    series: PlannedSeries, volume: PlannedVolume, habits: ScannerHabits, *, has_agent: bool
) -> Dataset:
    """What all frames of one volume share."""
    d = Dataset()
    between, rows, columns = spacing_mm(volume.affine)
    d.PixelMeasuresSequence = [
        item(
            PixelSpacing=[decimal(rows), decimal(columns)],
            SliceThickness=decimal(series.slice_thickness_mm(volume.affine)),
            SpacingBetweenSlices=decimal(between),
        )
    ]
    cosines = (*(volume.affine[:3, 2] / columns), *(volume.affine[:3, 1] / rows))
    d.PlaneOrientationSequence = [item(ImageOrientationPatient=[decimal(v) for v in cosines])]
    d.MRImageFrameTypeSequence = [
        item(
            FrameType=list(frame_type(series, volume)),
            PixelPresentation="MONOCHROME",
            VolumetricProperties=volumetric_properties(series),
            VolumeBasedCalculationTechnique=volume_calculation(series),
            ComplexImageComponent="MAGNITUDE",
            AcquisitionContrast=acquisition_contrast(series),
        )
    ]
    if volume.b_value is not None:
        direction = "ISOTROPIC" if volume.b_value else "NONE"
        d.MRDiffusionSequence = [
            item(DiffusionBValue=volume.b_value, DiffusionDirectionality=direction)
        ]
    if has_agent:
        administered = names_agent(series, volume.after_contrast, habits)
        d.ContrastBolusUsageSequence = [
            item(
                ContrastBolusAgentNumber=1,
                ContrastBolusAgentAdministered="YES" if administered else "NO",
                ContrastBolusAgentDetected="YES" if volume.after_contrast else "NO",
            )
        ]
    return d


def frame_groups(volume: PlannedVolume, n: int) -> Dataset:
    """What one frame has for itself; stack and dimension indices are the caller's."""
    duration = volume.duration_s or USUAL_SCAN_S
    position = volume.affine[:3, 3] + n * volume.affine[:3, 0]
    return item(
        FrameContentSequence=[
            item(
                FrameAcquisitionDateTime=datetime_text(volume.start),
                FrameReferenceDateTime=datetime_text(
                    volume.start + timedelta(seconds=duration / 2)
                ),
                FrameAcquisitionDuration=1000.0 * duration,
                FrameAcquisitionNumber=volume.temporal_position,
                TemporalPositionIndex=volume.temporal_position,
            )
        ],
        PlanePositionSequence=[item(ImagePositionPatient=[decimal(v) for v in position])],
    )
