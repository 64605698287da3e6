"""Models that come and go as folders: checked, then copied whole or not at all."""

import os
import shutil
import tempfile
from pathlib import Path

from mamri.io.model_folder import ModelFolder, read_model_folder, verify_model_folder
from mamri.records import ModelError


def copy_model(source: Path, place: Path) -> ModelFolder:
    """Copy a model into a folder of models, under its name.

    Parameters
    ----------
    source : Path
        Folder of a model that holds to its manifest.
    place : Path
        Folder of model folders; made where it is missing.

    Returns
    -------
    ModelFolder
        The copy.

    Raises
    ------
    ModelError
        If the model departs from its manifest, or the place has another of its name.
    """
    model = read_model_folder(source)
    problems = verify_model_folder(source)
    if problems:
        raise ModelError(
            f"a model must hold to its manifest, {model.card.name} does not: "
            f"{'; '.join(problems)}; get it again from its source"
        )
    target = place / model.card.name
    if target.exists():
        raise ModelError(
            f"a model of a new name was needed, {target.name} exists already; remove that folder "
            "first"
        )
    place.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=place))
    try:
        # Files alone: what verification left out, hidden files and links, stays behind.
        for file in sorted(source.iterdir()):
            if file.is_file() and not file.name.startswith("."):
                shutil.copyfile(file, partial / file.name)
        partial.chmod(0o755)
        os.replace(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return read_model_folder(target)
