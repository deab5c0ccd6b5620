"""Response headers of pyreqwest, with values that are not ASCII.

pyreqwest (0.15) keeps such values but shows them in no way: every access raises ValueError. It sends them as they
are, though. So the headers in question, and no others, are sent once to a socket of our own on 127.0.0.1 and read
there as bytes. It costs some milliseconds; answers with the same odd headers (a proxy's name in each) cost it once.
"""

from __future__ import annotations

import secrets
import socket
from collections import deque
from contextlib import suppress
from datetime import timedelta
from functools import cache
from threading import Thread

from pyreqwest.client import SyncClient, SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError
from pyreqwest.http import HeaderMap

from .headers import decode_headers

_PATIENCE = 5.0  # seconds
_FRAMING = frozenset(
    {"connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade"}
)
_known: deque[tuple[HeaderMap, dict[str, str]]] = deque(maxlen=32)


def lenient_headers(headers: HeaderMap) -> dict[str, str]:
    """Headers by their name in lower case, whatever bytes they hold; the last one where a name comes twice."""
    plain: dict[str, str] = {}
    odd = headers.copy()
    for name in set(headers.keys()):
        with suppress(ValueError):
            plain[name] = headers.getall(name)[-1]
            del odd[name]
        if name in _FRAMING and name in odd:  # what it says was acted upon, and a request could not carry it
            del odd[name]
    for known, decoded in tuple(_known):
        if known == odd:
            return plain | decoded
    try:
        raw = _as_bytes(odd)
    except (OSError, PyreqwestError):  # no socket is left: the answer is worth more than these headers
        return plain
    decoded = {name: value for name, value in decode_headers(raw).items() if name in odd}
    _known.append((odd, decoded))
    return plain | decoded


@cache
def _client() -> SyncClient:
    patience = timedelta(seconds=_PATIENCE)
    return SyncClientBuilder().no_proxy().follow_redirects(False).timeout(patience).pool_max_idle_per_host(0).build()


def _as_bytes(headers: HeaderMap) -> list[tuple[bytes, bytes]]:
    path = f"/{secrets.token_hex(16)}"
    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_PATIENCE)
        reader = Thread(target=_read_head, args=(listener, path, heads), daemon=True)
        reader.start()
        _client().get(f"http://127.0.0.1:{listener.getsockname()[1]}{path}").headers(headers).build().send()
        reader.join(_PATIENCE)
    lines = heads[0].split(b"\r\n")[1:] if heads else []
    return [(name, value.strip(b" \t")) for name, _, value in (line.partition(b":") for line in lines)]


def _read_head(listener: socket.socket, path: str, heads: list[bytes]) -> None:
    """Take the head of the request for ``path``; another program may have found the port, too."""
    while not heads:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, suppress(OSError):
            connection.settimeout(_PATIENCE)
            head = b""
            while b"\r\n\r\n" not in head and (more := connection.recv(65536)):
                head += more
            if head.startswith(f"GET {path} ".encode()):
                heads.append(head.partition(b"\r\n\r\n")[0])
                connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
