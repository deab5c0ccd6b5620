"""Which proxy a connection goes through, decided here alone so that every HTTP library decides alike.

``HTTP_PROXY``, ``HTTPS_PROXY`` and ``ALL_PROXY`` name proxies, in small letters or capitals; ``NO_PROXY`` lists hosts
that are reached without one. Where none of them is set, Windows and macOS have settings of their own. An address of
this machine is never reached through a proxy.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from ..errors import ConfigurationError
from .address import bracketed, is_loopback, split_address

_SCHEMES = ("http", "https", "socks5", "socks5h")


class Proxy(NamedTuple):
    """A proxy: its ``url`` may hold a user name and password, its ``place`` (host and port) never does.

    ``variable`` is what named it.
    """

    url: str
    place: str
    variable: str

    def __repr__(self) -> str:
        return f"Proxy({self.place!r})"


def proxy_for(url: str, environ: Mapping[str, str] | None = None) -> Proxy | None:
    """Return the proxy to reach an address through, None for a direct connection.

    Raises ConfigurationError, which names the variable, if what it holds can't be read as a proxy.
    """
    variables = os.environ if environ is None else environ
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or is_loopback(host):
        return None
    variable, text = _setting(parts.scheme, variables)
    if not text or _is_exempt(host, parts.port or (443 if parts.scheme == "https" else 80), variables):
        return None
    return _checked(variable, text)


def _setting(scheme: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the variable that counts for a scheme, and what it holds; "" where no proxy is set."""
    for name in (f"{scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            if variable == "HTTP_PROXY" and "REQUEST_METHOD" in environ:
                continue  # in a CGI script a visitor sets it, by a header called Proxy
            if variable in environ:
                if environ[variable].strip():
                    return variable, environ[variable].strip()
                break  # set to nothing: no proxy by this name
    if sys.platform in ("win32", "darwin") and environ is os.environ:
        from urllib.request import getproxies  # heavy; it reads the registry, or the system configuration

        return "the system's proxy setting", getproxies().get(scheme, "")
    return "", ""


def _is_exempt(host: str, port: int, environ: Mapping[str, str]) -> bool:
    listed = environ.get("no_proxy", environ.get("NO_PROXY"))
    if listed is None:
        if sys.platform in ("win32", "darwin") and environ is os.environ:
            from urllib.request import proxy_bypass

            return bool(proxy_bypass(host))
        return False
    return any(_covers(entry, host.rstrip("."), port) for entry in listed.lower().replace(",", " ").split())


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY is about a host: ``*``, a name with all below it, an address, or a network."""
    if entry == "*":
        return True
    name, colon, digits = entry.rpartition(":")
    if colon and digits.isdigit() and (":" not in name or name.endswith("]")):
        if digits.lstrip("0") != str(port):
            return False
        entry = name
    entry = entry.strip("[]")
    try:
        address = ip_address(host)
    except ValueError:
        name = entry.removeprefix("*").strip(".")
        return bool(name) and (host == name or host.endswith(f".{name}"))
    try:
        return address in ip_network(entry, strict=False)
    except ValueError:
        return False


def _checked(variable: str, text: str) -> Proxy:
    named = "://" in text
    url = text if named else f"http://{text}"
    try:
        scheme, host, port, rest = split_address(url)
        if scheme not in _SCHEMES:
            raise ValueError(f"it must start with one of {', '.join(f'{name}://' for name in _SCHEMES)}")
        if rest.strip("/"):
            raise ValueError("something follows its host and port")
        if not named and port is None:
            raise ValueError("it has neither a scheme nor a port")
    except ValueError as problem:
        raise ConfigurationError(
            f"The proxy that {variable} names can't be used: {problem}.",
            hint="It should look like http://proxy.example.com:3128; NO_PROXY lists what is reached without a proxy. "
            "Nothing was sent.",
        ) from None
    place = bracketed(host) + (f":{port}" if port is not None else "")
    return Proxy(f"{scheme}://{_credentials(url)}{place}", place, variable)


def _credentials(url: str) -> str:
    """User name and password as they stand before the host, spelled in ASCII."""
    user, colon, password = urlsplit(url).netloc.rpartition("@")[0].partition(":")
    spelled = quote(unquote(user), safe="") + colon + quote(unquote(password), safe="")
    return f"{spelled}@" if spelled else ""
