from pathlib import Path

import pytest
import torch
from training.tiny import tiny_network

from mamri.records import ModelError
from mamri.training.moving_average import MovingAverage


def test_the_average_follows_its_recurrence() -> None:
    network = tiny_network()
    average = MovingAverage(network, 0.5)
    name, parameter = next(iter(network.named_parameters()))
    expected = parameter.detach().clone()
    for step in range(1, 20):
        with torch.no_grad():
            parameter.add_(float(step))
        average.update(network)
        keep = min(0.5, (1 + step) / (10 + step))
        expected = keep * expected + (1 - keep) * parameter.detach()
    torch.testing.assert_close(expected, average.network.state_dict()[name])
    assert 19 == average.updates


def test_a_constant_network_is_its_own_average() -> None:
    network = tiny_network()
    average = MovingAverage(network, 0.99)
    for _ in range(5):
        average.update(network)
    for name, value in average.network.state_dict().items():
        torch.testing.assert_close(value, network.state_dict()[name])
    assert not any(p.requires_grad for p in average.network.parameters())
    assert all(p.requires_grad for p in network.parameters())


def test_a_file_of_weights_comes_back_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    average = MovingAverage(tiny_network(seed=1), 0.9)
    path = tmp_path / "best.safetensors"
    average.save(path)
    other = MovingAverage(tiny_network(seed=2), 0.9)
    other.load(path)
    for name, value in average.network.state_dict().items():
        assert torch.equal(value, other.network.state_dict()[name])
    assert [path] == list(tmp_path.iterdir())

    with pytest.raises(ModelError, match=r"best\.safetensors does not fit"):
        MovingAverage(tiny_network(features=(6, 9)), 0.9).load(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match="damaged"):
        other.load(path)
