"""Two processes that torchrun starts train what one process does with a batch of two."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mamri.records import InputError
from mamri.training.processes import Ranks, from_first, is_any, joined, n_processes, summed

# Run under torchrun: examples of different classes and unknown voxels, so that only sums over both
# processes give the loss of the whole batch. The scores of the second process are made to differ.
_PROGRAM = """
import os, sys
from dataclasses import replace
from pathlib import Path
import torch
from mamri.networks.network_plan import NetworkKind, volume_plan
from mamri.networks.unet import build_network
from mamri.training import LoopSettings, Ranks, joined, train

torch.set_num_threads(1)
folder, batch = Path(sys.argv[1]), int(sys.argv[2])
ranks = Ranks(int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1)))

def example(index):
    generator = torch.Generator().manual_seed(index)
    target = torch.randint(0, 3, (8, 8, 8), generator=generator)
    if index % 2:
        target[target == 2] = 1
        target[:3] = -1
    return target[None].float() + 0.3 * torch.randn(1, 8, 8, 8, generator=generator), target

def judged(index):
    assert ranks.rank == 0, "the others take the scores of the first"
    return example(100)

plan = volume_plan(NetworkKind.PLAIN, in_channels=1, classes=3, features=(4, 6), blocks=(1, 1))
settings = LoopSettings(steps=8, batch=batch, precision="f32", validate_every=2, patience=2,
                        validation_examples=1, warmup_steps=0, learning_rate=1e-2)
with joined(ranks, "cpu") as where:
    network = build_network(plan, deep_supervision=True, seed=3)
    done = train(network, example, judged, ("a", "b", "c"), settings, folder,
                 device=where, ranks=ranks)
print("steps", ranks.rank, done.steps_done, done.best_step)
from safetensors.torch import save_file
save_file({k: v.contiguous() for k, v in network.state_dict().items()},
          folder / f"rank-{ranks.rank}.safetensors")
"""


def _trained(folder: Path, batch: int, processes: int) -> list[dict[str, torch.Tensor]]:
    folder.mkdir()
    program = folder / "program.py"
    program.write_text(_PROGRAM)
    start = [sys.executable]
    if processes > 1:
        start += ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    # Over the loopback interface: the name of a machine need not resolve.
    done = subprocess.run(
        [*start, str(program), str(folder), str(batch)],
        check=False, capture_output=True, text=True, timeout=240,
        env={**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return [load_file(folder / f"rank-{rank}.safetensors") for rank in range(processes)]


@pytest.mark.slow
def test_two_processes_train_what_one_does_with_a_batch_of_two(tmp_path: Path) -> None:
    first, second = _trained(tmp_path / "two", batch=1, processes=2)
    (alone,) = _trained(tmp_path / "one", batch=2, processes=1)

    for name, value in first.items():
        assert torch.equal(value, second[name]), name
        if name.endswith(".conv.bias"):
            continue  # without effect before a normalisation: Adam follows rounding alone
        # Sums in another order, over eight steps of float32.
        torch.testing.assert_close(alone[name], value, rtol=2e-3, atol=2e-4)
    # Both stop early, after the same validation.
    lines = [(tmp_path / n / "log.csv").read_text().count("\n") for n in ("one", "two")]
    assert lines[0] == lines[1]


def test_a_process_alone_is_its_own_group() -> None:
    with joined(Ranks(), "cpu") as where:
        assert torch.device("cpu") == where
        assert 1 == n_processes()
        assert [0.5] == from_first([0.5])
        assert is_any(True)
        assert not is_any(False)
        value = torch.ones(2)
        assert summed(value) is value


@pytest.mark.parametrize(("rank", "world"), [(1, 1), (-1, 2), (0, 0)])
def test_process_numbers_out_of_range_are_refused(rank: int, world: int) -> None:
    with pytest.raises(InputError, match="torchrun"):
        Ranks(rank, world)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="--device cpu"), joined(Ranks(), "cuda"):
        pass
