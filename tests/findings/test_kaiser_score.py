"""All paths of the tree, and ranges where answers are open."""

from dataclasses import fields, replace
from itertools import product

import pytest

from mamri.findings.kaiser_score import KaiserDescriptors, kaiser_score
from mamri.records import DelayedPhase

PERSISTENT, PLATEAU, WASHOUT = DelayedPhase
# Root sign, curve, what is asked third with its answer, score, words of the last step.
PATHS = [
    (False, PERSISTENT, {"circumscribed": True}, 1, "circumscribed"),
    (False, PERSISTENT, {"circumscribed": False}, 3, "not circumscribed"),
    (False, PLATEAU, {"circumscribed": True}, 2, "circumscribed"),
    (False, PLATEAU, {"circumscribed": False}, 5, "not circumscribed"),
    (False, WASHOUT, {"homogeneous": True}, 4, "homogeneous"),
    (False, WASHOUT, {"homogeneous": False}, 8, "heterogeneous"),
    (True, PERSISTENT, {"oedema": False}, 6, "persistent"),
    (True, PERSISTENT, {"oedema": True}, 6, "persistent"),
    (True, PLATEAU, {"oedema": False}, 7, "absent"),
    (True, PLATEAU, {"oedema": True}, 10, "present"),
    (True, WASHOUT, {"oedema": False}, 9, "absent"),
    (True, WASHOUT, {"oedema": True}, 11, "present"),
]


@pytest.mark.parametrize(("root", "curve", "third", "score", "last"), PATHS)
def test_every_path_has_its_score(
    root: bool, curve: DelayedPhase, third: dict[str, bool], score: int, last: str
) -> None:
    found = kaiser_score(KaiserDescriptors(root, curve, **third))

    assert (score, score) == (found.lowest, found.highest)
    assert found.is_known
    assert found.path[0] == ("root sign", "present" if root else "absent")
    assert found.path[1] == ("curve type", curve.value)
    assert found.path[-1][1] == last


def test_an_answer_that_is_not_asked_for_changes_nothing() -> None:
    plain = KaiserDescriptors(False, WASHOUT, homogeneous=True)

    assert kaiser_score(plain) == kaiser_score(replace(plain, oedema=True, circumscribed=False))


def test_open_answers_give_the_range_of_all_that_they_allow() -> None:
    options = {
        "root_sign": (False, True),
        "delayed": tuple(DelayedPhase),
        "circumscribed": (False, True),
        "homogeneous": (False, True),
        "oedema": (False, True),
    }
    names = [field.name for field in fields(KaiserDescriptors)]
    for given in product(*((None, *options[name]) for name in names)):
        closed = product(
            *(
                options[n] if value is None else (value,)
                for n, value in zip(names, given, strict=True)
            )
        )
        scores = [kaiser_score(KaiserDescriptors(*answers)).lowest for answers in closed]
        found = kaiser_score(KaiserDescriptors(*given))
        assert (min(scores), max(scores)) == (found.lowest, found.highest)


def test_the_path_ends_at_the_first_open_answer() -> None:
    assert kaiser_score(KaiserDescriptors()).path == (("root sign", "unknown"),)
    assert kaiser_score(KaiserDescriptors(True)).path[-1] == ("curve type", "unknown")
    last = kaiser_score(KaiserDescriptors(True, PLATEAU)).path[-1]
    assert last == ("perifocal or diffuse ipsilateral oedema", "unknown")


@pytest.mark.parametrize(
    ("descriptors", "birads"),
    [
        (KaiserDescriptors(False, WASHOUT, homogeneous=True), "2 or 3"),
        (KaiserDescriptors(False, PLATEAU, circumscribed=False), "4"),
        (KaiserDescriptors(True, WASHOUT), "5"),
        (KaiserDescriptors(True, PLATEAU), None),
    ],
)
def test_bands_are_named_where_the_range_lies_in_one(
    descriptors: KaiserDescriptors, birads: str | None
) -> None:
    assert kaiser_score(descriptors).birads == birads
