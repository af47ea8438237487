"""The supervisor's socket, where nobody answers."""

import socket
from pathlib import Path

import pytest

from deploy.native.services.places import Places
from deploy.native.supervision.supervisor import Supervisor, SupervisorError


def test_a_supervisor_that_takes_requests_and_never_answers_is_an_error_with_what_to_do(
    tmp_path: Path,
) -> None:
    places = Places(checkout=tmp_path, state=tmp_path)
    places.run.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(places.run / "supervisor.sock"))
        server.listen()
        with pytest.raises(SupervisorError, match="kill -CONT"):
            Supervisor(places, greeting_limit_s=0.2).is_running()


def test_a_socket_that_nobody_listens_on_is_no_supervisor(tmp_path: Path) -> None:
    places = Places(checkout=tmp_path, state=tmp_path)
    places.run.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(places.run / "supervisor.sock"))
    assert not Supervisor(places).is_running()
