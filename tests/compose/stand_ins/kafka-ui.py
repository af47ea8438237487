"""Answers the health address and lists topics and groups of the configured cluster."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from confluent_kafka.admin import AdminClient

admin = AdminClient({"bootstrap.servers": os.environ["KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS"]})


class Pages(BaseHTTPRequestHandler):
    """Two addresses."""

    def do_GET(self) -> None:
        """Answer health, or topics and groups."""
        if self.path == "/actuator/health":
            content: dict[str, object] = {"status": "UP"}
        else:
            groups = admin.list_consumer_groups().result(10).valid
            content = {
                "cluster": os.environ["KAFKA_CLUSTERS_0_NAME"],
                "topics": {
                    name: len(topic.partitions)
                    for name, topic in admin.list_topics(timeout=10).topics.items()
                },
                "groups": [group.group_id for group in groups],
            }
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


# The first process of a container ends on TERM only when it says so.
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
ThreadingHTTPServer(("0.0.0.0", 8080), Pages).serve_forever()
