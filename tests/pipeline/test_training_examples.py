"""What the codes of an anatomy are to a network."""

from mamri.pipeline.training_configuration import SegmentationTask
from mamri.pipeline.training_examples import class_lookup
from mamri.simulation.training_anatomy import SIDE_STEP, TrainingLabel


def test_lesions_of_the_breasts_and_all_vessels_have_classes_of_their_own() -> None:
    right, left = SIDE_STEP, 2 * SIDE_STEP
    lesions = {right + TrainingLabel.LESION, left + TrainingLabel.LESION}
    vessels = {side + TrainingLabel.VESSEL for side in (0, right, left)}

    table = class_lookup(SegmentationTask.LESION)

    assert 256 == len(table)
    assert lesions == {code for code, number in enumerate(table) if number == 1}
    assert vessels == {code for code, number in enumerate(table) if number == 2}
    assert {0, 1, 2} == set(table)
    assert 0 == table[TrainingLabel.LESION]  # outside the breasts, a node
