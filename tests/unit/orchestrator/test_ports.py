"""Two that start at once never wait for the same server."""

import socket
import sys

import pytest

from laurels.orchestrator.server import HOST, USUAL_PORT, _own_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="claims are names in Linux's kernel")


def test_two_at_once_have_ports_of_their_own() -> None:
    with _own_port() as one, _own_port() as other, _own_port() as third:
        assert len({one, other, third}) == 3


def test_a_port_is_free_again_when_its_owner_is_gone() -> None:
    with _own_port() as first:
        pass
    with _own_port() as again:
        assert (first == USUAL_PORT) <= (again == USUAL_PORT)


def test_a_port_on_which_somebody_listens_is_left_alone() -> None:
    with _own_port() as port:
        pass
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the port may have been used just now
        other.bind((HOST, port))
        other.listen()
        with _own_port() as mine:
            assert mine != port
