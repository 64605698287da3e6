"""What an experiment asks and how: plain records, read from a YAML file by the pipeline."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from enum import StrEnum
from typing import Any

from mamri.records import InputError

HYBRID_KINDS = ("hybrid", "fusion")


class TargetKind(StrEnum):
    """What kind of answer is sought."""

    BINARY = "binary"
    CLASSES = "classes"
    NUMBER = "number"
    SURVIVAL = "survival"


class ValidationKind(StrEnum):
    """How cases are parted into those that are learned from and those that are tested on."""

    NESTED = "nested"
    SITES = "sites"
    TEMPORAL = "temporal"
    GIVEN = "given"


class SiteHarmonisation(StrEnum):
    """How features of several sites are made comparable."""

    NONE = "none"
    Z_SCORE = "z_score"
    COMBAT = "combat"


class IntensityStandard(StrEnum):
    """What image intensities are referred to."""

    Z_SCORE = "z_score"
    NYUL = "nyul"
    FIBROGLANDULAR = "fibroglandular"
    FAT = "fat"


@dataclass(frozen=True, slots=True)
class CohortColumns:
    """Names of the columns that a cohort table means something by; empty for none.

    Parameters
    ----------
    patient : str
        Cases of one patient are never parted.
    exam, visit, side, site, scanner, date : str
        ``visit`` names the time point of a treatment; ``date`` orders exams in time.
    result, finding : str
        Folder that ``mamri analyze`` wrote, relative to the table, and the number of the finding
        in it.
    """

    patient: str = "patient"
    exam: str = "exam"
    visit: str = "visit"
    side: str = "side"
    site: str = "site"
    scanner: str = "scanner"
    date: str = "date"
    result: str = "result"
    finding: str = "finding"

    @property
    def named(self) -> tuple[str, ...]:
        """Columns that the table has."""
        return tuple(filter(None, astuple(self)))


@dataclass(frozen=True, slots=True)
class CohortSource:
    """The cohort table, table ``cohort``.

    Parameters
    ----------
    table : path
        CSV or XLSX, relative to the experiment's file.
    columns : CohortColumns
    keep : mapping of str to list of str
        Rows kept: values that a column may have.
    """

    table: str
    columns: CohortColumns = CohortColumns()
    keep: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """What is predicted, table ``target``.

    Parameters
    ----------
    name : str
        For example ``malignant``, ``ki67``, ``subtype``, ``nodal``, ``response``, ``survival``.
    kind : {"binary", "classes", "number", "survival"}
    column : str
        Of the outcome; for survival of the time until the event or the end of observation.
    positive : tuple of str
        Binary: values that count as yes; every other value counts as no.
    cut_off : float or None
        Binary instead of ``positive``: yes from this number on.
    classes : tuple of str
        Of ``classes``, in their order; empty for those found, in alphabetical order.
    event : str
        Survival: column that is 1 where the event was seen and 0 where it was not (censored).
    unit : str
        Of a number or a time, for the report.
    """

    name: str
    kind: TargetKind
    column: str
    positive: tuple[str, ...] = ()
    cut_off: float | None = None
    classes: tuple[str, ...] = ()
    event: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.name or self.name.startswith("kaiser"):
            raise InputError(
                f"a target needs a name that does not begin with kaiser, got {self.name!r}; that "
                "is a score by rule"
            )
        binary = self.kind is TargetKind.BINARY
        if binary and bool(self.positive) == (self.cut_off is not None):
            raise InputError(
                "a binary target needs either positive (a list of values) or cut_off (a number), "
                "got both or neither; give one of them"
            )
        if (self.kind is TargetKind.SURVIVAL) != bool(self.event):
            raise InputError(
                "a survival target, and no other, needs event, the column that tells an event "
                f"from censoring; got kind {self.kind} with event {self.event!r}"
            )


@dataclass(frozen=True, slots=True)
class VisitChange:
    """Features of change between two visits.

    Parameters
    ----------
    first, second : str
        Values of the column of visits.
    how : {"difference", "percent"}
    """

    first: str
    second: str
    how: str = "percent"

    def __post_init__(self) -> None:
        if self.how not in ("difference", "percent"):
            raise InputError(
                f"how a change is told is difference or percent, got {self.how!r}; choose one"
            )


@dataclass(frozen=True, slots=True)
class FeatureChoice:
    """Which columns are learned from, table ``features``.

    Parameters
    ----------
    columns : tuple of str
        Names or patterns with ``*``.
    groups : tuple of str
        Of `prediction.feature_groups.GROUPS`.
    exclude : tuple of str
        Names or patterns left out again.
    visits : tuple of str
        Visits whose values are taken; empty for tables with one row a case.
    changes : tuple of VisitChange
    max_missing : float
        A feature that more than this share of the training cases lacks is left out. Assumption.
    max_correlation : float
        Of two features whose rank correlation in the training cases exceeds this the later is
        left out. Assumption.
    max_features : int
        The features with the strongest association with the outcome in the training cases; 0 for
        all. Assumption.
    """

    columns: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    visits: tuple[str, ...] = ()
    changes: tuple[VisitChange, ...] = ()
    max_missing: float = 0.4
    max_correlation: float = 0.95
    max_features: int = 100


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One model of an experiment, an entry of ``models``.

    Parameters
    ----------
    kind : str
        Of `prediction.model_kinds`.
    name : str
        Empty for the kind.
    features : FeatureChoice or None
        None for the experiment's.
    members : tuple of str
        Of a hybrid: names of the models whose answers it joins.
    """

    kind: str
    name: str = ""
    features: FeatureChoice | None = None
    members: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Its name, or its kind."""
        return self.name or self.kind


@dataclass(frozen=True, slots=True)
class Validation:
    """How models are tested, table ``validation``.

    Parameters
    ----------
    kind : {"nested", "sites", "temporal", "given"}
        Nested cross-validation by patient; each site left out in turn; the latest patients left
        out; or a column that says which cases test.
    folds, repeats : int
        Outer folds and how often they are drawn anew; of ``nested`` alone.
    inner_folds : int
        In which settings are chosen and probabilities calibrated.
    column : str
        Of ``given``.
    test : tuple of str
        Values of that column which mean testing.
    leave_out : tuple of str
        Values of that column which are neither trained nor tested on.
    test_share : float
        Of ``temporal``: share of the patients, the latest.
    """

    kind: ValidationKind = ValidationKind.NESTED
    folds: int = 5
    repeats: int = 1
    inner_folds: int = 4
    column: str = ""
    test: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    test_share: float = 0.3

    def __post_init__(self) -> None:
        if min(self.folds, self.inner_folds) < 2 or self.repeats < 1:
            raise InputError(
                "validation needs at least 2 folds, 2 inner folds and 1 repeat, got "
                f"{self.folds}, {self.inner_folds} and {self.repeats}; raise them"
            )
        if (self.kind is ValidationKind.GIVEN) != bool(self.column and self.test):
            raise InputError(
                "validation by a given split, and no other, needs column and test (the values "
                "that mean testing); correct the table validation"
            )


@dataclass(frozen=True, slots=True)
class Experiment:
    """A whole experiment; docs/how-to/train-a-prediction-model.md shows one.

    Parameters
    ----------
    name : str
    cohort : CohortSource
    target : Target
    models : tuple of ModelChoice
        On the same folds.
    features : FeatureChoice
        Of the models that have none of their own.
    validation : Validation
    harmonisation : {"none", "z_score", "combat"}
        Of features by site, fitted in training folds alone.
    intensity : {"z_score", "nyul", "fibroglandular", "fat"}
        Of the images of deep models.
    channels : tuple of str
        Images of deep models: ``pre``, ``early`` (first phase after contrast less pre), ``late``
        (last phase less the first), ``t2``, ``adc``, ``mask``.
    readers : tuple of str
        Columns with scores of readers, compared with the models on the same cases.
    learning_curve : tuple of int
        Numbers of training cases.
    bootstrap : int
        Samples of patients for intervals.
    permute_labels : bool
        Shuffle the outcome among cases: a sound pipeline then learns nothing.
    final_model : bool
        Train each model of a table on all cases at the end and keep it.
    simulation : bool
        Every case is simulated; all that comes of it is then labelled so.
    seed : int
    """

    name: str
    cohort: CohortSource
    target: Target
    models: tuple[ModelChoice, ...]
    features: FeatureChoice = FeatureChoice()
    validation: Validation = Validation()
    harmonisation: SiteHarmonisation = SiteHarmonisation.NONE
    intensity: IntensityStandard = IntensityStandard.Z_SCORE
    channels: tuple[str, ...] = ("pre", "early", "late", "mask")
    readers: tuple[str, ...] = ()
    learning_curve: tuple[int, ...] = ()
    bootstrap: int = 2000
    permute_labels: bool = False
    final_model: bool = True
    simulation: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        labels = [model.label for model in self.models]
        folders = {plain_name(label) for label in labels}
        if not labels or len(folders) != len(labels) or "" in folders:
            raise InputError(
                "an experiment needs models whose names differ in letters or digits, got "
                f"{', '.join(labels) or 'none'}; give each a name"
            )
        for model in self.models:
            if missing := sorted(set(model.members) - set(labels)):
                raise InputError(
                    f"{model.label} joins {', '.join(missing)}, which the experiment lacks; "
                    "add these models or name others"
                )
            joined = [one for one in self.models if one.label in model.members]
            is_hybrid = model.kind in HYBRID_KINDS
            if is_hybrid != bool(joined) or any(one.kind in HYBRID_KINDS for one in joined):
                raise InputError(
                    f"{', '.join(HYBRID_KINDS)}, and no others, join members, which are models "
                    f"that learn by themselves; correct {model.label}"
                )
            if is_hybrid and self.target.kind not in (TargetKind.BINARY, TargetKind.CLASSES):
                raise InputError(
                    f"{model.label} joins models of classes, the target {self.target.name} has "
                    "none; leave it out"
                )


def plain_name(name: str) -> str:
    """A name in small letters and digits with hyphens, fit for a folder."""
    plain = "".join(c.lower() if c.isascii() and c.isalnum() else "-" for c in name)
    return "-".join(filter(None, plain.split("-")))
