"""The woman of the demonstration: four masses of known curve, each easy to name."""

from dataclasses import replace

from mamri.records import DelayedPhase, Laterality
from mamri.simulation.condition import ScanCondition
from mamri.simulation.lesion_plan import (
    InternalEnhancement,
    LesionKinetics,
    LesionPlan,
    LesionType,
    MassMargin,
    MassShape,
)
from mamri.simulation.woman import Woman, draw_woman

# Chosen so that the noise-free signal changes by about +18 %, 0 % and -22 % from about 140 s to the
# last phase. Ktrans and kep lie within the spread published for benign and malignant masses; the
# choice of one value for each curve is an assumption.
CURVE_KINETICS: dict[DelayedPhase, LesionKinetics] = {
    DelayedPhase.PERSISTENT: LesionKinetics(0.060, 0.85, 0.0),
    DelayedPhase.PLATEAU: LesionKinetics(0.139, 0.435, 0.012),
    DelayedPhase.WASHOUT: LesionKinetics(0.45, 0.32, 0.05),
}

DEMO_CONDITION = ScanCondition(motion_mm=0.8, noise_factor=1.0)


def _mass(
    side: Laterality,
    curve: DelayedPhase,
    looks: tuple[MassShape, MassMargin, InternalEnhancement],
    diameter_mm: float,
    place: tuple[float, float, float],
) -> LesionPlan:
    shape, margin, internal = looks
    lateral, up, forward = place
    return LesionPlan(
        side=side,
        type=LesionType.MASS,
        internal=internal,
        curve=curve,
        diameter_mm=diameter_mm,
        kinetics=CURVE_KINETICS[curve],
        lateral=lateral,
        up=up,
        forward=forward,
        shape=shape,
        margin=margin,
        malignant=curve is DelayedPhase.WASHOUT,
        fixed_place=True,
    )


DEMO_LESIONS = (
    _mass(
        Laterality.LEFT,
        DelayedPhase.WASHOUT,
        (MassShape.IRREGULAR, MassMargin.SPICULATED, InternalEnhancement.HETEROGENEOUS),
        14.0,
        (0.35, 0.30, 0.45),
    ),
    _mass(
        Laterality.LEFT,
        DelayedPhase.PLATEAU,
        (MassShape.ROUND, MassMargin.CIRCUMSCRIBED, InternalEnhancement.RIM),
        13.0,
        (-0.35, -0.35, 0.42),
    ),
    _mass(
        Laterality.RIGHT,
        DelayedPhase.PERSISTENT,
        (MassShape.OVAL, MassMargin.CIRCUMSCRIBED, InternalEnhancement.HOMOGENEOUS),
        14.0,
        (0.25, -0.30, 0.50),
    ),
    _mass(
        Laterality.RIGHT,
        DelayedPhase.WASHOUT,
        (MassShape.IRREGULAR, MassMargin.IRREGULAR, InternalEnhancement.HETEROGENEOUS),
        9.0,
        (-0.30, 0.35, 0.40),
    ),
)


def demo_woman(seed: int, *, density: float = 0.17) -> Woman:
    """A woman of middle size and density with four masses, thin vessels and mild background.

    Parameters
    ----------
    seed : int
        Same seed, same woman.
    density : float
        Share of fibroglandular tissue, 0.02 to 0.6.
    """
    number = seed
    while True:  # the first drawn woman of fitting size, from this seed on
        drawn = draw_woman(number)
        length = drawn.physique.breasts[0].length_mm
        if 84 < length < 112 and drawn.physique.breasts[0].half_width_mm > 50:
            break
        number += 1_000_003
    return replace(
        drawn,
        seed=seed,
        density=(density, density),
        density_category="b",
        bpe_category="mild",
        bpe_uptake=0.7,
        bpe_foci=0.0,
        n_cysts=(0, 0),
        n_nodes=(0, 0),
        vessel_mm=1.6,
        implants=False,
        clip=False,
        bolus_delay_s=18.0,
        lesions=DEMO_LESIONS,
    )
