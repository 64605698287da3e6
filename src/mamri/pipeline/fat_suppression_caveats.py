"""What the fat suppression of an exam, as recorded and as seen, means for its results."""

from mamri.records import Caveat, Exam

_WORDS = {True: "that fat is suppressed", False: "that fat is not suppressed"}

_TUMOR_VOLUME = Caveat(
    "tumor_volume_without_fat_suppression",
    "Functional tumor volume is defined on fat-suppressed images: without suppression bright fat "
    "raises its background limit, and the volume can be far too low.",
)
_GLAND = Caveat(
    "fibroglandular_tissue_contradicts_fat",
    "What was taken for fibroglandular tissue has the brightness that fat has in this image: "
    "density, background enhancement and findings may rest on fat.",
)
# Contrast of gland and fat, natural log, below which neither is called brighter (assumption).
_CLEAR_CONTRAST = 0.2


def fat_suppression_caveats(exam: Exam, *, has_findings: bool) -> tuple[Caveat, ...]:
    """Doubts that come from fat suppression.

    Parameters
    ----------
    exam : Exam
        After its image was looked at.
    has_findings : bool
        Whether functional tumor volumes were measured.

    Returns
    -------
    tuple of Caveat
        ``fat_suppression_conflict`` where input and image disagree,
        ``fibroglandular_tissue_contradicts_fat`` where the tissue found is bright where it should
        be dark or the reverse, ``tumor_volume_without_fat_suppression`` where either says that fat
        is bright.
    """
    said, seen = exam.acquisition.fat_suppressed, exam.fat_suppression_seen
    caveats = []
    if None not in (said, seen.suppressed) and said is not seen.suppressed:
        caveats.append(
            Caveat(
                "fat_suppression_conflict",
                f"The input says {_WORDS[bool(said)]}, but the image shows "
                f"{_WORDS[bool(seen.suppressed)]}: check that the right series was read, and "
                "whether suppression failed; fibroglandular tissue may be wrong.",
            )
        )
    suppressed = said if seen.suppressed is None else seen.suppressed
    if _contradicts(suppressed, seen.gland_contrast):
        caveats.append(_GLAND)
    if has_findings and False in (said, seen.suppressed):
        caveats.append(_TUMOR_VOLUME)
    return tuple(caveats)


def _contradicts(suppressed: bool | None, gland_contrast: float) -> bool:
    if suppressed is None or not abs(gland_contrast) > _CLEAR_CONTRAST:
        return False
    return suppressed is not (gland_contrast > 0)
