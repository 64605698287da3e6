"""One family of errors: a door needs to catch only its head."""

import pytest

from mamri.records import (
    DicomError,
    GeometryError,
    InputError,
    MamriError,
    ModelError,
    TimingError,
)


@pytest.mark.parametrize("error", [DicomError, GeometryError, TimingError])
def test_errors_about_the_input_are_input_errors(error: type[MamriError]) -> None:
    assert issubclass(error, InputError)


def test_a_missing_model_is_no_fault_of_the_input() -> None:
    assert issubclass(ModelError, MamriError)
    assert not issubclass(ModelError, InputError)
