"""The log of the web server: paths of requests, never their query strings."""

import logging
from typing import Final

LOGGERS: Final = ("uvicorn.access", "uvicorn.error")
"""The second one tells of WebSockets."""


class WithoutQueries(logging.Filter):
    """Cuts off queries: a ticket stands there, or a key that somebody sent the wrong way."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, with its paths alone."""
        if isinstance(record.args, tuple):
            record.args = tuple(_path_alone(argument) for argument in record.args)
        return True


def _path_alone(argument: object) -> object:
    if isinstance(argument, str) and argument.startswith("/"):
        return argument.partition("?")[0]
    return argument


def leave_out_queries() -> None:
    """Have the web server's loggers do so."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(WithoutQueries())
