"""A server that answers as captures of live systems do (docs/pbx.md), and shares no code with the emulator.

All of its values are canaries: none may be in a recording.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

CLIENT_ID, API_KEY, TOKEN = "zuleika-client", "hush-9f8e7d6c5b4a", "zuleika-token-31415926"
HOST = "quibblethorpe.example.net"
GUID = "d3adc0de-1234-4abc-8def-00c0ffee0000"
NUMBER, ID = "48151623", 4815162342 % 2**31
CANARIES = (
    CLIENT_ID, API_KEY, TOKEN, HOST, GUID, NUMBER, str(ID), "zuleika", "quibblethorpe", "+12025550187", "hush",
    "2026-04-09", "57.6262837", "-04:00", "09:00:00", "127.0.0.1",
)  # fmt: skip

USER = {
    "Number": NUMBER,
    "FirstName": "Zuleika",
    "LastName": "Quibblethorpe",
    "EmailAddress": "",
    "Mobile": "+12025550187",
    "Id": ID,
    "AuthID": "hush-auth",
    "AuthPassword": "hush-password",
    "VMPIN": "4815",
    "VMEmailOptions": "Attachment",
    "VMEmailList": ["zuleika@quibblethorpe.example.net"],
    "NewerThanPublished": True,
    "NewerHours": {"Zuleika Q": "hush", "IgnoreHolidays": False},
    "Zuleika Quibblethorpe": 1,
    "+12025550187": None,
    "SIPID": "hush-sip",
}
TRUNK = {
    "Id": ID,
    "Number": "10000",
    "AuthID": "hush-trunk",
    "AuthPassword": {"Value": "hush-value"},
    "Messaging": {
        "Enabled": True,
        "SMS_PREFIX": "+12025550187",
        "MESSAGING_ACCESS_KEY": "hush-key",
        "ZULEIKA_KEYWORD": "zuleika",
    },
}
HOURS = {"Type": "OfficeHours", "Periods": [{"Start": "09:00:00.0000000"}]}
ROUTE = {"Append": "", "Prepend": "", "StripDigits": 0, "TrunkId": -1}
WRONG_PROPERTY = "Could not find a property named 'Zuleika' on type 'Pbx.User' for Quibblethorpe 48151623."


def context(fragment: str) -> dict[str, str]:
    return {"@odata.context": f"https://{HOST}/xapi/v1/$metadata#{fragment}"}


def listed(fragment: str, *rows: Any) -> tuple[int, Any]:
    return 200, {**context(fragment), "@odata.count": len(rows), "value": list(rows)}


def error(status: int, message: str, *details: dict[str, str]) -> tuple[int, Any]:
    return status, {"error": {"code": "", "message": message, **({"details": list(details)} if details else {})}}


TOO_MANY = error(
    400,
    "The query specified in the URI is not valid. The limit of '100' for Top query has been exceeded. "
    "The value from the incoming request is '500'.",
)
ROUTES: dict[str, tuple[int, Any]] = {
    "/Defs?$select=Id": (200, {**context("Defs(Id)/$entity"), "Id": ID}),
    "/Users?$top=2&$count=true": listed("Users", USER, {**USER, "OutboundCallerID": "+12025550187", "Groups": []}),
    f"/Users({ID})": (200, {**context("Users/$entity"), **USER}),
    f"/Users(Number='{NUMBER}')": (200, {**context("Users/$entity"), **USER}),
    "/Users?$top=101": TOO_MANY,
    "/Users?$top=500": TOO_MANY,
    "/Users?$top=1&$filter=TrunklineNoSuchField%20eq%201": error(400, WRONG_PROPERTY),
    "/Users?$top=1&$orderby=Number+desc": listed("Users", USER),
    "/Users?$select=Id": listed("Users(Id)", *[{"Id": ID + n} for n in range(50)]),
    "/Trunks?$top=2&$count=true": listed("Trunks", TRUNK),
    "/OutboundRules?$top=2&$count=true": listed("OutboundRules", {"Id": ID, "Name": "Zuleika", "Routes": [ROUTE] * 5}),
    "/SystemStatus": (
        200,
        {
            **context("SystemStatus"),
            "FQDN": HOST,
            "Version": "20.0.8.1121",
            "CurrentLocalIp": "127.0.0.1",
            "LicenseKey": "hush-licence",
            "LastBackupDateTime": "2026-04-09T00:04:57.6262837-04:00",
            "Ports": None,
        },
    ),
    "/OfficeHours": (200, {**context("OfficeHours"), "Hours": HOURS}),
    "/Groups?$top=2&$count=true": listed("Groups", {"Id": ID, "Name": GUID}),
    "/Recordings?$top=2&$count=true": (403, b""),
    "/Backups?$top=2&$count=true": error(
        400,
        "FileName:\nWARNINGS.XAPI.DUPLICATE",
        {"code": "", "message": "WARNINGS.XAPI.DUPLICATE", "target": "FileName"},
        {"code": "ZULEIKA", "message": "Zuleika at quibblethorpe.example.net said hush", "target": "Zuleika"},
    ),
    "/EventLogs?$top=2&$count=true": (500, b""),
    "/Users/Pbx.ExportExtensions()?$top=2": (200, b"Number,Zuleika\n48151623,Quibblethorpe\n"),
    "/TenantProperties?$top=2&$count=true": listed("TenantProperties", {"Name": "zuleika's", "Value": "hush-tenant"}),
    "/TenantProperties('zuleika%27%27s')": (200, {**context("TenantProperties/$entity"), "Name": "zuleika's"}),
    "/Playlists?$top=2&$count=true": (200, b'{"value": [{"Name": "zule'),
}  # fmt: skip


class StandIn:
    """What was asked, by method and target below ``/xapi/v1``; ``pause`` keeps the answer to a target back."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, str]] = []
        self.routes = dict(ROUTES)
        self.held: dict[str, Event] = {}
        self.status_of_all = 0


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """Serve the stand-in while the block runs."""
    pbx = StandIn()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536  # one write for an answer: else each waits for an acknowledgement

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            target = self.path.removeprefix("/xapi/v1")
            pbx.asked.append((self.command, target))
            if (self.command, target) == ("POST", "/connect/token"):
                accepted = f"client_secret={API_KEY}".encode() in body
                granted = {"token_type": "Bearer", "access_token": TOKEN, "expires_in": 60, "refresh_token": None}
                self.answer(*((200, granted) if accepted else (400, {"error": "invalid_client"})))
            elif self.headers.get("authorization") != f"Bearer {TOKEN}":
                self.answer(401, b"")
            else:
                if target in pbx.held:
                    pbx.held[target].wait(60)
                missing = error(404, "Not Found") if "(" in target else (404, b"")
                self.answer(*((pbx.status_of_all, b"") if pbx.status_of_all else pbx.routes.get(target, missing)))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        def answer(self, status: int, content: Any) -> None:
            is_file = isinstance(content, bytes) and not content.startswith(b"{")
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            kind = "text/csv; charset=utf-8; header=zuleika" if is_file else "application/json; odata.metadata=minimal"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Disposition", "attachment; filename=zuleika.csv" if is_file else "inline")
            self.send_header("X-3CX-Version", "20.0.8.1121")
            self.send_header("Via", "1.1 Zül\u00e9ika")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if body:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(body), body))
            self.wfile.write(b"0\r\n\r\n")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pbx.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield pbx
    finally:
        for held in pbx.held.values():
            held.set()
        server.shutdown()
        server.server_close()
        thread.join()
