"""Labelled exams of two layouts: found, divided by patient, resampled, kept."""

import json
from pathlib import Path

import numpy as np
import pytest
from pipeline.labelled_exams import exam, save, write_mama_mia, write_nnunet

from mamri.io.case_folders import CaseLayout
from mamri.pipeline.real_cases import (
    CachedCases,
    cache_cases,
    cache_key,
    find_real_data,
    mirrored_classes,
)
from mamri.pipeline.training_configuration import RealDataSettings
from mamri.records import GeometryError, InputError


@pytest.fixture
def base(tmp_path: Path) -> Path:
    write_nnunet(tmp_path / "raw")
    return tmp_path


def test_nnunet_folders_name_their_classes_and_channels(base: Path) -> None:
    found = find_real_data(RealDataSettings(folder="raw"), base)

    assert ("background", "right", "left") == found.class_names
    assert {0: 0, 1: 1, 2: 2} == found.codes
    assert 2 == found.n_channels
    assert (4, 1) == (len(found.learnt), len(found.judged))
    assert not {c.name for c in found.learnt} & {c.name for c in found.judged}


def test_own_labels_join_classes_and_leave_some_out(base: Path) -> None:
    labels = {"1": "lesion", "2": "ignore"}
    found = find_real_data(RealDataSettings(folder="raw", labels=labels), base)

    assert ("background", "lesion") == found.class_names
    assert {0: 0, 1: 1, 2: 255} == found.codes


def test_mama_mia_folders_are_found_in_either_case(tmp_path: Path) -> None:
    write_mama_mia(tmp_path / "mm")
    settings = RealDataSettings(folder="mm", layout=CaseLayout.MAMA_MIA)

    found = find_real_data(settings, tmp_path)

    assert ("background", "lesion") == found.class_names
    assert ["duke_000_0000.nii.gz", "duke_000_0001.nii.gz"] == [
        path.name for path in min((*found.learnt, *found.judged), key=lambda c: c.name).images
    ]


def test_exams_of_a_patient_stay_together(base: Path) -> None:
    # woman_00 to woman_04: the first digit is the same for all but one.
    (base / "raw" / "labelsTr" / "woman_04.nii.gz").rename(
        base / "raw" / "labelsTr" / "woman_14.nii.gz"
    )
    for k in range(2):
        (base / "raw" / "imagesTr" / f"woman_04_{k:04d}.nii.gz").rename(
            base / "raw" / "imagesTr" / f"woman_14_{k:04d}.nii.gz"
        )
    for seed in range(4):
        settings = RealDataSettings(folder="raw", patient_pattern=r"woman_(\d)", split_seed=seed)
        found = find_real_data(settings, base)
        assert 1 == len({case.name[6] for case in found.judged})
        assert not {c.name[6] for c in found.judged} & {c.name[6] for c in found.learnt}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (RealDataSettings(folder="none"), "real.folder"),
        (RealDataSettings(folder="raw", layout=CaseLayout.MAMA_MIA), "real.layout"),
        (RealDataSettings(folder="raw", channels=(0, 7)), "woman_00_0007.nii.gz"),
        (RealDataSettings(folder="raw", labels={"one": "lesion"}), "whole numbers"),
        (RealDataSettings(folder="raw", labels={"1": "ignore"}), "a class besides background"),
        (RealDataSettings(folder="raw", patient_pattern="man_(9)"), "does not match"),
        (RealDataSettings(folder="raw", validation_share=0.95), "at least one patient"),
    ],
)
def test_what_does_not_serve_is_refused(base: Path, settings: RealDataSettings, said: str) -> None:
    with pytest.raises(InputError, match=said):
        find_real_data(settings, base)


def test_a_pair_of_no_class_is_refused() -> None:
    settings = RealDataSettings(folder="raw", mirrored=(("right", "lefft"),))
    with pytest.raises(InputError, match="lefft"):
        mirrored_classes(settings, ("background", "right", "left"))


def test_cached_exams_lie_as_the_patient_does_at_one_spacing(base: Path) -> None:
    pytest.importorskip("torch")
    settings = RealDataSettings(folder="raw")
    found = find_real_data(settings, base)
    folder = base / "cases"
    told: list[str] = []
    cache_cases(
        found.learnt, found, folder, spacing=2.0, is_level_shared=True, begin_step=told.append
    )
    assert 4 == len(told)
    cases = CachedCases(found.learnt, folder, 2.0, ((1, 2),))

    case = cases[0]

    assert (2, 24, 24, 30) == tuple(case.image.shape)  # 16 slices of 3 mm become 24 of 2
    target = case.target.numpy()
    columns = [np.argwhere(target == value)[:, 2].mean() for value in (1, 2)]
    np.testing.assert_allclose([8, 22], columns, atol=0.2)  # right before left
    _, label = exam(int(found.learnt[0].name[-2:]))
    np.testing.assert_allclose((label == 1).sum() * 12, (target == 1).sum() * 8, rtol=0.1)
    # One level for both channels: the second ball is twice as bright above the same air.
    image = case.image.float().numpy()
    air, first, second = (
        image[0][target == 0].mean(), image[0][target == 1].mean(), image[1][target == 1].mean()
    )  # fmt: skip
    assert 2 == pytest.approx((second - air) / (first - air), rel=0.15)

    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    cache_cases(found.learnt, found, folder, spacing=2.0, is_level_shared=True)
    assert before == {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    other = find_real_data(RealDataSettings(folder="raw", labels={"1": "a", "2": "ignore"}), base)
    assert cache_key(found, 2.0, is_level_shared=True) != cache_key(
        other, 2.0, is_level_shared=True
    )


def test_a_label_without_class_and_another_grid_are_refused(base: Path) -> None:
    pytest.importorskip("torch")
    about = json.loads((base / "raw" / "dataset.json").read_text())
    about["labels"].pop("left")
    (base / "raw" / "dataset.json").write_text(json.dumps(about))
    found = find_real_data(RealDataSettings(folder="raw"), base)
    options = {"spacing": 2.0, "is_level_shared": False}
    with pytest.raises(InputError, match="holds 2 without"):
        cache_cases(found.learnt, found, base / "a", **options)  # type: ignore[arg-type]
    assert [] == list((base / "a").glob("*.npy"))

    _, label = exam(0)
    save(found.learnt[0].labels, label[:-1])
    with pytest.raises(GeometryError, match="one grid"):
        cache_cases(found.learnt, found, base / "b", **options)  # type: ignore[arg-type]
