"""The file of routes and targets: who is told of which alarms, when, and how they are reached."""

import os
import re
from datetime import time
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from alarm_notifier.signing import key_of
from telemetry_core.contract.rules import Severity

MAX_DELAY_S: Final = 7 * 86_400
SHORTEST_REPEAT_S: Final = 60
_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
_OURS: Final = "NOTIFY_"
_ADDRESS: Final = TypeAdapter(AnyHttpUrl)

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,49}$")]
Kind = Literal["limit", "rate", "change", "stale", "clock", "anomaly", "forecast", "platform", "flood"]
Told = Literal["raised", "returned", "acknowledged"]


def _with_variables(text: object) -> object:
    """Put in the variables of the environment that `${NOTIFY_...}` names: no other secret may be told."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if not name.startswith(_OURS):
            raise ValueError(f"${{{name}}}: only variables whose names begin with {_OURS} may be used")
        if not os.environ.get(name):
            raise ValueError(f"{name} is not set in the environment")
        return os.environ[name]

    return _VARIABLE.sub(value, text) if isinstance(text, str) else text


def _is_http(url: SecretStr) -> SecretStr:
    try:
        _ADDRESS.validate_python(url.get_secret_value())
    except ValidationError:
        # Its text would show the address, which may be a secret as a whole.
        raise ValueError("must have the form http://host:port/path or https://...") from None
    return url


def _is_key(secret: SecretStr) -> SecretStr:
    key_of(secret.get_secret_value())
    return secret


def _is_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("must be the name of a time zone, such as Asia/Seoul or UTC")
    return name


Secret = Annotated[SecretStr, BeforeValidator(_with_variables)]
Address = Annotated[Secret, AfterValidator(_is_http)]
SigningSecret = Annotated[Secret, AfterValidator(_is_key)]
Zone = Annotated[str, AfterValidator(_is_zone)]
Delay = Annotated[int, Field(ge=1, le=MAX_DELAY_S)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Webhook(_Part):
    """Receives each notice as JSON, signed as Standard Webhooks says where there is a secret."""

    type: Literal["webhook"]
    url: Address
    secret: SigningSecret | None = None


class Alertmanager(_Part):
    """Receives alarms as alerts of Prometheus; `url` is the root of its API."""

    type: Literal["alertmanager"]
    url: Address


class Apprise(_Part):
    """Any service that the library apprise knows, by its URL."""

    type: Literal["apprise"]
    url: Secret


Target = Annotated[Webhook | Alertmanager | Apprise, Field(discriminator="type")]


class QuietHours(_Part):
    """From one time of day to another, possibly over midnight: notices wait for their end."""

    begin: time
    end: time
    zone: Zone

    @property
    def zone_info(self) -> ZoneInfo:
        """The zone that the times of day are in."""
        return ZoneInfo(self.zone)

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.begin == self.end:
            raise ValueError("begin and end are the same time: the route would never tell anybody")
        if self.begin.tzinfo or self.end.tzinfo:
            raise ValueError("begin and end are times of day without an offset: zone says where")
        return self


class Route(_Part):
    """Which alarms are told to which targets; what is left out matches everything."""

    targets: Annotated[list[Name], Field(min_length=1)]
    kinds: Annotated[list[Kind], Field(min_length=1)] | None = None
    min_severity: Severity = Severity.WATCH
    satellites: Annotated[list[str], Field(min_length=1)] = ["*"]
    """Patterns of ids as in file names: `*`, `?` and `[...]`."""
    events: Annotated[list[Told], Field(min_length=1)] = ["raised", "returned"]
    in_flood: Literal["once", "each"] = "once"
    """Once: a flood of a satellite is told instead of each of its alarms below `critical`."""
    quiet_hours: QuietHours | None = None
    repeat_s: Annotated[int, Field(ge=SHORTEST_REPEAT_S, le=MAX_DELAY_S)] | None = None
    """While nobody acknowledges a standing alarm, it is told again after so many seconds."""
    escalate_after_s: dict[Delay, Name] = {}
    """Seconds after which an alarm that stands unacknowledged is told to another target."""


class Notifications(_Part):
    """The whole file."""

    targets: dict[Name, Target]
    routes: list[Route]

    @model_validator(mode="after")
    def _targets_exist(self) -> Self:
        for number, route in enumerate(self.routes):
            for name in [*route.targets, *route.escalate_after_s.values()]:
                if name not in self.targets:
                    raise ValueError(f"routes.{number}: there is no target {name}")
        return self
