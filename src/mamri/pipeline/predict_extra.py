"""Whether the extra ``predict`` is installed, asked before anything needs it."""

from importlib.util import find_spec

from mamri.records import ModelError

_PACKAGES = ("sklearn", "pandas", "yaml", "skops", "shap", "matplotlib")


def check_predict_extra() -> None:
    """Refuse to go on without the packages of the extra.

    Raises
    ------
    ModelError
        If one of them is not installed.
    """
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise ModelError(
            f"predictions need the extra predict, of which {', '.join(missing)} are not installed; "
            "pip install 'mamri[predict]'"
        )
