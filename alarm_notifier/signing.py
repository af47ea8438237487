"""The headers of Standard Webhooks: by them a receiver knows who sent a message and which one it is."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

SHORTEST_KEY: Final = 24
"""Bytes: the least that the standard allows."""
_PREFIX: Final = "whsec_"


def key_of(secret: str) -> bytes:
    """Return the key that `whsec_` and its base64 stand for, or raise `ValueError`."""
    encoded = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if encoded == secret or len(key) < SHORTEST_KEY:
        raise ValueError(f"must be {_PREFIX} and the base64 of at least {SHORTEST_KEY} bytes")
    return key


def signed_headers(key: bytes, *, message_id: str, sent_s: int, body: bytes) -> Mapping[str, str]:
    """Return the three headers of a message sent at so many seconds since 1970 UTC."""
    signed = f"{message_id}.{sent_s}.".encode() + body
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(sent_s),
        "webhook-signature": f"v1,{signature}",
    }
