"""A service whose code changed is another one to the supervisor, and no other service is."""

from pathlib import Path

import pytest

from deploy.native.services.code import SHARED, code_of
from deploy.native.services.places import Accounts, Places
from deploy.native.services.python_services import python_services
from deploy.native.services.service import Service
from deploy.native.supervision.configuration import supervisor_configuration
from deploy.native.supervision.supervisor import Supervisor

CHECKOUT = Path(__file__).resolve().parents[4]
PACKAGES = (
    "operation_server", "analysis_server", "kafka_inference_trigger", "telemetry_writer", "verdict_relay",
    "alarm_server", "alarm_notifier", "housekeeping",
)  # fmt: skip


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Return a checkout that holds a file of each package, and a mission."""
    for name in (*PACKAGES, *SHARED[:3]):
        (tmp_path / name / "part").mkdir(parents=True)
        (tmp_path / name / "part" / "queries.sql").write_text("SELECT 1")
    (tmp_path / "uv.lock").write_text("1")
    (tmp_path / "mission.yaml").write_text("name: a")
    return Places(checkout=tmp_path, state=tmp_path / "state")


def restarted_by(places: Places, path: str) -> set[str]:
    """Return the services that are others after a file was written."""
    environment = {
        "BIND_ADDRESS": "127.0.0.1", "NATIVE_INNER_ADDRESS": "127.77.1.2",
        "CELERY_BROKER_URL": "amqp://guest:guest@127.0.0.1:5672//",
        "MISSION_FILE": str(places.checkout / "mission.yaml"),
    }  # fmt: skip

    def now() -> dict[str, Service]:
        found = python_services(places, Accounts(servers=None, services=None), environment)
        return {one.name: one for one in found}

    before = now()
    assert {name: one.environment for name, one in now().items()} == {
        name: one.environment for name, one in before.items()
    }
    written = places.checkout / path
    written.parent.mkdir(exist_ok=True)
    written.write_text("changed")
    return {name for name, one in now().items() if one.environment != before[name].environment}


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("alarm_server/part/queries.sql", {"alarm-server"}),
        ("alarm_server/part/added.py", {"alarm-server"}),
        ("analysis_server/part/queries.sql", {"analysis-worker-1", "flower"}),
        ("alarm_server/__pycache__/part.pyc", set()),
        ("docs/new.md", set()),
    ],
)
def test_a_changed_file_restarts_the_services_that_run_it(places: Places, path: str, names: set[str]) -> None:
    assert restarted_by(places, path) == names


@pytest.mark.parametrize("path", ["telemetry_core/part/queries.sql", "uv.lock", "mission.yaml"])
def test_what_all_services_stand_on_restarts_all(places: Places, path: str) -> None:
    assert len(restarted_by(places, path)) == 9


def test_a_file_that_was_deleted_or_renamed_is_a_change(places: Places) -> None:
    before = code_of(places, "alarms")
    (places.checkout / "alarms" / "part" / "queries.sql").rename(places.checkout / "alarms" / "other.sql")
    after = code_of(places, "alarms")
    (places.checkout / "alarms" / "other.sql").unlink()
    assert len({code["CODE_DIGEST"] for code in (before, after, code_of(places, "alarms"))}) == 3


def test_the_supervisor_tells_which_running_services_it_stopped_for_their_change(tmp_path: Path) -> None:
    places = Places(checkout=CHECKOUT, state=tmp_path)
    for folder in (places.run, places.logs, places.etc, tmp_path / "bin"):
        folder.mkdir()
    start = tmp_path / "bin" / "start-alone"
    start.write_text('#!/bin/sh\nshift\nexec "$@"\n')
    start.chmod(0o755)

    def write(**digests: str) -> None:
        services = [
            Service(
                name=name,
                command="sleep 300",
                probe=lambda: None,
                directory=tmp_path,
                environment={"CODE_DIGEST": digest},
            )
            for name, digest in digests.items()
        ]
        (places.etc / "supervisord.conf").write_text(supervisor_configuration(places, services))

    supervisor = Supervisor(places)
    write(same="1", changed="1", idle="1")
    supervisor.start()
    try:
        supervisor.start_services(["same", "changed"])
        assert supervisor.reload() == []
        before = supervisor.states()
        write(same="1", changed="2", idle="2")
        assert supervisor.reload() == ["changed"]
        after = supervisor.states()
        assert after["same"] == before["same"]
        assert after["changed"].pid == after["idle"].pid == 0
        supervisor.start_services(["changed"])
        assert supervisor.states()["changed"].pid not in {0, before["changed"].pid}
    finally:
        supervisor.shut_down()
