"""Start a training from the weights of another."""

from collections.abc import Mapping

import numpy as np
import torch

from mamri.networks.unet import UNet
from mamri.records import ModelError

_HEAD = "heads."


def start_from(network: UNet, weights: Mapping[str, np.ndarray]) -> bool:
    """Take over weights, all but heads for another number of classes.

    Parameters
    ----------
    network : UNet
        Changed in place.
    weights : mapping of str to float array
        Of a network of the same plan but for its classes.

    Returns
    -------
    bool
        Whether the heads were left as they were.

    Raises
    ------
    ModelError
        If the weights are of another network.
    """
    own = network.state_dict()
    given = {name: torch.from_numpy(np.array(w, np.float32)) for name, w in weights.items()}
    body = {name for name in own if not name.startswith(_HEAD)}
    unfit = sorted(n for n in body if n not in given or given[n].shape != own[n].shape)
    unfit += sorted(n for n in given if n not in own and not n.startswith(_HEAD))
    if unfit:
        raise ModelError(
            f"weights to start from must be of the same network, {len(unfit)} arrays differ, the "
            f"first is {unfit[0]}; give the table network the sizes of that model"
        )
    heads = {n for n in own if n.startswith(_HEAD) and n in given}
    fit = {n for n in heads if given[n].shape == own[n].shape}
    is_replaced = fit != heads or not heads
    taken = body if is_replaced else body | fit
    network.load_state_dict({**own, **{name: given[name] for name in taken}})
    return is_replaced
