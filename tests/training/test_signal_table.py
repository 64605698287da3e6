import numpy as np
import pytest
import torch

from mamri.records import GeometryError
from mamri.training import signal_table


def test_uptake_between_columns_is_interpolated() -> None:
    table = signal_table(np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 6.0]]), max_uptake=2.0)

    np.testing.assert_allclose(
        [1.0, 1.5, 2.0, 4.0, 6.0, 6.0], table.signal[0, 1, [0, 50, 100, 150, 200, 255]], rtol=1e-6
    )


def test_the_last_column_is_the_highest_uptake_byte_unless_said_otherwise() -> None:
    table = signal_table(np.array([[0.0, 0.0], [0.0, 2.55]]))

    np.testing.assert_allclose(np.arange(256) / 100, table.signal[0, 1], atol=1e-6)


def test_air_and_unknown_tissues_have_no_signal() -> None:
    table = signal_table(np.full((3, 4), 5.0))

    assert torch.all(table.signal[:, 0] == 0)
    assert torch.all(table.signal[:, 1:3] == 5)
    assert torch.all(table.signal[:, 3:] == 0)


def test_phases_come_first() -> None:
    signals = np.arange(12.0).reshape(2, 1, 6)

    table = signal_table(signals)

    assert 6 == table.n_phases
    np.testing.assert_array_equal(signals[1, 0], table.signal[:, 1, 100])


@pytest.mark.parametrize(
    "signals",
    [np.zeros(3), np.zeros((1, 4)), np.zeros((257, 4)), np.full((3, 4), -1.0),
     np.full((3, 4), np.nan)],
)  # fmt: skip
def test_impossible_tables_are_refused(signals: np.ndarray) -> None:
    with pytest.raises(GeometryError, match="; "):
        signal_table(signals)
