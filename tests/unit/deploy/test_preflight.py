from pathlib import Path

import pytest

from deploy.preflight import main, problems

MISSION = Path(__file__).resolve().parents[3] / "missions" / "default.yaml"
ON_LOOPBACK = {
    "KAFKA_CLUSTER_ID": "MkU3OEVBNTcwNTJENDM2Qg",
    "CELERY_BROKER_URL": "amqp://guest:guest@rabbitmq:5672//",
    "MISSION_FILE": str(MISSION),
    "BIND_ADDRESS": "127.0.0.1",
    "POSTGRES_PASSWORD": "admin123",
}
ON_A_NETWORK = ON_LOOPBACK | {
    "BIND_ADDRESS": "0.0.0.0",
    "CELERY_BROKER_URL": "amqp://satellite:long-and-ours@rabbitmq:5672//",
    "POSTGRES_PASSWORD": "long and ours",
    "API_KEYS": "0123456789abcdef",
    "FLOWER_BASIC_AUTH": "operator:long-and-ours",
}


def test_the_manuals_values_are_fine_on_loopback() -> None:
    assert list(problems(ON_LOOPBACK)) == []


def test_own_passwords_and_keys_are_fine_on_a_network() -> None:
    assert list(problems(ON_A_NETWORK)) == []


@pytest.mark.parametrize("key", ["POSTGRES_PASSWORD", "CELERY_BROKER_URL", "API_KEYS", "FLOWER_BASIC_AUTH"])
def test_a_network_is_refused_the_manuals_value_of_each_key(key: str) -> None:
    (problem,) = problems(ON_A_NETWORK | {key: ON_LOOPBACK.get(key, "")})
    assert key in problem


def test_a_short_key_among_long_ones_is_refused() -> None:
    (problem,) = problems(ON_A_NETWORK | {"API_KEYS": "0123456789abcdef, short"})
    assert "at least 16" in problem


@pytest.mark.parametrize("value", ["", "too-short", "MkU3OEVBNTcwNTJENDM2Q!", "MkU3OEVBNTcwNTJENDM2QgAA"])
def test_a_cluster_id_that_kafka_cannot_take_names_the_script(value: str) -> None:
    (problem,) = problems(ON_LOOPBACK | {"KAFKA_CLUSTER_ID": value})
    assert "./init-kafka.sh" in problem


@pytest.mark.parametrize(
    "url", ["", "redis://guest:guest@rabbitmq", "amqp://rabbitmq:5672//", 'amqp://us"er:guest@rabbitmq//']
)
def test_a_broker_address_without_a_plain_login_is_refused(url: str) -> None:
    (problem,) = problems(ON_LOOPBACK | {"CELERY_BROKER_URL": url})
    assert problem.startswith("CELERY_BROKER_URL")


def test_an_address_that_is_none_is_refused() -> None:
    (problem,) = problems(ON_LOOPBACK | {"BIND_ADDRESS": "everywhere"})
    assert "BIND_ADDRESS='everywhere'" in problem


def test_a_broken_mission_is_named_with_file_and_line(tmp_path: Path) -> None:
    broken = tmp_path / "mission.yaml"
    broken.write_text("name: [", encoding="utf-8")
    (problem,) = problems(ON_LOOPBACK | {"MISSION_FILE": str(broken)})
    assert str(broken) in problem


def test_the_exit_status_tells_compose(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ON_LOOPBACK) == 0
    assert main(ON_LOOPBACK | {"KAFKA_CLUSTER_ID": ""}) == 1
    assert capsys.readouterr().err.startswith("preflight: KAFKA_CLUSTER_ID")
