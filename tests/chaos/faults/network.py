"""A server that is there and does not answer: its packets are dropped by a table of nftables."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

TABLE: Final = "satellite_chaos"
SERVER_PORTS: Final[Mapping[str, tuple[int, ...]]] = {
    "kafka": (9092, 29092),
    "rabbitmq": (5672, 15672),
    "postgres": (5432,),
    "triton-server": (8501, 18500),
    "victoria-metrics": (8428,),
    "elasticsearch": (9200, 9201),
}


def black_hole_rules(ports: tuple[int, ...]) -> str:
    """Write the table that drops all packets from and to `ports`, of open connections too."""
    listed = ", ".join(map(str, ports))
    return (
        f"table inet {TABLE} {{\n"
        "  chain output { type filter hook output priority 0;\n"
        f"    tcp dport {{ {listed} }} drop\n"
        f"    tcp sport {{ {listed} }} drop\n"
        "  }\n}\n"
    )


@contextmanager
def black_hole(ports: tuple[int, ...]) -> Iterator[None]:
    """Drop all packets from and to `ports` inside the block."""
    subprocess.run(["nft", "-f", "-"], input=black_hole_rules(ports), text=True, check=True)
    try:
        yield
    finally:
        subprocess.run(["nft", "delete", "table", "inet", TABLE], check=True)
