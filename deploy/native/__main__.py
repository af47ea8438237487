"""Command line of the native mode: `python -m deploy.native up|down|status|logs`, behind the Makefile."""

import argparse
import os
import sys

from deploy.native.installation import LOG_LINES, Platform
from deploy.native.supervision.configuration import ConfigurationError
from deploy.native.supervision.readiness import NotReadyError
from deploy.native.supervision.refusals import RefusedError
from deploy.native.supervision.supervisor import SupervisorError
from telemetry_core.service.command_line import end_with


def main() -> int:
    """Run one command; the exit status is 0 when all is well."""
    options = _parser().parse_args()
    try:
        platform = Platform.from_environment(dict(os.environ))
        match options.command:
            case "up":
                platform.up(options.services)
            case "down":
                platform.down(purge=options.purge)
            case "status":
                return 0 if platform.status(brief=options.brief) else 1
            case "logs":
                platform.logs(options.service)
    except NotReadyError as error:
        print(f"{error}\nIts last lines ({platform.places.logs}/{error.service}.log):", file=sys.stderr)
        print(platform.last_lines(error.service, LOG_LINES), file=sys.stderr)
        return 1
    except (ConfigurationError, RefusedError, SupervisorError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.native", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start all services, or those named")
    up.add_argument("services", nargs="*")
    down = commands.add_parser("down", help="stop everything")
    down.add_argument("--purge", action="store_true", help="delete data and logs too")
    status = commands.add_parser("status", help="table of all services; status 1 when one is unhealthy")
    status.add_argument("--brief", action="store_true", help="only name and status")
    logs = commands.add_parser("logs", help="last lines of all services, or follow one")
    logs.add_argument("service", nargs="?")
    return parser


if __name__ == "__main__":
    end_with(main)
