"""What a series is for, by its name alone: the way of last resort, on names of real scanners."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from mamri.io.dicom_reader.roles import SeriesFeatures, classify, named_pre
from mamri.records import SeriesRole

NAMES = {
    SeriesRole.DYNAMIC: [
        "ax dyn pre", "ax dyn 4th pass", "AX Sen Vibrant MultiPhase", "Ph2/ax 3d dyn MP",
        "t1 VIBE -pre sat u b", "ACRIN_6657/FL3D_T1_SAG_CA", "LT SAG SPGR POST", "NCI-6667 dy",
        "TRICKS PV", "dyn_eTHRIVE", "DISCO LAVA FLEX",
    ],
    SeriesRole.SUBTRACTION: [
        "SUB 1ST RT", "2ND SUBT LEFT", "LSGT1CE1SU1", "(3490/105/1)-(3490/103/1)", "PostSub",
    ],
    SeriesRole.MIP: ["MIP RT 3RD SUB<MIP Range>", "<MIP Collection>", "CAD~ X MIP LEFT", "tMIP"],
    SeriesRole.LOCALIZER: [
        "3-pl T2* FGRE", "MST SURVEY$", "AX LOC", "T1-axial-locator", "Asset cal",
        "PRE DYNAMIC FOR POSITION",
    ],
    SeriesRole.T2: [
        "ax FSE T2", "zz t2_tse_sag fatsat", "BRSTCA SENSSAGT2FS", "NCI/SAGITTALT2_FS_3MM",
        "ACRIN_6657/FSE_T2_SAG_NO_F",
    ],
    SeriesRole.STIR: ["stir sag", "t2_tirm_tra", "TSTIR CORONALS"],
    SeriesRole.DWI: ["DWI_EPI_MPS_3Tb", "DWSSFSE Diffusion", "BREAST DTI HD mod"],
    SeriesRole.ADC: ["ADC (10^-6 mm2/s)", "dADC Map Ax DWI", "eADC"],
    SeriesRole.DIXON: ["FAT: AX VIBRANT FLEX", "ax t1 in phase", "OutPhase: ax", "mdixon_F"],
    SeriesRole.T1_POST: ["ax t1 tse +c", "zz t1_se_sag_L"],
    SeriesRole.OTHER: [
        "Dynamic-3dfgre: SER", "Dynamic-3dfgre: PE1", "Registered AX Sen Vibrant MultiPhase",
        "SLOPE LEFT POST 1", "MPRSeries_RT. COR_1ST_POST", "Pre RT T1Map Ax 8flip",
        "post needle_L", "AX SHEATH+C", "fiesta3d2", "Wash-In", "WashOut", "TTP",
        "PosDisp: t1 VIBE -pre sat u b 4", "tfl 3d bil sag ir 800 TI", "",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("role", "name"), [(role, name) for role, names in NAMES.items() for name in names]
)
def test_a_name_tells_the_role_where_tags_do_not(role: SeriesRole, name: str) -> None:
    assert role == classify(SeriesFeatures(name))[0]


@pytest.mark.parametrize("role", [SeriesRole.SUBTRACTION, SeriesRole.MIP, SeriesRole.OTHER])
def test_a_computed_series_is_no_phase_even_with_the_tags_of_the_dynamic(role: SeriesRole) -> None:
    for name in filter(None, NAMES[role]):
        tags = SeriesFeatures(name, scanning_sequence=("GR",), tr_ms=5.0, te_ms=2.0, is_3d=True)
        assert role == classify(tags)[0], name


def test_tags_of_a_gradient_echo_make_any_plain_name_a_candidate() -> None:
    tags = {"scanning_sequence": ("GR",), "tr_ms": 5.0, "te_ms": 2.0}
    for name in ("", "series 7", "1 min", "PJN", "LEFT/FL_", "SAG OBL RT", "FL3D_T1_SAG_F"):
        assert SeriesRole.DYNAMIC == classify(SeriesFeatures(name, **tags))[0], name


@pytest.mark.parametrize("name", ["ax dyn pre", "SAG T1 LEFT PRE GAD", "3D GRASS PREGAD",
                                  "breast/3D_TRANS_DYN_PRECON", "AX Sen Vibrant MASK+F",
                                  "PRE FAT SAT", "non-contrast t1"])  # fmt: skip
def test_names_of_pre_contrast_series(name: str) -> None:
    assert named_pre(name) is True


@pytest.mark.parametrize("name", ["t1 VIBE -pre sat u b", "PRE/POST", "SAG PRE X1&POST X3",
                                  "Ph1/ax dyn", "preview", "sns Pre/Post Cont"])  # fmt: skip
def test_names_that_tell_neither_pre_nor_post(name: str) -> None:
    assert named_pre(name) is None


@pytest.fixture(scope="module")
def real_names(shared_data: Path) -> list[tuple[str, str, int]]:
    """Names, modalities and numbers of series of five public collections of breast MRI."""
    with open(shared_data / "idc" / "series_descriptions.csv", newline="") as stream:
        return [
            (row["SeriesDescription"], row["Modality"], int(row["n_series"]))
            for row in csv.DictReader(stream)
        ]


def test_no_computed_series_of_five_collections_is_taken_for_a_phase(
    real_names: list[tuple[str, str, int]],
) -> None:
    phases = {
        name.casefold()
        for name, modality, _ in real_names
        if classify(SeriesFeatures(name, modality))[0] is SeriesRole.DYNAMIC
    }
    computed = ("sub", "mip", "mpr", "slope", ": ser", ": pe", "regist", "reform", "segment",
                "adc", "scout", "locali", "survey", "stir", "dwi", "needle", "cad~")  # fmt: skip
    assert [] == [name for name in phases if any(word in name for word in computed)]


def test_the_counts_of_roles_in_five_collections_are_as_judged(
    real_names: list[tuple[str, str, int]],
) -> None:
    counts = Counter[str]()
    for name, modality, n_series in real_names:
        counts[classify(SeriesFeatures(name, modality))[0].value] += n_series
    # Read through by eye, role by role; "other" holds names that say nothing ("Average", "PJN",
    # none at all) beside derived maps, reports, CT and PET.
    expected = {
        "dynamic": 13349, "other": 8369, "t2": 4042, "segmentation": 3814, "localizer": 2075,
        "subtraction": 868, "t1_post": 408, "dwi": 396, "mip": 169, "stir": 99,
    }  # fmt: skip
    assert expected == dict(counts)
