"""`python -m operation_server.dead_letters`: list, show, redrive and discard messages that were refused.

`redrive` and `discard` only say what they would do, until `--yes` is given.
"""

import argparse
import getpass
import os
import sys
from collections.abc import Iterable
from typing import Any

from operation_server.dead_letters.brokers import KafkaLetters, RabbitLetters
from operation_server.dead_letters.letters import body_in_words
from operation_server.dead_letters.office import Choice, DeadLetterOffice, Filters, Outcome
from telemetry_core.contract.errors import PlatformError
from telemetry_core.postgres.database import open_pool
from telemetry_core.rabbitmq import celery_app
from telemetry_core.service.command_line import end_with
from telemetry_core.service.settings import Settings

NAME = "dead-letters"
MAX_BODY_BYTES = 4096
_DONE = {"redrive": "Redrove", "discard": "Discarded"}


def main() -> None:
    """Do what the command line asks for."""
    options = _parser().parse_args()
    settings = Settings()
    pool = open_pool(settings, max_connections=2, application_name=NAME)
    office = DeadLetterOffice(pool, KafkaLetters(settings), RabbitLetters(celery_app(NAME, settings)))
    try:
        for reason in office.collect().missing:
            print(f"New letters are missing: {reason}", file=sys.stderr)  # noqa: T201 - its answer
        for line in options.answer(office, options):
            print(line, flush=True)  # noqa: T201 - its answer
    except PlatformError as error:
        sys.exit(str(error))
    except BrokenPipeError:
        # Whoever reads, `head`, has read enough; what Python still holds for it goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        pool.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    commands = parser.add_subparsers(required=True)
    listing = commands.add_parser("list", help="open letters, newest first, and how many of each reason")
    listing.set_defaults(answer=_list)
    listing.add_argument("--all-states", action="store_true", help="also those redriven and discarded")
    listing.add_argument("--limit", type=int, default=20)
    _add_filters(listing)
    shown = commands.add_parser("show", help="one letter with its headers and body")
    shown.set_defaults(answer=_show)
    shown.add_argument("id", type=int)
    for action, help_text in (
        ("redrive", "send letters back to where they came from"),
        ("discard", "take letters off the list"),
    ):
        command = commands.add_parser(action, help=help_text)
        command.set_defaults(answer=_handle, action=action)
        command.add_argument("ids", type=int, nargs="*", metavar="ID")
        command.add_argument("--all", action="store_true", help="all open letters that fit the filters")
        command.add_argument("--yes", action="store_true", help="do it")
        _add_filters(command)
    return parser


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", choices=("kafka", "rabbitmq"))
    parser.add_argument("--reason")
    parser.add_argument("--satellite")


def _list(office: DeadLetterOffice, options: argparse.Namespace) -> Iterable[str]:
    filters = Filters(
        state=None if options.all_states else "open",
        source=options.source,
        reason=options.reason,
        satellite_id=options.satellite,
    )
    for count in office.counts():
        yield f"{count['count']:>8}  {count['source']}  {count['reason']}"
    yield f"{'ID':>8}  {'REFUSED (UTC)':19}  {'SOURCE':8}  REASON  SATELLITE  STATE  DETAIL"
    for row in office.page(filters, before=None, limit=options.limit):
        yield (
            f"{row['id']:>8}  {row['refused_at']:%Y-%m-%d %H:%M:%S}  {row['source']:8}  {row['reason']}"
            f"  {row['satellite_id'] or '-'}  {row['state']}  {row['detail'][:80]!r}"
        )


def _show(office: DeadLetterOffice, options: argparse.Namespace) -> Iterable[str]:
    row = office.letter(options.id)
    if row is None:
        sys.exit(f"There is no dead letter {options.id}: see 'list'")
    body = bytes(row.pop("body") or b"")
    words, form = body_in_words(body, MAX_BODY_BYTES)
    for name, value in row.items():
        yield f"{name:13} {_plain(value)}"
    cut = f", its first {MAX_BODY_BYTES}" if len(body) > MAX_BODY_BYTES else ""
    yield f"body          {row['size_bytes']} bytes{cut} as {form}:"
    yield words


def _plain(value: Any) -> str:
    return repr(bytes(value)) if isinstance(value, memoryview) else str(value)


def _handle(office: DeadLetterOffice, options: argparse.Namespace) -> Iterable[str]:
    if bool(options.ids) == options.all:
        sys.exit("Give the ids of the letters, or --all with or without filters")
    choice = Choice(
        ids=options.ids or None,
        source=options.source,
        reason=options.reason,
        satellite_id=options.satellite,
    )
    outcome = office.handle(options.action, choice, operator=getpass.getuser(), is_dry_run=not options.yes)
    yield from describe(outcome)


def describe(outcome: Outcome) -> Iterable[str]:
    """Say what an action did, or would do."""
    verb = f"Would {outcome.action}" if outcome.is_dry_run else _DONE[outcome.action]
    yield f"{verb} {outcome.handled.total()} letters"
    for (source, reason), count in sorted(outcome.handled.items()):
        yield f"{count:>8}  {source}  {reason}"
    if outcome.left_out:
        yield f"{outcome.left_out} letters were kept in part only: they can be discarded, not redriven"
    for reason, count in sorted(outcome.failed.items()):
        yield f"{count} letters stay open, because their broker does not accept them: {reason}"
    if outcome.remaining:
        yield f"{outcome.remaining} letters remain: run the command again"
    if outcome.is_dry_run:
        yield "Nothing was changed: add --yes to do it"


if __name__ == "__main__":
    end_with(main)
