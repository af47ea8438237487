"""Whose word on a client's address is believed in a container: nginx's, which stands in the same network.

Requests from outside come from the network's gateway where Docker passes them on, whoever sent them. The
gateway is not believed, or a client could choose its address.
"""

import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Final

ROUTES: Final = Path("/proc/net/route")
_NOWHERE: Final = IPv4Address(0)


def own_networks(routes: str) -> list[str]:
    """Return the networks that Linux reaches without a gateway, but for the gateways in them."""
    lines = [line.split() for line in routes.splitlines()[1:]]
    gateways = {_address(fields[2]) for fields in lines} - {_NOWHERE}
    networks = [
        IPv4Network(f"{_address(destination)}/{_address(mask)}")
        for _, destination, gateway, _, _, _, _, mask, *_ in lines
        if _address(gateway) == _NOWHERE
    ]
    return [str(part) for network in networks for part in _without(network, gateways)]


def _without(network: IPv4Network, gateways: set[IPv4Address]) -> Iterator[IPv4Network]:
    """Yield the parts of a network that hold none of its gateways."""
    found = next((gateway for gateway in gateways if gateway in network), None)
    if found is None:
        yield network
        return
    for part in network.address_exclude(IPv4Network(found)):
        yield from _without(part, gateways)


def _address(digits: str) -> IPv4Address:
    """Read the kernel's way to write an address: hexadecimal, the last byte first."""
    return IPv4Address(int.from_bytes(bytes.fromhex(digits), "little"))


if __name__ == "__main__":
    sys.stdout.write(",".join(own_networks(ROUTES.read_text(encoding="ascii"))))
