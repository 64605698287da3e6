"""Words for descriptors, as versioned data: an edition of a lexicon is a file, not code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from mamri.records import UNDETERMINED, InputError

DEFAULT_LEXICON = "bi-rads-mri-5"


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of one edition.

    Parameters
    ----------
    name, version : str
    terms : mapping of descriptor to mapping of code to word
        Codes are those of mamri, words those of the edition.
    labels : mapping of descriptor to str
        Headings.
    applies_to : mapping of descriptor to code of a type
        Descriptors of one type of finding alone.
    """

    name: str
    version: str
    terms: Mapping[str, Mapping[str, str]]
    labels: Mapping[str, str]
    applies_to: Mapping[str, str]

    @property
    def title(self) -> str:
        """Name and version, for the result."""
        return f"{self.name}, data version {self.version}"

    def word(self, descriptor: str, code: str) -> str:
        """Word of a code; ``undetermined`` stays what it is.

        Raises
        ------
        InputError
            If the edition has no such term.
        """
        if code == UNDETERMINED:
            return UNDETERMINED
        try:
            return self.terms[descriptor][code]
        except KeyError:
            known = ", ".join(self.terms.get(descriptor, {})) or "none"
            raise InputError(
                f"the lexicon {self.name} has no term {code!r} for {descriptor} (it has {known}); "
                "add it to the lexicon's file"
            ) from None


@cache
def load_lexicon(name: str = DEFAULT_LEXICON) -> Lexicon:
    """Read a lexicon that comes with the package.

    Parameters
    ----------
    name : str
        Name of its file without the ending.

    Raises
    ------
    InputError
        If there is no such file.
    """
    folder = resources.files("mamri.findings") / "lexicons"
    file = folder / f"{name}.json"
    if not file.is_file():
        known = ", ".join(sorted(f.name.removesuffix(".json") for f in folder.iterdir()))
        raise InputError(f"a lexicon was needed, got {name!r}; there are {known}")
    found = json.loads(file.read_text(encoding="utf-8"))
    descriptors = found["descriptors"]
    return Lexicon(
        found["name"],
        found["version"],
        {name: about["terms"] for name, about in descriptors.items()},
        {name: about["label"] for name, about in descriptors.items()},
        {name: about["of"] for name, about in descriptors.items() if "of" in about},
    )
