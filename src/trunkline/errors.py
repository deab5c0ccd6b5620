"""Everything that can go wrong, as one tree.

Each error says what happened (the message), what to do next (``hint``), whether trying again may help
(``retryable``) and with which code the command line ends (``exit_code``):

    0 ok · 1 failure · 2 usage · 3 configuration · 4 sign-in · 5 refused by the PBX ·
    6 PBX unreachable or broken · 7 some items failed · 130 interrupted
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import Any, ClassVar, NamedTuple, Self, TypedDict, Unpack

from .redaction import redacted

COMMANDS = frozenset((
    "actions", "actions.show", "doctor", "emulator", "job.cancel", "job.list", "job.remove", "job.resume", "job.show",
    "login", "profiles.remove", "profiles.use",
))  # fmt: skip
"""What a hint can name besides the actions of the catalog. Only the command line has these; elsewhere the hint's text
stands by itself, or a call of Python's own does the same."""
_CALLS = {"actions": "dir(pbx)", "actions.show": "help(pbx.{action})"}


class Hint(NamedTuple):
    """What to do next, as data: each surface spells it its own way. ``str(hint)`` spells it for Python.

    ``text`` reads well by itself. ``action`` is an action of the catalog or one of `COMMANDS`, and ``arguments`` go
    with it. Arguments without an action are options of the call that failed: one of them helps.
    """

    text: str = ""
    action: str = ""
    arguments: Mapping[str, Any] = MappingProxyType({})

    def __str__(self) -> str:
        return redacted(self.spelled(self._call()))

    def __bool__(self) -> bool:
        return self != _NO_HINT

    def spelled(self, code: str) -> str:
        """Return the text, followed by code that does what it says."""
        return f"{self.text.rstrip('.')}: {code}".lstrip(": ") if code else self.text

    def after(self, text: str) -> Hint:
        """Return the same hint after another sentence."""
        return self._replace(text=f"{text} {self.text}".strip())

    def _call(self) -> str:
        if self.action in COMMANDS:
            return _CALLS.get(self.action, "").format_map(self.arguments)
        arguments = [f"{name}={value!r}" for name, value in self.arguments.items()]
        return f"pbx.{self.action}({', '.join(arguments)})" if self.action else " or ".join(arguments)


_NO_HINT = Hint()


class Facts(TypedDict, total=False):
    """What an error can know besides its message; most kinds have some of it."""

    hint: Hint | str
    status: int | None
    method: str
    path: str
    request_id: str
    retryable: bool
    processed: bool | None
    retry_after: float | None
    codes: Mapping[str, str]
    reason: str
    parameter: str
    line: int
    result: Any


class TrunklineError(Exception):
    """The root. ``status`` is the HTTP status where a PBX answered, else None.

    ``code`` names the kind of error in JSON. ``request_id`` names the call in the log; ``method`` and ``path`` say what
    was asked. They are empty where nothing was sent. No text of an error has a secret in it that this process knows
    (`redaction`). An error doesn't change: `replace` makes another.
    """

    code: ClassVar[str] = "failed"
    exit_code: ClassVar[int] = 1
    message: str
    hint: Hint = _NO_HINT
    retryable: bool = False
    status: int | None = None
    request_id: str = ""
    method: str = ""
    path: str = ""

    def __init__(self, message: str, **facts: Unpack[Facts]) -> None:
        super().__init__(redacted(message))
        vars(self).update(_without_secrets(facts), message=self.args[0])

    def replace(self, message: str | None = None, **facts: Unpack[Facts]) -> Self:
        """Return the same error with other facts, with its cause and its traceback."""
        other = type(self).__new__(type(self), self.message if message is None else redacted(message))
        vars(other).update(vars(self), **_without_secrets(facts), message=other.args[0])
        other.__cause__, other.__context__ = self.__cause__, self.__context__
        other.__suppress_context__ = self.__suppress_context__
        return other.with_traceback(self.__traceback__)

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("__") and name not in _SET_BY_PYTHON:
            raise AttributeError(f"An error doesn't change, so {name} can't be set; replace() makes another error.")
        super().__setattr__(name, value)

    def __str__(self) -> str:
        return redacted(f"{self.message} {self.hint}" if self.hint else self.message)  # it may be known only now

    def __repr__(self) -> str:
        return f"{type(self).__name__}({redacted(self.message)!r})"


_SET_BY_PYTHON = frozenset(("name", "obj"))  # of an AttributeError, to offer suggestions


