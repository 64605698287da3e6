"""The most suspicious curve of a lesion: that of a small neighbourhood, not of one voxel."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from mamri.geometry import spacing_mm
from mamri.kinetics.curve_type import CurveThresholds, curve_type, delayed_phase, initial_phase
from mamri.kinetics.percent_enhancement import delayed_change, percent_enhancement
from mamri.kinetics.phase_choice import PhaseChoice, choose_phases
from mamri.kinetics.settings import DEFAULT_SETTINGS, KineticSettings
from mamri.records import DelayedPhase, DynamicSeries, GeometryError, InitialPhase
from mamri.records.volume import read_only

_CUBE = np.ones((3, 3, 3), bool)


@dataclass(frozen=True, slots=True)
class WorstCurveSettings:
    """What makes a neighbourhood count.

    Parameters
    ----------
    min_voxels : int
        Lesion voxels in a 3x3x3 neighbourhood, out of 27: more than half, to keep off the edge,
        where fat, motion and partial volume bend the curve (assumption). In a lesion that has no
        such neighbourhood, such as one in a single thick slice, the fullest ones count.
    min_depth_share, max_depth_mm : float, float, mm
        A neighbourhood counts if its centre lies deeper in the lesion than this share of the
        deepest one, or deeper than this many mm: at the edge, motion and partial volume bend the
        curve of most neighbourhoods towards wash-out (assumptions; chosen on simulated lesions).
    washout_share : float
        Share of the lesion's enhancing neighbourhoods that must touch each other and wash out
        before that is believed: any definite part counts, noise makes stray ones (assumption; on
        simulated lesions whose kinetics are even, shares from 0.02 to 0.1 do about equally well).
    plateau_share : float
        Share that must touch each other and show a plateau or wash-out; below it the curve is
        persistent. Assumption: a half. Between these two the greater part of a lesion decides, for
        the smaller one is as often noise as not.
    min_agreeing : int
        Both numbers are at least 3, so that one noisy neighbourhood never decides (assumption).
    min_support : float
        Share of a neighbourhood's lesion voxels that must show its type or a worse one each by
        itself: one wild voxel turns the mean of all 27 neighbourhoods it belongs to, but not
        their voxels (assumption: a third, for single voxels are noisy).
    """

    min_voxels: int = 14
    min_depth_share: float = 0.25
    max_depth_mm: float = 2.5
    washout_share: float = 0.02
    plateau_share: float = 0.5
    min_agreeing: int = 3
    min_support: float = 1 / 3


DEFAULT_WORST = WorstCurveSettings()


@dataclass(frozen=True, slots=True, eq=False)
class WorstCurve:
    """Curve of the most suspicious neighbourhood.

    Parameters
    ----------
    signal : (T,) float, a.u.
        Mean over the lesion voxels of the neighbourhood; NaN where there is none.
    centre : (slice, row, column) or None
        Index of its middle voxel, which belongs to the lesion.
    initial : InitialPhase or None
    delayed : DelayedPhase or None
        None where undefined: no late phase, or no neighbourhood that enhances enough.
    initial_enhancement_percent, delayed_change_percent : float, %
        The numbers behind the two words; NaN where undefined.
    n_voxels : int
        Lesion voxels averaged.
    n_agreeing, n_neighbourhoods : int
        Touching neighbourhoods of this type or worse, and all that enhance enough.
    thresholds : CurveThresholds
        Limits that the words were given by.
    """

    signal: np.ndarray
    centre: tuple[int, int, int] | None
    initial: InitialPhase | None
    delayed: DelayedPhase | None
    initial_enhancement_percent: float = float("nan")
    delayed_change_percent: float = float("nan")
    n_voxels: int = 0
    n_agreeing: int = 0
    n_neighbourhoods: int = 0
    thresholds: CurveThresholds = field(default_factory=CurveThresholds)

    def __post_init__(self) -> None:
        object.__setattr__(self, "signal", read_only(self.signal))


def worst_curve(
    series: DynamicSeries,
    mask: np.ndarray,
    settings: KineticSettings = DEFAULT_SETTINGS,
    *,
    worst: WorstCurveSettings = DEFAULT_WORST,
) -> WorstCurve:
    """Most suspicious curve among the 3x3x3 neighbourhoods of a lesion.

    Each lesion voxel stands for its neighbourhood: the mean of the lesion voxels among the 27. Of
    those off the edge whose enhancement reaches ``min_enhancement_percent`` at any phase, the worst
    type (wash-out before plateau before persistent) is taken that enough touching neighbourhoods
    show, counting worse ones with it: a few for wash-out, half of them for a plateau. The ones with
    most agreeing neighbours are the core of that part of the lesion, and the one of them whose
    signal rises most in the initial phase is returned (the rise itself, as a reader sees it on a
    subtraction: its percentage would favour voxels that were dark before contrast).

    BI-RADS asks for the worst-looking part of a lesion; that it tells malignant from benign better
    than the most frequent type was shown in [1]_.

    Parameters
    ----------
    series : DynamicSeries
    mask : (S, R, C) bool
        The lesion.
    settings : KineticSettings
    worst : WorstCurveSettings

    Returns
    -------
    WorstCurve
        Without centre where the lesion is empty, has no finite signal or the series no phases
        before and after contrast. Without ``delayed`` where no neighbourhood enhances enough; the
        strongest one is then returned.

    Raises
    ------
    GeometryError
        If the mask is on another grid.

    References
    ----------
    .. [1] Wang LC, DeMartini WB, Partridge SC, Peacock S, Lehman CD. MRI-detected suspicious breast
       lesions: predictive values of kinetic features measured by computer-aided evaluation. AJR
       Am J Roentgenol 2009;193:826-831. doi:10.2214/AJR.08.1335
    """
    if mask.shape != series.array.shape[1:]:
        raise GeometryError(
            f"a lesion must be on the grid of the series, {series.array.shape[1:]}, got "
            f"{mask.shape}; resample it first with geometry.resample_like()"
        )
    choice, _ = choose_phases(series.times_s, settings.phases)
    nothing = WorstCurve(
        np.full(series.n_phases, np.nan), None, None, None, thresholds=settings.thresholds
    )
    if not choice.is_dynamic or not mask.any():
        return nothing
    box = ndimage.find_objects(np.asarray(mask, np.uint8))[0]
    signal = series.array[(slice(None), *box)]
    inside = np.asarray(mask[box], bool) & np.isfinite(signal).all(axis=0)
    if not inside.any():
        return nothing
    centres, means, counts = _neighbourhood_means(signal, inside)
    support = _support(signal[:, inside].astype(np.float64), centres, counts, choice, settings)
    full = counts >= min(worst.min_voxels, counts.max())
    deep = _depth_mm(inside, spacing_mm(series.affine))[tuple(centres.T)]
    full &= deep >= min(worst.min_depth_share * deep[full].max(), worst.max_depth_mm)
    centres, means, counts = centres[full], means[:, full], counts[full]
    curves = _read(means, choice, settings)
    chosen, types, n_agreeing = _choose(centres, curves, support[:, full], settings, worst)
    corner = np.array([s.start for s in box])
    a, b, c = (int(i) for i in centres[chosen] + corner)
    return WorstCurve(
        signal=means[:, chosen].copy(),
        centre=(a, b, c),
        initial=initial_phase(float(curves.initial[chosen]), settings.thresholds),
        delayed=delayed_phase(int(types[chosen])),
        initial_enhancement_percent=float(curves.initial[chosen]),
        delayed_change_percent=float(curves.change[chosen]),
        n_voxels=int(counts[chosen]),
        n_agreeing=n_agreeing,
        n_neighbourhoods=int(np.count_nonzero(types)),
        thresholds=settings.thresholds,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Curves:
    """Initial rise in a.u.; initial and peak enhancement and delayed change in %; (V,) each."""

    rise: np.ndarray
    initial: np.ndarray
    peak: np.ndarray
    change: np.ndarray


def _neighbourhood_means(
    signal: np.ndarray, inside: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres (V, 3), mean signals (T, V) and lesion voxels (V,) of every neighbourhood."""
    centres = np.argwhere(inside)
    where = tuple(centres.T)
    counts = _cube_sums(inside.astype(np.float64))[where]
    means = np.empty((signal.shape[0], len(centres)))
    for t in range(signal.shape[0]):
        means[t] = _cube_sums(np.where(inside, signal[t], 0).astype(np.float64))[where] / counts
    return centres, means, np.rint(counts).astype(int)


