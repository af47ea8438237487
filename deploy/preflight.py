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
from urllib.parse import urlsplit

from telemetry_core.errors import InvalidMission
from telemetry_core.settings import load_mission

DEFAULT_DATABASE_PASSWORD: Final = "admin123"  # noqa: S105 - what is refused beyond loopback
DEFAULT_BROKER_LOGIN: Final = ("guest", "guest")
MIN_KEY_LENGTH: Final = 16
_LOGIN = re.compile(r"[A-Za-z0-9._~-]+")


def problems(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield one sentence for each thing that the operator must change."""
    yield from _cluster_id(environment.get("KAFKA_CLUSTER_ID", ""))
    yield from _broker(environment.get("CELERY_BROKER_URL", ""))
    yield from _mission(Path(environment["MISSION_FILE"]))
    yield from _exposure(environment)


def _cluster_id(value: str) -> Iterator[str]:
    try:
        is_uuid = len(value) == 22 and len(base64.urlsafe_b64decode(value + "==")) == 16
    except (binascii.Error, ValueError):
        is_uuid = False
    if not is_uuid:
        yield f"KAFKA_CLUSTER_ID={value!r} is not 22 characters of base64url: run ./init-kafka.sh once"


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
        is_loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        yield f"BIND_ADDRESS={address!r} is not an IP address, such as 127.0.0.1"
        return
    if is_loopback:
        return
    where = f"BIND_ADDRESS={address} is open to a network:"
    if environment.get("POSTGRES_PASSWORD") in {None, "", DEFAULT_DATABASE_PASSWORD}:
        yield f"{where} set POSTGRES_PASSWORD to one that is not in the manual"
    parts = urlsplit(environment.get("CELERY_BROKER_URL", ""))
    if (parts.username, parts.password) == DEFAULT_BROKER_LOGIN:
        yield f"{where} set another login in CELERY_BROKER_URL than guest:guest"
    keys = [key.strip() for key in environment.get("API_KEYS", "").split(",") if key.strip()]
    if not keys or min(map(len, keys)) < MIN_KEY_LENGTH:
        yield f"{where} set API_KEYS to keys of at least {MIN_KEY_LENGTH} characters, separated by commas"
    if ":" not in environment.get("FLOWER_BASIC_AUTH", ""):
        yield f"{where} set FLOWER_BASIC_AUTH to USER:PASSWORD"


def main(environment: Mapping[str, str]) -> int:
    """Print what is wrong; 0 when nothing is."""
    found = list(problems(environment))
    for problem in found:
        print(f"preflight: {problem}", file=sys.stderr)
    if not found and not ipaddress.ip_address(environment["BIND_ADDRESS"]).is_loopback:
        print(
            "preflight: Kafka, Triton, VictoriaMetrics, search and Kafka UI know no login:"
            " let a firewall admit only those who may write telemetry and read all of it"
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
