"""Writes the configuration of the servers and of their supervisor."""

import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.native.services.logins import broker_login
from deploy.native.services.places import SERVICE_USER, Accounts, Places
from deploy.native.services.service import Service

YIELDING_NICENESS = 10
"""Of services that are not urgent: a tenth of the processor time of one that is, where both want it."""
_PLACEHOLDER = re.compile(r"@([A-Z_]+)@")


class ConfigurationError(ValueError):
    """A file of the native mode cannot be written from these values."""


def render(template: str, values: Mapping[str, str]) -> str:
    """Replace every `@NAME@`."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise ConfigurationError(f"@{match[1]}@ is not one of {', '.join(sorted(values))}")
        return values[match[1]]

    return _PLACEHOLDER.sub(value, template)


def template_values(
    places: Places, accounts: Accounts, environment: Mapping[str, str], web_port: int
) -> dict[str, str]:
    """Values for all templates."""
    user, password = broker_login(environment["CELERY_BROKER_URL"])
    return {
        "STATE": str(places.state),
        "CHECKOUT": str(places.checkout),
        "BIND_ADDRESS": environment["BIND_ADDRESS"],
        "INNER_ADDRESS": environment["NATIVE_INNER_ADDRESS"],
        "BROKER_USER": user,
        "BROKER_PASSWORD": password,
        "WEB_PORT": str(web_port),
        "NGINX_USER": f"user {SERVICE_USER};" if accounts.servers and web_port == 80 else "",
    }


def write_configuration(places: Places, services: Iterable[Service], values: Mapping[str, str]) -> None:
    """Render every template, the commands for PATH and the supervisor's file."""
    native = places.checkout / "deploy" / "native"
    nginx = places.checkout / "nginx"
    for template in (*(native / "config").iterdir(), places.checkout / "deploy" / "definitions.json"):
        _write(places.etc / template.name, render(template.read_text(encoding="utf-8"), values))
    for command in (path for path in (native / "bin").rglob("*") if path.is_file()):
        _write(
            places.state / "bin" / command.name, render(command.read_text(encoding="utf-8"), values), 0o755
        )
    shutil.rmtree(places.etc / "nginx", ignore_errors=True)
    shutil.copytree(nginx, places.etc / "nginx")
    configuration = render((nginx / "native.conf").read_text(encoding="utf-8"), values)
    _write(places.etc / "nginx" / "nginx.conf", configuration)
    shutil.rmtree(places.etc / "html", ignore_errors=True)
    shutil.copytree(places.checkout / "frontend" / "dist", places.etc / "html")
    shutil.copytree(places.checkout / ".native" / "docs", places.etc / "html" / "docs")
    write_secret(places.etc / "supervisord.conf", supervisor_configuration(places, services))


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner may read, from its first byte on."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def supervisor_configuration(places: Places, services: Iterable[Service]) -> str:
    """Build supervisord's file: restart always, rotated logs, nothing started by itself."""
    head = f"""[supervisord]
logfile={places.logs}/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile={places.run}/supervisord.pid
childlogdir={places.logs}
directory={places.run}
environment=SATELLITE_PLATFORM="{places.state}",PYTHONUNBUFFERED="1",PYTHONDONTWRITEBYTECODE="1"
umask=022

[unix_http_server]
file={places.run}/supervisor.sock
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{places.run}/supervisor.sock
"""
    return head + "".join(_program(places, service) for service in services)


def _program(places: Places, service: Service) -> str:
    command = service.command if service.is_urgent else f"nice -n {YIELDING_NICENESS} {service.command}"
    # The supervisor waits one second longer after each failed start: a client of a dead server keeps trying.
    environment = dict(service.environment) | {"SATELLITE_SERVICE": f"{places.state}/{service.name}"}
    if service.user:
        environment |= {"HOME": str(places.run), "USER": service.user}
    lines = [
        "",
        f"[program:{service.name}]",
        f"command={places.state}/bin/start-alone {service.name} {command.replace('%', '%%')}",
        f"directory={service.directory}",
        "autostart=false",
        "autorestart=true",
        "startsecs=2",
        "startretries=1000000",
        f"stopsignal={service.stop_signal}",
        "stopwaitsecs=30",
        "stopasgroup=false",
        "killasgroup=true",
        "redirect_stderr=true",
        f"stdout_logfile={places.logs}/{service.name}.log",
        "stdout_logfile_maxbytes=10MB",
        "stdout_logfile_backups=3",
    ]
    if service.user:
        lines.append(f"user={service.user}")
    if environment:
        lines.append(f"environment={','.join(map(_assignment, environment.items()))}")
    return "\n".join(lines) + "\n"


def _assignment(pair: tuple[str, str]) -> str:
    key, value = pair
    quote = "'" if '"' in value else '"'
    if quote in value or "\n" in value:
        raise ConfigurationError(f"{key}: a value must not contain both kinds of quotes or a line break")
    return f"{key}={quote}{value.replace('%', '%%')}{quote}"
