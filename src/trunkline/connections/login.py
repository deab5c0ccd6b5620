"""Signing in to a PBX for good, and out again: the profile in its file, its API key, and its token."""

from __future__ import annotations

import os
from typing import NamedTuple

from ..errors import ConfigurationError
from ..transport.address import base_url
from ..transport.token_store import own_store
from . import api_keys
from .profile_file import ProfileFile, check_free, check_name
from .profiles import WAYS, Profile
from .targets import Target


class Login(NamedTuple):
    """A profile that was saved: where its key is, whether it is the default, and why the keyring doesn't have the key.

    ``problem`` is "" where it has, or wasn't asked to.
    """

    key_in: str
    default: bool
    problem: str


async def try_target(target: Target) -> str | None:
    """Sign in and ask for next to nothing; return the version of the PBX, if it names one."""
    async with target.client() as pbx:
        await pbx.call("defs.get", select="Id")
        return pbx.version


def log_in(
    file: ProfileFile, name: str, target: Target, key: str, store: api_keys.Store | None, default: bool | None
) -> Login:
    """Save a connection as a profile, with its key in the keyring or, by choice or where that fails, in the file.

    Raises:
        ConfigurationError: the keyring was chosen and takes no key, or the file can't be written.
    """
    existed = name in file.names()
    verify = target.options["verify"]
    key_fields, problem = api_keys.keep(name, key, store)
    fields = {
        "url": target.url,
        "client_id": target.client_id,
        **key_fields,
        "ca_file": verify if isinstance(verify, str) else None,
        "verify": False if verify is False else None,
    }
    is_default = file.change(name, fields, new=True, default=default)
    in_keyring = bool(key_fields[api_keys.IN_KEYRING])
    if existed and not in_keyring:
        api_keys.drop(name)
    return Login("the system's keyring" if in_keyring else str(file.path), is_default, problem)


def log_out(file: ProfileFile, name: str) -> Profile:
    """Forget the API key and the token of a profile; its address and client id stay. Return it as it was."""
    profile = file.existing(name)
    _forget(profile)
    file.change(name, dict.fromkeys(WAYS))
    return profile


def rename_profile(file: ProfileFile, old: str, new: str) -> None:
    """Give a profile another name, with its key in the keyring."""
    file.existing(old)
    check_name(new)
    check_free(file.names(), new)
    in_keyring = file.is_in_keyring(old)
    if in_keyring:
        api_keys.copy(old, new)
    file.rename(old, new)
    if in_keyring:
        api_keys.drop(old)


def remove_profile(file: ProfileFile, name: str) -> None:
    """Remove a profile, with its API key and its token; of a malformed one, which names no PBX, the key."""
    try:
        profile = file.existing(name)
    except ConfigurationError:
        file.remove(name)
        api_keys.drop(name)
    else:
        _forget(profile)
        file.remove(name)


def _forget(profile: Profile) -> None:
    """Take a profile's key out of the keyring, and its token out of the token store."""
    api_keys.drop(profile.name)
    store = own_store(os.environ)
    if store is None:
        return
    token = store.file(base_url(profile.url), profile.client_id).path
    if token is None or not token.exists():
        return
    try:
        token.unlink(missing_ok=True)
    except OSError as problem:
        raise ConfigurationError(f"The token in {token} can't be removed ({problem.strerror}).") from None
