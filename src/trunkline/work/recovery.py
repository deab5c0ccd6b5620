"""What to do after an error: one table for runs, jobs and imports.

A status proves less than it seems to: a 429, a 502, a 503 or a 504, a lost connection and a 404 of some gateway can all
follow a write that was carried out. Only a failed sign-in, a connection that was never made and an answer of the PBX
itself prove anything. So the decision depends on three facts: what went wrong (`Trouble`), what sending the action
twice would do (`Effect`), and whether an earlier try may have been carried out (`perhaps_done`). Where the PBX has to
be read first, `conclude` decides by what the reading showed (`Finding`).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

from ..catalog import Action
from ..errors import (
    BrokenAnswer,
    ConfigurationError,
    Forbidden,
    HttpLibraryFailed,
    NotFound,
    ServerError,
    SignInError,
    TooManyRequests,
    TransportError,
    TrunklineError,
    Unexpected,
    VersionMismatch,
)
from ..transport.sign_in import TOKEN_PATH


class Trouble(enum.Enum):
    """What an error says about the request."""

    NOT_SENT = "no connection was made, or the sign-in before it failed"
    SLOW_DOWN = "429"
    UNAVAILABLE = "503"
    GATEWAY = "408, 502 or 504"
    SERVER_ERROR = "500 and the rest of 5xx"
    LOST = "the connection broke, or the time was up"
    BROKEN = "an answer that a 3CX does not give, such as a 404 of a gateway"
    REDIRECTED = "3xx: the address is wrong, and no PBX saw the request"
    NOT_FOUND = "a 404 of this PBX"
    REFUSED = "any other 4xx, or an argument that was refused before it was sent"
    NOT_ADMITTED = "no API key, no sign-in, no right, or another version: no item would fare better"
    UNEXPECTED = "a defect of Trunkline or of a library, at any point"


class Effect(enum.Enum):
    """What sending the action a second time would do."""

    READ = "nothing"
    DELETE = "nothing: a second delete finds nothing"
    KEYED = "nothing: the key or the whole state is sent, and the PBX can be read by it"
    DOUBLING = "a double, but the PBX can be searched for the first"
    BLIND = "a double, and nothing shows whether there is a first"


class Finding(enum.Enum):
    """What the PBX showed when it was read."""

    DONE = "it is as it was sent"
    NOT_DONE = "it is not as it was sent"
    NO_TELLING = "nothing to compare, or it could not be read"


class Decision(enum.Enum):
    """What to do with the item."""

    RESEND = "send it again, after the wait that was asked for"
    LOOK_UP = "read the PBX, then see `conclude`"
    DONE = "it is done"
    FAILED = "it surely was not carried out, and will not be"
    UNKNOWN = "nobody can say; a person has to look"
    PAUSE = "stop the work on this PBX; the item is put back"


_LETTERS = {"R": Decision.RESEND, "L": Decision.LOOK_UP, "D": Decision.DONE} | {
    "F": Decision.FAILED,
    "?": Decision.UNKNOWN,
    "P": Decision.PAUSE,
}


def _row(text: str) -> tuple[Decision, ...]:
    return tuple(_LETTERS[letter] for letter in text.split())


# R resend, L look up, D done, F failed, ? unknown, P pause this PBX. Columns: as `Effect` has them.
FIRST_TRY: Mapping[Trouble, tuple[Decision, ...]] = MappingProxyType(
    {
        #                         READ DELETE KEYED DOUBLING BLIND
        Trouble.NOT_SENT: _row("     R   R     R      R      R"),
        Trouble.SLOW_DOWN: _row("    R   L     L      L      ?"),
        Trouble.UNAVAILABLE: _row("  R   L     L      L      ?"),
        Trouble.GATEWAY: _row("      R   L     L      L      ?"),
        Trouble.SERVER_ERROR: _row(" R   L     L      L      ?"),
        Trouble.LOST: _row("         R   L     L      L      ?"),
        Trouble.BROKEN: _row("       R   L     L      L      ?"),
        Trouble.REDIRECTED: _row("   P   P     P      P      P"),
        Trouble.NOT_FOUND: _row("    F   F     F      F      F"),
        Trouble.REFUSED: _row("      F   F     F      F      F"),
        Trouble.NOT_ADMITTED: _row(" P   P     P      P      P"),
        Trouble.UNEXPECTED: _row("   F   L     L      L      ?"),
    }
)
"""After the first try, or where all earlier tries surely were not carried out."""

LATER_TRY: Mapping[Trouble, tuple[Decision, ...]] = MappingProxyType(
    {
        #                         READ DELETE KEYED DOUBLING BLIND
        Trouble.NOT_SENT: _row("     R   R     L      L      ?"),
        Trouble.SLOW_DOWN: _row("    R   L     L      L      ?"),
        Trouble.UNAVAILABLE: _row("  R   L     L      L      ?"),
        Trouble.GATEWAY: _row("      R   L     L      L      ?"),
        Trouble.SERVER_ERROR: _row(" R   L     L      L      ?"),
        Trouble.LOST: _row("         R   L     L      L      ?"),
        Trouble.BROKEN: _row("       R   L     L      L      ?"),
        Trouble.REDIRECTED: _row("   P   P     P      P      P"),
        Trouble.NOT_FOUND: _row("    F   D     L      L      ?"),
        Trouble.REFUSED: _row("      F   L     L      L      ?"),
        Trouble.NOT_ADMITTED: _row(" P   P     P      P      P"),
        Trouble.UNEXPECTED: _row("   F   L     L      L      ?"),
    }
)
"""Where an earlier try may have been carried out: a refusal may then come from the first one, which arrived late."""

NOT_DONE: Mapping[Trouble, tuple[Decision, ...]] = MappingProxyType(
    {
        #                         READ DELETE KEYED DOUBLING BLIND
        Trouble.NOT_SENT: _row("     R   R     R      R      ?"),
        Trouble.SLOW_DOWN: _row("    R   R     R      R      ?"),
        Trouble.UNAVAILABLE: _row("  R   R     R      R      ?"),
        Trouble.GATEWAY: _row("      R   R     R      ?      ?"),
        Trouble.SERVER_ERROR: _row(" R   R     R      F      ?"),
        Trouble.LOST: _row("         R   R     R      ?      ?"),
        Trouble.BROKEN: _row("       R   R     R      ?      ?"),
        Trouble.REDIRECTED: _row("   P   P     P      P      P"),
        Trouble.NOT_FOUND: _row("    F   F     F      F      ?"),
        Trouble.REFUSED: _row("      F   F     F      F      ?"),
        Trouble.NOT_ADMITTED: _row(" P   P     P      P      P"),
        Trouble.UNEXPECTED: _row("   F   F     F      ?      ?"),
    }
)
"""After a look that did not show the action as done. The PBX may still be at work on a request whose answer was lost,
so what would become a double is not sent again then."""

NO_TELLING: Mapping[Effect, Decision] = MappingProxyType(
    {
        Effect.READ: Decision.FAILED,
        Effect.DELETE: Decision.UNKNOWN,
        Effect.KEYED: Decision.UNKNOWN,
        Effect.DOUBLING: Decision.UNKNOWN,
        Effect.BLIND: Decision.UNKNOWN,
    }
)
_COLUMNS = {effect: place for place, effect in enumerate(Effect)}
_PROVE_NOTHING = frozenset(
    {
        Trouble.SLOW_DOWN,
        Trouble.UNAVAILABLE,
        Trouble.GATEWAY,
        Trouble.SERVER_ERROR,
        Trouble.LOST,
        Trouble.BROKEN,
        Trouble.UNEXPECTED,
    }
)
BUSY = frozenset({Trouble.SLOW_DOWN, Trouble.UNAVAILABLE, Trouble.GATEWAY})
"""After these the PBX gets a pause before any other request."""


def trouble_of(error: TrunklineError, action: Action) -> Trouble:
    """Tell what an error says about the request of an action."""
    if isinstance(error, Unexpected | HttpLibraryFailed):
        return Trouble.UNEXPECTED
    if isinstance(error, SignInError | Forbidden | ConfigurationError | VersionMismatch):
        return Trouble.NOT_ADMITTED
    if error.path == TOKEN_PATH or (isinstance(error, TransportError) and error.processed is False):
        return Trouble.NOT_SENT
    found = _by_status(error)
    if found in _PROVE_NOTHING and error.method == "GET" and action.method != "GET":
        return Trouble.NOT_SENT  # the entity was to be read first, and the action was not sent at all
    return found


def _by_status(error: TrunklineError) -> Trouble:
    if isinstance(error, TooManyRequests):
        return Trouble.SLOW_DOWN
    if isinstance(error, NotFound):
        return Trouble.NOT_FOUND
    if isinstance(error, BrokenAnswer):
        return Trouble.REDIRECTED if error.status is not None and 300 <= error.status < 400 else Trouble.BROKEN
    if isinstance(error, TransportError):
        return Trouble.LOST
    if error.status in (408, 502, 504):
        return Trouble.GATEWAY
    if error.status == 503:
        return Trouble.UNAVAILABLE
    return Trouble.SERVER_ERROR if isinstance(error, ServerError) else Trouble.REFUSED


def proves_nothing(trouble: Trouble) -> bool:
    """Whether the PBX may have carried out a request that ended so."""
    return trouble in _PROVE_NOTHING


def decide(trouble: Trouble, effect: Effect, *, perhaps_done: bool) -> Decision:
    """Decide what to do after an error; ``perhaps_done``: an earlier try of the same item may have been carried out."""
    return (LATER_TRY if perhaps_done else FIRST_TRY)[trouble][_COLUMNS[effect]]


def conclude(trouble: Trouble, effect: Effect, finding: Finding) -> Decision:
    """Decide what to do after `Decision.LOOK_UP`, by what was found. Never LOOK_UP."""
    if finding is Finding.DONE:
        return Decision.DONE
    if finding is Finding.NO_TELLING:
        return NO_TELLING[effect]
    return NOT_DONE[trouble][_COLUMNS[effect]]


def retry_after(error: TrunklineError) -> float | None:
    """Return the seconds that the PBX asked to wait, None if it did not."""
    seconds: float | None = getattr(error, "retry_after", None)
    return seconds
