"""Where the platform's files are, and which user runs its services."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SERVICE_USER = "satellite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Folders of one installation."""

    checkout: Path
    state: Path

    @property
    def data(self) -> Path:
        """What `make down PURGE=1` deletes, beside the logs."""
        return self.state / "data"

    @property
    def logs(self) -> Path:
        """Rotated output of every service."""
        return self.state / "logs"

    @property
    def etc(self) -> Path:
        """Rendered configuration, written anew at every start."""
        return self.state / "etc"

    @property
    def run(self) -> Path:
        """Sockets, pid files and temporary folders."""
        return self.state / "run"

    @property
    def python(self) -> Path:
        """Python of the project's environment."""
        return self.checkout / ".venv" / "bin" / "python"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The users behind the services; None = the user who starts the platform."""

    servers: str | None
    services: str | None
    """Those that read the checkout."""


def places_from_environment(environment: dict[str, str]) -> Places:
    """Read the folders that `deploy/native/env` found."""
    return Places(
        checkout=Path(environment["NATIVE_CHECKOUT"]), state=Path(environment["NATIVE_STATE"]).resolve()
    )


def choose_accounts(*, is_root: bool, can_run_python: bool) -> Accounts:
    """Decide who runs what: root lends a user to its servers, and to its services if they can run as it."""
    if not is_root:
        return Accounts(servers=None, services=None)
    return Accounts(servers=SERVICE_USER, services=SERVICE_USER if can_run_python else None)


def find_accounts(places: Places) -> Accounts:
    """Try whether the service user can run the project's Python and import a service's code."""
    is_root = os.geteuid() == 0
    return choose_accounts(is_root=is_root, can_run_python=is_root and _can_import(places))


def _can_import(places: Places) -> bool:
    account = pwd.getpwnam(SERVICE_USER)
    try:
        outcome = subprocess.run(
            [places.python, "-c", "import celery, telemetry_core"],
            cwd="/",
            env=os.environ | {"PYTHONPATH": str(places.checkout)},
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            capture_output=True,
            check=False,
        )
    except PermissionError:
        return False
    return outcome.returncode == 0


def hide_secrets(places: Places, owner: str | None) -> None:
    """Make secrets readable only by the servers' user."""
    for name in ("definitions.json", "victoria-metrics-key", "nginx/allowed.conf"):
        secret = places.etc / name
        secret.chmod(0o600)
        if owner:
            shutil.chown(secret, owner)


def create_folders(places: Places, owner: str | None) -> None:
    """Create the folders that the servers write to, and give them to their user."""
    written = [
        places.data,
        *(places.data / name for name in ("kafka", "rabbitmq", "postgres", "victoria-metrics", "opensearch")),
        places.logs,
        places.run,
        places.run / "nginx",
    ]
    for folder in written:
        folder.mkdir(parents=True, exist_ok=True)
        if owner:
            account = pwd.getpwnam(owner)
            os.chown(folder, account.pw_uid, account.pw_gid)
    (places.data / "postgres").chmod(0o700)