def _depth_mm(inside: np.ndarray, width_mm: tuple[float, float, float]) -> np.ndarray:
    """Distance of each lesion voxel to the nearest one outside, mm."""
    depth = ndimage.distance_transform_edt(np.pad(inside, 1), sampling=width_mm)
    return np.asarray(depth[1:-1, 1:-1, 1:-1])


def _cube_sums(volume: np.ndarray) -> np.ndarray:
    """Sum over each voxel and its 26 neighbours; beyond the edge is 0."""
    for axis in range(3):
        volume = ndimage.correlate1d(volume, np.ones(3), axis=axis, mode="constant")
    return volume


def _read(means: np.ndarray, choice: PhaseChoice, settings: KineticSettings) -> _Curves:
    baseline = means[list(choice.pre)].mean(axis=0)
    first = means[list(choice.initial)].max(axis=0)
    initial = percent_enhancement(first, baseline)
    peak = percent_enhancement(means[list(choice.post)].max(axis=0), baseline)
    if choice.late is None:
        return _Curves(first - baseline, initial, peak, np.full_like(peak, np.nan))
    top = means[list(choice.rise)].max(axis=0)
    return _Curves(first - baseline, initial, peak, delayed_change(means[choice.late], top))


def _support(
    signal: np.ndarray,
    centres: np.ndarray,
    counts: np.ndarray,
    choice: PhaseChoice,
    settings: KineticSettings,
) -> np.ndarray:
    """Share of each neighbourhood's voxels of types 1, 2, 3 or worse by themselves, (3, V)."""
    curves = _read(signal, choice, settings)
    own = curve_type(curves.peak, curves.change, settings.thresholds)
    voxels = [_on_grid(_cube_sums, centres, own >= kind) for kind in (1, 2, 3)]
    shares: np.ndarray = np.stack(voxels) / counts
    return shares


