"""Refuses a configuration that would be unsafe or cannot work, before anything starts."""

import base64
import binascii
import ipaddress
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from telemetry_core.contract.errors import InvalidMission
from telemetry_core.postgres.roles import SERVICES, role_of
from telemetry_core.service.access import HOST_NAME
from telemetry_core.service.api_keys import parse_api_keys
from telemetry_core.service.settings import Settings, load_mission

MIN_PASSWORD_LENGTH: Final = 12
MIN_KEY_LENGTH: Final = 16
MIN_VARIETY: Final = 6
"""Different characters: `aaaaaaaaaaaaaaaa` and `121212121212` are no secrets."""
_KNOWN: Final = re.compile(
    r"admin(123)?|guest|passwor[dt]|changeme|change-me|secret|satellite|operator|postgres", re.IGNORECASE
)
"""What stands in manuals and word lists: a secret must be long enough without it."""
_RUNS: Final = ("0123456789abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1234567890")
_LOGIN = re.compile(r"[A-Za-z0-9._~-]+")
_HINT: Final = "for example the output of: openssl rand -hex 16"


def problems(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield one sentence for each thing that the operator must change."""
    yield from _cluster_id(environment.get("KAFKA_CLUSTER_ID", ""))
    yield from configuration_problems(environment)
    yield from _exposure(environment)


def configuration_problems(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what would keep services from starting, in native mode and in containers."""
    yield from _settings(environment)
    yield from _owner(environment.get("POSTGRES_USER", ""))
    yield from _broker(environment.get("CELERY_BROKER_URL", ""))
    yield from _mission(Path(environment["MISSION_FILE"]))
    for name in _items(environment.get("ALLOWED_HOSTS", "")):
        if not HOST_NAME.fullmatch(name):
            yield f"ALLOWED_HOSTS: {name!r} is not a host name (no scheme, port or *)"


def weakness(secret: str, *, user: str = "", min_length: int = MIN_PASSWORD_LENGTH) -> str | None:
    """Say why a secret is easily guessed, or None."""
    if len(secret) < min_length:
        return f"it has {len(secret)} characters, at least {min_length} are needed"
    if len(set(secret)) < MIN_VARIETY:
        return f"it has {len(set(secret))} different characters, at least {MIN_VARIETY} are needed"
    if user and user.lower() in {secret.lower(), secret.lower()[::-1]}:
        return "it is the user's name"
    rest = _KNOWN.sub("", secret if not user else re.sub(re.escape(user), "", secret, flags=re.IGNORECASE))
    if len(_without_runs(rest)) < min_length // 2:
        return "it consists of well-known words, or of alphabet or keyboard sequences"
    return None


def _without_runs(text: str) -> str:
    """Leave out each stretch of four or more characters in alphabet, digit or keyboard order."""
    lowered = text.lower()
    kept = ""
    while lowered:
        length = max(_common_start(lowered, run) for run in (*_RUNS, *(run[::-1] for run in _RUNS)))
        kept += "" if length >= 4 else lowered[0]
        lowered = lowered[length if length >= 4 else 1 :]
    return kept


def _common_start(text: str, run: str) -> int:
    place = run.find(text[0])
    if place < 0:
        return 0
    pairs = zip(text, run[place:], strict=False)
    return next(
        (index for index, (one, other) in enumerate(pairs) if one != other), min(len(text), len(run) - place)
    )


def _cluster_id(value: str) -> Iterator[str]:
    try:
        is_uuid = len(value) == 22 and len(base64.urlsafe_b64decode(value + "==")) == 16
    except (binascii.Error, ValueError):
        is_uuid = False
    if not is_uuid:
        yield f"KAFKA_CLUSTER_ID={value!r} is not 22 characters of base64url: run ./init-kafka.sh once"


def _settings(environment: Mapping[str, str]) -> Iterator[str]:
    given = {name: environment[name.upper()] for name in Settings.model_fields if name.upper() in environment}
    try:
        Settings.model_validate(given)
    except ValidationError as error:
        for item in error.errors():
            yield f"{'.'.join(map(str, item['loc'])).upper()}: {item['msg']}"


def _owner(user: str) -> Iterator[str]:
    if user in map(role_of, SERVICES):
        yield f"POSTGRES_USER: {user} is the login of a service, which must not own the database"


def _broker(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    login = (parts.username or "", parts.password or "")
    if parts.scheme != "amqp" or not all(_LOGIN.fullmatch(part) for part in login):
        yield (
            "CELERY_BROKER_URL must read amqp://USER:PASSWORD@HOST:PORT// with a user and a password of"
            " letters, digits and . _ ~ -"
        )


def _mission(path: Path) -> Iterator[str]:
    try:
        load_mission(path)
    except InvalidMission as error:
        yield f"MISSION_FILE: {error}"


def _exposure(environment: Mapping[str, str]) -> Iterator[str]:
    address = environment.get("BIND_ADDRESS", "")
    try:
        is_loopback = _is_loopback(address)
    except ValueError:
        yield f"BIND_ADDRESS={address!r} is not an IP address, such as 127.0.0.1"
        return
    if not is_loopback:
        where = f"BIND_ADDRESS={address} is open to a network:"
        yield from (f"{where} {problem}" for problem in _weak_secrets(environment))
        if _is_own_machine(environment.get("KAFKA_EXTERNAL_HOST", "")):
            yield (
                f"{where} Kafka would direct clients on other machines to themselves; set KAFKA_EXTERNAL_HOST"
                " to the name or address by which they reach this host"
            )


def _is_loopback(address: str) -> bool:
    """Raises `ValueError` for what Compose would publish no port on; it takes an address in brackets, too."""
    is_bracketed = address.startswith("[") and address.endswith("]")
    return ipaddress.ip_address(address[1:-1] if is_bracketed else address).is_loopback


def _is_own_machine(host: str) -> bool:
    """Tell whether a client that is given this name would connect to itself, or nowhere."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        name = host.rstrip(".").lower()
        return not name or name == "localhost" or name.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _weak_secrets(environment: Mapping[str, str]) -> Iterator[str]:
    user, password = environment.get("POSTGRES_USER", ""), environment.get("POSTGRES_PASSWORD", "")
    if reason := weakness(password, user=user):
        yield f"POSTGRES_PASSWORD is too weak: {reason}; {_HINT}"
    parts = urlsplit(environment.get("CELERY_BROKER_URL", ""))
    if reason := weakness(unquote(parts.password or ""), user=unquote(parts.username or "")):
        yield f"the password in CELERY_BROKER_URL is too weak: {reason}; {_HINT}"
    yield from _weak_keys(environment.get("API_KEYS", ""))
    yield from _flower(environment.get("FLOWER_BASIC_AUTH", ""))


def _weak_keys(text: str) -> Iterator[str]:
    try:
        keys = parse_api_keys(text)
    except ValueError:
        return  # said of the settings
    if not keys:
        yield (
            f"set API_KEYS to keys of at least {MIN_KEY_LENGTH} characters, separated by commas, each of them"
            f" NAME:ROLE:KEY; {_HINT}"
        )
    for number, key in enumerate(keys, start=1):
        if reason := weakness(key.secret, user=key.name or "", min_length=MIN_KEY_LENGTH):
            yield f"key {number} of API_KEYS is too weak: {reason}; {_HINT}"


def _flower(logins: str) -> Iterator[str]:
    if not _items(logins):
        yield f"set FLOWER_BASIC_AUTH to USER:PASSWORD; {_HINT}"
    for login in _items(logins):
        user, _, password = login.partition(":")
        if not user or not password:
            yield "FLOWER_BASIC_AUTH must read USER:PASSWORD, with neither empty"
        elif reason := weakness(password, user=user):
            yield f"the password of {user} in FLOWER_BASIC_AUTH is too weak: {reason}; {_HINT}"


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def main(environment: Mapping[str, str]) -> int:
    """Print what is wrong; 0 when nothing is."""
    found = list(problems(environment))
    for problem in found:
        print(f"preflight: {problem}", file=sys.stderr)
    if not found and not _is_loopback(environment["BIND_ADDRESS"]):
        print(
            "preflight: Kafka and Triton's gRPC port have no login:"
            " admit through a firewall only clients that may write telemetry and read all of it"
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
