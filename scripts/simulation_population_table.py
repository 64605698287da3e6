"""Print simulated women and lesions beside the published figures, as a Markdown table.

The published figures stand here once more, apart from the tables that the simulator draws from, so
that a slip there shows. tests/simulation/test_population.py holds them to statistical limits.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mamri.records import Laterality
from mamri.simulation import LesionMix, LesionPlan, Woman, draw_woman
from mamri.simulation.lesion_plan import LesionType, Subtype
from mamri.simulation.physique import BreastShape

N_WOMEN, N_LESIONS = 500, 3000

IMAGINE = "Watt 2020, IMAGINE"
GIERACH = "Gierach 2014"
YAFFE = "Yaffe 2009"
SUROV = "Surov 2019 (subtypes)"
KUHL = "Kuhl 1999"
THESIS = "24 malignant, 14 benign lesions at 3 T"


@dataclass(frozen=True, slots=True)
class Population:
    """Women as they are drawn, and more lesions of each class for what is rare."""

    women: Sequence[Woman]
    malignant: Sequence[LesionPlan]
    benign: Sequence[LesionPlan]

    @property
    def invasive(self) -> list[LesionPlan]:
        """Malignant lesions with a subtype."""
        return [p for p in self.malignant if p.biology is not None and p.biology.subtype]


@dataclass(frozen=True, slots=True)
class Shares:
    """How often each of several values is published to occur, and how often it occurred."""

    name: str
    published: dict[str, float]
    counts: dict[str, int]
    source: str

    @property
    def n(self) -> int:
        """How many were counted."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Spread:
    """A published mean (or other figure) and standard deviation, and simulated values."""

    name: str
    mean: float
    sd: float | None
    values: np.ndarray
    source: str


def draw_population(n_women: int = N_WOMEN, n_lesions: int = N_LESIONS) -> Population:
    """Women of seeds 0 on; index lesions of women who all have a cancer, or all a benign lesion."""

    def index_lesions(malignant: float) -> list[LesionPlan]:
        mix = LesionMix(with_lesion=1.0, malignant=malignant, further_benign=0.0)
        return [draw_woman(seed, mix).lesions[0] for seed in range(n_lesions)]

    women = [draw_woman(seed) for seed in range(n_women)]
    return Population(women, index_lesions(1.0), index_lesions(0.0))


def planned_volumes_ml(woman: Woman) -> tuple[float, float]:
    """Volume of the right and of the left breast as planned, from the numbers of their shapes.

    Cross-sections are ellipses of half axes ``(1 - forward**fullness) ** (1 / 2.3)`` of the base.
    """
    forward = (np.arange(500) + 0.5) / 500

    def volume_ml(b: BreastShape) -> float:
        base = np.pi * b.half_width_mm * 0.5 * (b.upper_mm + b.lower_mm)
        profile = float(np.mean((1 - forward**b.fullness) ** (2 / 2.3)))
        return float(base * b.length_mm * profile / 1000)

    right, left = woman.physique.breasts
    return volume_ml(right), volume_ml(left)


def quadrant(plan: LesionPlan) -> str:
    """Quadrant of the breast that a plan names, or central."""
    if abs(plan.lateral) < 0.2 and abs(plan.up) < 0.15:
        return "central"
    return f"{'upper' if plan.up > 0 else 'lower'} {'outer' if plan.lateral > 0 else 'inner'}"


def _count(
    name: str,
    published: dict[str, float],
    items: Sequence[Any],
    value: Callable[[Any], object],
    source: str,
) -> Shares:
    counts = dict.fromkeys(published, 0)
    for item in items:
        counts[str(value(item))] += 1
    return Shares(name, published, counts, source)


def shares(p: Population) -> list[Shares]:
    """Everything that is published as frequencies."""
    return [*_women_shares(p), *_lesion_shares(p), *_node_shares(p), *_mass_shares(p)]


def _women_shares(p: Population) -> list[Shares]:
    count = _count
    before = [w for w in p.women if not w.postmenopausal]
    after = [w for w in p.women if w.postmenopausal]
    density, bpe = (lambda w: w.density_category), (lambda w: w.bpe_category)
    return [
        count(
            "density before menopause",
            {"a": 0.042, "b": 0.19, "c": 0.51, "d": 0.26},
            before,
            density,
            IMAGINE,
        ),
        count(
            "density after menopause",
            {"a": 0.13, "b": 0.39, "c": 0.40, "d": 0.087},
            after,
            density,
            IMAGINE,
        ),
        count(
            "background before menopause",
            {"minimal": 0.18, "mild": 0.46, "moderate": 0.26, "marked": 0.10},
            before,
            bpe,
            IMAGINE,
        ),
        count(
            "background after menopause",
            {"minimal": 0.44, "mild": 0.43, "moderate": 0.11, "marked": 0.026},
            after,
            bpe,
            IMAGINE,
        ),
        count(
            "mean density of a woman",
            {"< 27 %": 0.80, "27-45 %": 0.15, "> 45 %": 0.05},
            p.women,
            _density_band,
            YAFFE,
        ),
        count(
            "implants",
            {"True": 0.030, "False": 0.970},
            p.women,
            lambda w: w.implants,
            "de Boer 2020",
        ),
        count(
            "any cyst",
            {"True": 0.375, "False": 0.625},
            p.women,
            lambda w: sum(w.n_cysts) > 0,
            "Berg 2010",
        ),
    ]


