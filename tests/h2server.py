"""A small server that speaks HTTP/2 over TLS and nothing else."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import NamedTuple

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError

from nasty import TOKEN, Asked


class Answer(NamedTuple):
    """An answer over HTTP/2: ``length`` overrides Content-Length, ``reset`` ends the stream with an error."""

    body: bytes
    content_type: str = "application/json"
    status: int = 200
    length: int | None = None
    reset: bool = False


class H2Server:
    """As `Nasty`: ``H2Server(tls, GET=Answer(…))``. ``connections`` counts what was accepted."""

    def __init__(self, tls: ssl.SSLContext, **answers: Answer) -> None:
        tls.set_alpn_protocols(["h2"])
        self.asked: list[Asked] = []
        self.connections = 0
        self._answers = answers
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> H2Server:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with (
            contextlib.suppress(OSError, ProtocolError),
            plain,
            self._tls.wrap_socket(plain, server_side=True) as stream,
        ):
            self.connections += 1
            stream.settimeout(10)
            h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
            h2.initiate_connection()
            stream.sendall(h2.data_to_send())
            requests: dict[int, tuple[dict[str, str], bytearray]] = {}
            while received := stream.recv(65536):
                for event in h2.receive_data(received):
                    match event:
                        case RequestReceived(stream_id=number, headers=headers):
                            requests[number or 0] = ({str(k): str(v) for k, v in headers or ()}, bytearray())
                        case DataReceived(stream_id=number, data=data, flow_controlled_length=length):
                            requests[number or 0][1].extend(data or b"")
                            h2.acknowledge_received_data(length or 0, number or 0)
                        case StreamEnded(stream_id=number):
                            self._answer(h2, number or 0, *requests.pop(number or 0))
                stream.sendall(h2.data_to_send())

    def _answer(self, h2: H2Connection, number: int, headers: dict[str, str], body: bytearray) -> None:
        asked = Asked(headers[":method"], headers[":path"], headers, bytes(body))
        self.asked.append(asked)
        token = Answer(TOKEN.data.partition(b"\r\n\r\n")[2])
        answer = token if asked.target == "/connect/token" else self._answers[asked.method]
        length = len(answer.body) if answer.length is None else answer.length
        h2.send_headers(
            number,
            [(":status", str(answer.status)), ("content-type", answer.content_type), ("content-length", str(length))],
        )
        h2.send_data(number, answer.body, end_stream=not answer.reset)
        if answer.reset:
            h2.reset_stream(number, ErrorCodes.INTERNAL_ERROR)
