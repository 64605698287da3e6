"""Frames of image files: one for a classic file, many for an Enhanced one."""

import warnings
from dataclasses import dataclass

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from mamri.io.dicom_reader import _tag_table as tags
from mamri.io.dicom_reader.image_file import FileRefusedError, ImageFile
from mamri.io.dicom_reader.values import HeaderValues, encode_value

# Cosines are stored with about six digits; a plane is a plane within this.
_ORTHOGONAL = 1e-3
# Functional groups of Enhanced MR, PS3.3 C.8.13: (sequence, {attribute in it: attribute we keep}).
_GROUPS: tuple[tuple[int, dict[int, int]], ...] = (
    (0x00209113, {tags.IMAGE_POSITION: tags.IMAGE_POSITION}),
    (0x00209116, {tags.IMAGE_ORIENTATION: tags.IMAGE_ORIENTATION}),
    (
        0x00289110,
        {
            tags.PIXEL_SPACING: tags.PIXEL_SPACING,
            tags.SLICE_THICKNESS: tags.SLICE_THICKNESS,
            tags.SPACING_BETWEEN_SLICES: tags.SPACING_BETWEEN_SLICES,
        },
    ),
    (
        0x00289145,
        {
            tags.RESCALE_SLOPE: tags.RESCALE_SLOPE,
            tags.RESCALE_INTERCEPT: tags.RESCALE_INTERCEPT,
        },
    ),
    (
        0x00209111,
        {
            0x00189074: tags.ACQUISITION_DATETIME,
            tags.FRAME_ACQUISITION_DURATION: tags.FRAME_ACQUISITION_DURATION,
            tags.TEMPORAL_POSITION_INDEX: tags.TEMPORAL_POSITION_INDEX,
        },
    ),
    (
        0x00189226,
        {
            0x00089007: tags.IMAGE_TYPE,
            tags.COMPLEX_COMPONENT: tags.COMPLEX_COMPONENT,
            tags.ACQUISITION_CONTRAST: tags.ACQUISITION_CONTRAST,
        },
    ),
    (
        0x00189112,
        {tags.REPETITION_TIME: tags.REPETITION_TIME, tags.FLIP_ANGLE: tags.FLIP_ANGLE},
    ),
    (0x00189114, {0x00189082: tags.ECHO_TIME}),
    (0x00189115, {0x00189079: tags.INVERSION_TIME}),
    (
        0x00189117,
        {
            tags.B_VALUE: tags.B_VALUE,
            tags.DIFFUSION_DIRECTIONALITY: tags.DIFFUSION_DIRECTIONALITY,
        },
    ),
)
_SHARED, _PER_FRAME = 0x52009229, 0x52009230
_DIFFUSION, _GRADIENT = 0x00189117, 0x00189076
# Enhanced Contrast/Bolus: agents of the object, and which frames were acquired after them.
_AGENTS, _ADMINISTRATIONS = 0x00180012, 0x00189340
_AGENT_USES, _ADMINISTERED = 0x00189341, 0x00189342
_CODE_MEANING = 0x00080104


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One image with a place in the patient.

    Parameters
    ----------
    image : ImageFile
    index : int
        Frame number in the file, from 0.
    values : HeaderValues
        Header values that hold for this frame.
    position : (3,) float, mm LPS
        Centre of the first pixel.
    row_cosines, column_cosines : (3,) float
        Direction of a growing column index, and of a growing row index.
    spacing : (row, column) float, mm
    """

    image: ImageFile
    index: int
    values: HeaderValues
    position: np.ndarray
    row_cosines: np.ndarray
    column_cosines: np.ndarray
    spacing: tuple[float, float]

    @property
    def name(self) -> str:
        """File name relative to the input."""
        return self.image.file.name

    @property
    def normal(self) -> np.ndarray:
        """Unit normal of the slice, (3,)."""
        return np.cross(self.row_cosines, self.column_cosines)

    @property
    def rescale(self) -> tuple[float, float]:
        """Slope and intercept from stored values to signal."""
        slope = self.values.number(tags.RESCALE_SLOPE)
        return (slope or 1.0), (self.values.number(tags.RESCALE_INTERCEPT) or 0.0)


def frames_of(image: ImageFile) -> list[Frame]:
    """Frames of one image file, each with its own header values.

    Raises
    ------
    FileRefusedError
        If a frame has no place in the patient, or the functional groups cannot be read.
    """
    if image.is_enhanced:
        return [_frame(image, k, values) for k, values in enumerate(_enhanced_values(image))]
    if (image.values.integer(tags.NUMBER_OF_FRAMES) or 1) > 1:
        raise FileRefusedError(
            "multi_frame", "holds several frames without saying where each lies", image.values
        )
    return [_frame(image, 0, image.values)]


def _frame(image: ImageFile, index: int, values: HeaderValues) -> Frame:
    position = values.numbers(tags.IMAGE_POSITION)
    cosines = values.numbers(tags.IMAGE_ORIENTATION)
    spacing = values.numbers(tags.PIXEL_SPACING)
    if len(position) != 3:
        raise FileRefusedError(
            "no_position", "has no ImagePositionPatient (0020,0032): its slice has no place", values
        )
    if len(cosines) != 6:
        raise FileRefusedError("no_plane", "has no ImageOrientationPatient (0020,0037)", values)
    along, down = np.array(cosines[:3]), np.array(cosines[3:])
    lengths = np.array([np.linalg.norm(along), np.linalg.norm(down)])
    if np.any(np.abs(lengths - 1) > 0.01) or abs(along @ down) > _ORTHOGONAL * 10:
        raise FileRefusedError(
            "no_plane",
            "has an ImageOrientationPatient (0020,0037) that is no plane (two perpendicular unit "
            "vectors are needed)",
            values,
        )
    if len(spacing) != 2 or min(spacing) <= 0:
        raise FileRefusedError(
            "no_spacing", "has no PixelSpacing (0028,0030) above 0: nothing can be measured", values
        )
    return Frame(
        image, index, values, np.array(position), along / lengths[0], down / lengths[1],
        (spacing[0], spacing[1]),
    )  # fmt: skip


def _enhanced_values(image: ImageFile) -> list[HeaderValues]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings repeat header values
            header = pydicom.dcmread(image.file.path, stop_before_pixels=True)
            shared = _group_values(header[_SHARED][0]) if _SHARED in header else {}
            frames = [_group_values(item) for item in header[_PER_FRAME].value]
            agent = _agent_values(header)
            without = [_is_before_agent(header, item) for item in header[_PER_FRAME].value]
    except Exception as error:  # any parser error of a hostile file ends here
        raise FileRefusedError(
            "malformed", f"has functional groups that cannot be read ({type(error).__name__})"
        ) from None
    if len(frames) != (image.values.integer(tags.NUMBER_OF_FRAMES) or 1):
        raise FileRefusedError(
            "malformed", "has another number of functional groups than of frames", image.values
        )
    found = []
    for own, is_before in zip(frames, without, strict=True):
        raw = {**image.values.raw, **agent, **shared, **own}
        if is_before:
            raw.pop(tags.CONTRAST_AGENT, None)
        found.append(HeaderValues(raw, True))
    return found


def _agent_values(header: Dataset) -> dict[int, bytes]:
    """Contrast agent and time of injection of an Enhanced object, as a classic image has them."""
    if _AGENTS not in header or not header[_AGENTS].value:
        return {}
    agent = header[_AGENTS][0]
    found = {}
    if _CODE_MEANING in agent and agent[_CODE_MEANING].value:
        meaning = agent[_CODE_MEANING].value
        found[tags.CONTRAST_AGENT] = encode_value(tags.CONTRAST_AGENT, meaning)
    for given in agent[_ADMINISTRATIONS].value if _ADMINISTRATIONS in agent else ():
        if tags.CONTRAST_START_TIME in given and given[tags.CONTRAST_START_TIME].value:
            start = given[tags.CONTRAST_START_TIME].value
            found[tags.CONTRAST_START_TIME] = encode_value(tags.CONTRAST_START_TIME, start)
            break
    return found


def _is_before_agent(header: Dataset, frame: Dataset) -> bool:
    """Whether the functional groups of a frame say that no contrast agent had been given."""
    shared = header[_SHARED].value if _SHARED in header else []
    for groups in (frame, *shared):
        if _AGENT_USES in groups:
            uses = groups[_AGENT_USES].value
            said = [use[_ADMINISTERED].value for use in uses if _ADMINISTERED in use]
            return bool(said) and "YES" not in said
    return False


def _group_values(item: Dataset) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for sequence, wanted in _GROUPS:
        if sequence not in item or not item[sequence].value:
            continue
        group = item[sequence][0]
        for source, target in wanted.items():
            if source in group and group[source].value not in (None, ""):
                found[target] = encode_value(target, group[source].value)
        if sequence == _DIFFUSION and _GRADIENT in group and group[_GRADIENT].value:
            inner = group[_GRADIENT][0]
            if tags.DIFFUSION_GRADIENT in inner:
                found[tags.DIFFUSION_GRADIENT] = encode_value(
                    tags.DIFFUSION_GRADIENT, inner[tags.DIFFUSION_GRADIENT].value
                )
    return found
