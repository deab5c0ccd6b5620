"""Who may use ``/_emulator``: programs on this machine, and whoever has the control key.

Its requests read every secret that this PBX holds and can make anybody its owner, and a program on this machine needs
no token for them. So everything that could be somebody else is refused: another machine, a web page (by its browser's
headers, by a host name of its own, or because it can't send our header without asking first, which is never granted),
and a proxy, behind which anybody may be.
"""

from __future__ import annotations

import hmac

from ..guard import is_loopback
from ..hosts import BadHost, Hosts, sent_host
from ..messages import Request

HEADER = "X-Trunkline-Emulator"
KEY_HEADER = "X-Trunkline-Control-Key"

# What proxies add. One that adds none of them can't be told from a program on this machine.
_FORWARDED = frozenset(
    {
        "forwarded", "via", "x-real-ip", "x-client-ip", "client-ip", "true-client-ip", "x-cluster-client-ip",
        "x-original-host", "x-original-url", "x-original-forwarded-for", "x-remote-addr", "x-remote-ip",
        "x-originating-ip", "x-proxyuser-ip", "x-envoy-external-address", "x-envoy-original-path", "fastly-client-ip",
        "fly-client-ip", "cf-connecting-ip", "cf-ray", "cdn-loop", "x-amzn-trace-id", "x-azure-clientip",
        "x-appengine-user-ip", "x-arr-log-id", "x-rewrite-url", "x-traefik-router", "x-varnish", "proxy-connection",
    }
)  # fmt: skip
_SAME_SITE = ("none", "same-origin")


class Access:
    """``key`` None lets programs on this machine in, and nobody else; with a key, whoever has it and nobody else.

    ValueError for a key that no header can carry.
    """

    def __init__(self, hosts: Hosts, key: str | None = None) -> None:
        if key is not None and not (key and key.isascii() and key.isprintable() and key == key.strip()):
            raise ValueError("A control key is printable ASCII text without a space at either end, and not empty.")
        self._hosts = hosts
        self._key = key

    @property
    def headers(self) -> dict[str, str]:
        """What a request of the emulator's own process needs, where nobody else can ask."""
        return {"host": "localhost", HEADER.lower(): "1"} | ({KEY_HEADER.lower(): self._key} if self._key else {})

    def why_not(self, request: Request) -> str:
        """Why a request is refused and what to do about it; "" if it may go on."""
        if _is_of_a_page(request):
            return "Web pages may not control the emulator: the request has an Origin, or a Sec-Fetch-Site of one."
        if self._key is not None:
            return "" if self._is_right(request.headers.all(KEY_HEADER)) else _NO_KEY
        return self._why_not_ours(request)

    def _is_right(self, keys: list[str]) -> bool:
        expected = (self._key or "").encode()
        return len(keys) == 1 and hmac.compare_digest(keys[0].encode("latin-1"), expected)

    def _why_not_ours(self, request: Request) -> str:
        if request.peer and not is_loopback(request.peer):
            return f"Only programs on the emulator's own machine may control it; others need {_BY_KEY}"
        try:
            host = sent_host(request)
        except BadHost as problem:
            return f"The request needs one valid Host header: {problem}"
        if not self._hosts.allows(host, request.listens):
            return f"The Host header names {host!r}, which isn't this machine: start the emulator with --allow-host."
        forwarded = sorted(name for name in request.headers if name in _FORWARDED or name.startswith("x-forwarded"))
        if forwarded:
            return f"The request came through a proxy ({', '.join(forwarded)}), for which you need {_BY_KEY}"
        if request.http_version == "1.0":
            return f"The request is HTTP/1.0, as of an old proxy, for which you need {_BY_KEY}"
        if request.headers.all(HEADER) != ["1"]:
            return f"The request needs the header {HEADER}: 1, which no web page can send unasked."
        return ""


_BY_KEY = f"a control key: start the emulator with --control-key and send {KEY_HEADER}."
_NO_KEY = f"This emulator was started with a control key: send it in the header {KEY_HEADER}."


def _is_of_a_page(request: Request) -> bool:
    sites = request.headers.all("sec-fetch-site")
    return "origin" in request.headers or any(site.strip().lower() not in _SAME_SITE for site in sites)
