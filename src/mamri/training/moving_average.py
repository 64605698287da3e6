"""Exponential moving average of weights: smoother than the last step's, and what is kept."""

import copy
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from mamri.networks.unet import UNet
from mamri.records import ModelError


class MovingAverage:
    """A copy of a network whose weights follow it slowly.

    Parameters
    ----------
    network : UNet
    decay : float
        Share of the old average that each update keeps; less in the first updates, so that the
        first weights are soon forgotten.
    """

    def __init__(self, network: UNet, decay: float) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False)
        self.network.eval()
        self.updates = 0
        self._decay = decay

    @torch.no_grad()
    def update(self, network: UNet) -> None:
        """Move towards the weights of the network."""
        self.updates += 1
        keep = min(self._decay, (1 + self.updates) / (10 + self.updates))
        for mine, new in zip(self.network.parameters(), network.parameters(), strict=True):
            mine.lerp_(new.detach(), 1 - keep)

    def save(self, path: Path) -> None:
        """Write the averaged weights, float32."""
        partial = path.with_name(f".{path.name}.part")
        save_file({k: v.contiguous() for k, v in self.network.state_dict().items()}, partial)
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Take averaged weights from a file of `save`.

        Raises
        ------
        ModelError
            If it is damaged or of another network.
        """
        try:
            self.network.load_state_dict(load_file(path))
        except (SafetensorError, RuntimeError) as error:
            raise ModelError(
                f"{path.name} does not fit this network or is damaged; remove it to keep the "
                "weights of the checkpoint, or train in a new folder"
            ) from error
