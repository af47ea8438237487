"""`python -m operation_server.labels`: print what operators said of alarms as labels of telemetry, in CSV."""

import argparse
import sys

from operation_server.labels.export import export_labels
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.database import open_pool
from telemetry_core.postgres.roles import as_service
from telemetry_core.service.command_line import MOMENT_HELP, end_with, moment_of
from telemetry_core.service.settings import Settings


def main() -> None:
    """Print them."""
    parser = argparse.ArgumentParser(prog="python -m operation_server.labels", description=__doc__)
    parser.add_argument("--satellite", help="of this one alone")
    parser.add_argument("--from", dest="start", metavar="TIME", help=MOMENT_HELP)
    parser.add_argument("--to", dest="end", metavar="TIME", help="likewise")
    given = parser.parse_args()
    try:
        start, end = (None if at is None else moment_of(at) for at in (given.start, given.end))
    except argparse.ArgumentTypeError as error:
        parser.error(f"--from and --to: {error}")
    pool = open_pool(as_service(Settings(), "operation-server"), max_connections=1, application_name="labels")
    try:
        sys.stdout.writelines(export_labels(pool, satellite_id=given.satellite, start=start, end=end))
    except DependencyUnavailable as error:
        sys.exit(str(error))


if __name__ == "__main__":
    end_with(main)
