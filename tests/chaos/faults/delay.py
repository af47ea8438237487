"""A slow way to a server: its clients are led through a proxy that hands every byte on late.

`python -m tests.chaos.faults.delay 9092 ...` is that proxy; it prints the port of its own for each.
"""

import asyncio
import json
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from testbed.supervised import CHECKOUT

TABLE: Final = "satellite_chaos_delay"
MARK: Final = 0x5A7
"""Of the proxy's own connections, which are not led back to it."""
DELAY_S: Final = 0.1
"""Each way: a round trip takes twice as long."""
CHUNK: Final = 65_536
MOST_CHUNKS: Final = 64
SO_ORIGINAL_DST: Final = 80
"""Of linux/netfilter_ipv4.h: where a connection went before it was led elsewhere."""
ADDRESS: Final = struct.Struct("!2xH4s8x")


def delay_rules(proxies: Mapping[int, int]) -> str:
    """Write the table that leads new connections to a server to its proxy, and ends the old ones."""
    led = "".join(
        f"    meta mark != {MARK} tcp dport {port} redirect to :{proxy}\n" for port, proxy in proxies.items()
    )
    ports = ", ".join(map(str, proxies))
    return (
        f"table ip {TABLE} {{\n"
        f"  chain lead {{\n    type nat hook output priority -100;\n{led}  }}\n"
        "  chain end {\n    type filter hook output priority 0;\n"
        f"    meta mark != {MARK} tcp dport {{ {ports} }} reject with tcp reset\n"
        "  }\n}\n"
    )


@contextmanager
def delayed(ports: tuple[int, ...]) -> Iterator[None]:
    """Let every byte to and from `ports` come `DELAY_S` late inside the block."""
    command = [sys.executable, "-m", __name__, *map(str, ports)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as proxy:
        try:
            assert proxy.stdout
            own = json.loads(proxy.stdout.readline())
            rules = delay_rules(dict(zip(ports, own, strict=True)))
            subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
            try:
                yield
            finally:
                subprocess.run(["nft", "delete", "table", "ip", TABLE], check=True)
        finally:
            proxy.terminate()


async def serve(count: int) -> None:
    """Accept connections on `count` ports of their own, print these, and lead each on to where it went."""
    servers = [await asyncio.start_server(lead_on, "127.0.0.1", 0) for _ in range(count)]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


async def lead_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Connect to where a client wanted to go, and hand on both ways until one end closes."""
    client = writer.get_extra_info("socket")
    port, address = ADDRESS.unpack(client.getsockopt(socket.SOL_IP, SO_ORIGINAL_DST, ADDRESS.size))
    upstream = socket.socket()
    upstream.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
    upstream.setblocking(False)
    writers = [writer]
    try:
        await asyncio.get_running_loop().sock_connect(upstream, (socket.inet_ntoa(address), port))
        answers, requests = await asyncio.open_connection(sock=upstream)
        writers.append(requests)
        ways = [asyncio.ensure_future(way) for way in (_late(reader, requests), _late(answers, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
    except ConnectionError as error:
        print(f"delay: {port}: {error}", file=sys.stderr)
    finally:
        upstream.close()
        for end in writers:
            end.close()


async def _late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on what one end sends, in order and late, until it ends."""
    clock = asyncio.get_running_loop().time
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(MOST_CHUNKS)

    async def take() -> None:
        data = b"-"
        while data:
            data = await reader.read(CHUNK)
            await waiting.put((clock() + DELAY_S, data))

    taking = asyncio.ensure_future(take())
    try:
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(max(0.0, due - clock()))
            if not data:
                return
            writer.write(data)
            await writer.drain()
    finally:
        taking.cancel()


if __name__ == "__main__":
    asyncio.run(serve(len(sys.argv) - 1))
