"""What ``mamri analyze`` says of the findings when it has ended."""

from pathlib import Path

from example_result import described_result

from mamri.cli.analyze import summary


def test_a_finding_is_told_with_its_looks_where_they_are_known() -> None:
    first, second, *_ = summary(described_result(), Path("out")).splitlines()

    looks = "irregular mass, spiculated margin, rim enhancement"
    assert first == f"finding 1: right breast, upper outer, {looks}, 23 mm, 0.18 ml, washout"
    assert second == "finding 2: left breast, upper outer, 9 mm, 0.32 ml, washout"
