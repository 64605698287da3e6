import numpy as np
import pytest

from mamri.simulation import LesionMix, Tissue, build_body, draw_woman, render_mixture
from mamri.simulation.sequences import Grid
from mamri.simulation.training_anatomy import (
    DYNAMIC_TIMES_S,
    SIDE_STEP,
    TrainingAnatomy,
    TrainingLabel,
    make_training_anatomy,
    training_target,
)

_COARSE = Grid((40, 50, 64), (6.0, 6.0, 6.0))
_ALL_ILL = LesionMix(with_lesion=1.0, malignant=1.0)


@pytest.fixture(scope="module")
def anatomy() -> TrainingAnatomy:
    return make_training_anatomy(5, _ALL_ILL, _COARSE)


def test_the_anatomy_is_that_of_the_drawn_woman(anatomy: TrainingAnatomy) -> None:
    woman = draw_woman(5, _ALL_ILL)
    mixture = render_mixture(build_body(woman), _COARSE.affine(), _COARSE.shape)
    np.testing.assert_array_equal(mixture.tissues, anatomy.mixture.tissues)


def test_labels_follow_the_truth_masks(anatomy: TrainingAnatomy) -> None:
    mixture = anatomy.mixture
    side, label = np.divmod(anatomy.target, SIDE_STEP)
    np.testing.assert_array_equal(mixture.breast, side)
    assert np.all(mixture.fibroglandular[label == TrainingLabel.FIBROGLANDULAR])
    np.testing.assert_array_equal(mixture.lesions > 0, label == TrainingLabel.LESION)
    assert np.all(mixture.tissue[label == TrainingLabel.MUSCLE] == Tissue.MUSCLE)
    assert set(np.unique(label)) >= {0, 1, 2, 4, 5}  # skin is thinner than these voxels
    assert not np.any(label[side > 0] == TrainingLabel.BACKGROUND)
    x = np.argwhere(side == 2) @ mixture.affine[0, :3]
    assert (x + mixture.affine[0, 3]).min() > -_COARSE.spacing_mm[2]  # left is where x grows


def test_labels_are_the_same_each_time(anatomy: TrainingAnatomy) -> None:
    np.testing.assert_array_equal(anatomy.target, training_target(anatomy.mixture))


def test_tables_cover_every_code_and_fat_outshines_gland_on_plain_t1(
    anatomy: TrainingAnatomy,
) -> None:
    highest = int(anatomy.mixture.tissues.max())
    assert highest < anatomy.still_tables.shape[1] == anatomy.dynamic_tables.shape[1]
    neutral = 100  # relative uptake of 1
    assert 13 == len(anatomy.still_tables)
    for table in anatomy.still_tables[:4]:
        assert table[Tissue.FAT, neutral] > table[Tissue.FIBROGLANDULAR, neutral]
    for table in anatomy.still_tables[4:12]:
        assert 0 == table[Tissue.FAT, neutral] < table[Tissue.FIBROGLANDULAR, neutral]
    # The pulse also darkens muscle, by magnetization transfer; Dixon does not.
    suppressed, water = (
        table[Tissue.MUSCLE, neutral] / table[Tissue.FIBROGLANDULAR, neutral]
        for table in (anatomy.still_tables[4], anatomy.still_tables[8])
    )
    assert suppressed < 0.8 * water
    t2 = anatomy.still_tables[12]
    assert t2[Tissue.CYST, neutral] > 2 * t2[Tissue.MUSCLE, neutral]


def test_lesions_and_blood_enhance_in_the_dynamic_tables_and_fat_does_not(
    anatomy: TrainingAnatomy,
) -> None:
    for table in anatomy.dynamic_tables:
        assert table.shape[-1] == len(DYNAMIC_TIMES_S)
        rise = table[:, 100, 1:].max(axis=-1) / np.maximum(table[:, 100, 0], 1e-9)
        for code in anatomy.enhancing:
            if code % 2 == 0 or code < Tissue.LESION:  # necrotic cores hardly rise
                assert rise[code] > 1.3
        assert rise[Tissue.FAT] < 1.1


def test_dynamic_series_have_bright_fat_or_none(anatomy: TrainingAnatomy) -> None:
    fat = anatomy.dynamic_tables[:, Tissue.FAT, 100, 0]
    assert 3 == np.count_nonzero(fat > anatomy.dynamic_tables[:, Tissue.MUSCLE, 100, 0])
    assert 4 == np.count_nonzero(fat == 0)
