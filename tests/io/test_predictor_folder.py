"""Predictors on disk: the same answers after a round trip, and nothing that was changed is read."""

import hashlib
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from prediction.cohorts import MALIGNANT, telling_table
from prediction.trained_predictors import (
    CARD,
    NUMBER,
    SUBTYPE,
    TIME,
    every_outcome,
    trained_predictor,
    with_wide_domain,
)

from mamri.io.manifest import MANIFEST, write_manifest
from mamri.io.predictor_folder import predictor_schema, read_predictor, write_predictor
from mamri.prediction.experiment import SiteHarmonisation
from mamri.prediction.predictor import predict_case
from mamri.prediction.table_learner import TableMember
from mamri.records import ModelError

FILES = ("arrays.safetensors", "estimator.skops", "model.json")


class _Stranger:
    """A type that no predictor may hold."""

    def __init__(self) -> None:
        self.number = 1


@pytest.fixture
def folder(tmp_path):
    write_predictor(tmp_path / "m", trained_predictor(), CARD)
    return tmp_path / "m"


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("logistic", MALIGNANT),
        ("logistic", SUBTYPE),
        ("lasso", MALIGNANT),
        ("lasso", SUBTYPE),
        ("svm", MALIGNANT),
        ("svm", NUMBER),
        ("random_forest", MALIGNANT),
        ("random_forest", NUMBER),
        ("gradient_boosting", MALIGNANT),
        ("gradient_boosting", SUBTYPE),
        ("gradient_boosting", NUMBER),
        ("ridge", NUMBER),
        ("cox", TIME),
        ("survival_forest", TIME),
    ],
)
def test_a_predictor_that_was_read_gives_the_same_answers(tmp_path, kind, target):
    if target is TIME:
        pytest.importorskip("sksurv")
    predictor = with_wide_domain(trained_predictor(kind, target))
    write_predictor(tmp_path / "m", predictor, CARD)

    found = read_predictor(tmp_path / "m").predictor

    assert (predictor.name, target) == (found.name, found.target)
    assert (predictor.classes, predictor.columns) == (found.classes, found.columns)
    x = every_outcome(8, 2).filter(like="x").to_numpy()
    for member, again in zip(predictor.members, found.members, strict=True):
        sites = np.full(len(x), "")
        np.testing.assert_array_equal(
            member.score(x, sites, target.kind), again.score(x, sites, target.kind)
        )
    for row in [*x, np.array([0.1, np.nan, 0.0, 0.2])]:
        cells = dict(zip(predictor.columns, row.tolist(), strict=True))
        before, after = predict_case(predictor, cells), predict_case(found, cells)
        assert before.value == after.value
        assert (before.interval, before.possible) == (after.interval, after.possible)
        assert before.reason == after.reason
        # The last digit depends on the order in memory.
        assert before.probability == pytest.approx(after.probability, rel=1e-12)


