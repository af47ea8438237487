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
    "CELERY_BROKER_URL": "amqp://satellite:6f1c0e9a7b2d4835@rabbitmq:5672//",
    "POSTGRES_PASSWORD": "three unlike horses",
    "API_KEYS": "b7e2f09c41d8a365,Zk3-vT9_qL.x7~Wm",
    "FLOWER_BASIC_AUTH": "ground:d41f8cd98f00b204",
    "KAFKA_EXTERNAL_HOST": "telemetry.example",
}


def test_the_manuals_values_are_fine_on_loopback() -> None:
    assert list(problems(ON_LOOPBACK)) == []


def test_own_passwords_and_keys_are_fine_on_a_network() -> None:
    assert list(problems(ON_A_NETWORK)) == []


@pytest.mark.parametrize("key", ["POSTGRES_PASSWORD", "CELERY_BROKER_URL", "API_KEYS", "FLOWER_BASIC_AUTH"])
def test_a_network_is_refused_the_manuals_value_of_each_key(key: str) -> None:
    (problem,) = problems(ON_A_NETWORK | {key: ON_LOOPBACK.get(key, "")})
    assert key in problem


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        "LOCALHOST.",
        "kafka.localhost",
        "127.0.0.1",
        "127.1.2.3",
        "::1",
        "[::1]",
        "0.0.0.0",
        "::",
    ],
)
def test_a_network_is_refused_an_address_of_kafka_that_leads_clients_home(host: str) -> None:
    (problem,) = problems(ON_A_NETWORK | {"KAFKA_EXTERNAL_HOST": host})
    assert "KAFKA_EXTERNAL_HOST" in problem


@pytest.mark.parametrize("host", ["telemetry.example", "192.168.1.20", "localhost.example", "fd00::2"])
def test_a_name_that_others_reach_is_taken(host: str) -> None:
    assert list(problems(ON_A_NETWORK | {"KAFKA_EXTERNAL_HOST": host})) == []


def test_on_loopback_kafka_may_be_localhost() -> None:
    assert list(problems(ON_LOOPBACK | {"KAFKA_EXTERNAL_HOST": "localhost"})) == []


def test_a_short_key_among_long_ones_is_refused() -> None:
    (problem,) = problems(ON_A_NETWORK | {"API_KEYS": "b7e2f09c41d8a365, short"})
    assert "at least 16" in problem


WEAK = [
    "", "1", "short", "aaaaaaaaaaaaaaaa", "abababababababab", "1234567890123456", "0123456789abcdef",
    "qwertyuiop123456", "passwordpassword", "admin123admin123", "guestguestguest1", "changeme-changeme",
    "abcdefghijklmnop", "zyxwvutsrqponmlk",
]  # fmt: skip


@pytest.mark.parametrize("guessed", WEAK)
@pytest.mark.parametrize("key", ["POSTGRES_PASSWORD", "CELERY_BROKER_URL", "API_KEYS", "FLOWER_BASIC_AUTH"])
def test_a_network_is_refused_what_is_guessed_in_each_key(key: str, guessed: str) -> None:
    values = {
        "CELERY_BROKER_URL": f"amqp://relay:{guessed}@rabbitmq//",
        "FLOWER_BASIC_AUTH": f"ground:{guessed}",
    }
    found = list(problems(ON_A_NETWORK | {key: values.get(key, guessed)}))
    assert found
    assert all(key in problem for problem in found)


@pytest.mark.parametrize(
    "login", [":", "ground:", ":b7e2f09c41d8a365", "b7e2f09c41d8a365", "a:1,ground:b7e2f09c41d8"]
)
def test_both_halves_of_every_flower_login_are_needed(login: str) -> None:
    (problem,) = problems(ON_A_NETWORK | {"FLOWER_BASIC_AUTH": login})
    assert "FLOWER_BASIC_AUTH" in problem


@pytest.mark.parametrize("user", ["ground-operations", "snoitarepo-dnuorg"])
def test_a_password_that_is_its_user_is_refused(user: str) -> None:
    environment = ON_A_NETWORK | {"POSTGRES_USER": user, "POSTGRES_PASSWORD": "ground-operations"}
    assert len(list(problems(environment))) == 1


