"""Where models are found: in a folder of the user, and beside this file in the package."""

from dataclasses import dataclass
from pathlib import Path

from mamri.io.model_folder import CARD, ModelFolder, read_model_folder
from mamri.records import ModelError

PACKAGED_MODELS = Path(__file__).with_name("models")


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model that was found, whole or not.

    Parameters
    ----------
    name : str
        Of its folder.
    path : Path
    is_packaged : bool
        Whether it came with the package.
    model : ModelFolder or None
        None if its card cannot be read.
    problem : str
        Why not; empty otherwise.
    """

    name: str
    path: Path
    is_packaged: bool
    model: ModelFolder | None
    problem: str = ""


def find_model(name_or_path: str | Path, user_folder: Path | None = None) -> ModelFolder:
    """The model of a name, or in a folder.

    Parameters
    ----------
    name_or_path : str or Path
        A name is looked up in the user's folder first, then in the package. Whatever holds a
        separator, and every `Path`, is a folder.
    user_folder : Path or None
        Folder of model folders.

    Returns
    -------
    ModelFolder

    Raises
    ------
    ModelError
        If there is no such model, or its card cannot be read.
    """
    if isinstance(name_or_path, Path) or Path(name_or_path).name != name_or_path:
        return read_model_folder(Path(name_or_path))
    for place in _places(user_folder):
        if (place / name_or_path / CARD).is_file():
            return read_model_folder(place / name_or_path)
    known = sorted({listed.name for listed in list_models(user_folder)})
    raise ModelError(
        f"a model of the name {name_or_path} is needed, found {', '.join(known) or 'none'}; give "
        "one of these, the path of a model folder, or install it"
    )


def list_models(user_folder: Path | None = None) -> tuple[ListedModel, ...]:
    """All models that names can be looked up for.

    Parameters
    ----------
    user_folder : Path or None

    Returns
    -------
    tuple of ListedModel
        By name; the user's own hide those of the package with the same name.
    """
    found: dict[str, ListedModel] = {}
    for place in reversed(_places(user_folder)):
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            if (path / CARD).is_file():
                found[path.name] = _listed(path, is_packaged=place == PACKAGED_MODELS)
    return tuple(found[name] for name in sorted(found))


def _places(user_folder: Path | None) -> list[Path]:
    return [*([] if user_folder is None else [user_folder]), PACKAGED_MODELS]


def _listed(path: Path, *, is_packaged: bool) -> ListedModel:
    try:
        return ListedModel(path.name, path, is_packaged, read_model_folder(path))
    except ModelError as error:
        return ListedModel(path.name, path, is_packaged, None, str(error))
