import time

from mamri.pipeline.step_clock import StepClock, peak_memory_mb


def test_steps_are_named_as_they_begin_and_timed_in_order() -> None:
    begun: list[str] = []
    step = StepClock(begun.append)

    with step("first"):
        time.sleep(0.01)
    with step("second"):
        pass
    with step("first"):
        time.sleep(0.01)

    assert ["first", "second", "first"] == begun
    assert ["first", "second"] == list(step.timings_s)
    assert step.timings_s["first"] >= 0.02


def test_peak_memory_covers_what_is_held() -> None:
    held = bytearray(50 * 1024**2)

    assert peak_memory_mb() > len(held) / 1024**2
