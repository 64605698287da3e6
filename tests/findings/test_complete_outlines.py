import numpy as np

from mamri.findings.complete_outlines import complete_outlines


def test_parts_of_one_enhancing_region_become_the_surest_finding() -> None:
    labels = np.array([0, 1, 1, 0, 0, 2, 2, 2, 0, 3])
    enhancing = np.array([0, 0, 9, 9, 9, 9, 0, 0, 0, 0])

    completed = complete_outlines(labels, enhancing)

    assert [0, 1, 1, 1, 1, 1, 1, 1, 0, 3] == completed.tolist()
    assert [0, 1, 1, 0, 0, 2, 2, 2, 0, 3] == labels.tolist()  # not changed in place


def test_a_surer_outline_keeps_what_it_has() -> None:
    labels = np.array([1, 1, 2, 0, 0])
    enhancing = np.array([0, 0, 4, 4, 0])

    assert [1, 1, 2, 2, 0] == complete_outlines(labels, enhancing).tolist()


def test_a_region_that_outlines_hardly_hold_does_not_flood_them() -> None:
    labels, enhancing = np.zeros(40, int), np.zeros(40, int)
    labels[5:8], enhancing[5:38] = 1, 4  # 3 of 33 voxels

    assert labels.tolist() == complete_outlines(labels, enhancing).tolist()
    assert 33 == np.sum(complete_outlines(labels, enhancing, least_share=0.05) == 1)
    labels[30:32] = 2  # what other outlines hold counts too
    assert 33 == np.sum(complete_outlines(labels, enhancing) == 1)


def test_outlines_beyond_any_region_stay_as_they_are() -> None:
    labels = np.array([0, 1, 0, 2])

    assert labels.tolist() == complete_outlines(labels, np.zeros(4, int)).tolist()
