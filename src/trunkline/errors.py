"""Everything that can go wrong, as one tree.

Each error says what happened (the message), what to do next (``hint``), whether trying again may help
(``retryable``) and with which code the command line ends (``exit_code``):

    0 ok · 1 failure · 2 usage · 3 configuration · 4 sign-in · 5 refused by the PBX ·
    6 PBX unreachable or broken · 7 some items failed · 130 interrupted
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import Any, ClassVar

from .redaction import redacted

_TEXTS = frozenset(("message", "hint", "path"))


class TrunklineError(Exception):
    """The root. ``status`` is the HTTP status where a PBX answered, else None.

    ``request_id`` names the call in the log; ``method`` and ``path`` say what was asked. They are empty where nothing
    was sent. No text of an error has a secret in it that this process knows (`redaction`), whoever sets it.
    """

    exit_code: ClassVar[int] = 1
    retryable: bool = False
    status: int | None = None
    request_id: str = ""
    method: str = ""
    path: str = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(self.message)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, redacted(value) if name in _TEXTS and isinstance(value, str) else value)

    def __str__(self) -> str:
        return redacted(f"{self.message} {self.hint}" if self.hint else self.message)  # it may be known only now

    def __repr__(self) -> str:
        return f"{type(self).__name__}({redacted(self.message)!r})"


class UsageError(TrunklineError):
    """What was asked can't be asked; nothing was sent."""

    exit_code = 2


class UnknownName(UsageError, AttributeError):
    """No resource, action, parameter or field has that name."""


class InvalidArgument(UsageError, ValueError):
    """An argument is missing, of the wrong type, or of no value that 3CX knows."""


class VersionMismatch(UsageError):
    """The version of this PBX lacks the action."""


class VersionWarning(UserWarning):
    """A field or a value that the version of this PBX lacks, going by 3CX's published files; it is sent all the same.

    Late builds of a version have fields that its first published file lacks, so only the PBX itself can tell.
    """


class ConfigurationError(TrunklineError):
    """Address, client id or secret is missing or malformed; nothing was sent."""

    exit_code = 3


class TransportError(TrunklineError):
    """No usable answer came. ``processed`` is False where the PBX surely did nothing, None where that is unknown."""

    exit_code = 6
    retryable = True

    def __init__(self, message: str, *, hint: str = "", processed: bool | None = None) -> None:
        super().__init__(message, hint=hint)
        self.processed = processed


class Unreachable(TransportError):
    """No connection was made: wrong address or port, PBX down, name unknown, or TLS refused."""


class ConnectionLost(TransportError):
    """The connection broke before the answer was complete."""


class TimedOut(TransportError):
    """The answer took longer than allowed."""


class BrokenAnswer(TransportError):
    """What answered doesn't speak the 3CX API: a web page, half a document, a status that a gateway made up.

    ``status`` is that of the answer, where there was one. Whether a write was carried out is then not known.
    """

    retryable = False


class HttpLibraryFailed(BrokenAnswer):
    """The HTTP library raised what it should not. What it says of it is left out, as it might hold a secret."""


class PbxError(TrunklineError):
    """The PBX answered with an error.

    ``codes`` maps each field that 3CX named to its code (``{"EmailAddress": "WARNINGS.XAPI.ALREADY_IN_USE"}``); a
    code without a field has the key ``""``. ``retry_after``: seconds that the PBX asked to wait, None if it didn't.
    """

    retry_after: float | None = None
    processed: bool | None = False
    """False: the PBX refused, and did nothing. None: it is not known whether it did."""

    exit_code = 5

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status: int,
        codes: Mapping[str, str] = MappingProxyType({}),
        method: str = "",
        path: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.codes = {redacted(field): redacted(code) for field, code in codes.items()}
        self.method = method
        self.path = path


class BadRequest(PbxError):
    """400: the PBX did not accept a value."""


class SignInError(PbxError):
    """401, or refused credentials."""

    exit_code = 4


class Forbidden(PbxError):
    """403: signed in, but without the right."""


class NotFound(PbxError):
    """404, recognisably from the PBX: no such entity, or an action this PBX lacks. Another 404 is a BrokenAnswer."""


class Conflict(PbxError):
    """409: the entity is in a state that forbids it."""


class PreconditionFailed(PbxError):
    """412: the entity changed since its ETag was read."""


class TooManyRequests(PbxError):
    """429: slow down. It may come from a gateway, so it does not prove that a write was not carried out."""

    retryable = True
    processed: bool | None = None


class ServerError(PbxError):
    """5xx: the PBX, or a proxy in front of it, is in trouble. A write may have been carried out all the same."""

    exit_code = 6
    retryable = True
    processed: bool | None = None


class TemplateError(UsageError):
    """A template of a node has no value for an item; nothing was sent for it."""


class Unexpected(TrunklineError):
    """A defect of Trunkline or of a library it uses, for one item or one PBX. ``__cause__`` is the exception itself.

    The message names the exception's type and where it was raised, never its text, which might hold a secret.
    """

    @classmethod
    def of(cls, problem: BaseException) -> Unexpected:
        """The error for an exception that is not one of ours."""
        kind = type(problem)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        error = cls(
            f"{name}{place_of(problem.__traceback__)}: a defect of Trunkline or of a library it uses.",
            hint="Report it with this line, please.",
        )
        error.__cause__ = problem
        return error


def place_of(trace: TracebackType | None) -> str:
    """Where an exception was raised, and the last place of Trunkline's own on the way there."""
    own = last = ""
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", "?"))
        last = f"{module}, line {trace.tb_lineno}"
        if module.partition(".")[0] == __name__.partition(".")[0]:
            own = last
        trace = trace.tb_next
    if not last:
        return ""
    return f" in {last}" if own in ("", last) else f" in {last}, called by {own}"


class ItemsFailed(TrunklineError):
    """Some items of a run failed. ``result`` has what was done, what failed and what was not started."""

    exit_code = 7

    def __init__(self, message: str, *, hint: str = "", result: Any = None) -> None:
        super().__init__(message, hint=hint)
        self.result = result
