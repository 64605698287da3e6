"""Coverage, rejection rate and recovered effect of reader-study analyses on simulated studies.

    python benchmarks/reader_study.py --studies 1000     # 8 readers, 100 cases, 50 with the disease

Scores are simulated after Roe and Metz, so the true AUC is known; covariances are DeLong's. A
share of 1000 studies has a standard error of 0.7 points at 5 %. All of it is simulation.
"""

import argparse
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from mamri.evaluation.non_inferiority import compare_with_algorithm
from mamri.evaluation.obuchowski_rockette import ReaderVariance, obuchowski_rockette
from mamri.evaluation.reader_power import PlannedTest, reader_power
from mamri.evaluation.reader_study import ReaderStudy
from mamri.evaluation.roe_metz import (
    RoeMetzSettings,
    StudySize,
    simulate_reader_study,
    true_auc,
)

LARGE = RoeMetzSettings()  # large correlation of cases, large spread of readers
SMALL = RoeMetzSettings(
    reader=0.0055, modality_reader=0.0055, case=0.1, modality_case=0.1, reader_case=0.2, error=0.6
)
SCENARIOS = {
    "large spread, equal, AUC 0.85": LARGE,
    "small spread, equal, AUC 0.85": SMALL,
    "small spread, equal, AUC 0.70": replace(SMALL, shifts=(0.75, 0.75)),
    "small spread, equal, AUC 0.96": replace(SMALL, shifts=(2.5, 2.5)),
    "large spread, better by 0.06": replace(LARGE, shifts=(1.9, 1.5)),
    "small spread, better by 0.04": replace(SMALL, shifts=(1.75, 1.5)),
}
COMPONENTS = ("reader", "modality_reader", "error", "cov_1", "cov_2", "cov_3")


@dataclass(frozen=True)
class Row:
    """What many studies of one scenario gave."""

    true_difference: float
    mean_difference: float
    difference_covered: float
    auc_covered: float
    rejected: float
    predicted_power: float


def judge(settings: RoeMetzSettings, size: StudySize, n: int, seed: int) -> Row:
    """Analyse n studies for the population of readers and cases."""
    rng = np.random.default_rng(seed)
    auc = true_auc(settings)
    difference = float(auc[0] - auc[1])
    found = [obuchowski_rockette(simulate_reader_study(settings, size, seed=rng)) for _ in range(n)]
    pairs = [one.differences[0].difference for one in found]
    covered = [
        m.figure.lower <= a <= m.figure.upper
        for one in found
        for m, a in zip(one.modalities, auc, strict=True)
    ]
    n_cases = size.n_positive + size.n_negative
    mean = [float(np.mean([getattr(one.variance, name) for one in found])) for name in COMPONENTS]
    variance = ReaderVariance(*mean, n_cases=n_cases)
    power = 0.05
    if difference:
        test = PlannedTest(difference)
        power = reader_power(variance, test, n_readers=size.n_readers, n_cases=n_cases).power
    return Row(
        true_difference=difference,
        mean_difference=float(np.mean([pair.value for pair in pairs])),
        difference_covered=float(np.mean([p.lower <= difference <= p.upper for p in pairs])),
        auc_covered=float(np.mean(covered)),
        rejected=float(np.mean([one.p < 0.05 for one in found])),
        predicted_power=power,
    )


def judge_algorithm(spread: float, size: StudySize, n: int, seed: int) -> Row:
    """Compare an algorithm that is as good as the mean of the readers' population with readers."""
    rng = np.random.default_rng(seed)
    plain = replace(SMALL, shifts=(1.5,), reader=0, modality_reader=0)
    auc = true_auc(replace(plain, reader=spread))[0]
    shift = float(np.sqrt(2) * stats.norm.ppf(auc)) - plain.shifts[0]
    found = []
    for _ in range(n):
        whole = simulate_reader_study(plain, replace(size, n_readers=size.n_readers + 1), seed=rng)
        scores = whole.scores.copy()
        for truth in (True, False):
            own = np.sqrt(spread) * rng.standard_normal(size.n_readers)
            scores[0, 1:, whole.labels == truth] += own
        scores[0, 0, whole.labels] += shift
        readers = ReaderStudy(
            scores[:, 1:], whole.labels, whole.modalities, whole.readers[1:], whole.cases
        )
        found.append(compare_with_algorithm(readers, scores[0, 0]))
    return Row(
        true_difference=0.0,
        mean_difference=float(np.mean([one.difference.value for one in found])),
        difference_covered=float(
            np.mean([one.difference.lower <= 0 <= one.difference.upper for one in found])
        ),
        auc_covered=float("nan"),
        rejected=float(np.mean([one.p < 0.05 for one in found])),
        predicted_power=0.05,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    half = options.cases // 2
    size = StudySize(options.readers, half, options.cases - half)
    rows = {
        name: judge(settings, size, options.studies, options.seed)
        for name, settings in SCENARIOS.items()
    }
    for spread in (0.03, 0.2):
        name = f"algorithm and readers of spread {spread}"
        rows[name] = judge_algorithm(spread, size, options.studies, options.seed)
    print(f"{options.studies} studies, {options.readers} readers, {options.cases} cases")
    heads = ("true", "mean", "covered", "AUC cov.", "p < 0.05", "predicted")
    print(f"{'':38}" + "".join(f"{head:>11}" for head in heads))
    for name, row in rows.items():
        print(
            f"{name:38}{row.true_difference:11.4f}{row.mean_difference:11.4f}"
            f"{row.difference_covered:11.3f}{row.auc_covered:11.3f}{row.rejected:11.3f}"
            f"{row.predicted_power:11.3f}"
        )


if __name__ == "__main__":
    main()
