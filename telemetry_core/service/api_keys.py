"""API keys as `API_KEYS` holds them: separated by commas, each of them KEY or NAME:ROLE:KEY."""

import re
from dataclasses import dataclass, field
from typing import Final, Literal, TypeGuard, get_args

Role = Literal["viewer", "operator", "engineer"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""Each may do what those before it may: read; run a shift; change what the platform judges by."""

_NAME: Final = re.compile(r"\w[\w .@-]{0,99}")
_SECRET: Final = re.compile(r"[A-Za-z0-9._~+/=-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key, whose it is and what it may do."""

    name: str | None
    """None: it was given without one."""
    role: Role
    secret: str = field(repr=False)


def may(role: Role, needed: Role) -> bool:
    """Tell whether a role includes another one."""
    return ROLES.index(role) >= ROLES.index(needed)


def parse_api_keys(text: str) -> list[ApiKey]:
    """Read them; a key without name and role is an engineer's.

    Raises `ValueError`, which tells a wrong one by its number: any part of it may be the secret.
    """
    entries = (entry.strip() for entry in text.split(","))
    keys = [_parsed(number, entry) for number, entry in enumerate(filter(None, entries), start=1)]
    if len({key.secret for key in keys}) < len(set(keys)):
        raise ValueError("one key stands there with two names or roles: give each of them a key of its own")
    if keys and not any(may(key.role, "operator") for key in keys):
        raise ValueError(
            "all keys are viewers': nobody could acknowledge an alarm; add an operator or engineer"
        )
    return keys


def _parsed(number: int, entry: str) -> ApiKey:
    name, role, secret = _parts(number, entry)
    if not _SECRET.fullmatch(secret):
        raise ValueError(f"key {number}: a key may contain only letters, digits and . _ ~ + / = -")
    if name is not None and not _NAME.fullmatch(name):
        raise ValueError(
            f"key {number}: a name may contain only letters, digits, spaces and . _ @ -, up to 100"
        )
    return ApiKey(name=name, role=role, secret=secret)


def _parts(number: int, entry: str) -> tuple[str | None, Role, str]:
    parts = [part.strip() for part in entry.split(":")]
    if len(parts) == 1:
        return None, "engineer", parts[0]
    if len(parts) == 3 and _is_role(parts[1]):
        return parts[0], parts[1], parts[2]
    raise ValueError(f"key {number} must read NAME:ROLE:KEY, where ROLE is one of {', '.join(ROLES)}")


def _is_role(text: str) -> TypeGuard[Role]:
    return text in ROLES
