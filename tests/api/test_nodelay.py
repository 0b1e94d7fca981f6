"""Answers leave at once, on sockets as `streamlit run` makes them."""

from __future__ import annotations

import socket
import sys

import pytest

from core.api.nodelay import OPEN_FILES, send_at_once

linux = pytest.mark.skipif(not OPEN_FILES.is_dir(), reason=f"{sys.platform} does not list open files so")


def is_set(found: socket.socket) -> bool:
    return bool(found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


@linux
def test_what_a_listening_socket_accepts_sends_at_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0) as listener, socket.socket() as other:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert not is_set(listener)
        assert send_at_once() >= 1
        assert is_set(listener)
        assert not is_set(other), "sockets that do not listen are left alone"
        with socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
            with accepted:
                assert is_set(accepted)


@linux
def test_files_and_pipes_among_the_open_ones_do_no_harm() -> None:
    with open(__file__) as file:  # noqa: PTH123
        send_at_once()
        assert file.read(3) == '"""'
