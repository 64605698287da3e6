from dataclasses import replace

import numpy as np
import pytest

from mamri.simulation import TissueMixture, demo_woman, parameter_maps
from mamri.simulation._tissue_table import TISSUES, Tissue
from mamri.simulation.mixture import NEUTRAL
from mamri.simulation.sequences import GradientEcho
from mamri.simulation.signal_tables import code_properties, gradient_echo_tables
from mamri.simulation.voxel_signals import PARAMETERS, voxel_signals

LESIONS = demo_woman(7).lesions
CODES = code_properties(LESIONS)
SHAPE = (1, 1, 1)


def _voxel(a: int, b: int, share: int, *, uptake: int = NEUTRAL, grain: int = NEUTRAL):
    def full(value: int) -> np.ndarray:
        return np.full(SHAPE, value, np.uint8)

    return TissueMixture(
        tissues=np.stack([full(a), full(b)]),
        share=full(share),
        uptake=full(uptake),
        grain=full(grain),
        breast=full(0),
        lesions=full(0),
        fibroglandular=full(0) > 0,
        vessels=full(0) > 0,
        affine=np.eye(4),
    )


def _parameters(mixture: TissueMixture, field_t: float = 1.5) -> dict[str, float]:
    maps = parameter_maps(mixture, CODES, field_t)
    assert set(PARAMETERS) == set(maps)
    return {name: float(values[0, 0, 0]) for name, values in maps.items()}


@pytest.mark.parametrize(("field_t", "at"), [(1.5, 0), (3.0, 1)])
def test_a_pure_voxel_has_the_parameters_of_its_tissue(field_t: float, at: int) -> None:
    found = _parameters(_voxel(Tissue.MUSCLE, Tissue.AIR, 255, uptake=40), field_t)
    p = TISSUES[Tissue.MUSCLE]
    expected = (p.ktrans_per_min, p.ve, p.vp, p.t1_ms[at], p.t2_ms[at], p.adc)
    assert expected == pytest.approx(tuple(found[name] for name in PARAMETERS), rel=1e-6)


def test_uptake_multiplies_the_kinetics_of_a_lesion_and_nothing_else() -> None:
    plan = LESIONS[0]
    found = _parameters(_voxel(Tissue.LESION, Tissue.FAT, 255, uptake=140))
    kinetics = plan.kinetics
    assert 1.4 * kinetics.ktrans_per_min == pytest.approx(found["ktrans_per_min"], rel=1e-6)
    assert 1.4 * kinetics.ve == pytest.approx(found["ve"], rel=1e-6)
    assert 1.4 * kinetics.vp == pytest.approx(found["vp"], rel=1e-6)
    assert plan.tissue.t1_ms[0] == pytest.approx(found["t1_ms"])
    assert plan.tissue.adc == pytest.approx(found["adc"])


def test_a_mixed_voxel_has_the_mean_by_share() -> None:
    found = _parameters(_voxel(Tissue.MUSCLE, Tissue.FAT, 102))  # two fifths
    muscle, fat = TISSUES[Tissue.MUSCLE], TISSUES[Tissue.FAT]
    assert 0.4 * muscle.t1_ms[0] + 0.6 * fat.t1_ms[0] == pytest.approx(found["t1_ms"], rel=1e-5)
    assert 0.4 * muscle.adc + 0.6 * fat.adc == pytest.approx(found["adc"], rel=1e-5)


def test_air_has_no_parameters() -> None:
    assert set(_parameters(_voxel(Tissue.AIR, Tissue.AIR, 255)).values()) == {0.0}


def test_a_mixed_voxel_has_the_sum_of_both_signals_times_its_grain() -> None:
    tables = gradient_echo_tables(CODES, np.full(len(CODES), 0.4), GradientEcho(4.5, 1.5, 12), 1.5)
    mixture = _voxel(Tissue.LESION, Tissue.FAT, 153, uptake=60, grain=80)
    water, fat = voxel_signals(mixture, np.ones(SHAPE, bool), tables)
    assert 0.8 * 0.6 * tables[0][Tissue.LESION, 60, 5] == pytest.approx(water[0], rel=1e-6)
    assert 0.8 * 0.4 * tables[1][Tissue.FAT, NEUTRAL, 5] == pytest.approx(fat[0], rel=1e-6)


def test_only_chosen_voxels_are_given() -> None:
    tables = gradient_echo_tables(CODES, np.zeros(len(CODES)), GradientEcho(4.5, 1.5, 12), 1.5)
    mixture = _voxel(Tissue.MUSCLE, Tissue.FAT, 200)
    water, fat = voxel_signals(mixture, np.zeros(SHAPE, bool), tables)
    assert water.shape == fat.shape == (0,)
    brighter = replace(mixture, grain=np.full(SHAPE, 200, np.uint8))
    once, twice = (voxel_signals(m, np.ones(SHAPE, bool), tables)[0] for m in (mixture, brighter))
    np.testing.assert_allclose(2 * once, twice)
