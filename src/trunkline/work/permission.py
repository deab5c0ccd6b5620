"""What somebody may run on a PBX who is not trusted with all of it, such as an agent: a rule over all actions. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from fnmatch import fnmatchcase
from typing import NamedTuple

from ..catalog import Action, load
from ..catalog.secret import answers_secret
from ..errors import Hint, InvalidArgument, TrunklineError

MOST_PATTERNS = 100


class NotPermitted(TrunklineError):
    """The one who asks may not run this action. Nothing was sent."""

    code = "not_permitted"
    exit_code = 2


class Risk(Enum):
    """What running an action means for a PBX.

    ``WRITE`` changes something. ``DELETE`` destroys something, or cuts off calls, phones or people at work.
    ``SECRET`` answers nothing but a password, a token or a link to sign in with.
    """

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    SECRET = "secret"  # noqa: S105 - the name of a risk


def risk_of(action: Action) -> Risk:
    """Return what running an action means."""
    if answers_secret(action):
        return Risk.SECRET
    if action.method == "GET":
        return Risk.READ
    return Risk.DELETE if action.asks else Risk.WRITE


class Permission(NamedTuple):
    """Which changes are allowed; reading always is. ``patterns`` are ids of actions, with ``*`` and ``?``.

    An action whose answer is nothing but a secret is never allowed: it would be of no use where secrets are masked.
    """

    write: bool = False
    delete: bool = False
    patterns: tuple[str, ...] = ()

    @classmethod
    def parse(cls, words: Iterable[str]) -> Permission:
        """Read words: ``write``, ``delete`` (which has ``write`` in it), or a pattern such as ``contacts.*``.

        Raises InvalidArgument for a pattern that fits no action that changes something, and for more than
        `MOST_PATTERNS` of them.
        """
        given = tuple(dict.fromkeys(words))
        patterns = tuple(word for word in given if word not in ("write", "delete"))
        if len(patterns) > MOST_PATTERNS:
            raise InvalidArgument(f"There are {len(patterns)} patterns of actions; at most {MOST_PATTERNS} may be.")
        for pattern in patterns:
            fitting = [action for action in load().actions if fnmatchcase(_name(action), pattern)]
            if not any(risk_of(action) in (Risk.WRITE, Risk.DELETE) for action in fitting):
                raise InvalidArgument(
                    f"No action that changes something fits {pattern!r}.",
                    hint=Hint("See what there is.", "actions"),
                )
        return cls("write" in given or "delete" in given, "delete" in given, patterns)

    @property
    def is_read_only(self) -> bool:
        """Whether no change at all is allowed."""
        return not (self.write or self.delete or self.patterns)

    def allows(self, action: Action) -> bool:
        """Whether the action may be run."""
        risk = risk_of(action)
        if risk in (Risk.READ, Risk.SECRET):
            return risk is Risk.READ
        if (risk is Risk.WRITE and self.write) or (risk is Risk.DELETE and self.delete):
            return True
        return any(fnmatchcase(_name(action), pattern) for pattern in self.patterns)

    def check(self, action: Action) -> None:
        """Refuse an action that is not allowed. Raises NotPermitted."""
        if self.allows(action):
            return
        match risk_of(action):
            case Risk.SECRET:
                why, hint = "its answer is a secret, which is never shown here", "Somebody at the PBX has to do it."
            case Risk.DELETE:
                why = "it destroys something, or cuts off calls, phones or people, and that is not allowed here"
                hint = "Only the person who started this server can allow it."
            case _:
                why = "it changes something, and that is not allowed here"
                hint = "Only the person who started this server can allow it."
        raise NotPermitted(f"{action.id} was refused: {why}. Nothing was sent.", hint=hint)


def _name(action: Action) -> str:
    """Return the id without the version that marks a superseded form."""
    return action.id.partition("@")[0]