def _lesion_shares(p: Population) -> list[Shares]:
    count = _count
    type_, curve = (lambda plan: plan.type.value), (lambda plan: plan.curve.value)
    jansen = "Jansen 2011, J Magn Reson Imaging"
    return [
        count(
            "type, malignant",
            {"mass": 396 / 617, "non_mass": 212 / 617, "focus": 9 / 617},
            p.malignant,
            type_,
            jansen,
        ),
        count(
            "type, benign",
            {"mass": 156 / 235, "non_mass": 49 / 235, "focus": 30 / 235},
            p.benign,
            type_,
            jansen,
        ),
        count(
            "curve, malignant",
            {"persistent": 0.089, "plateau": 0.336, "washout": 0.574},
            p.malignant,
            curve,
            KUHL,
        ),
        count(
            "curve, benign",
            {"persistent": 0.830, "plateau": 0.115, "washout": 0.055},
            p.benign,
            curve,
            KUHL,
        ),
        count(
            "subtype, invasive",
            {"luminal_a": 0.280, "luminal_b": 0.441, "her2": 0.104, "triple_negative": 0.175},
            p.invasive,
            _subtype,
            SUROV,
        ),
        count(
            "place, malignant",
            {
                "upper outer": 0.515,
                "upper inner": 0.156,
                "lower outer": 0.142,
                "central": 0.106,
                "lower inner": 0.081,
            },
            p.malignant,
            quadrant,
            "Rummel 2015",
        ),
        count(
            "side of lesions",
            {"left": 0.52, "right": 0.48},
            [*p.malignant],
            lambda plan: "left" if plan.side is Laterality.LEFT else "right",
            "ratios of 1.04 to 1.26",
        ),
    ]


def _density_band(woman: Woman) -> str:
    percent = 50 * sum(woman.density)
    return "< 27 %" if percent < 27 else "27-45 %" if percent < 45 else "> 45 %"


def _subtype(plan: LesionPlan) -> str:
    assert plan.biology is not None
    assert plan.biology.subtype is not None
    return plan.biology.subtype.value


def _ki67(plan: LesionPlan) -> float:
    assert plan.biology is not None
    return plan.biology.ki67_percent


def _node_shares(p: Population) -> list[Shares]:
    published = {(5.0, 10.0): 0.092, (10.0, 20.0): 0.218, (20.0, 1e9): 0.442}
    rows = []
    for (low, high), share in published.items():
        chosen = [plan for plan in p.invasive if low < plan.diameter_mm <= high]
        name = f"positive nodes, {low:g}-{high:g} mm" if high < 1e9 else "positive nodes, > 20 mm"
        source = "Cancer Res Treat 2010"
        wanted = {"True": share, "False": 1 - share}
        positive = lambda plan: plan.biology.node_positive  # noqa: E731
        rows.append(_count(name, wanted, chosen, positive, source))
    return rows


_SUBTYPES = {  # share of masses, median size, SD of ln(size)
    Subtype.LUMINAL_A: (0.839, 23.0, 0.38),
    Subtype.LUMINAL_B: (0.911, 27.0, 0.49),
    Subtype.HER2: (0.583, 33.5, 0.28),
    Subtype.TRIPLE_NEGATIVE: (0.875, 26.0, 0.41),
}


def of_subtype(p: Population, subtype: Subtype) -> list[LesionPlan]:
    """Invasive cancers of one subtype."""
    return [plan for plan in p.invasive if _subtype(plan) == subtype.value]


def _mass_shares(p: Population) -> list[Shares]:
    return [
        _count(
            f"mass, {subtype.value.replace('_', ' ')}",
            {"True": share, "False": 1 - share},
            of_subtype(p, subtype),
            lambda plan: plan.type is LesionType.MASS,
            "Iran J Radiol 64889",
        )
        for subtype, (share, _, _) in _SUBTYPES.items()
    ]


