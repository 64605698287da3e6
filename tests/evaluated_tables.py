"""Small tables of cases to evaluate, the same each time."""

from pathlib import Path

import numpy as np

HEADS = {
    "binary": "case,patient,truth,model,clinical,birads,age_group,site",
    "classes": "case,truth,p_a,p_b,p_c",
    "numbers": "case,truth,model,other",
    "ordinal": "case,anna,ben",
    "survival": "case,time,event,model,clinical,site,s_300,s_600",
}


def write_table(folder: Path, kind: str, n: int = 90) -> Path:
    """Write the table of a kind of evaluation."""
    rng = np.random.default_rng(6)
    rows = [HEADS[kind], *(",".join(row) for row in _ROWS[kind](rng, n))]
    path = folder / f"{kind}.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def _binary(rng: np.random.Generator, n: int) -> list[list[str]]:
    truth = np.arange(n) % 3 == 0
    model = 1 / (1 + np.exp(-(2 * truth - 1 + rng.normal(size=n))))
    clinical = 1 / (1 + np.exp(-(truth - 0.5 + 1.5 * rng.normal(size=n))))
    birads = np.clip(np.round(2.6 + 1.2 * truth + rng.normal(size=n)), 1, 5)
    age = rng.choice(["-49", "50-"], n)
    site = np.where(np.arange(n) < 80, "north <b>", "south")
    return [
        [f"c{k}", f"p{k // 2 if k < 20 else k}", f"{truth[k]:d}", f"{model[k]:.5f}",
         f"{clinical[k]:.5f}", f"{birads[k]:.0f}", age[k], site[k]]
        for k in range(n)
    ]  # fmt: skip


def _classes(rng: np.random.Generator, n: int) -> list[list[str]]:
    truth = np.arange(n) % 3
    p = np.exp(1.2 * np.eye(3)[truth] + rng.normal(size=(n, 3)))
    p /= p.sum(axis=1, keepdims=True)
    return [[f"c{k}", "abc"[truth[k]], *(f"{x:.6f}" for x in p[k])] for k in range(n)]


def _numbers(rng: np.random.Generator, n: int) -> list[list[str]]:
    truth = rng.uniform(5, 60, n)
    said = [truth + s * rng.normal(size=n) for s in (4, 12)]
    return [[f"c{k}", *(f"{x[k]:.3f}" for x in (truth, *said))] for k in range(n)]


def _ordinal(rng: np.random.Generator, n: int) -> list[list[str]]:
    first = rng.integers(1, 6, n)
    second = np.clip(first + rng.integers(-1, 2, n), 1, 5)
    return [[f"c{k}", str(first[k]), str(second[k])] for k in range(n)]


def _survival(rng: np.random.Generator, n: int) -> list[list[str]]:
    risk = rng.normal(size=n)
    time = rng.exponential(500 * np.exp(-risk))
    end = rng.uniform(200, 1500, n)
    seen, event = np.minimum(time, end), time <= end
    chance = [np.exp(-t / 500 * np.exp(risk)) for t in (300, 600)]
    return [
        [f"c{k}", f"{seen[k]:.2f}", f"{event[k]:d}", f"{risk[k]:.4f}",
         f"{risk[k] + 2 * rng.normal():.4f}", "north" if k % 2 else "south",
         *(f"{s[k]:.5f}" for s in chance)]
        for k in range(n)
    ]  # fmt: skip


_ROWS = {
    "binary": _binary,
    "classes": _classes,
    "numbers": _numbers,
    "ordinal": _ordinal,
    "survival": _survival,
}
