import os
import socket

from deploy.native.supervision.ports import TakenPort, choose_web_port, listening_ports, taken_ports


def test_taken_port_is_named_with_service_and_owner() -> None:
    taken = taken_ports({"kafka": (9092, 9093), "postgres": (5432,)}, {9093: "java (pid 7, user root)"})
    assert taken == [TakenPort(service="kafka", port=9093, owner="java (pid 7, user root)")]


def test_free_ports_are_not_reported() -> None:
    assert taken_ports({"kafka": (9092,)}, {80: "nginx"}) == []


def test_listener_of_this_process_is_found_with_its_pid() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert f"pid {os.getpid()}" in listening_ports("127.0.0.1")[port]
    assert port not in listening_ports("127.0.0.1")


def test_listener_on_every_address_is_in_the_way_of_one() -> None:
    with socket.create_server(("0.0.0.0", 0)) as listener:
        assert listener.getsockname()[1] in listening_ports("127.0.0.1")


def test_listener_on_another_loopback_address_is_not_in_the_way() -> None:
    with socket.create_server(("127.0.0.9", 0)) as listener:
        assert listener.getsockname()[1] not in listening_ports("127.0.0.1")


def test_web_port_is_8088_where_80_is_not_to_be_had() -> None:
    # An address that is not this machine's refuses every port.
    assert choose_web_port("192.0.2.1") == 8088