def spreads(p: Population) -> list[Spread]:
    """Everything that is published as a mean and a standard deviation."""

    def spread(
        name: str, mean: float, sd: float | None, values: Sequence[float], source: str
    ) -> Spread:
        return Spread(name, mean, sd, np.array(values), source)

    women = p.women
    volumes = {
        c: [v for w in women if w.density_category == c for v in planned_volumes_ml(w)[:1]]
        for c in "abcd"
    }
    uneven = [100 * (b - a) / (0.5 * (a + b)) for a, b in map(planned_volumes_ml, women)]
    tissue = {"malignant": p.malignant, "invasive": p.invasive, "benign": p.benign}

    def values_of(kind: str, get: Callable[[LesionPlan], float]) -> list[float]:
        return [get(plan) for plan in tissue[kind]]

    ktrans, kep = (lambda q: q.kinetics.ktrans_per_min), (lambda q: q.kinetics.kep_per_min)
    adc, t1, t2 = (
        (lambda q: q.tissue.adc),
        (lambda q: q.tissue.t1_ms[1]),
        (lambda q: q.tissue.t2_ms[1]),
    )
    in_situ = [plan.tissue.adc for plan in p.malignant if plan.biology and plan.biology.in_situ]
    skin, surov = [w.skin_mm for w in women], "Surov 2019 (13847 lesions)"
    meng = "Meng 2020"
    return [
        spread("age, years", 49.2, 10.5, [w.age_years for w in women], "Jansen 2011, Eur Radiol"),
        spread("density, %", 19.3, None, [50 * sum(w.density) for w in women], YAFFE),
        spread("breast volume a, ml", 1149, 421, volumes["a"], GIERACH),
        spread("breast volume b, ml", 690, 372, volumes["b"], GIERACH),
        spread("breast volume c, ml", 485, 308, volumes["c"], GIERACH),
        spread("breast volume d, ml", 364, 258, volumes["d"], GIERACH),
        spread("(left - right) / mean volume, %", 0, 11, uneven, "from Scutt 2006"),
        spread("skin, mm", 1.44, 0.25, skin, "Shi 2013"),
        spread("Ktrans malignant, /min", 0.339, 0.128, values_of("malignant", ktrans), THESIS),
        spread("Ktrans benign, /min", 0.134, 0.121, values_of("benign", ktrans), THESIS),
        spread("kep malignant, /min", 0.515, 0.169, values_of("malignant", kep), THESIS),
        spread("kep benign, /min", 0.273, 0.137, values_of("benign", kep), THESIS),
        spread("ADC invasive, 1e-3 mm2/s", 1.03, None, values_of("invasive", adc), surov),
        spread("ADC in situ, 1e-3 mm2/s", 1.31, 0.24, in_situ, "Woodhams 2005"),
        spread("ADC benign, 1e-3 mm2/s", 1.50, None, values_of("benign", adc), surov),
        spread("T1 malignant at 3 T, ms", 1612, 216, values_of("malignant", t1), meng),
        spread("T2 malignant at 3 T, ms", 80.9, 7.5, values_of("malignant", t2), meng),
        spread("T2 benign at 3 T, ms", 95.5, 26.5, values_of("benign", t2), "Liu 2018"),
        *(
            spread(
                f"ln(size, mm) {subtype.value.replace('_', ' ')}",
                float(np.log(median)),
                log_sd,
                [np.log(plan.diameter_mm) for plan in of_subtype(p, subtype)],
                "Iran J Radiol 64889, from quartiles",
            )
            for subtype, (_, median, log_sd) in _SUBTYPES.items()
        ),
    ]


def ktrans_ki67_correlation(p: Population) -> float:
    """Pearson's correlation of the logarithms, of invasive cancers (published: 0.44)."""
    ktrans = [np.log(plan.kinetics.ktrans_per_min) for plan in p.invasive]
    ki67 = [np.log(_ki67(plan)) for plan in p.invasive]
    return float(np.corrcoef(ktrans, ki67)[0, 1])


def markdown(p: Population) -> str:
    """The comparison as a table."""
    lines = ["| quantity | published | simulated | n | source |", "|---|---|---|---|---|"]
    for group in shares(p):
        names = [name for name in group.published if name != "False"]
        for name in names:
            label = group.name if name == "True" else f"{group.name}: {name.replace('_', ' ')}"
            seen = group.counts[name] / max(1, group.n)
            lines.append(
                f"| {label} | {100 * group.published[name]:.1f} % | {100 * seen:.1f} % "
                f"| {group.n} | {group.source} |"
            )
    for one in spreads(p):
        sd = "" if one.sd is None else f" (SD {one.sd:.3g})"
        lines.append(
            f"| {one.name} | {one.mean:.4g}{sd} | {one.values.mean():.4g} "
            f"(SD {one.values.std(ddof=1):.3g}) | {one.values.size} | {one.source} |"
        )
    lines.append(
        f"| correlation of ln Ktrans and ln Ki-67 | 0.44 | {ktrans_ki67_correlation(p):.2f} "
        f"| {len(p.invasive)} | In Vivo 2022 |"
    )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table; a number of women may be given."""
    n_women = int(sys.argv[1]) if len(sys.argv) > 1 else N_WOMEN
    print(markdown(draw_population(n_women)), end="")


if __name__ == "__main__":
    main()
