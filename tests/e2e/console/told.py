"""A receiver of webhooks that the notifier tells of broken limits of some satellites."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.postgres_server import free_port
from testbed.processes import running
from testbed.supervised import NOTIFIER, Supervised
from tests.webhook_receiver import Receiver, receiving


@contextmanager
def told_of_limits(satellites: str, supervised: Supervised, folder: Path) -> Iterator[Receiver]:
    """Let a notifier with such a route take the place of the one without."""
    with receiving() as receiver, supervised.stopped(NOTIFIER):
        file = folder / "notify.yaml"
        routes = {
            "targets": {"duty": {"type": "webhook", "url": receiver.url}},
            "routes": [
                {
                    "targets": ["duty"],
                    "kinds": ["limit"],
                    "satellites": [f"{satellites}*"],
                    "events": ["raised", "returned", "acknowledged"],
                }
            ],
        }
        file.write_text(json.dumps(routes), encoding="utf-8")
        values = {**os.environ, "NOTIFY_FILE": str(file), "METRICS_PORT": str(free_port())}
        with running("alarm_notifier", values, folder / "notifier.log"):
            yield receiver
