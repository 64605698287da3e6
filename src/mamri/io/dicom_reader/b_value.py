"""b-value of a frame, wherever its scanner wrote it.

Places and their order follow what converters have learned from many scanners: the standard
attribute, then the vendors' own.
"""

from collections.abc import Sequence

from mamri.io.dicom_reader import _tag_table as tags
from mamri.io.dicom_reader.frames import Frame
from mamri.io.dicom_reader.values import HeaderValues

# GE packs flags into the first value of (0043,1039): the b-value is the rest modulo 1e9.
_GE_FLAG = 1_000_000_000
# A real b-value lies below this, s/mm2 (assumption; breast protocols stay below 3000).
_LARGEST = 20_000.0


def b_value(values: HeaderValues) -> float | None:
    """b-value in s/mm2, or None where the header gives none."""
    for tag in (tags.B_VALUE, tags.SIEMENS_B_VALUE, tags.PHILIPS_B_VALUE, tags.UIH_B_VALUE):
        found = values.number(tag) if tag == tags.B_VALUE else values.private_number(tag)
        if found is not None and 0 <= found < _LARGEST:
            return found
    packed = values.private_number(tags.GE_B_VALUE)
    if packed is None or packed < 0:
        return None
    found = packed % _GE_FLAG
    return found if found < _LARGEST else None


def gradient(values: HeaderValues) -> tuple[float, ...]:
    """Direction of the diffusion gradient, empty where there is none."""
    standard = values.numbers(tags.DIFFUSION_GRADIENT)
    if standard:
        return standard
    if values.owns(tags.SIEMENS_GRADIENT):
        return values.numbers(tags.SIEMENS_GRADIENT)
    ge = [
        values.private_number(tag)
        for tag in (tags.GE_GRADIENT_X, tags.GE_GRADIENT_Y, tags.GE_GRADIENT_Z)
    ]
    return tuple(part for part in ge if part is not None)


def measured_frames(frames: Sequence[Frame]) -> list[Frame]:
    """Frames of a diffusion series without computed isotropic images among measured ones.

    A series that holds nothing but isotropic images above b = 0 keeps them: they are what the
    scanner stored.
    """
    traces = [is_hidden_trace(frame.values) for frame in frames]
    b_values = [round(b_value(frame.values) or 0.0) for frame in frames]
    measured = {b for b, trace in zip(b_values, traces, strict=True) if not trace and b > 0}
    return [
        frame
        for frame, b, trace in zip(frames, b_values, traces, strict=True)
        if not (trace and b in measured)
    ]


def is_hidden_trace(values: HeaderValues) -> bool:
    """Whether a frame of a diffusion series is isotropic and may be computed from others of it.

    Philips adds one as the last volume: b above 0 with a gradient of zero and the direction ``I``.
    """
    b = b_value(values)
    if b is None or b <= 0 or not values.owns(tags.PHILIPS_DIFFUSION_DIRECTION):
        return False
    still = all(part == 0 for part in values.numbers(tags.DIFFUSION_GRADIENT))
    return still and values.text(tags.PHILIPS_DIFFUSION_DIRECTION) == "I"
