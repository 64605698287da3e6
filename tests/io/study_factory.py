"""Small smooth breast MRI studies, for tests of the study writer and of reading it back.

Two half balls of tissue on a flat chest; a spot in the left one takes up contrast agent and washes
out. Nothing depends on the simulator.
"""

from collections.abc import Callable

import numpy as np

from mamri.records import AcquiredSeries, Acquisition, SeriesRole

AXIAL_SHAPE = (10, 32, 48)
DYNAMIC_TIMES = (-62.0, 47.0, 122.0, 197.0, 272.0)
PHASE_S = 75.0
DYNAMIC_SCAN = Acquisition(
    field_strength_t=1.5,
    tr_ms=4.5,
    te_ms=1.7,
    flip_angle_deg=10.0,
    slice_thickness_mm=2.4,
    phase_duration_s=PHASE_S,
    fat_suppressed=True,
)


def axial_affine(step: tuple[float, float, float] = (3.4, 3.9, 5.7)) -> np.ndarray:
    """Bilateral axial grid around the midline, slices upwards, rows to the back, columns left."""
    affine = np.eye(4)
    affine[:3, :3] = [[0, 0, step[2]], [0, step[1], 0], [step[0], 0, 0]]
    affine[:3, 3] = (-step[2] * 23.5, -step[1] * 20, -12.3)
    return affine


def sagittal_affine() -> np.ndarray:
    """Sagittal grid over the left breast: slices to the left, rows downwards, columns back."""
    affine = np.eye(4)
    affine[:3, :3] = [[3.5, 0, 0], [0, 0, 2.9], [0, -3.3, 0]]
    affine[:3, 3] = (24.0, -80.0, 60.0)
    return affine


