"""A loop that stopped ends its process; one that waits for a server does not."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.service.liveness import EXIT_STATUS, Backlog, Liveness, Loop, Work

ROUND_S = 1.0


class Server:
    """A server that tells of waiting work, or is away."""

    def __init__(self, waiting: int = 0) -> None:
        self.work: Work | None = Work(waiting=waiting, position=0)

    def ask(self) -> Work:
        if self.work is None:
            raise DependencyUnavailable("kafka", "no broker")
        return self.work

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Tell nothing inside the block, and afterwards what it told before."""
        told, self.work = self.work, None
        yield
        self.work = told

    def move(self) -> None:
        assert self.work is not None
        self.work = replace(self.work, position=object())


class Watched:
    """A service with one loop, and the reasons for which it was ended."""

    def __init__(self, server: Server | None = None) -> None:
        self.ended: list[str] = []
        self.liveness = Liveness(end=self.ended.append)
        backlog = Backlog(server="kafka", ask=server.ask) if server else None
        self.loop = self.liveness.loop("stream", backlog=backlog)

    def pass_time(self, seconds: int, *, hold: str | None = None, is_stuck: bool = False) -> None:
        for _ in range(seconds):
            if hold:
                self.loop.hold(hold)
            elif not is_stuck:
                self.loop.tick()
            self.liveness.check(ROUND_S)


def test_loop_that_comes_round_is_alive() -> None:
    watched = Watched()
    watched.pass_time(1000)
    assert watched.ended == []
    assert watched.liveness.problems() == []


def test_loop_that_comes_round_no_more_ends_the_process() -> None:
    watched = Watched()
    watched.pass_time(5)
    watched.pass_time(125, is_stuck=True)
    assert watched.ended[0] == "stream has completed no round for 121 s"


def test_standing_still_before_waiting_work_ends_the_process() -> None:
    watched = Watched(Server(waiting=7))
    watched.pass_time(40)
    assert watched.ended[0].startswith("stream has not moved for 31 s although 7 wait")


def test_moving_slowly_before_much_work_is_alive() -> None:
    server = Server(waiting=100_000)
    watched = Watched(server)
    for _ in range(20):
        watched.pass_time(20)
        server.move()
    assert watched.ended == []


def test_one_unanswered_question_hides_no_stand_still() -> None:
    server = Server(waiting=7)
    watched = Watched(server)
    for _ in range(4):
        watched.pass_time(15)
        with server.silent():
            watched.pass_time(5)
    assert watched.ended[0].startswith("stream has not moved for 31 s although 7 wait")


def test_long_silence_of_the_server_restarts_the_count() -> None:
    server = Server(waiting=7)
    watched = Watched(server)
    for _ in range(10):
        watched.pass_time(20)
        with server.silent():
            watched.pass_time(25)
    assert watched.ended == []


def test_question_that_fails_otherwise_than_by_an_outage_ends_no_watch() -> None:
    class Broken(Server):
        def ask(self) -> Work:
            raise KeyError("the topic")

    watched = Watched(Broken())
    watched.pass_time(125, is_stuck=True)
    assert watched.ended[0].startswith("stream has completed no round")


def test_standing_still_without_work_is_alive() -> None:
    watched = Watched(Server(waiting=0))
    watched.pass_time(1000)
    assert watched.ended == []


def test_server_outage_is_no_reason_however_long() -> None:
    watched = Watched(Server(waiting=7))
    watched.pass_time(1000, hold="rabbitmq")
    assert watched.ended == []
    assert watched.liveness.problems() == ["stream has waited 999 s for rabbitmq"]


def test_outage_of_the_server_that_holds_the_work_is_no_reason() -> None:
    server = Server(waiting=7)
    watched = Watched(server)
    watched.pass_time(10)
    server.work = None
    watched.pass_time(1000)
    assert watched.ended == []


def test_one_call_may_wait_as_long_as_its_server_is_unavailable() -> None:
    server = Server()
    server.work = None
    watched = Watched(server)
    watched.loop.hold("kafka")
    watched.pass_time(1000, is_stuck=True)
    assert watched.ended == []


def test_waiting_for_a_server_that_answers_others_is_a_broken_client() -> None:
    watched = Watched(Server(waiting=7))
    watched.pass_time(40, hold="kafka")
    assert watched.ended[0].startswith("stream has not moved")


def test_look_back_moves_though_its_offset_does_not() -> None:
    watched = Watched(Server(waiting=7))
    for read in range(100):
        watched.loop.tick(position=read)
        watched.liveness.check(ROUND_S)
    assert watched.ended == []


def test_long_round_is_judged_by_its_length_and_not_by_the_work_that_waits_meanwhile() -> None:
    watched = Watched(Server(waiting=7))
    watched.pass_time(10)
    watched.pass_time(100, is_stuck=True)
    assert watched.ended == []
    assert watched.liveness.problems() == ["stream has completed no round for 100 s"]


def test_hold_is_over_with_the_next_round() -> None:
    watched = Watched()
    watched.pass_time(60, hold="rabbitmq")
    watched.pass_time(1)
    assert watched.liveness.problems() == []


@pytest.mark.parametrize("prepare", [lambda _: None, lambda loop: loop.ready(is_ready=False)])
def test_loop_that_takes_no_work_yet_is_unhealthy(prepare: object) -> None:
    watched = Watched()
    assert callable(prepare)
    prepare(watched.loop)
    assert watched.liveness.problems() == ["stream takes no work yet"]
    watched.loop.ready()
    watched.loop.tick()
    assert watched.liveness.problems() == []


def test_ended_loop_is_watched_no_more() -> None:
    watched = Watched()
    with watched.liveness.loop("task") as task:
        assert isinstance(task, Loop)
    watched.pass_time(1000)
    assert watched.ended == []


@pytest.mark.slow
def test_process_ends_with_its_reason_and_the_stacks_of_its_threads() -> None:
    program = (
        "import threading\n"
        "from telemetry_core.service.liveness import Liveness\n"
        "liveness = Liveness()\n"
        "loop = liveness.loop('stream', stuck_after_s=0.5)\n"
        "loop.tick()\n"
        "liveness.start()\n"
        "def wait_for_ever(): threading.Event().wait()\n"
        "wait_for_ever()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == EXIT_STATUS
    assert "stream has completed no round" in ended.stdout
    assert "wait_for_ever" in ended.stderr


def test_process_ends_though_nobody_reads_its_log() -> None:
    program = (
        "import os\n"
        "from telemetry_core.service import liveness\n"
        "liveness.FAREWELL_S = 0.5\n"
        "os.set_blocking(1, False)\n"
        "try:\n"
        "    while True: os.write(1, b'x' * 4096)\n"
        "except BlockingIOError: os.set_blocking(1, True)\n"
        "liveness.end_process('stream has completed no round')\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        try:
            assert process.wait(timeout=60) == EXIT_STATUS
        finally:
            process.kill()
