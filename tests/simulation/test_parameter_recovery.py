"""Kinetic, relaxation and diffusion parameters of simulated images, recovered by slow plain fits.

Source of the reference values: `parameter_maps` of the mixture that the images were made from.
Everything else is written anew here: the arterial input (Parker 2006, equation 1, table 1), the
convolution of the extended Tofts model (a sum over 0.1 s), the signal equations. Tolerance: 1 % of
each value in every voxel, on noise-free images; what
the images lose is the rounding of 32-bit numbers and the 0.25 s between the samples of the
simulator's own input curve, together below 0.05 % when this was written.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.signal import fftconvolve

from mamri.simulation import TissueMixture, build_body, demo_woman, parameter_maps, render_mixture
from mamri.simulation._tissue_table import Tissue
from mamri.simulation.lesion_plan import LesionKinetics, LesionPlan, LesionTissue
from mamri.simulation.scanner_fields import ScannerFields
from mamri.simulation.sequences import DiffusionEcho, FatHandling, GradientEcho, Grid
from mamri.simulation.signal_tables import (
    code_properties,
    concentrations,
    diffusion_tables,
    gradient_echo_tables,
)
from mamri.simulation.synthesis import synthesize

FIELD_T, RELAXIVITY, HAEMATOCRIT = 1.5, 4.78, 0.42  # Szomolanyi 2019, gadobutrol; usual value
TR_MS, TE_MS, FLIP_DEG = 4.5, 1.5, 12.0
TIMES_S = 6.0 * np.arange(60)
FINE_S = 0.1
# Arrival after the aorta, s, as the table of tissues assumes.
LATE_S = {Tissue.FIBROGLANDULAR: 8.0, Tissue.MUSCLE: 5.0}
LATE_MALIGNANT_S, LATE_BENIGN_S = 3.0, 8.0
WITHIN = 0.01


@dataclass
class Case:
    """A mixture, what it was made from, and the pure voxels to fit with their arrival."""

    mixture: TissueMixture
    lesions: tuple[LesionPlan, ...]
    bolus_delay_s: float
    voxels: np.ndarray  # (N, 3) index
    late_s: np.ndarray  # (N,)

    def true(self, name: str) -> np.ndarray:
        maps = parameter_maps(self.mixture, code_properties(self.lesions), FIELD_T)
        return maps[name][tuple(self.voxels.T)].astype(float)

    def image(self, tables: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        one = np.ones((2, 2, 2), np.float32)
        image = synthesize(
            self.mixture,
            tables,
            ScannerFields(0 * one, one, one, np.zeros(3)),
            sensitivity_power=0.0,
            flip=False,
        )
        return image[tuple(self.voxels.T)].astype(float)


def _late(code: int, lesions: tuple[LesionPlan, ...]) -> float:
    if code >= Tissue.LESION:
        malignant = lesions[(code - Tissue.LESION) // 2].malignant
        return LATE_MALIGNANT_S if malignant else LATE_BENIGN_S
    return LATE_S[Tissue(code)]


@pytest.fixture(scope="module")
def rendered() -> Case:
    """A lesion and a rim-enhancing mass with gland around them and the muscle behind."""
    woman = demo_woman(7)
    digital = build_body(woman)
    middle = (digital.lesions[0].centre_mm + digital.lesions[1].centre_mm) / 2 + (0, 30, 0)
    affine = np.eye(4)
    affine[:3, :3] = [[0, 0, 1.5], [0, 1.5, 0], [2.0, 0, 0]]
    shape = (32, 72, 48)
    affine[:3, 3] = middle - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    mixture = render_mixture(digital, affine, shape)
    rng = np.random.default_rng(5)
    chosen = []
    for code in (Tissue.FIBROGLANDULAR, Tissue.MUSCLE, 24, 26, 27):
        pure = np.argwhere((mixture.tissue == code) & (mixture.share == 255))
        assert len(pure) >= 8, f"code {code} has {len(pure)} pure voxels"
        chosen.append(pure[rng.choice(len(pure), 8, replace=False)])
    voxels = np.concatenate(chosen)
    codes = mixture.tissue[tuple(voxels.T)]
    late = np.array([_late(int(code), woman.lesions) for code in codes])
    return Case(mixture, woman.lesions, woman.bolus_delay_s, voxels, late)


@pytest.fixture(scope="module")
def extreme() -> Case:
    """Made voxels: the least and the largest uptake that occur, in lesions from slow to fast."""
    plan = demo_woman(7).lesions[0]
    lesions = tuple(
        replace(plan, kinetics=LesionKinetics(ktrans, ve, vp), malignant=malignant, tissue=tissue)
        for ktrans, ve, vp, malignant, tissue in (
            (0.03, 0.2, 0.01, False, LesionTissue((900.0, 1000.0), (60.0, 55.0), 2.1)),
            (0.30, 0.5, 0.05, True, LesionTissue((1500.0, 1700.0), (90.0, 85.0), 0.6)),
            (1.20, 0.6, 0.12, True, LesionTissue((1900.0, 2100.0), (120.0, 110.0), 0.9)),
        )
    )
    uptakes = np.array([8, 11, 23, 52, 100, 178, 240], np.uint8)
    shape = (len(lesions), 2, uptakes.size)
    code = Tissue.LESION + np.arange(2 * len(lesions)).reshape(-1, 2, 1)
    tissues = np.zeros((2, *shape), np.uint8)
    tissues[0] = code
    nothing = np.zeros(shape, np.uint8)
    mixture = TissueMixture(
        tissues=tissues,
        share=np.full(shape, 255, np.uint8),
        uptake=np.broadcast_to(uptakes, shape).copy(),
        grain=np.full(shape, 93, np.uint8),
        breast=nothing,
        lesions=nothing,
        fibroglandular=nothing > 0,
        vessels=nothing > 0,
        affine=np.eye(4),
    )
    voxels = np.argwhere(tissues[0] > 0)
    late = np.array([_late(int(tissues[0][tuple(v)]), lesions) for v in voxels])
    return Case(mixture, lesions, 21.3, voxels, late)


@pytest.fixture(params=["rendered", "extreme"])
def case(request: pytest.FixtureRequest) -> Case:
    return request.getfixturevalue(request.param)


def _flash(r1_per_s: np.ndarray, flip_deg: np.ndarray | float) -> np.ndarray:
    e1 = np.exp(-TR_MS / 1000 * r1_per_s)
    angle = np.deg2rad(flip_deg)
    return np.sin(angle) * (1 - e1) / (1 - np.cos(angle) * e1)


def _dynamic(case: Case) -> np.ndarray:
    codes = code_properties(case.lesions)
    sequence = GradientEcho(TR_MS, TE_MS, FLIP_DEG, FatHandling.NONE)
    amounts = concentrations(codes, TIMES_S, case.bolus_delay_s)
    return np.stack(
        [case.image(gradient_echo_tables(codes, a, sequence, FIELD_T)) for a in amounts]
    )


def _concentration(case: Case) -> np.ndarray:
    """Contrast agent from the signal, with the true T1 known, (T, N) mM."""
    signal = _dynamic(case)
    r10 = 1000 / case.true("t1_ms")
    whole = signal[0] / _flash(r10, FLIP_DEG)  # the first phase is before the arrival
    # Signal equation solved for E1.
    y, angle = signal / whole, np.deg2rad(FLIP_DEG)
    e1 = (np.sin(angle) - y) / (np.sin(angle) - y * np.cos(angle))
    return (-np.log(e1) / (TR_MS / 1000) - r10) / RELAXIVITY


def _plasma(seconds_after_arrival: np.ndarray) -> np.ndarray:
    t = seconds_after_arrival / 60
    blood = 1.050 * np.exp(-0.1685 * t) / (1 + np.exp(-38.078 * (t - 0.483)))
    blood = blood + 0.809 / (0.0563 * np.sqrt(2 * np.pi)) * np.exp(
        -0.5 * ((t - 0.17046) / 0.0563) ** 2
    )
    blood = blood + 0.330 / (0.132 * np.sqrt(2 * np.pi)) * np.exp(-0.5 * ((t - 0.365) / 0.132) ** 2)
    return blood / (1 - HAEMATOCRIT)


_SINCE = np.arange(0.0, TIMES_S[-1] + FINE_S, FINE_S)  # s since arrival
_PLASMA = _plasma(_SINCE)


def _tofts(parameters: np.ndarray, arrival_s: float) -> np.ndarray:
    ktrans, ve, vp = parameters
    kernel = np.exp(-ktrans / ve * _SINCE / 60)
    whole = fftconvolve(_PLASMA, kernel)[: _SINCE.size]
    # Trapezoidal rule: half of the first and of the last term.
    whole -= 0.5 * (_PLASMA[0] * kernel + _PLASMA * kernel[0])
    curve = vp * _PLASMA + ktrans * whole * FINE_S / 60
    return np.interp(TIMES_S - arrival_s, _SINCE, curve, left=0.0)


def _worst(found: np.ndarray, true: np.ndarray) -> float:
    return float(np.max(np.abs(found / true - 1)))


def test_t1_is_recovered_from_a_series_of_flip_angles(case: Case) -> None:
    angles = np.array([2.0, 4.0, 8.0, 12.0, 20.0])
    codes = code_properties(case.lesions)
    nothing = np.zeros(len(codes))
    signals = np.stack(
        [
            case.image(
                gradient_echo_tables(
                    codes, nothing, GradientEcho(TR_MS, TE_MS, a, FatHandling.NONE), FIELD_T
                )
            )
            for a in angles
        ]
    )
    found = []
    for signal in (signals / signals.max(axis=0)).T:
        fit = least_squares(
            lambda p, y=signal: p[0] * _flash(1000 / p[1], angles) - y,
            (20.0, 1000.0),
            x_scale="jac",
        )
        found.append(fit.x[1])
    assert _worst(np.array(found), case.true("t1_ms")) < WITHIN


def test_ktrans_ve_and_vp_are_recovered_from_a_dense_dynamic_series(case: Case) -> None:
    found = []
    for curve, late in zip(_concentration(case).T, case.late_s, strict=True):
        arrival = case.bolus_delay_s + late
        fit = least_squares(
            lambda p, y=curve, a=arrival: (_tofts(p, a) - y) / y.max(),
            (0.1, 0.3, 0.02),
            bounds=(1e-6, 3.0),
            x_scale=(0.1, 0.3, 0.02),
            xtol=1e-10,
            ftol=1e-12,
            gtol=1e-12,
        )
        found.append(fit.x)
    for name, values in zip(("ktrans_per_min", "ve", "vp"), np.array(found).T, strict=True):
        assert _worst(values, case.true(name)) < WITHIN, name


def test_adc_is_recovered_from_three_b_values(case: Case) -> None:
    b_values = np.array([0.0, 400.0, 800.0])
    codes = code_properties(case.lesions)
    echo = DiffusionEcho(Grid((2, 2, 2), (1, 1, 1)), b_values=tuple(b_values))
    signals = np.stack([case.image(diffusion_tables(codes, echo, b, FIELD_T)) for b in b_values])
    found = []
    for signal in (signals / signals[0]).T:
        fit = least_squares(
            lambda p, y=signal: p[0] * np.exp(-b_values * p[1] * 1e-3) - y, (0.8, 1.2)
        )
        found.append(fit.x[1])
    assert _worst(np.array(found), case.true("adc")) < WITHIN
