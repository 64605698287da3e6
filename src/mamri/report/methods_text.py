"""The methods paragraph of a run, from what was really done, with numbered citations."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mamri.records import Provenance

# A doi as Crossref recommends to match it, without closing punctuation.
_DOI = re.compile(r"10\.\d{4,9}/[^\s;,]+[^\s;,.)]")
_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")
_WORD = re.compile(r"[A-Za-zÀ-ž]+")


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """What one step did, and the numbers of the references it rests on, from 1."""

    step: str
    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MethodsText:
    """Sentences in the order of the work, and the references in the order of citation."""

    sentences: tuple[CitedSentence, ...]
    references: tuple[str, ...]

    def as_plain_text(self) -> str:
        """Paragraph and numbered references, for a manuscript."""
        paragraph = " ".join(
            sentence.text + (f" [{_joined(sentence.citations)}]" if sentence.citations else "")
            for sentence in self.sentences
        )
        listed = "\n".join(f"{i}. {text}" for i, text in enumerate(self.references, 1))
        return f"{paragraph}\n\n{listed}" if listed else paragraph


def methods_text(provenance: Iterable[Provenance]) -> MethodsText:
    """Gather the methods paragraph from the provenance of a run.

    Parameters
    ----------
    provenance : iterable of Provenance
        In the order of the work. A reference cited by several steps gets one number.

    Examples
    --------
    >>> steps = [Provenance("a", "Noise was removed.", references=("Doe J. 2001.",)),
    ...          Provenance("b", "Curves were read.", references=("Doe J. 2001.", "Roe R. 2002."))]
    >>> print(methods_text(steps).as_plain_text())
    Noise was removed. [1] Curves were read. [1, 2]
    <BLANKLINE>
    1. Doe J. 2001.
    2. Roe R. 2002.
    """
    numbers: dict[str, int] = {}
    sentences = []
    for step in provenance:
        citations = tuple(
            sorted(numbers.setdefault(text, len(numbers) + 1) for text in step.references)
        )
        sentences.append(CitedSentence(step.step, step.method, citations))
    return MethodsText(tuple(sentences), tuple(numbers))


def bibtex(references: Iterable[str]) -> str:
    """References as BibTeX entries: the whole citation as a note, the year and the doi as fields.

    Citations are free text, so authors and title are not taken apart: a reference manager
    completes the entry from its doi.

    Examples
    --------
    >>> print(bibtex(["Doe J. A title. J Imaging 2001;1:2-3. doi:10.1000/ab.1"]))
    @misc{doe2001,
      note = {Doe J. A title. J Imaging 2001;1:2-3. doi:10.1000/ab.1},
      year = {2001},
      doi = {10.1000/ab.1}
    }
    """
    used: dict[str, int] = {}
    entries = []
    for text in references:
        first, year, doi = _WORD.search(text), _YEAR.search(text), _DOI.search(text)
        key = (first[0].lower() if first else "reference") + (year[0] if year else "")
        used[key] = used.get(key, 0) + 1
        if used[key] > 1:
            key = f"{key}_{used[key]}"
        fields = [("note", _braced(text))]
        fields += [("year", year[0])] if year else []
        fields += [("doi", doi[0])] if doi else []
        body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields)
        entries.append(f"@misc{{{key},\n{body}\n}}")
    return "\n\n".join(entries)


def _braced(text: str) -> str:
    """Text without the characters that BibTeX and TeX would read as commands."""
    return re.sub(r"([%&#$_])", r"\\\1", re.sub(r"[{}\\]", "", text))


def _joined(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in numbers)
