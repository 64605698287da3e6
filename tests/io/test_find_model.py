"""Models by name or path, the user's own first."""

from pathlib import Path

import pytest

from mamri.io import find_model as find_model_module
from mamri.io.find_model import PACKAGED_MODELS, find_model, list_models
from mamri.io.model_folder import verify_model_folder, write_model_folder
from mamri.records import ModelError

from .example_model import WEIGHTS, example_card


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A user's folder with ``mine`` and ``both``, a package with ``both`` and ``packaged``."""
    user, packaged = tmp_path / "user", tmp_path / "packaged"
    monkeypatch.setattr(find_model_module, "PACKAGED_MODELS", packaged)
    for place, name in ((user, "mine"), (user, "both"), (packaged, "both"), (packaged, "packaged")):
        write_model_folder(place / name, example_card(name=name, version=place.name), WEIGHTS)
    return user, packaged


def test_the_users_model_comes_before_the_packaged_one(places: tuple[Path, Path]):
    user, _ = places
    assert "user" == find_model("both", user).card.version
    assert "packaged" == find_model("both").card.version
    assert "packaged" == find_model("packaged", user).card.version


def test_a_path_is_a_folder(places: tuple[Path, Path]):
    user, packaged = places
    assert packaged / "both" == find_model(packaged / "both", user).path
    assert packaged / "both" == find_model(str(packaged / "both"), user).path


def test_an_unknown_name_is_answered_with_those_there_are(places: tuple[Path, Path]):
    with pytest.raises(ModelError, match=r"name theirs is needed, found both, mine, packaged"):
        find_model("theirs", places[0])
    with pytest.raises(ModelError, match="found both, packaged"):
        find_model("mine")


def test_a_path_without_a_model_is_refused(tmp_path: Path):
    with pytest.raises(ModelError, match=r"no readable model\.json"):
        find_model(tmp_path)


def test_all_models_are_listed_once(places: tuple[Path, Path]):
    user, _ = places
    (user / "stray.txt").write_text("no model")
    (user / "empty").mkdir()
    found = [(m.name, m.is_packaged, m.model and m.model.card.version) for m in list_models(user)]
    assert [
        ("both", False, "user"),
        ("mine", False, "user"),
        ("packaged", True, "packaged"),
    ] == found
    assert ["both", "packaged"] == [m.name for m in list_models()]
    assert ["both", "packaged"] == [m.name for m in list_models(user / "nowhere")]


def test_a_damaged_model_is_listed_with_its_problem(places: tuple[Path, Path]):
    user, _ = places
    (user / "mine" / "model.json").write_text("{")
    (damaged,) = (m for m in list_models(user) if m.name == "mine")
    assert damaged.model is None
    assert "must be JSON" in damaged.problem


@pytest.mark.parametrize("listed", list_models(), ids=lambda m: m.name)
def test_packaged_models_are_whole_and_named_like_their_folder(listed):
    assert listed.path.parent == PACKAGED_MODELS
    assert [] == verify_model_folder(listed.path)
    assert listed.name == listed.model.card.name
