"""The platform's errors; two questions choose the class: does a retry help, and whose fault is it?

PlatformError
├── InvalidTelemetryMessage   no retry, the sender's fault: dead letter, go on
├── InvalidFile               no retry, the operator's fault: refuse to start
│   └── InvalidMission
├── DependencyUnavailable     retry, nobody's fault here: hold the work, back off, take no more
│   └── StatementTooSlow      retry, with less work in one statement
├── QuestionRefused           no retry, the asker's fault: say so, go on with other questions
├── ModelNotServed            retry later, the operator's fault: put the work aside, go on with other models
├── NewerTaskSchema           retry later, by a newer worker: put the work aside, go on with other tasks
└── ModelContractError        no retry, the model's or our fault: fail at once, loudly
"""

import re
from typing import Final

_LOGIN_IN_URL: Final = re.compile(r"""://(?:[^\s:/@'"]*:[^\s'"]*|[^\s:/@'"]+)@""")


def without_passwords(text: str) -> str:
    """Hide the logins of all URLs in a text, also those whose password should have been percent-encoded."""
    return _LOGIN_IN_URL.sub("://***@", text)


class PlatformError(Exception):
    """Anything this platform raises on purpose."""


class InvalidTelemetryMessage(PlatformError):  # noqa: N818 - named for what it says, as the logs do
    """A message that can never be used; `reason` is the stable word of the dead letter."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class InvalidFile(PlatformError):  # noqa: N818
    """A file of the operator's that can't be used; the text names file, line and reason."""


class InvalidMission(InvalidFile):
    """A mission file that can't be used; the text names file, line and reason."""


class DependencyUnavailable(PlatformError):  # noqa: N818
    """A server we need is unavailable or overloaded; `dependency` is its name for logs and `/readyz`.

    Its text is shown to clients, and what a server's own client says may name the URL that it was given.
    """

    def __init__(self, dependency: str, detail: str) -> None:
        super().__init__(f"{dependency} unavailable: {without_passwords(detail)}")
        self.dependency = dependency


class StatementTooSlow(DependencyUnavailable):
    """PostgreSQL cancelled a statement for its time: it is overloaded, or asked too much at once."""


class QuestionRefused(PlatformError):  # noqa: N818
    """A server we asked is well and takes no such question: too many series, say."""

    def __init__(self, server: str, told: str) -> None:
        super().__init__(f"{server} refused: {told}")


class ModelNotServed(PlatformError):  # noqa: N818
    """The model server answers, but does not serve this model; `reason` is the server's own."""

    def __init__(self, model: str, reason: str) -> None:
        super().__init__(f"model {model} is not served: {reason}")
        self.reason = reason


class NewerTaskSchema(PlatformError):  # noqa: N818
    """A task of a later release: this worker can't read it, one after the upgrade can."""


class ModelContractError(PlatformError):
    """A model or a task that breaks its contract: unknown name, wrong shape, unknown schema."""
