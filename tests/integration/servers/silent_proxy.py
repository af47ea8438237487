"""A way to a server that goes silent: connections stay open, and nothing passes any more."""

import math
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

CHUNK: Final = 65_536


class SilentProxy:
    """Hands bytes on, each way, until it is silent; what is sent meanwhile is lost.

    With `most_answers` a connection is silent from so many answers of the server on.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._opened = ExitStack()
        self._opened.enter_context(self._listener)
        self.port: int = self._listener.getsockname()[1]
        self.is_silent = False
        self.most_answers = math.inf

    def serve(self) -> None:
        """Accept until it is closed."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            self._opened.enter_context(client)
            server = self._opened.enter_context(socket.create_connection(self._server))
            for way in ((client, server, math.inf), (server, client, self.most_answers)):
                threading.Thread(target=self._hand_on, args=way, daemon=True).start()

    def close(self) -> None:
        """End all connections."""
        self._opened.close()

    def _hand_on(self, source: socket.socket, sink: socket.socket, most: float) -> None:
        with suppress(OSError), source, sink:
            count = 0
            while read := source.recv(CHUNK):
                count += 1
                if not self.is_silent and count <= most:
                    sink.sendall(read)


@contextmanager
def silent_proxy(host: str, port: int) -> Iterator[SilentProxy]:
    """Serve one before `host`:`port`."""
    proxy = SilentProxy((host, port))
    threading.Thread(target=proxy.serve, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()
