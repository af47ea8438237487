"""A second's worth of lines is logged; how many more there were is said in the next one."""

from structlog.testing import capture_logs

from telemetry_core.service.observability import LogBudget


class Clock:
    now_s = 0.5

    def __call__(self) -> float:
        return self.now_s


def test_so_many_a_second_are_admitted_and_the_rest_is_counted_in_the_next_second() -> None:
    clock = Clock()
    budget = LogBudget(2, monotonic=clock)
    with capture_logs() as lines:
        assert [budget.admit("{count} more") for _ in range(5)] == [True, True, False, False, False]
        assert lines == []
        clock.now_s = 1.4
        assert budget.admit("{count} more")
        assert [line["event"] for line in lines] == ["3 more"]
        clock.now_s = 2.0
        assert budget.admit("{count} more")
    assert len(lines) == 1
