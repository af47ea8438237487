"""`python -m housekeeping.calibrations`: list, show, pin and roll back learned constants.

Workers take up a change within half a minute. A version that was rolled back is never used again by itself,
and what it called anomalous no longer counts as an alert for later learning.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

from housekeeping import QUERIES
from telemetry_core.contract.errors import PlatformError
from telemetry_core.contract.false_alarms import rates_per_day
from telemetry_core.postgres.database import Connection, Pool, open_pool, transaction
from telemetry_core.postgres.roles import as_service
from telemetry_core.postgres.store import Row, select
from telemetry_core.service.command_line import end_with
from telemetry_core.service.settings import Settings

NAME: Final = "calibrations"
MOST_LINES: Final = 1_000


class NoSuchCalibration(PlatformError):  # noqa: N818 - named for what it says
    """A version that does not exist; the text says what to do."""


def listed(pool: Pool, satellite_id: str | None, subsystem: str | None) -> Iterator[str]:
    """Yield a line per version, newest first, then one per learning subsystem with what it still needs."""
    parameters = {"satellite_id": satellite_id, "subsystem": subsystem, "limit": MOST_LINES}
    with transaction(pool) as connection:
        versions = select(connection, QUERIES["list_calibrations"], parameters)
        learning = select(connection, QUERIES["list_learning"], parameters)
    yield from map(line_of, versions)
    for row in learning:
        if subsystem in {None, row["subsystem"]}:
            yield (
                f"{row['satellite_id']} {row['subsystem']}: learning, {row['samples']} of {row['needed']}"
                f" samples ({row['reason']}{': ' if row['detail'] else ''}{row['detail']})"
            )


def line_of(row: Row) -> str:
    """Describe a version in a line: what it rests on, and what its check found and vouches for."""
    intervals_s = row["least_interval_s"], row["greatest_interval_s"]
    rates = rates_per_day(row["false_alarms"], row["verdicts"], intervals_s)
    return (
        f"{row['satellite_id']} {row['subsystem']} {row['version']}: {row['state']},"
        f" {row['samples']} samples {row['data_from']:%Y-%m-%d %H:%M} to {row['data_until']:%Y-%m-%d %H:%M},"
        f" every {row['least_interval_s']:.3g} to {row['greatest_interval_s']:.3g} s,"
        f" {row['false_alarms']} false alarms in {row['verdicts']} verdicts"
        f" ({rates.expected:.3g} a day; with 95 % certainty fewer than {rates.most_runs:.3g} runs of them),"
        f" {row['hash'][:12]}"
    )


def shown(pool: Pool, key: Mapping[str, Any]) -> str:
    """Return a version's constants as JSON."""
    with transaction(pool) as connection:
        found = select(connection, QUERIES["show_calibration"], key)
    if not found:
        raise missing(key)
    return json.dumps(found[0]["constants"], indent=2)


def pin(pool: Pool, key: Mapping[str, Any]) -> str:
    """Use a version, and let no later one take its place."""
    with transaction(pool) as connection:
        select(connection, QUERIES["lock_calibrations"], key)
        put_into_use(connection, key, state="pinned", former="superseded")
    return f"{key['satellite_id']} {key['subsystem']}: version {key['version']} is pinned"


def roll_back(pool: Pool, key: Mapping[str, Any]) -> str:
    """Refuse the version in use and use a former one instead: the one named, or the last one."""
    place = f"{key['satellite_id']} {key['subsystem']}"
    with transaction(pool) as connection:
        select(connection, QUERIES["lock_calibrations"], key)
        version = key["version"]
        if version is None:
            former = select(connection, QUERIES["former_calibration"], key)
            version = former[0]["version"] if former else None
        if version is not None:
            put_into_use(connection, {**key, "version": version}, state="active", former="refused")
            return f"{place}: version {version} is in use"
        if not select(connection, QUERIES["retire_calibration"], {**key, "state": "refused"}):
            raise missing(key)
        with connection.cursor() as cursor:
            cursor.execute(QUERIES["put_off_learning"], key)
    return f"{place}: no version is in use; learning starts over in a day"


def put_into_use(connection: Connection, key: Mapping[str, Any], *, state: str, former: str) -> None:
    """Exchange the version in use; raise `NoSuchCalibration` and change nothing where it is not there."""
    select(connection, QUERIES["retire_calibration"], {**key, "state": former})
    if not select(connection, QUERIES["use_calibration"], {**key, "state": state}):
        raise missing(key)


def missing(key: Mapping[str, Any]) -> NoSuchCalibration:
    """Say which version is not there."""
    version = "version in use" if key["version"] is None else f"version {key['version']}"
    return NoSuchCalibration(f"{key['satellite_id']} {key['subsystem']} has no {version}: see 'list'")


def main() -> None:
    """Do what the command line asks."""
    options = _parser().parse_args()
    pool = open_pool(as_service(Settings(), "housekeeping"), max_connections=1, application_name=NAME)
    try:
        if options.action == "list":
            print("\n".join(listed(pool, options.satellite, options.subsystem)))  # noqa: T201 - its answer
            return
        key = {
            "satellite_id": options.satellite,
            "subsystem": options.subsystem,
            "version": options.version,
        }
        answer = {"show": shown, "pin": pin, "rollback": roll_back}[options.action]
        print(answer(pool, key))  # noqa: T201 - its answer
    except PlatformError as error:
        sys.exit(str(error))
    finally:
        pool.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m housekeeping.calibrations",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="action", required=True)
    listing = commands.add_parser("list", help="versions with their figures, and what is still learning")
    listing.add_argument("satellite", nargs="?")
    listing.add_argument("subsystem", nargs="?")
    for action, help_text, version in (
        ("show", "the constants of a version as JSON", None),
        ("pin", "use a version and let none replace it", None),
        ("rollback", "refuse the version in use and return to a former one", "?"),
    ):
        command = commands.add_parser(action, help=help_text)
        command.add_argument("satellite")
        command.add_argument("subsystem")
        command.add_argument("version", type=int, nargs=version)
    return parser


if __name__ == "__main__":
    end_with(main)
