"""A private Kafka broker that a test may kill, stop and start again; gone afterwards."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from testbed.postgres_server import free_port

START_LIMIT_S: Final = 90.0
CLUSTER_ID: Final = "dGVzdC1vdXRhZ2VzLWthZg"
STATE: Final = Path(os.environ.get("NATIVE_STATE", Path(__file__).resolve().parents[3] / ".native" / "state"))


class KafkaServer:
    """One broker with its own folder and ports."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port, self._controller_port = free_port(), free_port()
        self._configuration = folder / "server.properties"
        self._configuration.write_text(self._properties())
        self._process: subprocess.Popen[bytes] | None = None
        self._run("kafka-storage", "format", "-t", CLUSTER_ID, "-c", self._configuration)

    @property
    def address(self) -> str:
        """Where its clients find it."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it and return when it tells its topics."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [STATE / "bin" / "kafka-server-start", self._configuration],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {"LOG_DIR": str(self._folder)},
            )
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            try:
                admin.list_topics(timeout=1)
            except KafkaException:
                assert time.monotonic() < deadline, (self._folder / "log").read_text()[-2000:]
            else:
                return

    def kill(self) -> None:
        """End it as the kernel does when memory runs out."""
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(30)

    def freeze(self) -> None:
        """Let it stand still with its connections open."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(STATE / "bin" / program), *map(str, arguments)]
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            timeout=60,
            env=os.environ | {"LOG_DIR": str(self._folder)},
        )

    def _properties(self) -> str:
        return "\n".join(
            [
                "process.roles=broker,controller",
                "node.id=1",
                f"controller.quorum.voters=1@127.0.0.1:{self._controller_port}",
                "controller.listener.names=CONTROLLER",
                f"listeners=PLAINTEXT://{self.address},CONTROLLER://127.0.0.1:{self._controller_port}",
                f"advertised.listeners=PLAINTEXT://{self.address}",
                "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
                f"log.dirs={self._folder}/data",
                "auto.create.topics.enable=false",
                "offsets.topic.replication.factor=1",
                "offsets.topic.num.partitions=4",
                "group.initial.rebalance.delay.ms=0",
                # As the platform's broker: after a kill it is back as soon as its old session ends.
                "broker.session.timeout.ms=3000",
                "broker.heartbeat.interval.ms=500",
            ]
        )


@contextmanager
def running_kafka() -> Iterator[KafkaServer]:
    """Start a broker; nothing of it stays behind."""
    folder = Path(tempfile.mkdtemp(prefix="kafka-test-", dir="/tmp"))
    server = KafkaServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)
