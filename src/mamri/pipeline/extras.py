"""Whether an extra is installed, asked before anything needs it."""

from importlib.util import find_spec

from mamri.records import ModelError

_PREDICT = ("sklearn", "pandas", "yaml", "skops", "shap", "matplotlib")


def check_predict_extra() -> None:
    """Refuse to go on without what models of tables need.

    Raises
    ------
    ModelError
        If a package of the extra ``predict`` is not installed.
    """
    _check("predictions", "predict", _PREDICT)


def check_survival_extra() -> None:
    """Refuse to go on without what models of survival need.

    Raises
    ------
    ModelError
        If scikit-survival is not installed.
    """
    _check("models of survival", "survival", ("sksurv",))


def check_torch() -> None:
    """Refuse to go on without what networks are trained with.

    Raises
    ------
    ModelError
        If torch is not installed.
    """
    _check("training and deep models", "train", ("torch",))


def _check(purpose: str, extra: str, packages: tuple[str, ...]) -> None:
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise ModelError(
            f"{purpose} need the extra {extra}, of which {', '.join(missing)} cannot be found; "
            f"pip install 'mamri[{extra}]'"
        )
