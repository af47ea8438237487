"""Configuration: environment keys (the same under Compose and natively) and the mission file."""

from pathlib import Path
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from telemetry_core.contract.errors import InvalidFile, InvalidMission
from telemetry_core.contract.mission import Mission
from telemetry_core.service.api_keys import ApiKey, parse_api_keys

LARGEST_INTEGER: Final = 2**63 - 1
"""Of Kafka's settings."""
MOST_SATELLITES: Final = 1_000_000
LONGEST_DAYS: Final = 365_000
"""Beyond it no date is left to count back to; 0 keeps for ever."""
_PROJECT = Path(__file__).resolve().parents[2]

Content = TypeVar("Content", bound=BaseModel)


class Settings(BaseSettings):
    """Every key that a service reads; the defaults are those of a machine without containers."""

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True)

    kafka_bootstrap_servers: str = "localhost:9092"
    kafka_topic: str = "satellite-telemetry"
    kafka_dead_letter_topic: str = "satellite-telemetry-dead-letters"
    kafka_results_topic: str = "inference.results"
    celery_broker_url: str = "amqp://guest:guest@localhost:5672//"
    celery_result_backend: Literal["rpc://"] = "rpc://"
    """Results stand in PostgreSQL: no service reads another backend, and no image has its client."""
    postgres_host: str = "localhost"
    postgres_port: int = Field(default=5432, ge=1, le=65_535)
    postgres_user: str = "admin"
    postgres_password: str = "admin123"  # noqa: S105 - the operator's manual fixes it; refused beyond loopback
    postgres_db: str = "orders_db"
    triton_server_url: str = "localhost:8501"
    victoria_metrics_url: str = "http://localhost:8428"
    elasticsearch_url: str = "http://localhost:9200"
    operation_server_url: str = Field(default="http://localhost:8000", min_length=1)
    """Where the alarm server asks how the platform's parts are."""
    mission_file: Path = _PROJECT / "missions" / "default.yaml"
    model_repository: Path = _PROJECT / "model_repository"
    disk_path: Path = Path("/")
    """A folder on the file system that holds the servers' data."""
    min_free_disk_mb: int = 1000
    """With less room there nothing new is taken in."""
    api_keys: str = ""
    """Keys of the REST API, separated by commas, each KEY or NAME:ROLE:KEY; none = it asks for none."""
    kafka_retention_bytes: int = Field(default=10_737_418_240, ge=0, le=LARGEST_INTEGER)
    """Bytes that each partition of a topic keeps for its seven days; 0 sets no limit."""
    retention_completed_days: float = Field(default=365, ge=0, le=LONGEST_DAYS)
    """Completed jobs older than this are deleted with their verdicts; 0 keeps them for ever."""
    retention_failed_days: float = Field(default=365, ge=0, le=LONGEST_DAYS)
    allowed_hosts: str = ""
    """Further names under which browsers reach this machine, separated by commas."""
    intake_breaker_share: float = Field(default=0.5, gt=0, le=1)
    """Share of invalid input above which the trigger pauses; 1 = never."""
    max_satellites: int = Field(default=5_000, ge=1, le=MOST_SATELLITES)
    """Satellites whose windows the trigger keeps at once, live and stored ones apart; 40 KB each."""
    notify_file: str = ""
    """Who is told of which alarms; empty = nobody."""
    metrics_port: int = 0
    """Port of this service's own `/metrics`; 0 = none."""
    metrics_address: str = "127.0.0.1"
    """Address of that port; in a container every one of its own."""

    @field_validator("celery_broker_url", "victoria_metrics_url", "elasticsearch_url", "operation_server_url")
    @classmethod
    def _is_unambiguous(cls, url: str) -> str:
        """Refuse a login that ends early for its special characters: its rest would be taken for a host."""
        try:
            parts = urlsplit(url)
            is_clear = "@" not in parts.path + parts.query + parts.fragment and parts.port != 0
        except ValueError:
            is_clear = False
        if not is_clear:
            raise ValueError(
                "must have the form scheme://user:password@host:port: write special characters of the"
                " password percent-encoded, %2F for /, %40 for @, %23 for #, %3F for ?"
            )
        return url

    @field_validator("victoria_metrics_url", "elasticsearch_url", "operation_server_url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        """Refuse `host:port`, which reads as a scheme; no search engine is an empty address."""
        parts = urlsplit(url)
        if url and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError("must have the form http://host:port")
        return url

    @field_validator("triton_server_url")
    @classmethod
    def _is_address(cls, address: str) -> str:
        """Refuse a scheme: gRPC would look for a host of that name for ever."""
        if address.lower().startswith(("http://", "https://")):
            raise ValueError("must have the form host:port, without http://")
        return address

    @field_validator("api_keys")
    @classmethod
    def _are_keys(cls, text: str) -> str:
        parse_api_keys(text)
        return text

    @property
    def accepted_api_keys(self) -> list[ApiKey]:
        """Each key of `api_keys`."""
        return parse_api_keys(self.api_keys)

    @property
    def accepted_hosts(self) -> list[str]:
        """Each name of `allowed_hosts`."""
        return _items(self.allowed_hosts)


def _items(text: str) -> list[str]:
    return [item for item in (part.strip() for part in text.split(",")) if item]


def load_mission(path: Path) -> Mission:
    """Read a mission file, or raise `InvalidMission` naming file, line and reason."""
    return load_yaml(path, Mission, InvalidMission, "a mission file is a mapping that starts with `name:`")


def load_yaml(path: Path, kind: type[Content], error_kind: type[InvalidFile], beginning: str) -> Content:
    """Read a file of an operator's as a model, or raise the error that its kind has.

    `beginning` says what the file is, for one that holds something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise error_kind(f"{path}: {error}") from error
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
        _refuse_repeated_keys(path, tree, error_kind)
    except yaml.YAMLError as error:
        raise error_kind(f"{path}: {_yaml_problem(error)}") from error
    except RecursionError as error:
        raise error_kind(f"{path}: nested too deeply, or a part that contains itself") from error
    if not isinstance(content, dict):
        raise error_kind(f"{path}:1: {beginning}")
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        problems = [_problem(path, tree, item) for item in error.errors()]
        raise error_kind("\n".join(problems)) from error


def _yaml_problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f"line {mark.line + 1}: " if mark else ""
    return f"{line}{getattr(error, 'problem', None) or error}"


def _refuse_repeated_keys(path: Path, node: yaml.Node | None, error_kind: type[InvalidFile]) -> None:
    """YAML keeps the last of two equal keys and drops the first without a word; no file here may."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise error_kind(f"{path}:{key.start_mark.line + 1}: {key.value} is given twice")
            seen.add(key.value)
            _refuse_repeated_keys(path, value, error_kind)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_repeated_keys(path, value, error_kind)


def _problem(path: Path, tree: yaml.Node | None, item: Any) -> str:
    location = item["loc"]
    where = ".".join(str(part) for part in location if part != "[key]")
    return f"{path}:{_line_of(tree, location)}: {where}: {item['msg']}"


def _line_of(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """Line of the deepest part of `location` that the file holds; counted from 1."""
    line = node.start_mark.line + 1 if node else 1
    for part in location:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(part)]
            if not found:
                break
            line = found[0][0].start_mark.line + 1
            node = found[0][1]
        else:
            break
    return line