def _without_secrets(facts: Facts) -> dict[str, Any]:
    clean = {name: redacted(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
    if "hint" in facts:
        hint = Hint(facts["hint"]) if isinstance(facts["hint"], str) else facts["hint"]
        arguments = {n: redacted(v) if isinstance(v, str) else v for n, v in hint.arguments.items()}
        clean["hint"] = Hint(redacted(hint.text), hint.action, MappingProxyType(arguments))
    if "codes" in facts:
        clean["codes"] = {redacted(field): redacted(code) for field, code in facts["codes"].items()}
    return clean


class UsageError(TrunklineError):
    """What was asked can't be asked; nothing was sent.

    ``parameter`` names what it is about, and ``reason`` says what is wrong with that. ``line`` is a file's, 0 where
    no file is wrong.
    """

    code = "usage"
    exit_code = 2
    parameter: str = ""
    reason: str = ""
    line: int = 0


class UnknownName(UsageError, AttributeError):
    """No resource, action, parameter or field has that name."""

    code = "unknown_name"


class InvalidArgument(UsageError, ValueError):
    """An argument is missing, of the wrong type, or of no value that 3CX knows."""

    code = "invalid_argument"


class VersionMismatch(UsageError):
    """The version of this PBX lacks the action."""

    code = "version_mismatch"


class VersionWarning(UserWarning):
    """A field or a value that no published file of 3CX has for the version of this PBX; it is sent all the same.

    Late builds of a version have fields that its first published file lacks, so only the PBX itself can tell.
    """


class ConfigurationError(TrunklineError):
    """Address, client id or secret is missing or malformed; nothing was sent."""

    code = "configuration"
    exit_code = 3


class TransportError(TrunklineError):
    """No usable answer came. ``processed`` is False where the PBX surely did nothing, None where that is unknown."""

    code = "transport"
    exit_code = 6
    retryable = True
    processed: bool | None = None


class Unreachable(TransportError):
    """No connection was made: wrong address or port, PBX down, name unknown, or TLS refused."""

    code = "unreachable"


class ConnectionLost(TransportError):
    """The connection broke before the answer was complete."""

    code = "connection_lost"


class TimedOut(TransportError):
    """The answer took longer than allowed."""

    code = "timed_out"


class BrokenAnswer(TransportError):
    """What answered doesn't speak the 3CX API: a web page, half a document, a status that a gateway made up.

    ``status`` is that of the answer, where there was one. Whether a write was carried out is then not known.
    """

    code = "broken_answer"
    retryable = False


class HttpLibraryFailed(BrokenAnswer):
    """The HTTP library raised what it should not. What it says of it is left out, as it might hold a secret."""

    code = "http_library_failed"


class PbxError(TrunklineError):
    """The PBX answered with an error.

    ``codes`` maps each field that 3CX named to its code (``{"EmailAddress": "WARNINGS.XAPI.ALREADY_IN_USE"}``); a
    code without a field has the key ``""``. ``reason`` is what 3CX says of it, in one line. ``retry_after`` are the
    seconds that the PBX asked to wait, None if it didn't.
    """

    code = "refused"
    status: int  # always known here  # pyright: ignore[reportIncompatibleVariableOverride]
    codes: Mapping[str, str] = MappingProxyType({})
    reason: str = ""
    retry_after: float | None = None
    processed: bool | None = False
    """False: the PBX refused, and did nothing. None: it is not known whether it did."""

    exit_code = 5


class BadRequest(PbxError):
    """400: the PBX did not accept a value."""

    code = "bad_request"


class SignInError(PbxError):
    """401, or refused credentials."""

    code = "sign_in"
    exit_code = 4


class Forbidden(PbxError):
    """403: signed in, but without the right."""

    code = "forbidden"


class NotFound(PbxError):
    """404, recognisably from the PBX: no such entity, or an action this PBX lacks. Another 404 is a BrokenAnswer."""

    code = "not_found"


class Conflict(PbxError):
    """409: the entity is in a state that forbids it."""

    code = "conflict"


class PreconditionFailed(PbxError):
    """412: the entity changed since its ETag was read."""

    code = "precondition_failed"


class TooManyRequests(PbxError):
    """429: slow down. It may come from a gateway, so it does not prove that a write was not carried out."""

    code = "too_many_requests"
    retryable = True
    processed: bool | None = None


class ServerError(PbxError):
    """5xx: the PBX, or a proxy in front of it, is in trouble. A write may have been carried out all the same."""

    code = "server_error"
    exit_code = 6
    retryable = True
    processed: bool | None = None


class TemplateError(UsageError):
    """A template of a node has no value for an item; nothing was sent for it."""

    code = "template"


class Unexpected(TrunklineError):
    """A defect of Trunkline or of a library it uses, for one item or one PBX. ``__cause__`` is the exception itself.

    The message names the exception's type and where it was raised, never its text, which might hold a secret.
    """

    code = "unexpected"

    @classmethod
    def of(cls, problem: BaseException) -> Unexpected:
        """Return the error for an exception that is not a TrunklineError."""
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

    code = "items_failed"
    exit_code = 7
    result: Any = None


def exit_code_of(error: TrunklineError) -> int:
    """Return the code with which a command ends that this error ended.

    A run that one error stopped ends with that error's code, so that a refused sign-in is 4 whatever was to be done.
    """
    cause = error.__cause__ if isinstance(error, ItemsFailed) else None
    return exit_code_of(cause) if isinstance(cause, TrunklineError) else error.exit_code


def exit_code_of_kind(code: str) -> int:
    """Return the same of an error of which only the `code` is known, as a ledger has it; 1 for an unknown one."""
    kinds = [TrunklineError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return next((kind.exit_code for kind in kinds if kind.code == code), TrunklineError.exit_code)
