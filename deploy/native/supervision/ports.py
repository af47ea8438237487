"""Which ports are in use, and by which process."""

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenPort:
    """A port that a process outside the platform listens on."""

    service: str
    port: int
    owner: str


def taken_ports(wanted: Mapping[str, Iterable[int]], owners: Mapping[int, str]) -> list[TakenPort]:
    """Compare the services' ports with those already in use."""
    return [
        TakenPort(service=service, port=port, owner=owners[port])
        for service, ports in wanted.items()
        for port in ports
        if port in owners
    ]


def listening_ports(address: str) -> dict[int, str]:
    """Find every TCP port on which a listener would be in the way of `address`, with its owner in words."""
    in_the_way = {address, f"::ffff:{address}", "0.0.0.0", "::"}
    return {
        connection.laddr.port: _owner(connection.pid)
        for connection in psutil.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.ip in in_the_way
    }


def _owner(pid: int | None) -> str:
    if pid is None:
        return "a process of another user"
    try:
        process = psutil.Process(pid)
        return f"{process.name()} (pid {pid}, user {process.username()})"
    except psutil.Error:
        return f"pid {pid}"


def choose_web_port(address: str) -> int:
    """80 where this user may take it and it is free, else 8088."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, 80))
        except OSError:
            return 8088
    return 80
