"""How targets are reached: a message is sent, or it is said why not, without a word of the address."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Protocol

import requests

from alarm_notifier.messages import Message
from telemetry_core.contract.errors import PlatformError

TIMEOUT_S: Final = (5.0, 10.0)
"""To connect, and for an answer to begin."""


class NotDelivered(PlatformError):  # noqa: N818 - named for what happened
    """A target did not take a message; its text is kept and logged, so it holds no address."""


class Sender(Protocol):
    """Reaches one target."""

    def send(self, message: Message) -> None:
        """Return once the target has taken the message, or raise `NotDelivered`."""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Post JSON, or raise `NotDelivered`; the answer's body is not read, and no redirection followed."""
    try:
        with requests.post(
            url,
            data=body,
            headers={"Content-Type": "application/json", **headers},
            timeout=TIMEOUT_S,
            allow_redirects=False,
            stream=True,
        ) as answer:
            status = answer.status_code
    except requests.RequestException as error:
        # Its text would name the address, which may be a secret as a whole.
        raise NotDelivered(type(error).__name__) from None
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise NotDelivered(f"HTTP {status}")
