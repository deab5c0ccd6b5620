"""The ways in which one 3CX differs from another, or from what docs/pbx.md says, as settings of the emulator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


class NotAllowed(ValueError):
    """A setting of the emulator makes no sense; ``allowed`` lists what would."""

    def __init__(self, message: str, allowed: Iterable[str] = ()) -> None:
        self.message = message
        self.allowed = tuple(allowed)
        listed = f" There are: {', '.join(self.allowed)}." if self.allowed else ""
        super().__init__(f"{message}{listed}")


@dataclass(frozen=True)
class Variants:
    """How this PBX behaves where PBXs differ. NotAllowed for a value that isn't one of its field's.

    ``etags``: none are sent; weak ones; or strong ones, compared strongly, and no change without If-Match (428).
    ``max_top`` refuses a higher ``$top`` with 400, and ``page_size`` cuts an entity set asked without ``$top``; None
    means no cap. ``next_link`` says with which option ``@odata.nextLink`` goes on, where a page was cut.
    ``expires_in`` has the unit of the version, or another. ``bearer`` tokens are JWTs, ones without ``exp``, or opaque.
    ``wrong_credentials`` is 400 invalid_client or 401 unauthorized, and ``dead_token`` how one that lives no more is
    answered. ``send_nulls`` sends properties that are null, which PBXs leave out, and
    ``header_bytes`` a header with bytes outside ASCII, as a proxy does. ``error_bodies`` gives 403 and 500
    a body.
    ``unknown_path`` is the status of a path that leads nowhere. ``bad_dates`` in function paths are answered with
    500, or the period is ignored. Of the call log, ``call_log_period`` may be ignored however it is spelled, and
    ``call_log_cap`` is the most rows that it ever answers; its times are UTC, or ``call_log_times`` gives them the
    PBX's own offset. ``report_zeros`` leaves numbers that are zero out of the rows of all reports, as nulls are.
    ``block_addresses`` after repeated failures: all, all but loopback, or none.
    ``throttle`` answers 429 above AntiHackingSettings' MaxRequestPerPeriod. ``token_lifetime``, ``latency`` before
    each answer and its ``jitter`` (as much again, at random) are seconds.
    """

    etags: Literal["off", "weak", "strict"] = "off"
    max_top: int | None = 100
    page_size: int | None = 50
    next_link: Literal["off", "skip", "skiptoken"] = "off"
    expires_in: Literal["version", "minutes", "seconds"] = "version"
    version_header: bool = True
    bearer: Literal["jwt", "jwt_without_exp", "opaque"] = "jwt"
    token_lifetime: float = 3600.0
    wrong_credentials: Literal["invalid_client", "unauthorized"] = "invalid_client"
    dead_token: Literal["401", "403"] = "401"  # noqa: S105 - a status
    send_nulls: bool = False
    header_bytes: bool = False
    error_bodies: Literal["empty", "full"] = "empty"
    unknown_path: Literal["404", "401"] = "404"
    bad_dates: Literal["500", "ignored"] = "500"
    call_log_cap: int | None = 20_000
    call_log_period: Literal["kept", "ignored"] = "kept"
    call_log_times: Literal["utc", "offset"] = "utc"
    report_zeros: Literal["sent", "left_out"] = "sent"
    licence: Literal["ok", "expired", "too_small"] = "ok"
    block_addresses: Literal["all", "remote", "off"] = "all"
    throttle: bool = False
    latency: float = 0.0
    jitter: float = 0.0

    def __post_init__(self) -> None:
        for name, hint in _HINTS.items():
            expected = _expected(hint)
            if not _fits(getattr(self, name), hint):
                raise NotAllowed(f"{name}: {getattr(self, name)!r} is not {expected}.")

    def changed(self, changes: Mapping[str, Any]) -> Variants:
        """Return these with some fields changed.

        ``etags`` may be true for weak. NotAllowed for an unknown or wrong one.
        """
        for name in changes:
            if name not in _HINTS:
                raise NotAllowed(f"No variant is called {name!r}.", sorted(_HINTS))
        if isinstance(changes.get("etags"), bool):
            changes = {**changes, "etags": "weak" if changes["etags"] else "off"}
        return replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


_HINTS: dict[str, Any] = {
    name: hint for name, hint in get_type_hints(Variants).items() if name in {field.name for field in fields(Variants)}
}


def choices() -> dict[str, str]:
    """Return what each variant may be, in words."""
    return {name: _expected(hint) for name, hint in _HINTS.items()}


def _expected(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return " or ".join(map(repr, get_args(hint)))
    if get_origin(hint) in (Union, UnionType):
        return "a whole number from 1 up, or null for no cap"
    return "true or false" if hint is bool else "a number of seconds from 0 up"


def _fits(value: Any, hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if hint is bool:
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if get_origin(hint) in (Union, UnionType):
        return value is None or (isinstance(value, int) and value >= 1)
    return isinstance(value, int | float) and 0 <= value < float("inf")
