"""A random woman: who she is, how she is built, what is in her breasts."""

from dataclasses import dataclass

import numpy as np

from mamri.records import Laterality
from mamri.simulation import _population_table as table
from mamri.simulation.draw_lesions import LesionMix, draw_lesions
from mamri.simulation.lesion_plan import LesionPlan
from mamri.simulation.parenchyma import draw_pattern
from mamri.simulation.physique import Physique, draw_physique, draw_positive, draw_within


@dataclass(frozen=True, slots=True, eq=False)
class Woman:
    """One woman to simulate.

    Parameters
    ----------
    seed : int
        Of everything that is drawn when she is given a body.
    age_years : float, years
    postmenopausal : bool
    density_category, bpe_category : str
        Breast composition a to d, background enhancement minimal to marked.
    density : (right, left) of float
        Wanted share of fibroglandular tissue in the breast volume.
    bpe_uptake : float
        Ktrans of fibroglandular tissue against its table value.
    bpe_foci : float
        Strength of nodular background enhancement.
    physique : Physique
    patterns : (2, 11) float
        Parenchymal patterns, right and left.
    skin_mm, areola_mm, vessel_mm : float, mm
        Skin thickness, areola radius, diameter of the largest vessel.
    bolus_delay_s : float, s
    n_cysts, n_nodes : (right, left) of int
    implants : bool
        In both breasts.
    clip : bool
        In the first lesion.
    lesions : tuple of LesionPlan
    """

    seed: int
    age_years: float
    postmenopausal: bool
    density_category: str
    bpe_category: str
    density: tuple[float, float]
    bpe_uptake: float
    bpe_foci: float
    physique: Physique
    patterns: np.ndarray
    skin_mm: float
    areola_mm: float
    vessel_mm: float
    bolus_delay_s: float
    n_cysts: tuple[int, int] = (0, 0)
    n_nodes: tuple[int, int] = (4, 4)
    implants: bool = False
    clip: bool = False
    lesions: tuple[LesionPlan, ...] = ()

    def density_of(self, side: Laterality) -> float:
        """Wanted share of fibroglandular tissue of one side."""
        return self.density[0 if side is Laterality.RIGHT else 1]


def _category(rng: np.random.Generator, names: tuple[str, ...], odds: tuple[float, ...]) -> str:
    shares = np.array(odds) / sum(odds)
    return names[int(rng.choice(len(names), p=shares))]


def draw_woman(seed: int, mix: LesionMix = LesionMix()) -> Woman:  # noqa: B008
    """Draw a woman from the published distributions of `_population_table` and `_lesion_table`.

    Parameters
    ----------
    seed : int
        Same seed, same woman.
    mix : LesionMix
        How many women have lesions, and of which class.

    Returns
    -------
    Woman

    Examples
    --------
    >>> draw_woman(3).age_years == draw_woman(3).age_years
    True
    """
    rng = np.random.default_rng([seed, 0])
    age = draw_within(rng, table.AGE_YEARS)
    postmenopausal = bool(age > draw_within(rng, table.MENOPAUSE_YEARS))
    density_category = _category(rng, table.CATEGORIES, table.DENSITY_FREQUENCY[postmenopausal])
    bpe_category = _category(rng, table.BPE_CATEGORIES, table.BPE_FREQUENCY[postmenopausal])
    low, high = np.log(table.DENSITY_SHARE[density_category])
    density = np.exp(rng.uniform(low, high))
    uneven = np.exp(rng.normal(0, table.DENSITY_ASYMMETRY / 2) * np.array([1, -1]))
    volume = draw_positive(rng, table.BREAST_VOLUME_ML[density_category])
    physique = draw_physique(rng, volume)
    pattern = draw_pattern(rng, float(density))
    cysts = [0, 0]
    if rng.random() < table.CYST_FREQUENCY:
        for _ in range(1 + rng.geometric(0.45)):
            cysts[int(rng.random() < 0.5)] += 1
    lesions = draw_lesions(np.random.default_rng([seed, 5]), mix)  # the same woman with any mix
    few, many = table.AXILLARY_NODES
    right, left = np.clip(density * uneven, 0.01, 0.65)
    return Woman(
        seed=seed,
        age_years=age,
        postmenopausal=postmenopausal,
        density_category=density_category,
        bpe_category=bpe_category,
        density=(float(right), float(left)),
        bpe_uptake=float(rng.uniform(*table.BPE_UPTAKE[bpe_category])),
        bpe_foci=float(rng.random() < 0.35) * float(rng.uniform(0.3, 1.0)),
        physique=physique,
        patterns=np.stack([pattern, pattern * rng.uniform(0.93, 1.07, pattern.size)]),
        skin_mm=draw_within(rng, table.SKIN_MM),
        areola_mm=draw_within(rng, table.AREOLA_RADIUS_MM),
        vessel_mm=draw_within(rng, table.LARGE_VESSEL_MM),
        bolus_delay_s=draw_within(rng, table.BOLUS_DELAY_S),
        n_cysts=(cysts[0], cysts[1]),
        n_nodes=(int(rng.integers(few, many + 1)), int(rng.integers(few, many + 1))),
        implants=bool(rng.random() < table.IMPLANT_FREQUENCY),
        clip=bool(lesions) and bool(rng.random() < table.CLIP_FREQUENCY),
        lesions=lesions,
    )
