"""Which doubts follow from what the input says and the image shows of fat suppression."""

import pytest

from mamri.pipeline.fat_suppression_caveats import fat_suppression_caveats
from mamri.records import Acquisition, Exam, FatSuppressionSeen

CONFLICT = "fat_suppression_conflict"
GLAND = "fibroglandular_tissue_contradicts_fat"
VOLUME = "tumor_volume_without_fat_suppression"


def codes(
    told: bool | None,
    shown: bool | None,
    *,
    gland_contrast: float = float("nan"),
    has_findings: bool = True,
) -> set[str]:
    exam = Exam(
        (),
        None,
        acquisition=Acquisition(fat_suppressed=told),
        fat_suppression_seen=FatSuppressionSeen(shown, 0.0, gland_contrast),
    )
    found = fat_suppression_caveats(exam, has_findings=has_findings)
    assert len(found) == len({caveat.code for caveat in found})
    return {caveat.code for caveat in found}


@pytest.mark.parametrize(
    ("told", "shown", "expected"),
    [
        (True, True, set()),
        (False, False, {VOLUME}),
        (True, False, {CONFLICT, VOLUME}),
        (False, True, {CONFLICT, VOLUME}),
        (None, True, set()),
        (None, False, {VOLUME}),
        (True, None, set()),
        (None, None, set()),
    ],
)
def test_bright_fat_and_disagreement_are_told(
    told: bool | None, shown: bool | None, expected: set[str]
) -> None:
    assert expected == codes(told, shown)


def test_without_findings_no_tumor_volume_is_doubted() -> None:
    assert set() == codes(None, False, has_findings=False)


@pytest.mark.parametrize(
    ("told", "shown", "gland_contrast", "is_doubted"),
    [
        (None, True, 0.6, False),
        (None, True, -0.6, True),
        (None, False, -0.9, False),
        (None, False, 0.9, True),
        (None, False, 0.1, False),  # too little contrast to tell
        (None, None, -0.6, False),
        (True, None, -0.6, True),  # the input stands in where the image cannot tell
        (True, False, -0.6, False),
    ],
)
def test_gland_as_bright_as_fat_is_doubted(
    told: bool | None, shown: bool | None, gland_contrast: float, is_doubted: bool
) -> None:
    assert is_doubted == (GLAND in codes(told, shown, gland_contrast=gland_contrast))
