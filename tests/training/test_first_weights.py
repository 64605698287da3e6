import pytest
import torch
from training.tiny import tiny_network

from mamri.networks.unet import UNet
from mamri.records import ModelError
from mamri.training import start_from


def _weights(network: UNet) -> dict:
    return {name: value.numpy() for name, value in network.state_dict().items()}


def test_all_weights_are_taken_where_classes_agree() -> None:
    given, network = tiny_network(seed=1), tiny_network(seed=2)
    assert not start_from(network, _weights(given))
    for name, value in given.state_dict().items():
        assert torch.equal(value, network.state_dict()[name])


def test_heads_for_other_classes_start_anew() -> None:
    given, network = tiny_network(seed=1), tiny_network(seed=2, classes=5)
    heads = {n: v.clone() for n, v in network.state_dict().items() if n.startswith("heads.")}

    assert start_from(network, _weights(given))

    for name, value in network.state_dict().items():
        expected = heads[name] if name in heads else given.state_dict()[name]
        assert torch.equal(expected, value)


def test_weights_of_another_network_are_refused() -> None:
    network = tiny_network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    wider, deeper = tiny_network(features=(6, 9)), tiny_network(features=(6, 8, 10))
    for other in (wider, deeper):
        with pytest.raises(ModelError, match="arrays differ"):
            start_from(network, _weights(other))
    few = dict(list(_weights(network).items())[3:])
    with pytest.raises(ModelError, match="the first is"):
        start_from(network, few)
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in before.items())
