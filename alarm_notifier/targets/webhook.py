"""Webhooks as Standard Webhooks says."""

import time
from collections.abc import Callable

import orjson

from alarm_notifier.configuration import Webhook
from alarm_notifier.messages import Message, payload
from alarm_notifier.signing import key_of, signed_headers
from alarm_notifier.targets.sending import post


class WebhookSender:
    """Posts JSON, signed where there is a secret."""

    def __init__(self, target: Webhook, *, clock: Callable[[], float] = time.time) -> None:
        self._url = target.url.get_secret_value()
        self._key = key_of(target.secret.get_secret_value()) if target.secret else None
        self._clock = clock

    def send(self, message: Message) -> None:
        """Post one message; its id is the same for every attempt."""
        body = orjson.dumps(payload(message))
        sent_s = int(self._clock())
        headers = (
            signed_headers(self._key, message_id=message.message_id, sent_s=sent_s, body=body)
            if self._key
            else {"webhook-id": message.message_id, "webhook-timestamp": str(sent_s)}
        )
        post(self._url, body, headers)
