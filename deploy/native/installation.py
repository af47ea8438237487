"""The platform as a whole: up, down, status, logs."""

import os
import pwd
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from deploy.native.services.places import (
    Accounts,
    Places,
    create_folders,
    find_accounts,
    hide_secrets,
    places_from_environment,
)
from deploy.native.services.servers import postgres_binaries
from deploy.native.services.service import OneShot, Service
from deploy.native.services.table import all_one_shots, all_services, self_test
from deploy.native.supervision.configuration import template_values, write_configuration, write_secret
from deploy.native.supervision.ports import choose_web_port, listening_ports, taken_ports
from deploy.native.supervision.readiness import stages, start_and_wait
from deploy.native.supervision.refusals import (
    RefusedError,
    describe_absence,
    describe_taken_ports,
    one_at_a_time,
    refuse_broken_configuration,
    refuse_open_address,
)
from deploy.native.supervision.status import brief_table, observe, table
from deploy.native.supervision.supervisor import Supervisor, end_leftovers, leftovers, remove_traces

START_LIMIT_S = 180
LOG_LINES = 30
KAFKA_CLUSTER_ID = "c2F0ZWxsaXRlLW5hdGl2ZQ"


class Platform:
    """All services of one checkout."""

    def __init__(self, places: Places, accounts: Accounts, environment: Mapping[str, str]) -> None:
        self.places = places
        self._accounts = accounts
        self._environment = environment
        self._supervisor = Supervisor(places)
        self._was_running = self._supervisor.is_running()

    @cached_property
    def _web_port(self) -> int:
        bind = self._environment["BIND_ADDRESS"]
        rendered = self.places.etc / "nginx" / "nginx.conf"
        if self._was_running and rendered.exists():
            return 80 if f"listen {bind}:80;" in rendered.read_text(encoding="utf-8") else 8088
        return choose_web_port(bind)

    @cached_property
    def _services(self) -> tuple[Service, ...]:
        return all_services(self.places, self._accounts, self._environment, self._web_port)

    @classmethod
    def from_environment(cls, environment: dict[str, str]) -> "Platform":
        """Build it from what `deploy/native/env` exports."""
        places = places_from_environment(environment)
        if not (places.state / "tools").is_dir():
            raise RefusedError("The platform is not installed: run 'make setup' first.")
        refuse_open_address(environment["BIND_ADDRESS"])
        return cls(places, find_accounts(places), environment)

    def up(self, names: Sequence[str]) -> None:
        """Start the named services (none = all) and wait until they are ready."""
        with one_at_a_time(self.places):
            refuse_broken_configuration(self._environment)
            self._up(names)

    def _up(self, names: Sequence[str]) -> None:
        begun = time.monotonic()
        if not self._was_running:
            self._clear_away()
        chosen = choose_services(self._services, names)
        self._say_accounts()
        stopped = self._prepare(chosen)
        if stopped:
            print(f"Restarting what changed since it was started: {', '.join(stopped)}.", flush=True)
            chosen = [one for one in self._services if one in chosen or one.name in stopped]
        first, second, last = stages(chosen)
        deadline = begun + START_LIMIT_S
        failures = start_and_wait(self._supervisor, first, deadline=deadline)
        self._run_one_shots({service.name for service in chosen} - {failure.service for failure in failures})
        failures += start_and_wait(self._supervisor, second, deadline=deadline)
        if names:
            failures += start_and_wait(self._supervisor, last, deadline=deadline)
        else:
            self._supervisor.start_services(service.name for service in last)
        if failures:
            # All others were started: one service that fails takes nobody else's away.
            raise failures[0]
        if not names:
            self._run(self_test(self._environment["BIND_ADDRESS"]))
        print(f"Ready after {time.monotonic() - begun:.1f} s.", flush=True)
        if "nginx" in {service.name for service in chosen}:
            print(f"Web: {self._web_address()}")

    def down(self, *, purge: bool) -> None:
        """Stop everything, clients before servers; data stay unless `purge`."""
        with one_at_a_time(self.places):
            self._down(purge=purge)

    def _down(self, *, purge: bool) -> None:
        if self._was_running:
            first, second, last = stages(self._services)
            for stage in (last, second, first):
                self._supervisor.stop_services(service.name for service in stage)
            self._supervisor.shut_down()
        ended = end_leftovers(self.places)
        print("The platform is stopped." + (f" Also stopped: {', '.join(ended)}." if ended else ""))
        if purge:
            for folder in (self.places.data, self.places.logs):
                shutil.rmtree(folder, ignore_errors=False) if folder.exists() else None
            print(f"Data and logs under {self.places.state} are deleted.")

    def status(self, *, brief: bool = False) -> bool:
        """Print the table; True when every service is healthy."""
        if not self._was_running:
            raise RefusedError(describe_absence(len(leftovers(self.places))))
        statuses = observe(self._services, self._supervisor.states())
        print(brief_table(statuses) if brief else table(statuses))
        return not any(status.problem for status in statuses)

    def logs(self, name: str | None) -> None:
        """Print the last lines of all services, or follow one."""
        if name is None:
            for service in self._services:
                print(f"==> {service.name}\n{self.last_lines(service.name, LOG_LINES)}\n")
            return
        (service,) = choose_services(self._services, [name])
        sys.stdout.flush()
        log = self.places.logs / f"{service.name}.log"
        os.execvp("tail", ["tail", "-n", str(LOG_LINES), "-F", str(log)])  # noqa: S606

    def last_lines(self, name: str, count: int) -> str:
        """Read the end of a service's log."""
        log = self.places.logs / f"{name}.log"
        if not log.exists():
            return "(no log yet)"
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])

    def _clear_away(self) -> None:
        """End what an earlier run left behind, so that none of it holds a port; forget its process ids."""
        ended = end_leftovers(self.places)
        if ended:
            print(f"Stopped processes left behind by an earlier run: {', '.join(ended)}.", flush=True)
        try:
            remove_traces(self.places)
        except PermissionError as error:
            raise RefusedError(
                f"{error.filename} belongs to a run of another user: start the platform as that user,"
                f" or let that user delete {self.places.run}"
            ) from error

    def _web_address(self) -> str:
        if self._web_port == 80:
            return "http://localhost/"
        return f"http://localhost:{self._web_port}/ (port 80 is in use, or this user may not open it)"

    def _say_accounts(self) -> None:
        if self._accounts.servers and not self._accounts.services:
            print(
                f"The Python services and Triton run as root: the user {self._accounts.servers}"
                f" cannot run {self.places.python} here. The other servers run as {self._accounts.servers}.",
                flush=True,
            )

    def _prepare(self, chosen: Iterable[Service]) -> list[str]:
        """Write what they need; return the services that were stopped because they changed."""
        values = template_values(self.places, self._accounts, self._environment, self._web_port)
        self._refuse_taken_ports(chosen)
        create_folders(self.places, self._accounts.servers)
        write_configuration(self.places, self._services, values)
        self._write_secrets()
        hide_secrets(self.places, self._accounts.servers)
        self._initialise_kafka()
        self._initialise_postgres()
        if self._was_running:
            return self._supervisor.reload()
        self._supervisor.start()
        return []

    def _write_secrets(self) -> None:
        """Write whom nginx answers, and the key of what VictoriaMetrics lets administrators do."""
        program = self.places.checkout / "nginx" / "write-allowed"
        outcome = subprocess.run(
            [program], env=dict(self._environment), capture_output=True, text=True, check=False
        )
        if outcome.returncode:
            raise RefusedError(outcome.stderr.strip())
        write_secret(self.places.etc / "nginx" / "allowed.conf", outcome.stdout)
        key = self.places.etc / "victoria-metrics-key"
        if not key.exists():
            write_secret(key, secrets.token_hex(16))

    def _refuse_taken_ports(self, chosen: Iterable[Service]) -> None:
        running = (
            {name for name, known in self._supervisor.states().items() if known.pid}
            if self._was_running
            else set()
        )
        wanted = {service.name: service.ports for service in chosen if service.name not in running}
        taken = taken_ports(wanted, listening_ports(self._environment["BIND_ADDRESS"]))
        if taken:
            raise RefusedError(describe_taken_ports(taken))

    def _initialise_kafka(self) -> None:
        if not (self.places.data / "kafka" / "meta.properties").exists():
            self._as_server_user(
                self.places.state / "bin" / "kafka-storage",
                *(
                    "format",
                    "-t",
                    KAFKA_CLUSTER_ID,
                    "-c",
                    self.places.etc / "server.properties",
                    "--ignore-formatted",
                ),
            )

    def _initialise_postgres(self) -> None:
        data = self.places.data / "postgres"
        if not (data / "PG_VERSION").exists():
            password_file = self.places.run / "initdb-password"
            password_file.touch(mode=0o600)
            password_file.write_text(self._environment["POSTGRES_PASSWORD"], encoding="utf-8")
            if self._accounts.servers:
                shutil.chown(password_file, self._accounts.servers)
            self._as_server_user(
                postgres_binaries() / "initdb",
                *("-D", data, "-U", self._environment["POSTGRES_USER"], "--pwfile", password_file),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8"),
            )
            password_file.unlink()
        settings = (self.places.etc / "postgresql.conf").read_text(encoding="utf-8")
        (data / "postgresql.auto.conf").write_text(settings, encoding="utf-8")

    def _as_server_user(self, *command: str | Path) -> None:
        account = pwd.getpwnam(self._accounts.servers) if self._accounts.servers else None
        outcome = subprocess.run(
            command,
            cwd=self.places.run,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            capture_output=True,
            text=True,
            check=False,
        )
        if outcome.returncode:
            raise RefusedError(f"{Path(command[0]).name} failed:\n{outcome.stdout}{outcome.stderr}")

    def _run_one_shots(self, chosen: set[str]) -> None:
        for one_shot in all_one_shots():
            if one_shot.after in chosen:
                self._run(one_shot)

    def _run(self, one_shot: OneShot) -> None:
        outcome = subprocess.run(
            one_shot.command, cwd=self.places.checkout, capture_output=True, text=True, check=False
        )
        if outcome.returncode:
            raise RefusedError(f"{one_shot.name} failed:\n{outcome.stdout}{outcome.stderr}")
        print(f"  {one_shot.name:<24} done", flush=True)


def choose_services(services: Sequence[Service], names: Sequence[str]) -> list[Service]:
    """Pick services by name, in the order of the start; no name = all."""
    known = {service.name for service in services}
    unknown = sorted(set(names) - known)
    if unknown:
        raise RefusedError(f"There is no service {', '.join(unknown)}; there are {', '.join(sorted(known))}.")
    return [service for service in services if not names or service.name in names]
