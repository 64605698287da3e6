"""Features of `mamri analyze` by what they tell, and which columns of a table are features."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from mamri.prediction.experiment import FeatureChoice, VisitChange
from mamri.records import InputError

GROUPS: dict[str, tuple[str, ...]] = {
    "size": ("volume_ml", "diameter_*_mm"),
    "place": ("distance_*_mm", "depth", "quadrant"),
    "kinetics": (
        "initial_phase", "delayed_phase", "peak_enhancement_percent", "ser_mean",
        "washout_fraction", "ftv_ml",
    ),
    "perfusion": ("ktrans_*per_min", "kep_per_min", "ve", "vp"),
    "diffusion": ("adc_*", "ivim_*", "perfusion_fraction", "kurtosis"),
    "description": (
        "type", "shape", "margin", "internal_enhancement", "distribution", "t2_signal", "oedema",
        "measure_*",
    ),
    "radiomics": ("radiomics__*",),
    "lesion_radiomics": ("radiomics__lesion__*",),
    "first_post_radiomics": ("radiomics__lesion__first_post__*", "radiomics__lesion__mask__*"),
}  # fmt: skip


def chosen_columns(
    table: pd.DataFrame, choice: FeatureChoice, roles: Sequence[str] = ()
) -> list[str]:
    """Columns that a choice names, in the order of the table.

    Parameters
    ----------
    table : DataFrame
    choice : FeatureChoice
    roles : sequence of str
        Columns that name patients, sites, dates and so on: patterns leave them out, a full name
        takes them.

    Returns
    -------
    list of str

    Raises
    ------
    InputError
        If a group is unknown, or a name or pattern fits no column.
    """
    unknown = sorted(set(choice.groups) - set(GROUPS))
    if unknown:
        raise InputError(
            f"groups of features are {', '.join(GROUPS)}, got {', '.join(unknown)}; correct them"
        )
    patterns = [*choice.columns, *(p for group in choice.groups for p in GROUPS[group])]
    names = [str(name) for name in table.columns]
    for pattern in choice.columns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise InputError(
                f"the cohort has no column {pattern!r} to learn from; it has "
                f"{', '.join(names[:12])} ...: correct features.columns"
            )
    return [
        name
        for name in names
        if any(fnmatchcase(name, p) and (p == name or name not in roles) for p in patterns)
        and not any(fnmatchcase(name, pattern) for pattern in choice.exclude)
    ]


def feature_matrix(table: pd.DataFrame, names: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Numbers of features, words as one column a word.

    Parameters
    ----------
    table : DataFrame
    names : sequence of str

    Returns
    -------
    x : (n, F) float64
        NaN where a value is missing.
    columns : list of str
        ``name`` of a number, ``name=word`` of a word (1 where it holds, NaN where the cell is
        empty). ``undetermined`` is a word like others.

    Raises
    ------
    InputError
        If there is no feature, or a column of numbers holds a few words.
    """
    parts: list[np.ndarray] = []
    columns: list[str] = []
    for name in names:
        cells = table[name]
        numbers = pd.to_numeric(cells, errors="coerce")
        if numbers.notna().sum() == cells.notna().sum():
            parts.append(numbers.to_numpy(float))
            columns.append(name)
            continue
        if numbers.notna().sum() > 0.5 * cells.notna().sum():
            word = str(cells[cells.notna() & numbers.isna()].iloc[0])[:20]
            raise InputError(
                f"column {name} holds numbers and also {word!r}; write numbers with a point, and "
                "leave unknown ones empty"
            )
        for word in sorted(cells.dropna().astype(str).unique()):
            parts.append(
                np.where(cells.isna(), np.nan, (cells.astype(str) == word).to_numpy(float))
            )
            columns.append(f"{name}={word}")
    if not parts:
        raise InputError(
            "models of tables need at least one feature, the choice names none; set features"
        )
    x = np.column_stack(parts)
    x[~np.isfinite(x)] = np.nan
    return x, columns


def changes(first: pd.DataFrame, second: pd.DataFrame, names: Sequence[str], how: VisitChange
            ) -> pd.DataFrame:  # fmt: skip
    """Change of numeric features between two visits.

    Parameters
    ----------
    first, second : DataFrame
        Rows of the same cases in the same order; missing rows hold NaN.
    names : sequence of str
    how : VisitChange
        ``difference``: second less first; ``percent``: 100 (second - first) / |first|.

    Returns
    -------
    DataFrame
        Columns ``change_FIRST_SECOND__name``; words have none.
    """
    found = {}
    for name in names:
        before, after = (pd.to_numeric(t[name], errors="coerce") for t in (first, second))
        if before.notna().sum() == 0:
            continue
        change = after - before
        if how.how == "percent":
            change = 100 * change / before.abs().replace(0, np.nan)
        found[f"change_{how.first}_{how.second}__{name}"] = change.to_numpy(float)
    return pd.DataFrame(found, index=first.index)
