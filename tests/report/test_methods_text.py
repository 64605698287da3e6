"""Methods paragraph and references."""

from mamri.records import Provenance
from mamri.report.methods_text import bibtex, methods_text

DOE = "Doe J. A title. J Imaging 2001;1:2-3. doi:10.1000/ab.1"
ROE = "Roe R. Another. J Imaging 2002;4:5-6. doi:10.1000/cd(02)2-x."


def test_sentences_keep_the_order_of_the_work():
    steps = [Provenance("b", "Second."), Provenance("a", "First.")]
    assert ["Second.", "First."] == [s.text for s in methods_text(steps).sentences]


def test_a_reference_of_two_steps_gets_one_number():
    steps = [
        Provenance("a", "One.", references=(DOE,)),
        Provenance("b", "Two.", references=(ROE, DOE)),
    ]
    text = methods_text(steps)
    assert (DOE, ROE) == text.references
    assert [(1,), (1, 2)] == [s.citations for s in text.sentences]
    assert "Two. [1, 2]" in text.as_plain_text()


def test_no_step_makes_no_text():
    assert methods_text([]).as_plain_text() == ""


def test_bibtex_takes_year_and_doi():
    entry = bibtex([ROE])
    assert entry.startswith("@misc{roe2002,")
    assert "doi = {10.1000/cd(02)2-x}" in entry
    assert "year = {2002}" in entry


def test_bibtex_keys_differ():
    keys = [line for line in bibtex([DOE, DOE, DOE]).splitlines() if line.startswith("@")]
    assert len(set(keys)) == 3


def test_bibtex_survives_braces_and_percent_signs():
    entry = bibtex(["Doe J. 50 % of {all} & more. 2001."])
    assert "50 \\% of all \\& more" in entry
    assert entry.count("{") == entry.count("}")


def test_a_citation_without_year_or_doi_is_kept():
    assert bibtex(["Handbook"]) == "@misc{handbook,\n  note = {Handbook}\n}"
