import configparser
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from supervisor.datatypes import dict_of_key_value_pairs
from supervisor.options import expand

from analysis_server.delivery.handling import GIVE_UP_AT
from deploy.native.services.logins import broker_login
from deploy.native.services.places import Accounts, Places
from deploy.native.services.python_services import python_services
from deploy.native.services.service import Service
from deploy.native.supervision.configuration import (
    ConfigurationError,
    render,
    supervisor_configuration,
    template_values,
    write_configuration,
)
from telemetry_core.contract.tasks import DEAD_LETTER_QUEUE, PARKED_QUEUE

CHECKOUT = Path(__file__).resolve().parents[4]
PLACES = Places(checkout=CHECKOUT, state=Path("/srv/state"))
ENVIRONMENT = {
    "BIND_ADDRESS": "127.0.0.1",
    "NATIVE_INNER_ADDRESS": "127.77.1.2",
    "CELERY_BROKER_URL": "amqp://guest:s3cret@127.0.0.1:5672//",
}
TEMPLATES = [
    *(CHECKOUT / "deploy" / "native" / "config").iterdir(),
    *(path for path in (CHECKOUT / "deploy" / "native" / "bin").rglob("*") if path.is_file()),
    CHECKOUT / "deploy" / "definitions.json",
    CHECKOUT / "nginx" / "native.conf",
]


def values(web_port: int = 80, servers: str | None = "satellite") -> dict[str, str]:
    return template_values(PLACES, Accounts(servers=servers, services=None), ENVIRONMENT, web_port)


def ready() -> str | None:
    return None


def service(**changes: Any) -> Service:
    fields = {"name": "kafka", "command": "/bin/kafka", "probe": ready, "directory": Path("/srv"), **changes}
    return Service(**fields)


def program(one: Service) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(supervisor_configuration(PLACES, [one]))
    return parser[f"program:{one.name}"]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_template_renders_without_a_placeholder_left(template: Path) -> None:
    rendered = render(template.read_text(encoding="utf-8"), values())
    assert not re.search(r"@[A-Z_]+@", rendered)


def test_every_template_is_written_under_its_name_whichever_room_it_comes_from(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for folder in ("frontend/dist", ".native/docs"):
        (checkout / folder).mkdir(parents=True)
    for folder in ("deploy", "nginx"):
        (checkout / folder).symlink_to(CHECKOUT / folder)
    places = Places(checkout=checkout, state=tmp_path / "state")
    write_configuration(places, [service()], values())
    commands = {path.name for path in (places.state / "bin").iterdir() if os.access(path, os.X_OK)}
    assert commands >= {"celery", "kafka-topics", "rabbitmqctl", "start-alone"}
    configuration = [path.name for path in places.etc.iterdir() if path.is_file()]
    names = [template.name for template in TEMPLATES if template.name != "native.conf"]
    assert sorted([*commands, *configuration]) == sorted([*names, "supervisord.conf"])


def test_unknown_placeholder_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="@COLOUR@"):
        render("@COLOUR@", values())


def test_address_before_a_placeholder_keeps_its_at_sign() -> None:
    assert render("1@@BIND_ADDRESS@:9093", values()) == "1@127.0.0.1:9093"


def test_broker_definitions_limit_deliveries_and_keep_dead_letters() -> None:
    text = (CHECKOUT / "deploy" / "definitions.json").read_text(encoding="utf-8")
    definitions = json.loads(render(text, values()))
    policy = next(one for one in definitions["policies"] if one["name"] == "inference-tasks")
    assert all(re.match(policy["pattern"], queue) for queue in ("inference", "celery"))
    assert not re.match(policy["pattern"], "dead-letters")
    assert policy["definition"]["delivery-limit"] > GIVE_UP_AT
    assert definitions["queues"][0]["name"] == policy["definition"]["dead-letter-exchange"]
    assert definitions["users"][0]["password"] == broker_login(ENVIRONMENT["CELERY_BROKER_URL"])[1]


@pytest.mark.parametrize("queue", ["inference", "celery", PARKED_QUEUE, DEAD_LETTER_QUEUE])
def test_every_lasting_queue_is_bounded_in_messages_and_bytes(queue: str) -> None:
    text = (CHECKOUT / "deploy" / "definitions.json").read_text(encoding="utf-8")
    policies = json.loads(render(text, values()))["policies"]
    (limits,) = [one["definition"] for one in policies if re.match(one["pattern"], queue)]
    assert limits["max-length"] > 0
    assert limits["max-length-bytes"] > 0


def test_looking_into_the_dead_letters_is_never_one_delivery_too_many() -> None:
    """RabbitMQ 4 drops after 20 of them where no policy says otherwise; 3.10 takes no negative limit."""
    text = (CHECKOUT / "deploy" / "definitions.json").read_text(encoding="utf-8")
    policies = json.loads(render(text, values()))["policies"]
    (limits,) = [one["definition"] for one in policies if re.match(one["pattern"], DEAD_LETTER_QUEUE)]
    assert limits["delivery-limit"] >= 1_000_000_000


def test_nginx_drops_root_only_where_it_starts_as_root() -> None:
    assert values(80)["NGINX_USER"] == "user satellite;"
    assert values(8088)["NGINX_USER"] == ""
    assert values(80, servers=None)["NGINX_USER"] == ""


def test_every_service_is_restarted_and_its_log_rotated() -> None:
    section = program(service())
    assert section["autorestart"] == "true"
    assert section["stdout_logfile_maxbytes"] == "10MB"
    assert section.get("user") is None


def test_service_user_gets_a_home_of_its_own() -> None:
    section = program(service(user="satellite"))
    assert section["user"] == "satellite"
    assert 'HOME="/srv/state/run"' in section["environment"]


def test_percent_signs_in_a_command_survive_the_supervisor() -> None:
    assert program(service(command="echo 100%"))["command"].endswith(" echo 100%%")


def test_what_is_not_urgent_yields_the_processor() -> None:
    assert program(service())["command"].endswith(" kafka nice -n 10 /bin/kafka")
    assert program(service(is_urgent=True))["command"].endswith(" kafka /bin/kafka")


def test_environment_keeps_quotes_and_percent_signs() -> None:
    one = service(environment={"POSTGRES_PASSWORD": """a"b%c,d=e"""})
    written = program(one)["environment"]
    read = dict_of_key_value_pairs(expand(written, {}, "environment"))
    assert read.items() >= one.environment.items()


def test_environment_that_no_quotes_can_hold_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="POSTGRES_PASSWORD"):
        supervisor_configuration(PLACES, [service(environment={"POSTGRES_PASSWORD": """a"b'c"""})])


def test_changed_mission_restarts_the_services_that_read_it() -> None:
    def environments(mission: str) -> dict[str, Mapping[str, str]]:
        environment = ENVIRONMENT | {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092", "MISSION_FILE": mission}
        services = python_services(PLACES, Accounts(servers=None, services=None), environment)
        return {one.name: one.environment for one in services}

    before, after = environments("/srv/a.yaml"), environments("/srv/b.yaml")
    assert all(before[name] != after[name] for name in before)
