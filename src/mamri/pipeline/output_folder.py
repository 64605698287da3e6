"""A folder that appears whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mamri.records import InputError


def check_output(output: Path, *, overwrite: bool, marker: str) -> None:
    """Refuse an output folder that holds something else.

    Parameters
    ----------
    output : Path
    overwrite : bool
        Allow a folder that holds an earlier result.
    marker : str
        File that shows a folder to be an earlier result.

    Raises
    ------
    InputError
        If the folder is not empty and may not be replaced.
    """
    if not output.exists():
        return
    if not output.is_dir():
        raise InputError(
            "the output must be a folder, a file of this name exists; choose another -o"
        )
    if not any(output.iterdir()):
        return
    if not (output / marker).is_file():
        raise InputError(
            f"the output folder must be new or empty, it holds other files and no {marker}; "
            "choose another -o"
        )
    if not overwrite:
        raise InputError(
            "the output folder must be new or empty, it holds an earlier result; "
            "choose another -o or add --overwrite"
        )


@contextmanager
def whole_folder(output: Path, *, overwrite: bool, marker: str) -> Iterator[Path]:
    """Write into a hidden neighbour of the output folder and move it there at the end.

    Yields
    ------
    Path
        Folder to write into. After an error it is removed and the output is as it was.
    """
    check_output(output, overwrite=overwrite, marker=marker)
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
    partial.chmod(0o755)
    try:
        yield partial
        if output.exists():
            shutil.rmtree(output)
        os.replace(partial, output)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