def _choose(
    centres: np.ndarray,
    curves: _Curves,
    support: np.ndarray,
    settings: KineticSettings,
    worst: WorstCurveSettings,
) -> tuple[int, np.ndarray, int]:
    """Index of the worst believable neighbourhood, all types, and how many agree."""
    types = curve_type(curves.peak, curves.change, settings.thresholds)
    n_typed = int(np.count_nonzero(types))
    if n_typed == 0:
        return int(np.argmax(curves.rise)), types, 0
    shares = {3: worst.washout_share, 2: worst.plateau_share, 1: 0.0}
    for kind, share in shares.items():
        needed = min(max(int(np.ceil(share * n_typed)), worst.min_agreeing), n_typed)
        shown = (types >= kind) & (support[kind - 1] >= worst.min_support)
        sizes = _group_sizes(centres, shown)
        believed = sizes >= needed
        exact = believed & (types == kind)
        if exact.any():
            agreeing = _on_grid(_cube_sums, centres, exact)
            core = exact & (agreeing >= agreeing[exact].max())
            best = int(np.argmax(np.where(core, curves.rise, -np.inf)))
            return best, types, int(sizes[best])
    best = int(np.argmax(np.where(types > 0, curves.rise, -np.inf)))
    return best, types, 1


def _group_sizes(centres: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Size of the connected group (by 26 neighbours) of each chosen centre; 0 elsewhere."""
    groups = _on_grid(lambda grid: ndimage.label(grid, structure=_CUBE)[0], centres, chosen)
    return np.where(chosen, np.bincount(groups)[groups], 0)


def _on_grid(
    function: Callable[[np.ndarray], np.ndarray], centres: np.ndarray, chosen: np.ndarray
) -> np.ndarray:
    """Apply a function to the volume of the chosen centres and read it at all centres, (V,)."""
    grid = np.zeros(centres.max(axis=0) + 1, np.int32)
    grid[tuple(centres[chosen].T)] = 1
    found: np.ndarray = function(grid)[tuple(centres.T)]
    return found
