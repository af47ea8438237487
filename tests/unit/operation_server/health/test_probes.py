"""A server that is frozen costs its callers one short question a second, and no more."""

import threading

import pytest

from operation_server.health.probes import GATE_S, Gate, Probes, Unavailable
from telemetry_core.contract.errors import DependencyUnavailable


class Server:
    """Counts the questions; away when told so."""

    def __init__(self) -> None:
        self.questions = 0
        self.is_away = False
        self.now = 100.0

    def check(self) -> None:
        self.questions += 1
        if self.is_away:
            raise DependencyUnavailable("victoria-metrics", "no answer")


def test_answer_lets_everybody_through_for_a_second() -> None:
    server = Server()
    gate = Gate(server.check, monotonic=lambda: server.now)
    for _ in range(5):
        gate.ensure()
    assert server.questions == 1
    server.now += GATE_S
    gate.ensure()
    assert server.questions == 2


def test_requests_during_an_outage_do_not_ask_the_server_again() -> None:
    server = Server()
    server.is_away = True
    gate = Gate(server.check, monotonic=lambda: server.now)
    for _ in range(5):
        with pytest.raises(DependencyUnavailable, match="victoria-metrics unavailable"):
            gate.ensure()
    assert server.questions == 1


def test_server_that_is_back_is_found_within_a_second() -> None:
    server = Server()
    server.is_away = True
    gate = Gate(server.check, monotonic=lambda: server.now)
    with pytest.raises(DependencyUnavailable):
        gate.ensure()
    server.is_away = False
    server.now += GATE_S
    gate.ensure()


def test_answer_to_a_real_question_saves_the_cheap_one() -> None:
    server = Server()
    gate = Gate(server.check, monotonic=lambda: server.now)
    gate.ensure()
    server.now += 0.9
    gate.answered()
    server.now += 0.9
    gate.ensure()
    assert server.questions == 1


def test_answer_that_can_not_be_used_hides_no_other_tool() -> None:
    def strange() -> None:
        raise KeyError("messages")

    results = Probes({"one": strange, "two": lambda: 2}).results()
    assert results == {"one": Unavailable(detail="its answer can't be used, KeyError: 'messages'"), "two": 2}


class TestProbes:
    def test_hanging_tool_is_unavailable_and_not_asked_twice(self) -> None:
        gate, asked = threading.Event(), []

        def hang() -> None:
            asked.append(1)
            gate.wait(timeout=30)

        probes = Probes({"kafka": hang, "search": lambda: 9}, timeout_s=0.05)
        for _ in range(2):
            assert probes.results() == {"kafka": Unavailable(detail="no answer within 0.05 s"), "search": 9}
        assert len(asked) == 1
        gate.set()
        probes.close()

    def test_refusing_tool_is_unavailable_and_says_why(self) -> None:
        def refuse() -> None:
            raise DependencyUnavailable("kafka", "refused")

        probes = Probes({"kafka": refuse})
        assert probes.results() == {"kafka": Unavailable(detail="kafka unavailable: refused")}
        probes.close()
