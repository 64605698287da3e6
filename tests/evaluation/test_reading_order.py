"""A plan reads everything once in each modality, apart in time, and is balanced."""

from collections import Counter, defaultdict
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mamri.evaluation.reading_order import ReadingPlan, ReadingSettings, plan_reading
from mamri.records import InputError

READERS = ("A", "B", "C", "D")
CASES = tuple(f"{i:02}" for i in range(22))
STRATA = ["dense" if i % 3 else "fatty" for i in range(22)]  # 14 and 8
AI = "with AI"


@pytest.fixture
def plan() -> ReadingPlan:
    return plan_reading(READERS, CASES, strata=STRATA)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 7),
    st.integers(2, 30),
    st.integers(0, 10**6),
    st.floats(0.5, 12),
    st.integers(1, 10),
)
def test_every_plan_reads_all_once_and_waits(
    n_readers: int, n_cases: int, seed: int, weeks: float, days: int
):
    readers, cases = [f"r{i}" for i in range(n_readers)], [f"c{i}" for i in range(n_cases)]
    chosen = ReadingSettings(washout_weeks=weeks, days_per_session=days, seed=seed)
    # The record checks itself; here the same from the rows, in other words.
    rows = plan_reading(readers, cases, settings=chosen).readings
    assert (
        2 * n_readers * n_cases == len(rows) == len({(r.reader, r.case, r.modality) for r in rows})
    )
    for reader in readers:
        first = {r.case: r for r in rows if r.reader == reader and r.session == 1}
        second = {r.case: r for r in rows if r.reader == reader and r.session == 2}
        assert set(cases) == set(first) == set(second)
        for case in cases:
            assert first[case].modality != second[case].modality
            assert second[case].earliest_day - first[case].latest_day >= 7 * weeks
        for session in (first, second):
            assert list(range(1, n_cases + 1)) == sorted(r.position for r in session.values())


def test_half_of_the_cases_are_first_read_with_ai(plan: ReadingPlan):
    for reader in READERS:
        first = [r for r in plan.readings if r.reader == reader and r.session == 1]
        assert Counter({AI: 11, "without AI": 11}) == Counter(r.modality for r in first)


def test_halves_are_balanced_in_each_stratum(plan: ReadingPlan):
    stratum = dict(zip(CASES, STRATA, strict=True))
    for reader in READERS:
        first = Counter(
            stratum[r.case]
            for r in plan.readings
            if r.reader == reader and r.session == 1 and r.modality == AI
        )
        assert Counter(dense=7, fatty=4) == first


def test_halves_differ_by_one_at_most_with_odd_strata():
    cases = [f"{i}" for i in range(9)]
    plan = plan_reading(["A"], cases, strata=list("aaabbbccc"))
    first = [r.case for r in plan.readings if r.session == 1 and r.modality == AI]
    assert len(first) in (4, 5)
    for members in (cases[:3], cases[3:6], cases[6:]):
        assert len(set(members) & set(first)) in (1, 2)


def test_each_case_is_first_read_with_ai_by_half_of_the_readers(plan: ReadingPlan):
    first = Counter(r.case for r in plan.readings if r.session == 1 and r.modality == AI)
    assert {2} == set(first.values())


def test_half_of_the_readers_begin_with_ai(plan: ReadingPlan):
    begin = Counter((r.session, r.modality) for r in plan.readings if r.position == 1)
    assert {2} == set(begin.values())
    assert 4 == len(begin)


def test_all_four_orders_are_used_by_four_readers(plan: ReadingPlan):
    orders = set()
    for reader in READERS:
        rows = [r for r in plan.readings if r.reader == reader and r.session == 1]
        with_ai = frozenset(r.case for r in rows if r.modality == AI)
        orders.add((with_ai, rows[0].modality))
    assert 4 == len(orders)


def test_the_order_of_cases_differs_between_readers_and_sessions(plan: ReadingPlan):
    orders = defaultdict(list)
    for r in plan.readings:
        orders[r.reader, r.session].append(r.case)
    assert 8 == len({tuple(order) for order in orders.values()})


def test_a_seed_gives_the_same_plan(plan: ReadingPlan):
    assert plan == plan_reading(READERS, CASES, strata=STRATA)
    assert plan != plan_reading(READERS, CASES, strata=STRATA, settings=ReadingSettings(seed=1))


def test_the_washout_starts_after_the_session_ends():
    chosen = ReadingSettings(washout_weeks=4, days_per_session=5)
    rows = plan_reading(["A"], CASES, settings=chosen).readings
    assert {(0, 4), (32, 36)} == {(r.earliest_day, r.latest_day) for r in rows}


def test_a_plan_without_a_reading_is_refused(plan: ReadingPlan):
    with pytest.raises(InputError, match="got 1 readings that are missing"):
        replace(plan, readings=plan.readings[1:])


def test_a_plan_with_a_reading_twice_is_refused(plan: ReadingPlan):
    with pytest.raises(InputError, match=r"got 1 readings .* and 1 places"):
        replace(plan, readings=(*plan.readings, plan.readings[0]))


def test_a_plan_with_a_short_washout_is_refused(plan: ReadingPlan):
    early = tuple(replace(r, earliest_day=0, latest_day=0) for r in plan.readings)
    with pytest.raises(InputError, match="got 88 cases that come back sooner"):
        replace(plan, readings=early)


@pytest.mark.parametrize(
    ("readers", "cases", "strata"),
    [
        ((), CASES, None),
        (("A", "A"), CASES, None),
        (("A",), ("1",), None),
        (("A",), CASES, ["one"]),
    ],
)
def test_names_that_do_not_fit_are_refused(
    readers: tuple[str, ...], cases: tuple[str, ...], strata: list[str] | None
):
    with pytest.raises(InputError):
        plan_reading(readers, cases, strata=strata)


def test_no_washout_is_refused():
    with pytest.raises(InputError, match="washout above 0 weeks"):
        ReadingSettings(washout_weeks=0)
    with pytest.raises(InputError, match="sessions of 1 day"):
        ReadingSettings(days_per_session=0)
