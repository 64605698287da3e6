"""Words of the lexicons that come with the package."""

import json
from importlib import resources

import pytest

from mamri.findings.lexicon import DEFAULT_LEXICON, load_lexicon
from mamri.records import UNDETERMINED, InputError

# Every code that descriptors.py can give; test_descriptors.py shows that it gives them.
CODES = {
    "type": ("focus", "mass", "non_mass"),
    "shape": ("oval", "round", "irregular"),
    "margin": ("circumscribed", "irregular", "spiculated"),
    "internal_enhancement": ("homogeneous", "heterogeneous", "rim", "clumped"),
    "distribution": ("focal", "linear", "segmental", "regional", "diffuse"),
    "t2_signal": ("low", "equal", "high"),
    "oedema": ("absent", "perifocal"),
}
NAMES = sorted(
    file.name.removesuffix(".json")
    for file in (resources.files("mamri.findings") / "lexicons").iterdir()
    if file.name.endswith(".json")
)


def test_the_default_comes_with_the_package():
    assert DEFAULT_LEXICON in NAMES
    assert load_lexicon() == load_lexicon(DEFAULT_LEXICON)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("descriptor", "codes"), CODES.items())
def test_every_code_has_a_word(name, descriptor, codes):
    words = [load_lexicon(name).word(descriptor, code) for code in codes]

    assert all(words)
    assert len(set(words)) == len(words)
    assert UNDETERMINED not in words


@pytest.mark.parametrize("name", NAMES)
def test_a_lexicon_is_whole(name):
    lexicon = load_lexicon(name)

    assert set(CODES) == set(lexicon.terms) == set(lexicon.labels)
    assert all(lexicon.labels.values())
    assert set(lexicon.applies_to.values()) <= set(lexicon.terms["type"])


def test_words_are_those_of_the_edition():
    lexicon = load_lexicon("bi-rads-mri-5")

    assert "non-mass enhancement" == lexicon.word("type", "non_mass")
    assert "hyperintense" == lexicon.word("t2_signal", "high")
    assert {"shape": "mass", "margin": "mass", "distribution": "non_mass"} == lexicon.applies_to


def test_the_title_holds_name_and_version():
    lexicon = load_lexicon()
    file = resources.files("mamri.findings") / "lexicons" / f"{DEFAULT_LEXICON}.json"
    written = json.loads(file.read_text(encoding="utf-8"))

    assert written["name"] in lexicon.title
    assert written["version"] in lexicon.title


@pytest.mark.parametrize("descriptor", [*CODES, "no such descriptor"])
def test_undetermined_stays(descriptor):
    assert UNDETERMINED == load_lexicon().word(descriptor, UNDETERMINED)


def test_an_unknown_code_is_refused_with_what_there_is():
    with pytest.raises(InputError, match=r"'star' for shape .*oval, round.*; add it"):
        load_lexicon().word("shape", "star")


def test_an_unknown_descriptor_is_refused():
    with pytest.raises(InputError, match=r"for colour .it has none.*; add it"):
        load_lexicon().word("colour", "red")


def test_an_unknown_lexicon_is_refused_with_what_there_is():
    with pytest.raises(InputError, match=f"got 'bi-rads-9'; there are .*{DEFAULT_LEXICON}"):
        load_lexicon("bi-rads-9")
