"""A web config file: TLS, users and headers of the exporter, in the format that Prometheus' own exporters share.

https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ..errors import ConfigurationError
from ..local.private_files import warn_if_exposed
from ..serving.server import tls_context

_LARGEST = 1_000_000  # bytes
_MOST_USERS = 1_000
_HASH = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
_HIGHEST_COST = 15  # of bcrypt: a second or more for each password
_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CLIENT_AUTH = {
    "": ssl.CERT_NONE,
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_TLS_KEYS = frozenset(("cert_file", "key_file", "client_auth_type", "client_ca_file", "min_version", "max_version"))
_HEADERS = frozenset((
    "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "X-XSS-Protection",
    "Content-Security-Policy",
))  # fmt: skip


class WebConfig(NamedTuple):
    """What a web config file asks for. ``users``: bcrypt hashes by name; ``files``: those that it names."""

    context: ssl.SSLContext | None = None
    users: Mapping[str, bytes] = {}
    headers: Mapping[str, str] = {}
    files: tuple[Path, ...] = ()

    @property
    def asks_for_certificates(self) -> bool:
        """Whether only clients with a certificate are let in."""
        return self.context is not None and self.context.verify_mode is ssl.CERT_REQUIRED

    def __repr__(self) -> str:
        return f"WebConfig(users={sorted(self.users)!r})"


def read_web_config(path: Path) -> WebConfig:
    """Read a web config file; paths in it are relative to its folder.

    Raises: ConfigurationError, with the name of a key that this exporter doesn't know or have.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
        content = yaml.safe_load(text) if len(text) <= _LARGEST else None
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as problem:
        raise _wrong(path, "it can't be read as YAML", _where(problem)) from None
    if len(text) > _LARGEST:
        raise _wrong(path, f"it is larger than {_LARGEST} bytes")
    top = _mapping(path, "", {} if content is None else content)
    _check_keys(path, "", top, ("tls_server_config", "http_server_config", "basic_auth_users"))
    return WebConfig(_context(path, top), _users(path, top), _headers(path, top), tuple(_files(path, top)))


def _files(path: Path, top: Mapping[str, Any]) -> Iterator[Path]:
    section = "tls_server_config"
    given = _mapping(path, section, top.get(section) or {})
    for key in ("cert_file", "key_file", "client_ca_file"):
        if (file := _file(path, section, given, key)) is not None:
            yield file


def _context(path: Path, top: Mapping[str, Any]) -> ssl.SSLContext | None:
    section = "tls_server_config"
    given = _mapping(path, section, top.get(section) or {})
    if not given:
        return None
    _check_keys(path, section, given, _TLS_KEYS)
    certificate, key = _file(path, section, given, "cert_file"), _file(path, section, given, "key_file")
    authority = _file(path, section, given, "client_ca_file")
    if certificate is None or key is None:
        raise _wrong(path, f"{section} needs cert_file and key_file")
    context = tls_context(certificate, key)
    warn_if_exposed(key, "private key")
    context.minimum_version = _VERSIONS[_choice(path, section, given, "min_version", _VERSIONS, "TLS12")]
    context.maximum_version = _VERSIONS[_choice(path, section, given, "max_version", _VERSIONS, "TLS13")]
    if context.minimum_version > context.maximum_version:
        raise _wrong(path, f"{section}.min_version is above max_version")
    mode = _CLIENT_AUTH[_choice(path, section, given, "client_auth_type", _CLIENT_AUTH, "")]
    if (mode is ssl.CERT_NONE) != (authority is None):
        raise _wrong(path, f"{section}.client_ca_file goes with a client_auth_type that verifies, and that with it")
    if authority is not None:
        try:
            context.load_verify_locations(cafile=authority)
        except OSError as problem:  # an SSLError is an OSError
            raise _wrong(path, f"{section}.client_ca_file {authority} can't be used", _where(problem)) from None
        context.verify_mode = mode
    return context


def _users(path: Path, top: Mapping[str, Any]) -> dict[str, bytes]:
    section = "basic_auth_users"
    given = _mapping(path, section, top.get(section) or {})
    if len(given) > _MOST_USERS:
        raise _wrong(path, f"{section} has more than {_MOST_USERS} users")
    users = {}
    for name, hashed in given.items():
        match = _HASH.fullmatch(hashed) if isinstance(hashed, str) else None
        if not name or ":" in name or match is None:
            raise _wrong(path, f"{section} needs a bcrypt hash for {name!r}", "such as `htpasswd -nBC 10 '' ` makes")
        if int(match[1]) > _HIGHEST_COST:
            raise _wrong(path, f"the hash of {name!r} has a cost above {_HIGHEST_COST}")
        users[name] = hashed.encode()
    return users


def _headers(path: Path, top: Mapping[str, Any]) -> dict[str, str]:
    """Read the headers of each answer. ``http2`` is read and means nothing: HTTP/1.1 is spoken, as clients can too."""
    section = "http_server_config"
    given = _mapping(path, section, top.get(section) or {})
    _check_keys(path, section, given, ("http2", "headers"))
    headers = _mapping(path, f"{section}.headers", given.get("headers") or {})
    _check_keys(path, f"{section}.headers", headers, _HEADERS)
    for name, value in headers.items():
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise _wrong(path, f"{section}.headers.{name} is not a text of one line")
    return dict(headers)


def _mapping(path: Path, section: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise _wrong(path, f"{section or 'it'} is not a mapping of names")
    return value


def _check_keys(path: Path, section: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
    if unknown := sorted(given.keys() - set(known)):
        what = f"{section}.{unknown[0]}" if section else unknown[0]
        raise _wrong(path, f"this exporter has no {what}", f"It has {', '.join(sorted(known))}.")


def _file(path: Path, section: str, given: Mapping[str, Any], key: str) -> Path | None:
    value = given.get(key)
    if value is not None and not isinstance(value, str):
        raise _wrong(path, f"{section}.{key} is not a path")
    return path.parent / value if value else None


def _choice(
    path: Path, section: str, given: Mapping[str, Any], key: str, choices: Mapping[str, Any], default: str
) -> str:
    value = given.get(key, default)
    if not isinstance(value, str) or value not in choices:
        raise _wrong(
            path, f"{section}.{key} can't be {value!r} here", f"Use {', '.join(name for name in choices if name)}."
        )
    return value


def _where(problem: BaseException) -> str:
    """Return the reason without the text around it, which may be a hash."""
    mark = getattr(problem, "problem_mark", None)
    if mark is not None:
        return f"Line {mark.line + 1}: {getattr(problem, 'problem', None) or 'not YAML'}."
    return f"{getattr(problem, 'strerror', None) or type(problem).__name__}."


def _wrong(path: Path, what: str, hint: str = "") -> ConfigurationError:
    return ConfigurationError(f"The web config file {path} can't be used: {what}.", hint=hint)