def test_an_escaped_password_of_the_broker_is_refused_for_its_spelling_not_taken_for_long() -> None:
    assert list(problems(ON_A_NETWORK | {"CELERY_BROKER_URL": "amqp://relay:%61%61%61%61@rabbitmq//"}))


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "[::]", "192.168.1.7", "fe80::1", "[2001:db8::7]"])
def test_every_address_but_loopback_is_a_network(address: str) -> None:
    assert list(problems(ON_LOOPBACK | {"BIND_ADDRESS": address}))
    assert not list(problems(ON_A_NETWORK | {"BIND_ADDRESS": address}))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53", "::1", "[::1]"])
def test_loopback_takes_the_manuals_values(address: str) -> None:
    assert not list(problems(ON_LOOPBACK | {"BIND_ADDRESS": address}))


@pytest.mark.parametrize(
    "address",
    ["", "localhost", "localhost.evil", "127.0.0.1.evil.example", "127.1", "[]", "[::1", "::1]", "[[::1]]"],
)
def test_what_is_no_address_is_refused_and_never_taken_for_loopback(address: str) -> None:
    (problem,) = problems(ON_LOOPBACK | {"BIND_ADDRESS": address})
    assert "BIND_ADDRESS" in problem


@pytest.mark.parametrize(
    "names", ["*", "http://telemetry.example", "telemetry.example:80", "a b", "-a", "a..b"]
)
def test_invalid_host_name_is_refused_before_it_admits_anybody(names: str) -> None:
    (problem,) = problems(ON_LOOPBACK | {"ALLOWED_HOSTS": f"telemetry.example,{names}"})
    assert "ALLOWED_HOSTS" in problem


@pytest.mark.parametrize(
    "key", ['with"quote-and-more', "with space and more", "with$dollar-and-more", "ünïcödé-and-more"]
)
def test_a_key_that_a_header_or_the_web_server_cannot_hold_is_refused(key: str) -> None:
    (problem,) = problems(ON_LOOPBACK | {"API_KEYS": key})
    assert "API_KEYS" in problem


@pytest.mark.parametrize(
    "keys",
    [
        "kim:admin:b7e2f09c41d8a365",
        "b7e2f09c41d8a365:operator:kim:",
        "kim:b7e2f09c41d8a365",
        "kim:viewer:b7e2f09c41d8a365",
    ],
)
def test_a_key_whose_role_is_none_is_refused_without_a_word_of_it(keys: str) -> None:
    (problem,) = problems(ON_A_NETWORK | {"API_KEYS": keys})
    assert problem.startswith("API_KEYS: ")
    assert "viewer" in problem
    assert "b7e2f09c41d8a365" not in problem


def test_keys_of_roles_are_as_long_as_others() -> None:
    assert not list(
        problems(ON_A_NETWORK | {"API_KEYS": "kim:viewer:b7e2f09c41d8a365,ada:engineer:Zk3-vT9_qL.x7~Wm"})
    )
    (problem,) = problems(ON_A_NETWORK | {"API_KEYS": "b7e2f09c41d8a365,kim-the-engineer:engineer:short"})
    assert "key 2" in problem
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


def test_an_invalid_address_is_refused() -> None:
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


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("VICTORIA_METRICS_URL", "victoria-metrics:8428"),
        ("ELASTICSEARCH_URL", "elasticsearch:9200"),
        ("ELASTICSEARCH_URL", "http://"),
        ("TRITON_SERVER_URL", "http://triton-server:8001"),
        ("POSTGRES_PORT", "99999"),
        ("RETENTION_COMPLETED_DAYS", "1000000"),
        ("RETENTION_FAILED_DAYS", "inf"),
        ("KAFKA_RETENTION_BYTES", str(2**63)),
        ("MAX_SATELLITES", "10000000"),
        ("CELERY_RESULT_BACKEND", "redis://redis:6379/0"),
        ("POSTGRES_USER", "satellite_housekeeping"),
    ],
)
def test_what_no_service_could_work_with_is_refused_by_its_key(key: str, value: str) -> None:
    (problem,) = problems(ON_LOOPBACK | {key: value})
    assert problem.startswith(key)


@pytest.mark.parametrize(
    ("key", "value"),
    [("ELASTICSEARCH_URL", ""), ("RETENTION_COMPLETED_DAYS", "0"), ("RETENTION_FAILED_DAYS", "36500")],
)
def test_what_is_left_out_or_kept_for_long_is_taken(key: str, value: str) -> None:
    assert list(problems(ON_LOOPBACK | {key: value})) == []
