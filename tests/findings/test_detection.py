"""Detection on painted phantoms: what must be found, and what must not."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mamri.findings import DetectionSettings, detect_findings, search_phases
from mamri.records import GeometryError
from mamri.segmentation.vessels import segment_vessels

sys.path.insert(0, str(Path(__file__).parent))
from phantom import PERSISTENT, Phantom, dice


def search(phantom: Phantom, settings: DetectionSettings | None = None):
    series, anatomy = phantom.series(), phantom.anatomy()
    early = series.array[1] - series.array[0]
    vessels = segment_vessels(early, anatomy.breast, anatomy.affine)
    labels, provenance, caveats = detect_findings(
        series, phantom.maps(series), anatomy, vessels, settings
    )
    return labels.array, provenance, caveats


def test_a_mass_is_found_and_outlined():
    phantom = Phantom()
    mass = phantom.ball((30, 35, 45), 6.0)

    labels, _, _ = search(phantom)

    assert labels.max() == 1
    assert dice(labels == 1, mass) > 0.8


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_noise_and_background_give_no_finding(seed):
    labels, _, _ = search(Phantom(noise=8.0, seed=seed))

    assert labels.max() == 0


def test_findings_are_numbered_by_conspicuity():
    phantom = Phantom()
    small = phantom.ball((20, 30, 25), 4.0)
    large = phantom.ball((38, 40, 55), 8.0)

    labels, _, _ = search(phantom)

    assert labels.max() == 2
    assert np.median(labels[large]) == 1
    assert np.median(labels[small]) == 2


def test_a_dead_centre_is_filled_into_one_finding():
    phantom = Phantom()
    mass = phantom.ball((30, 35, 45), 10.0)
    phantom.ball((30, 35, 45), 6.5, (0.0, 0.0, 0.0))

    labels, _, _ = search(phantom)

    assert labels.max() == 1
    assert labels[30, 35, 45] == 1
    assert dice(labels == 1, mass) > 0.8


def test_a_rim_with_a_gap_is_filled_as_well():
    phantom = Phantom()
    mass = phantom.ball((30, 35, 45), 10.0)
    phantom.ball((30, 35, 45), 6.5, (0.0, 0.0, 0.0))
    gap = mass.copy()
    for outside in (np.s_[:29], np.s_[32:], np.s_[:, :34], np.s_[:, 37:], np.s_[:, :, :45]):
        gap[outside] = False
    phantom.paint(gap, (0.0, 0.0, 0.0))

    labels, _, _ = search(phantom)

    assert labels.max() == 1
    assert labels[30, 35, 45] == 1


def test_a_vessel_is_not_reported():
    phantom = Phantom()
    phantom.tube(35, 40, 1.5)

    labels, _, _ = search(phantom)

    assert labels.max() == 0


def test_a_mass_with_its_feeding_vessel_is_kept_and_the_vessel_cut_off():
    phantom = Phantom()
    vessel = phantom.tube(35, 45, 1.5)
    mass = phantom.ball((30, 35, 45), 7.0)
    far = vessel & (phantom.distance_mm((30, 35, 45)) > 14)

    labels, _, _ = search(phantom)

    assert labels.max() == 1
    assert dice(labels == 1, mass) > 0.75
    assert np.mean(labels[far] > 0) < 0.1


def test_a_late_enhancing_mass_is_found_in_the_late_phase():
    phantom = Phantom()
    mass = phantom.ball((30, 35, 45), 7.0, PERSISTENT)

    labels, _, _ = search(phantom)

    assert labels.max() == 1
    assert dice(labels == 1, mass) > 0.7


def test_skin_and_nipple_are_no_findings():
    phantom = Phantom()
    phantom.paint(phantom.skin)
    phantom.ball((30, 11, 40), 5.0)

    labels, _, _ = search(phantom)

    assert labels.max() == 0


def test_the_heart_behind_the_breast_is_no_finding():
    phantom = Phantom()
    phantom.ball((30, 66, 40), 14.0)  # reaches 8 mm into a breast mask that is too deep

    labels, _, _ = search(phantom)

    assert labels.max() == 0


def test_a_strong_diffuse_patch_of_parenchyma_is_no_finding():
    phantom = Phantom()
    distance = phantom.distance_mm((30, 35, 45))
    for phase in (1, 2, 3):
        phantom.uptake[phase] += 0.6 * np.exp(-((distance / 14) ** 2)) * phantom.gland

    labels, _, _ = search(phantom)

    assert labels.max() == 0


def test_moved_tissue_with_its_negative_copy_is_no_finding():
    phantom = Phantom()
    phantom.ball((30, 35, 45), 4.0, (1.0, 1.0, 1.0))
    phantom.ball((30, 39, 45), 4.0, (-0.7, -0.7, -0.7))

    labels, _, _ = search(phantom)

    assert labels.max() == 0


def test_a_small_satellite_belongs_to_its_mass():
    phantom = Phantom()
    phantom.ball((30, 35, 40), 7.0)
    satellite = phantom.ball((30, 35, 52), 2.9)

    labels, _, _ = search(phantom)

    assert labels.max() == 1
    assert labels[satellite].any()


def test_only_the_most_conspicuous_are_reported_and_a_caveat_says_so():
    phantom = Phantom()
    phantom.ball((20, 30, 20), 4.0)
    large = phantom.ball((38, 40, 55), 8.0)

    labels, _, caveats = search(phantom, DetectionSettings(max_findings=1))

    assert labels.max() == 1
    assert labels[large].any()
    assert [caveat.code for caveat in caveats] == ["findings_capped"]


def test_intensity_scale_does_not_matter():
    phantom = Phantom()
    phantom.ball((30, 35, 45), 6.0)
    series, anatomy = phantom.series(), phantom.anatomy()
    scaled = replace(series, array=series.array * 7.0)
    none = np.zeros(anatomy.breast.shape, bool)

    one = detect_findings(series, phantom.maps(series), anatomy, none)[0].array
    other = detect_findings(scaled, phantom.maps(scaled), anatomy, none)[0].array

    assert dice(one > 0, other > 0) > 0.99


def test_without_breast_or_baseline_nothing_is_searched_and_a_caveat_says_so():
    phantom = Phantom()
    series, anatomy = phantom.series(), phantom.anatomy()
    none = np.zeros(anatomy.breast.shape, bool)
    no_breast = replace(anatomy, breast=np.zeros_like(anatomy.breast))
    no_baseline = replace(series, array=series.array[1:], times_s=series.times_s[1:])

    for exam, masks in ((series, no_breast), (no_baseline, anatomy)):
        labels, _, caveats = detect_findings(exam, phantom.maps(exam), masks, none)
        assert not labels.array.any()
        assert [caveat.code for caveat in caveats] == ["findings_not_searched"]


def test_grids_must_agree():
    phantom = Phantom()
    series = phantom.series()

    with pytest.raises(GeometryError, match="share one grid"):
        detect_findings(series, phantom.maps(series), phantom.anatomy(), np.zeros((1, 1, 1), bool))


def test_the_first_search_is_near_ninety_seconds_and_the_second_late():
    phantom = Phantom()
    series = phantom.series()
    maps = phantom.maps(series)

    assert search_phases(series, maps, DetectionSettings()) == (1, maps.late_phase)


def test_the_method_sentence_carries_the_numbers_used():
    phantom = Phantom()
    phantom.ball((30, 35, 45), 6.0)

    _, provenance, _ = search(phantom)

    assert "90 s" in provenance.method
    assert "60 %" in provenance.method
    assert provenance.references
