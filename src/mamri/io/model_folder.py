"""Models as folders: the card ``model.json``, weights, and a manifest of digests.

The manifest has the format of ``sha256sum``, so that ``sha256sum -c manifest.sha256`` checks a
model without this program. Nothing in a folder is ever executed.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mamri.io.manifest import MANIFEST, digest, read_manifest, write_manifest
from mamri.io.model_card import ModelCard, card_from_json, card_to_json
from mamri.networks.openvino_graph import openvino_network, save_openvino_network
from mamri.networks.stored_network import StoredNetwork
from mamri.networks.weight_file import load_weights, save_weights
from mamri.records import ModelError

CARD = "model.json"


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model on disk.

    Parameters
    ----------
    path : Path
    card : ModelCard
    sha256 : str
        Digest of the manifest, and so of the whole model.
    """

    path: Path
    card: ModelCard
    sha256: str

    def network(self, name: str) -> StoredNetwork:
        """One network, for `networks.choose_engine.engine_of`.

        Parameters
        ----------
        name : str

        Raises
        ------
        ModelError
            If the model has no such network.
        """
        if name not in self.card.networks:
            raise ModelError(
                f"the model {self.card.name} has the networks {', '.join(self.card.networks)}, "
                f"not {name}; use another model or a newer version of it"
            )
        entry = self.card.networks[name]
        openvino = None if entry.openvino is None else self.path / entry.openvino
        return StoredNetwork(entry.plan, self.path / entry.weights, openvino)


def read_model_folder(path: Path) -> ModelFolder:
    """Read the card of a model. Weights stay on disk and are not checked.

    Parameters
    ----------
    path : Path

    Returns
    -------
    ModelFolder

    Raises
    ------
    ModelError
        If this is no model folder, or its card departs from the schema.
    """
    try:
        document = json.loads((path / CARD).read_text(encoding="utf-8"))
        manifest = (path / MANIFEST).read_bytes()
    except OSError as error:
        raise ModelError(
            f"a model is a folder with {CARD} and {MANIFEST}, {path.name} has no readable "
            f"{Path(error.filename).name}; give the folder of a model, or restore it"
        ) from error
    except ValueError as error:
        raise ModelError(
            f"{CARD} must be JSON, that of {path.name} is not ({error}); restore it from where "
            "the model came from"
        ) from error
    return ModelFolder(path, card_from_json(document), hashlib.sha256(manifest).hexdigest())


def verify_model_folder(path: Path) -> list[str]:
    """Ways in which a model departs from its manifest; empty when it holds.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of str
        One sentence for each file that is missing, changed or not of the model, and for each
        network whose weights cannot be used.

    Raises
    ------
    ModelError
        As `read_model_folder`.
    """
    folder = read_model_folder(path)
    named = read_manifest(path)
    present = {file.name for file in path.iterdir() if file.name[0] != "."} - {MANIFEST}
    problems = [f"{name} is missing" for name in sorted(set(named) - present)]
    problems += [f"{name} is not in {MANIFEST}" for name in sorted(present - set(named))]
    for name in sorted(set(named) & present):
        if not (path / name).is_file() or digest(path / name) != named[name]:
            problems.append(f"{name} was changed")
    needed = {CARD, *_network_files(folder.card)}
    problems += [f"{name} is needed and not in {MANIFEST}" for name in sorted(needed - set(named))]
    if not problems:
        problems = _weight_problems(folder)
    return problems


def write_model_folder(
    path: Path,
    card: ModelCard,
    weights: Mapping[str, Mapping[str, np.ndarray]],
    *,
    half: bool = True,
) -> ModelFolder:
    """Write a model. The folder appears whole or not at all.

    Parameters
    ----------
    path : Path
        New or empty folder.
    card : ModelCard
        The files that it names are written: weights always, OpenVINO files where named.
    weights : mapping of str to mapping of str to float array
        Of each network of the card.
    half : bool
        Store them in half precision.

    Returns
    -------
    ModelFolder
        The same card and weights make the same bytes, and so the same digest.

    Raises
    ------
    ModelError
        If the folder is in use, or card and weights do not fit each other.
    """
    if set(weights) != set(card.networks):
        raise ModelError(
            f"weights are needed for the networks {sorted(card.networks)}, got {sorted(weights)}; "
            "give one set each"
        )
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ModelError(
            f"a model needs a new or empty folder, {path.name} exists; choose another or remove it"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        partial.chmod(0o755)
        _write_files(partial, card, weights, half=half)
        folder = read_model_folder(partial)
        os.replace(partial, path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return ModelFolder(path, folder.card, folder.sha256)


def _write_files(
    folder: Path,
    card: ModelCard,
    weights: Mapping[str, Mapping[str, np.ndarray]],
    *,
    half: bool,
) -> None:
    for name, entry in card.networks.items():
        save_weights(folder / entry.weights, weights[name], half=half)
        stored = load_weights(folder / entry.weights)
        if entry.openvino is None:
            openvino_network(entry.plan, stored)  # refuses weights of another plan
        else:
            save_openvino_network(folder / entry.openvino, entry.plan, stored)
    (folder / CARD).write_text(_card_text(card), encoding="utf-8")
    write_manifest(folder)


def _card_text(card: ModelCard) -> str:
    try:
        return json.dumps(card_to_json(card), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"a model card needs plain finite values, got others ({error}); convert arrays to "
            "lists and numpy numbers to Python's"
        ) from error


def _network_files(card: ModelCard) -> list[str]:
    found = []
    for entry in card.networks.values():
        found.append(entry.weights)
        if entry.openvino is not None:
            found += [entry.openvino, str(Path(entry.openvino).with_suffix(".bin"))]
    return found


def _weight_problems(folder: ModelFolder) -> list[str]:
    problems = []
    for name in folder.card.networks:
        stored = folder.network(name)
        try:
            openvino_network(stored.plan, load_weights(stored.weights))
        except ModelError as error:
            problems.append(f"the network {name} cannot be built: {error}")
    return problems
