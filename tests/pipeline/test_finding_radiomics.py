"""Findings of an exam get features of themselves, of their surroundings and of their breast."""

from dataclasses import replace

import numpy as np
import pytest
from example_result import AFFINE, SHAPE, example_result

from mamri.pipeline.finding_radiomics import measure_radiomics
from mamri.radiomics import RadiomicsSettings, default_images, feature_keys
from mamri.records import ExamResult, Finding, RegionFeatures, Status, Volume

# In the voxels of the example: interpolation would mix what lies on either side of a border.
SETTINGS = RadiomicsSettings(
    images={name: replace(how, spacing_mm=None) for name, how in default_images().items()}
)


def measured(
    settings: RadiomicsSettings = SETTINGS,
    result: ExamResult | None = None,
    phases: tuple[int, ...] = (1, 3),
) -> tuple[tuple[Finding, ...], str]:
    result = result or example_result()
    dynamic = result.exam.dynamic
    assert dynamic is not None
    adc = np.random.default_rng(0).uniform(1.0, 2.0, SHAPE)
    maps = {**result.maps, "adc": Volume(adc, AFFINE)}
    found, provenance, caveats = measure_radiomics(
        dynamic, phases, maps, result.anatomy, result.lesions, result.findings, settings
    )
    assert provenance.step == "radiomics"
    return found, " ".join(caveat.message for caveat in caveats)


def part(finding: Finding, region: str, image: str) -> RegionFeatures:
    assert finding.radiomics is not None
    (found,) = [p for p in finding.radiomics.regions if (p.region, p.image) == (region, image)]
    return found


def test_phases_are_the_last_before_contrast_the_searched_one_and_the_late_one() -> None:
    (first, _), _ = measured()

    # `FULL_CURVE` of the example.
    for image, signal in (("pre", 100.0), ("first_post", 260.0), ("late", 200.0)):
        assert part(first, "lesion", image).values["stat_mean_Q4LE"] == pytest.approx(signal)
    enhancement = part(first, "lesion", "percent_enhancement")
    assert enhancement.values["stat_mean_Q4LE"] == pytest.approx(160.0)


def test_of_several_phases_before_contrast_the_last_one_counts() -> None:
    result = example_result(times=(-90.0, -30.0, 90.0, 420.0))
    assert result.exam.dynamic is not None
    array = result.exam.dynamic.array.copy()
    array[0] = 7
    dynamic = replace(result.exam.dynamic, array=array)
    (first, _), _ = measured(
        result=replace(result, exam=replace(result.exam, dynamic=dynamic)), phases=(2, 3)
    )

    assert part(first, "lesion", "pre").values["stat_mean_Q4LE"] == pytest.approx(100.0)
    assert part(first, "lesion", "first_post").values["stat_mean_Q4LE"] == pytest.approx(260.0)


def test_the_ring_lies_in_the_breast_and_holds_no_lesion() -> None:
    (first, second), _ = measured()

    for finding in (first, second):
        ring = part(finding, "ring", "first_post")
        assert ring.n_voxels > 100
        assert ring.values["stat_minimum_1GSF"] == ring.values["stat_maximum_84IY"] == 60.0


def test_tissue_is_that_of_the_same_breast_outside_findings() -> None:
    result = example_result()
    # One level in the right breast, another in the left one.
    array = np.where(result.anatomy.breast == 1, 10.0, 20.0)[None] + np.zeros((4, 1, 1, 1))
    array[:, result.lesions.array > 0] = 900.0
    assert result.exam.dynamic is not None
    exam = replace(result.exam, dynamic=replace(result.exam.dynamic, array=array))
    (first, second), _ = measured(result=replace(result, exam=exam))

    assert 10.0 == part(first, "tissue", "pre").values["stat_maximum_84IY"]
    assert 20.0 == part(second, "tissue", "pre").values["stat_maximum_84IY"]


def test_images_that_the_exam_lacks_are_not_computed() -> None:
    (first, _), _ = measured(phases=(1,))

    assert Status.NOT_COMPUTED is part(first, "lesion", "late").status
    assert Status.NOT_COMPUTED is part(first, "ring", "ktrans").status
    assert {None} == set(part(first, "lesion", "ktrans").values.values())


def test_lesions_too_small_for_texture_are_named_once() -> None:
    strict = {
        name: replace(how, min_texture_voxels=100_000) for name, how in SETTINGS.images.items()
    }
    found, caveat = measured(replace(SETTINGS, images=strict))

    assert "Findings 1, 2 are too small for texture: those features are empty." == caveat
    assert part(found[0], "lesion", "adc").values["glcm_joint_entropy_TU9B"] is None
    assert part(found[0], "lesion", "adc").values["stat_mean_Q4LE"] is not None


def test_adc_has_texture_and_every_value_a_column() -> None:
    loose = {"adc": replace(SETTINGS.images["adc"], min_texture_voxels=8)}
    (first, _), caveat = measured(replace(SETTINGS, images=loose))
    assert first.radiomics is not None
    columns = first.radiomics.columns()

    assert "" == caveat
    assert part(first, "lesion", "adc").values["glcm_joint_entropy_TU9B"] is not None
    assert columns["radiomics__ring__adc__stat_mean_Q4LE"] == pytest.approx(1.5, abs=0.1)
    n = len(feature_keys(SETTINGS.lesion_families))
    assert n + 2 * len(feature_keys(SETTINGS.surrounding_families)) == len(columns)


def test_one_phase_alone_has_no_first_post_phase() -> None:
    result = example_result(times=(-30.0,))
    assert result.exam.dynamic is not None
    found, _, _ = measure_radiomics(
        result.exam.dynamic, (), {}, result.anatomy, result.lesions, result.findings, SETTINGS
    )

    assert Status.NOT_COMPUTED is part(found[0], "lesion", "first_post").status
    assert part(found[0], "lesion", "pre").values["stat_mean_Q4LE"] == pytest.approx(100.0)


def test_settings_are_recorded_image_by_image() -> None:
    result = example_result()
    assert result.exam.dynamic is not None
    settings = RadiomicsSettings()
    _, provenance, _ = measure_radiomics(
        result.exam.dynamic, (1, 3), {}, result.anatomy, result.lesions, (), settings
    )

    assert 5.0 == provenance.settings["ring_mm"]
    assert "32 bins; voxels of 1 mm; 3d_merged" == provenance.settings["image.pre"]
    assert str(provenance.settings["image.adc"]).startswith("bins of 0.05 from 0 to 4;")
    assert set(settings.images) == {
        name.removeprefix("image.") for name in provenance.settings if name.startswith("image.")
    }