def tissue(affine: np.ndarray, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Density of breast tissue and of an enhancing spot, each (S, R, C) from 0 to 1."""
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    x, y, z = np.moveaxis(index @ affine[:3, :3].T + affine[:3, 3], -1, 0)
    breast = sum(np.exp(-(((x - side) / 45) ** 2 + (y / 45) ** 2 + (z / 60) ** 2) ** 2)
                 for side in (-62.0, 62.0))  # fmt: skip
    spot = np.exp(-(((x - 60) / 12) ** 2 + (y / 12) ** 2 + (z / 12) ** 2))
    return np.asarray(breast), spot


def volumes(
    affine: np.ndarray,
    shape: tuple[int, int, int],
    *,
    tissue_signal: float,
    spot_signals: tuple[float, ...],
) -> np.ndarray:
    """One volume for each signal of the spot, (V, S, R, C) int16; no two voxels' noise agree."""
    breast, spot = tissue(affine, shape)
    rng = np.random.default_rng(7)
    stack = [20 + tissue_signal * breast + s * spot * breast for s in spot_signals]
    return np.rint(np.array(stack) + rng.uniform(0, 12, (len(stack), *shape))).astype(np.int16)


def dynamic(
    affine: np.ndarray,
    shape: tuple[int, int, int],
    *,
    scan: Acquisition = DYNAMIC_SCAN,
    times: tuple[float, ...] = DYNAMIC_TIMES,
    contrast: str = "",
    role: SeriesRole = SeriesRole.DYNAMIC,
    tissue_signal: float = 600,
) -> AcquiredSeries:
    """A dynamic series whose spot rises within 60 s and falls slowly."""
    uptake = tuple(0.0 if t <= 0 else 900 * min(t / 60, 1.2 - t / 1500) for t in times)
    return AcquiredSeries(
        role,
        volumes(affine, shape, tissue_signal=tissue_signal, spot_signals=uptake),
        affine,
        scan,
        start_s=times[0] - (scan.phase_duration_s or 0) / 2,
        times_s=np.array(times),
        contrast=contrast,
    )


def t2(affine: np.ndarray, shape: tuple[int, int, int]) -> AcquiredSeries:
    return AcquiredSeries(
        SeriesRole.T2,
        volumes(affine, shape, tissue_signal=800, spot_signals=(150,)),
        affine,
        Acquisition(field_strength_t=1.5, tr_ms=4200, te_ms=92, flip_angle_deg=150,
                    slice_thickness_mm=3.0),
        start_s=-560.0,
        echo_train_length=19,
    )  # fmt: skip


def stir(affine: np.ndarray, shape: tuple[int, int, int]) -> AcquiredSeries:
    return AcquiredSeries(
        SeriesRole.STIR,
        volumes(affine, shape, tissue_signal=500, spot_signals=(250,)),
        affine,
        Acquisition(field_strength_t=1.5, tr_ms=5600, te_ms=61, flip_angle_deg=150,
                    slice_thickness_mm=3.0, fat_suppressed=True),
        start_s=-430.0,
        echo_train_length=15,
        inversion_time_ms=165.0,
    )  # fmt: skip


DWI_SCAN = Acquisition(
    field_strength_t=1.5, tr_ms=7200, te_ms=66, flip_angle_deg=90, slice_thickness_mm=4.8,
    fat_suppressed=True,
)  # fmt: skip


def diffusion(
    affine: np.ndarray, shape: tuple[int, int, int], b_values: tuple[float, ...] = (0, 400, 800)
) -> tuple[AcquiredSeries, AcquiredSeries]:
    """Diffusion-weighted series and its ADC map, on a coarser grid."""
    coarse = np.array(affine)
    coarse[:3, :3] *= 2
    size = (shape[0] // 2, shape[1] // 2, shape[2] // 2)
    breast, spot = tissue(coarse, size)
    adc = 1.8e-3 - 0.9e-3 * spot
    signal = [(30 + 700 * breast) * np.exp(-b * adc) for b in b_values]
    return (
        AcquiredSeries(
            SeriesRole.DWI, np.rint(signal).astype(np.int16), coarse, DWI_SCAN, start_s=-300.0,
            b_values=np.array(b_values, float), echo_train_length=64,
        ),
        AcquiredSeries(
            SeriesRole.ADC, np.rint(1e6 * adc * (breast > 0.05)).astype(np.int16)[None], coarse,
            DWI_SCAN, start_s=-300.0, echo_train_length=64,
        ),
    )  # fmt: skip


def t1_pre(affine: np.ndarray, shape: tuple[int, int, int]) -> AcquiredSeries:
    return AcquiredSeries(
        SeriesRole.T1_PRE,
        volumes(affine, shape, tissue_signal=900, spot_signals=(0,)),
        affine,
        Acquisition(field_strength_t=1.5, tr_ms=8.6, te_ms=4.7, flip_angle_deg=20,
                    slice_thickness_mm=2.4, fat_suppressed=False),
        start_s=-200.0,
    )  # fmt: skip


def t1_post(affine: np.ndarray, shape: tuple[int, int, int]) -> AcquiredSeries:
    """Late high-resolution volume: more slices, thinner."""
    fine = np.array(affine)
    fine[:3, 0] /= 2
    return AcquiredSeries(
        SeriesRole.T1_POST,
        volumes(fine, (2 * shape[0], *shape[1:]), tissue_signal=650, spot_signals=(800,)),
        fine,
        Acquisition(field_strength_t=1.5, tr_ms=6.4, te_ms=2.9, flip_angle_deg=12,
                    slice_thickness_mm=1.2, fat_suppressed=True),
        start_s=360.0,
        contrast="high-resolution",
    )  # fmt: skip


Study = tuple[AcquiredSeries, ...]


def axial_fat_suppressed() -> Study:
    grid = axial_affine(), AXIAL_SHAPE
    return (t2(*grid), stir(*grid), *diffusion(*grid), t1_pre(*grid), dynamic(*grid),
            t1_post(*grid))  # fmt: skip


def non_suppressed() -> Study:
    grid = axial_affine(), AXIAL_SHAPE
    scan = Acquisition(
        field_strength_t=3.0, tr_ms=7.1, te_ms=2.3, flip_angle_deg=18, slice_thickness_mm=2.4,
        phase_duration_s=PHASE_S, fat_suppressed=False,
    )  # fmt: skip
    return t2(*grid), dynamic(*grid, scan=scan), *diffusion(*grid, b_values=(50, 850))


def sagittal_one_breast() -> Study:
    grid = sagittal_affine(), (12, 42, 48)
    return t2(*grid), dynamic(*grid)


def dixon() -> Study:
    grid = axial_affine(), AXIAL_SHAPE
    scan = Acquisition(
        field_strength_t=1.5, tr_ms=6.8, te_ms=2.4, flip_angle_deg=10, slice_thickness_mm=2.4,
        phase_duration_s=PHASE_S, fat_suppressed=True,
    )  # fmt: skip
    parts = (("water", 600), ("fat", 900), ("in-phase", 1200), ("opposed-phase", 350))
    return (
        t2(*grid),
        *(
            dynamic(
                *grid, scan=scan, contrast=part, tissue_signal=signal,
                role=SeriesRole.DYNAMIC if part == "water" else SeriesRole.DIXON,
            )
            for part, signal in parts
        ),
    )  # fmt: skip


ULTRAFAST_TIMES = tuple(-3.0 + 5.0 * n for n in range(14))
LATE_TIMES = (-62.0, 122.0, 197.0, 272.0)


def ultrafast_and_conventional() -> Study:
    grid = axial_affine(), AXIAL_SHAPE
    coarse = np.array(grid[0])
    coarse[:3, 0] *= 2
    scan = Acquisition(
        field_strength_t=1.5, tr_ms=3.4, te_ms=1.2, flip_angle_deg=14, slice_thickness_mm=4.8,
        phase_duration_s=5.0, fat_suppressed=True,
    )  # fmt: skip
    fast = dynamic(
        coarse,
        (AXIAL_SHAPE[0] // 2, *AXIAL_SHAPE[1:]),
        scan=scan,
        times=ULTRAFAST_TIMES,
        contrast="ultrafast",
    )
    return t2(*grid), dynamic(*grid, times=LATE_TIMES), fast


def abbreviated() -> Study:
    grid = axial_affine(), AXIAL_SHAPE
    return t2(*grid), dynamic(*grid, times=(-62.0, 47.0))


STUDIES: dict[str, Callable[[], Study]] = {
    "axial-fs": axial_fat_suppressed,
    "non-suppressed": non_suppressed,
    "sagittal": sagittal_one_breast,
    "dixon": dixon,
    "ultrafast": ultrafast_and_conventional,
    "abbreviated": abbreviated,
}
