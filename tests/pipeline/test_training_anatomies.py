"""Anatomies on disk; reading them needs torch."""

from pathlib import Path

import numpy as np
import pytest

from mamri.pipeline import training_anatomies
from mamri.pipeline.training_anatomies import (
    AnatomyFolder,
    RotatingPool,
    load_anatomy,
    write_anatomies,
)
from mamri.records import InputError
from mamri.simulation import LesionMix, Tissue
from mamri.simulation.sequences import Grid
from mamri.simulation.training_anatomy import (
    DYNAMIC_TIMES_S,
    SIDE_STEP,
    TrainingLabel,
    make_training_anatomy,
)

_COARSE = Grid((40, 50, 64), (6.0, 6.0, 6.0))


@pytest.fixture(autouse=True)
def _coarse_anatomies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_anatomies, "training_grid", lambda _: _COARSE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_anatomies, "training_grid", lambda _: _COARSE)
        place = tmp_path_factory.mktemp("anatomies")
        write_anatomies(place, first_seed=3, n=2)
        return place


def test_anatomies_that_are_there_are_kept(folder: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in folder.iterdir()}
    told: list[str] = []

    paths = write_anatomies(folder, first_seed=3, n=3, begin_step=told.append)

    assert ["keeping", "keeping", "making"] == [text.split("_")[0] for text in told]
    assert all(p.stat().st_mtime_ns == time for p, time in before.items())
    assert sorted(folder.iterdir()) == paths
    paths[-1].unlink()


def test_an_interrupted_write_leaves_no_anatomy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez_compressed", full_disk)

    with pytest.raises(OSError, match="no space"):
        write_anatomies(tmp_path, first_seed=1, n=1)
    assert [] == list(tmp_path.glob("anatomy-*"))


def test_what_is_written_is_what_the_stream_reads(folder: Path) -> None:
    torch = pytest.importorskip("torch")
    made = make_training_anatomy(3, grid=_COARSE)

    read = load_anatomy(folder / "anatomy-000003.npz")

    np.testing.assert_array_equal(made.target, read.target.numpy())
    np.testing.assert_array_equal(made.mixture.tissues, read.tissues.numpy())
    np.testing.assert_allclose(made.mixture.affine, read.affine)
    assert (SIDE_STEP + TrainingLabel.BREAST, 2 * SIDE_STEP + TrainingLabel.BREAST) in (
        read.coding.mirrored_labels
    )
    assert torch.uint8 == read.share.dtype
    assert len(made.still_tables) == len(read.signal_tables)


def test_dynamic_anatomies_have_times_and_each_lesion_in_focus(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    mix = LesionMix(with_lesion=1.0, further_benign=3.0)
    (path,) = write_anatomies(tmp_path, first_seed=4, n=1, mix=mix)
    made = make_training_anatomy(4, mix, _COARSE)

    read = load_anatomy(path, dynamic=True)

    assert len(made.dynamic_tables) == len(read.signal_tables)
    assert {DYNAMIC_TIMES_S} == {table.times_s for table in read.signal_tables}
    in_breast = (made.mixture.lesions > 0) & (made.mixture.breast > 0)
    n_lesions = np.unique(made.mixture.lesions[in_breast]).size
    assert n_lesions > 1
    focused = [centres[0] for centres in read.centres]
    tissues = [int(read.tissues[0][tuple(at)]) for at in focused]
    assert 1 == tissues.count(Tissue.NODE)
    labels = [int(read.target[tuple(at)]) % SIDE_STEP for at in focused]
    assert 2 * n_lesions == labels.count(TrainingLabel.LESION)
    assert labels.count(TrainingLabel.FIBROGLANDULAR) == 2


def test_contrasts_are_taken_by_number(folder: Path) -> None:
    pytest.importorskip("torch")
    path = folder / "anatomy-000003.npz"
    whole = load_anatomy(path).signal_tables

    some = load_anatomy(path, contrasts=(3, 0)).signal_tables

    assert 2 == len(some)
    for mine, all_of_them in zip(some, (whole[3], whole[0]), strict=True):
        assert bool((mine.signal == all_of_them.signal).all())
    with pytest.raises(InputError, match="from 0 to 12"):
        load_anatomy(path, contrasts=(13,))


def test_the_stream_runs_on_a_folder_of_anatomies(folder: Path) -> None:
    pytest.importorskip("torch")
    from mamri.training import RandomisationSettings, SpatialSettings, training_stream

    anatomies = AnatomyFolder(folder, kept=1)
    settings = RandomisationSettings(spatial=SpatialSettings(shape=(24, 24, 24), spacing_mm=6.0))
    stream = training_stream(anatomies, settings, seed=4)
    seen: set[int] = set()
    for _ in range(8):
        image, target = next(stream)
        assert (1, 24, 24, 24) == tuple(image.shape)
        assert bool(image.isfinite().all())
        seen |= set(target.unique().tolist())
    assert {SIDE_STEP + TrainingLabel.BREAST, 2 * SIDE_STEP + TrainingLabel.BREAST} <= seen
    assert 2 == len(anatomies)


def test_other_files_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "anatomy-000001.npz").write_bytes(b"none")
    np.savez(tmp_path / "anatomy-000002.npz", schema=np.array("other/1"))

    with pytest.raises(InputError, match="cannot be read as one"):
        load_anatomy(tmp_path / "anatomy-000001.npz")
    with pytest.raises(InputError, match="is another"):
        load_anatomy(tmp_path / "anatomy-000002.npz")
    with pytest.raises(InputError, match="none was found"):
        AnatomyFolder(tmp_path / "nowhere")


def test_a_box_around_the_breasts_lies_where_it_was(folder: Path) -> None:
    pytest.importorskip("torch")
    whole = load_anatomy(folder / "anatomy-000003.npz")

    part = load_anatomy(folder / "anatomy-000003.npz", margin_mm=12.0, every=2)

    assert part.target.numel() < whole.target.numel() / 8
    corner = np.linalg.solve(whole.affine, part.affine[:, 3]).round().astype(int)[:3]
    box = tuple(slice(low, low + 2 * size, 2) for low, size in zip(corner, part.shape, strict=True))
    np.testing.assert_array_equal(whole.target[box].numpy(), part.target.numpy())
    assert (12.0, 12.0, 12.0) == part.spacing_mm


def test_a_pool_turns_through_all_anatomies() -> None:
    pool = [
        list(RotatingPool(range(5), size=2, turn=3, index=index))  # type: ignore[arg-type]
        for index in range(15)
    ]
    assert [0, 1] == pool[0] == pool[2]
    assert [1, 2] == pool[3]
    assert [4, 0] == pool[14]
