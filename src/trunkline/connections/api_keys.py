"""Where the API key of a profile is put: the system's keyring where that works, else the file of profiles."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

from ..errors import ConfigurationError, Hint
from .profiles import SERVICE, WAYS

IN_KEYRING = "client_secret_keyring"
Store = Literal["keyring", "file"]


def keep(name: str, key: str, store: Store | None) -> tuple[dict[str, str | bool | None], str]:
    """Put the key of a profile away; the fields that say where, and why it isn't the keyring, if that was tried.

    ``store`` None means the keyring, else the file. ConfigurationError if it is to be the keyring, and that takes
    nothing.
    """
    problem: str | None = None
    fields: dict[str, str | bool | None] = dict.fromkeys(WAYS)
    if store != "file":
        problem = _put(name, key)
        if problem is None:
            return {**fields, IN_KEYRING: True}, ""
        if store == "keyring":
            raise ConfigurationError(
                f"The keyring takes no API key ({problem}).",
                hint=Hint("Store it in the file of profiles.", arguments={"store": "file"}),
            )
    return {**fields, "client_secret": key}, problem or ""


def drop(name: str) -> None:
    """Take the key of a profile out of the keyring, if it is there. ConfigurationError if the keyring is locked."""
    if find_spec("keyring") is None:
        return
    from keyring.errors import NoKeyringError, PasswordDeleteError

    try:
        import keyring

        keyring.delete_password(SERVICE, name)
    except (PasswordDeleteError, NoKeyringError):
        return
    except Exception as problem:  # backends raise what their system's library does
        raise ConfigurationError(
            f"The API key of {name!r} can't be taken out of the keyring ({type(problem).__name__}).",
            hint="Unlock the keyring and try again; nothing was changed.",
        ) from None


def copy(name: str, new: str) -> None:
    """Put the key of a profile under another name in the keyring, too."""
    from .secrets import from_keyring

    problem = _put(new, from_keyring(SERVICE, name)())
    if problem is not None:
        raise ConfigurationError(f"The keyring takes no API key ({problem}).", hint="Nothing was changed.")


def _put(name: str, key: str) -> str | None:
    """Put a key into the keyring; what went wrong, or None. Some keyrings take all and keep nothing, so it is read."""
    if find_spec("keyring") is None:
        return "keyring is not installed; pip install 'trunkline[keyring]'"
    try:
        import keyring

        keyring.set_password(SERVICE, name, key)
        return None if keyring.get_password(SERVICE, name) == key else "it keeps nothing"
    except Exception as problem:  # backends raise what their system's library does
        return type(problem).__name__
