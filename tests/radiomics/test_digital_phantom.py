"""The values of IBSI-1 for its digital phantom, in space, which need no data from elsewhere."""

import pytest
from radiomics.digital_phantom import IMAGE, MASK, SPACING_MM, VALUES
from radiomics.reference_values import digital

from mamri.radiomics import Aggregation, extract_features


@pytest.fixture(scope="module")
def values() -> dict[str, float | None]:
    settings = digital(Aggregation.SPACE_MERGED)
    return dict(extract_features(IMAGE, MASK, SPACING_MM, settings).values)


@pytest.mark.parametrize("line", VALUES.split("\n")[1:-1])
def test_the_published_value_is_reached(values: dict[str, float | None], line: str):
    key, value, tolerance = line.split()
    ours = values[key]

    assert ours is not None
    assert float(value) == pytest.approx(float(f"{ours:.3g}"), abs=float(tolerance) + 1e-9)


def test_every_feature_has_a_published_value_here(values: dict[str, float | None]):
    assert list(values) == [line.split()[0] for line in VALUES.split("\n")[1:-1]]
