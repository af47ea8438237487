"""Configuration keys and mission files; a mistake is named with file, line and reason."""

from pathlib import Path

import pytest

from telemetry_core.contract.errors import InvalidMission
from telemetry_core.service.settings import Settings, load_mission

MISSIONS = Path(__file__).parents[4] / "missions"
VALID = """\
name: test
model: {name: lstm_timeseries}
window: {length: 64, max_span_s: 900, max_gap_s: 60}
periodic: {share: 0.1}
subsystems:
  eps:
    horizon: 5
    channels:
      soc: {unit: "%"}
    rules:
      - {channel: soc, below: 30, reason: low, log: Low}
"""


def mission_file(directory: Path, text: str | bytes) -> Path:
    path = directory / "mission.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(directory: Path, text: str | bytes) -> str:
    path = mission_file(directory, text)
    with pytest.raises(InvalidMission) as raised:
        load_mission(path)
    assert str(raised.value).startswith(str(path))
    return str(raised.value).replace(str(path), "FILE")


@pytest.mark.parametrize("path", sorted(MISSIONS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_mission_is_valid(path: Path) -> None:
    assert load_mission(path).subsystems


def test_default_mission_holds_the_rules_of_the_operators_manual() -> None:
    subsystems = load_mission(MISSIONS / "default.yaml").subsystems
    limits = {
        rule.reason: (name, rule.channel, rule.below, rule.above, rule.equals)
        for name, subsystem in subsystems.items()
        for rule in subsystem.rules
    }
    assert limits == {
        "low_battery": ("eps", "battery_soc_percent", 30, None, None),
        "abnormal_temperature": ("thermal", "obc_temp", -30, 50, None),
        "thruster_active": ("aocs", "thruster_active", None, None, 1),
    }
    assert list(subsystems) == ["eps", "thermal", "aocs", "comm"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("horizon: 5", "horizon: 0", "FILE:7: subsystems.eps.horizon: Input should be greater than"),
        ("length: 64", "length: 5", "FILE:3: window.length: Input should be greater than"),
        ("below: 30", "bellow: 30", "FILE:11: subsystems.eps.rules.0"),
        (
            "channel: soc,",
            "channel: sock,",
            "FILE:6: subsystems.eps: Value error, rule low names channel sock",
        ),
        ("periodic: {share: 0.1}\n", "", "FILE:1: periodic: Field required"),
        ("horizon: 5", "horizon: 5\n    horizon: 6", "FILE:8: horizon is given twice"),
        ("horizon: 5", "horizon: [5", "FILE: line"),
        ("name: test", "name: &n [*n]", "FILE: nested too deeply"),
        ("name: test", "? [a]\n: b", "FILE: line"),
        (
            "name: test",
            "name: !!python/object:os.system x",
            "FILE: line 1: could not determine a constructor",
        ),
    ],
)
def test_mistake_is_named_with_file_line_and_reason(
    tmp_path: Path, before: str, after: str, expected: str
) -> None:
    assert before in VALID
    assert expected in refusal(tmp_path, VALID.replace(before, after))


@pytest.mark.parametrize("text", ["", "- a", "text", "\0", b"\xff\xfe\xfa", "[" * 5000])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str | bytes) -> None:
    assert refusal(tmp_path, text)


def test_every_mistake_is_listed_at_once(tmp_path: Path) -> None:
    text = VALID.replace("length: 64", "length: 5").replace("horizon: 5", "horizon: 0")
    assert len(refusal(tmp_path, text).splitlines()) == 2


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidMission, match=r"absent\.yaml"):
        load_mission(tmp_path / "absent.yaml")


def test_environment_keys_are_those_of_the_operators_manual(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
        "CELERY_BROKER_URL": "amqp://user:secret@rabbitmq:5673//",
        "CELERY_RESULT_BACKEND": "rpc://",
        "POSTGRES_HOST": "postgres",
        "POSTGRES_PORT": "5433",
        "POSTGRES_USER": "user",
        "POSTGRES_PASSWORD": "secret",
        "POSTGRES_DB": "db",
        "TRITON_SERVER_URL": "triton-server:8001",
        "VICTORIA_METRICS_URL": "http://victoria-metrics:8428",
    }
    for key, value in values.items():
        monkeypatch.setenv(key, value)
    settings = Settings()
    assert {key: str(getattr(settings, key.lower())) for key in values} == values