def test_harmonised_predictors_keep_what_was_learned_of_their_sites(tmp_path):
    table = telling_table(80, 1)
    table["site"] = np.array(["b", "a"])[np.arange(80) // 2 % 2]
    table.loc[table["site"] == "a", "x1"] += 7
    predictor = trained_predictor(table=table, harmonisation=SiteHarmonisation.COMBAT)
    write_predictor(tmp_path / "m", predictor, CARD)

    found = read_predictor(tmp_path / "m").predictor

    x, sites = table.filter(like="x").to_numpy(), table["site"].to_numpy(str)
    for member, again in zip(predictor.members, found.members, strict=True):
        np.testing.assert_array_equal(
            member.score(x, sites, MALIGNANT.kind), again.score(x, sites, MALIGNANT.kind)
        )
    assert found.preparation.sites.is_empirical
    assert predict_case(found, dict.fromkeys(found.columns, 0.0)).reason.startswith("withheld")


def test_the_card_is_kept_and_the_digest_is_that_of_the_manifest(folder):
    found = read_predictor(folder)

    assert "mamri-predictor/1" == found.card["schema"]
    assert CARD == {name: found.card[name] for name in CARD}
    assert hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest() == found.sha256
    assert ("table", "") == (predictor_schema(folder), predictor_schema(folder.parent))


def test_the_same_predictor_makes_the_same_arrays_and_card(tmp_path):
    for name in ("one", "two"):
        write_predictor(tmp_path / name, trained_predictor(), CARD)

    for name in ("arrays.safetensors", "model.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


# What skops rebuilds by a constructor of its own choice, whatever the file says.
_REBUILT = {("sklearn.tree._tree", "Tree"), ("sklearn._loss._loss", "CyHalfBinomialLoss")}


def _rebuilt(node):
    """Types of the nodes of a skops schema that hold arguments of a constructor."""
    if isinstance(node, dict):
        if "__reduce__" in node:
            yield node["__module__"], node["__class__"]
        for inner in node.values():
            yield from _rebuilt(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _rebuilt(inner)


@pytest.mark.parametrize("kind", ["logistic", "random_forest", "gradient_boosting", "svm"])
def test_no_pickle_is_written(tmp_path, kind):
    write_predictor(tmp_path, trained_predictor(kind), CARD)

    assert [*FILES, MANIFEST] == sorted(
        (path.name for path in tmp_path.iterdir()), key=[*FILES, MANIFEST].index
    )
    with zipfile.ZipFile(tmp_path / "estimator.skops") as stored:
        names = stored.namelist()
        schema = json.loads(stored.read("schema.json"))
    assert not [name for name in names if not name.endswith((".json", ".npy", ".npz"))]
    assert "pickle" not in json.dumps(schema).lower()
    assert set(_rebuilt(schema)) <= _REBUILT


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_in_any_file_is_refused(folder, name):
    content = bytearray((folder / name).read_bytes())
    place = content.index(b"logistic") if name == "model.json" else len(content) // 2
    content[place] ^= 1
    (folder / name).write_bytes(bytes(content))

    with pytest.raises(ModelError, match=f"does not hold: {name} was changed; restore it"):
        read_predictor(folder)


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_a_missing_file_is_refused(folder, name):
    (folder / name).unlink()

    with pytest.raises(ModelError, match="has no readable ones"):
        read_predictor(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_manifest_that_leaves_a_file_out_is_refused(folder, name):
    """For it could then be changed."""
    lines = (folder / MANIFEST).read_text().splitlines(keepends=True)
    (folder / MANIFEST).write_text(
        "".join(line for line in lines if not line.endswith(f"{name}\n"))
    )

    with pytest.raises(ModelError, match="has no readable ones") as refused:
        read_predictor(folder)
    assert f"does not name {name}" in str(refused.value.__cause__)


def test_a_manifest_that_names_a_file_outside_is_refused(folder):
    outside = folder.parent / "x"
    outside.write_text("secret")
    sha256 = hashlib.sha256(outside.read_bytes()).hexdigest()
    with (folder / MANIFEST).open("a") as stream:
        stream.write(f"{sha256}  ../x\n")

    with pytest.raises(ModelError, match="has no readable ones"):
        read_predictor(folder)


def test_an_estimator_of_another_type_is_refused(folder):
    from skops.io import dumps

    (folder / "estimator.skops").write_bytes(dumps([_Stranger()]))
    write_manifest(folder)

    with pytest.raises(ModelError, match=r"known types was needed, it holds .*_Stranger"):
        read_predictor(folder)


def test_a_type_that_could_run_code_is_refused(folder):
    from functools import partial

    from skops.io import dumps

    (folder / "estimator.skops").write_bytes(dumps([partial(print, "run")]))
    write_manifest(folder)

    with pytest.raises(ModelError, match="known types was needed"):
        read_predictor(folder)


def test_an_estimator_of_another_type_is_not_written(tmp_path):
    predictor = trained_predictor()
    member = TableMember(predictor.preparation, _Stranger())

    with pytest.raises(ModelError, match="known types was needed"):
        write_predictor(tmp_path / "m", replace(predictor, members=(member,)), CARD)


@pytest.mark.parametrize("name", ["estimator.skops", "arrays.safetensors"])
def test_a_file_that_cannot_be_read_is_refused_though_its_digest_holds(folder, name):
    (folder / name).write_bytes(b"not what was expected")
    write_manifest(folder)

    with pytest.raises(ModelError):
        read_predictor(folder)


@pytest.mark.parametrize("missing", ["classes", "columns", "target", "sites", "name"])
def test_a_card_that_lacks_something_is_refused(folder, missing):
    card = json.loads((folder / "model.json").read_text())
    del card[missing]
    (folder / "model.json").write_text(json.dumps(card))
    write_manifest(folder)

    with pytest.raises(ModelError, match=missing):
        read_predictor(folder)


@pytest.mark.parametrize("text", ["[]", '{"schema": "another/1"}', '{"schema": []}', "3"])
def test_a_folder_of_another_schema_is_refused(folder, text):
    (folder / "model.json").write_text(text)
    write_manifest(folder)

    assert "" == predictor_schema(folder)
    with pytest.raises(ModelError, match="its schema is another"):
        read_predictor(folder)
