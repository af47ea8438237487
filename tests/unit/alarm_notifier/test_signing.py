"""Any receiver's library of Standard Webhooks accepts what is signed."""

import base64

import pytest

from alarm_notifier.configuration import Webhook
from alarm_notifier.signing import key_of, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of the standard's published example


def test_the_published_example_of_the_standard_is_signed_as_published() -> None:
    assert signed_headers(
        key_of(SECRET),
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        sent_s=1_614_265_330,
        body=b'{"test": 2432232314}',
    ) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize(
    "secret",
    ["hidden-9d41e7", "whsec_hidden!", f"whsec_{base64.b64encode(b'hidden too short').decode()}"],
)
def test_a_secret_that_receivers_could_not_use_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="must be whsec_") as refused:
        Webhook.model_validate({"type": "webhook", "url": "https://example.org", "secret": secret})
    assert secret not in str(refused.value)
