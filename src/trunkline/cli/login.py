"""``trunkline login`` and ``logout``: a connection is tried, and saved if it works; its key is forgotten again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

import click

from ..connections.api_keys import Store
from ..connections.login import log_in, log_out, try_target
from ..connections.profile_file import ProfileFile, check_name
from ..connections.profiles import Profile, profiles_file
from ..connections.settings import VARIABLES, limits, verified
from ..connections.targets import Target
from ..errors import ConfigurationError, PbxError, TrunklineError
from ..redaction import remember
from ..transport.address import base_url
from .candidates import saved_connections
from .connection_options import ConnectionOptions, address_options
from .files import KeyFileArgument
from .options import parsed_into


class LoginOptions(NamedTuple):
    """What the command line says of a connection that is to be saved."""

    name: str | None
    key_file: IO[str] | None
    store: Store | None
    default: bool | None
    no_test: bool
    connection: ConnectionOptions


@click.command()
@click.argument("name", required=False, shell_complete=saved_connections)
@click.option(
    "--api-key-file", "key_file", type=KeyFileArgument("r", encoding="utf-8"), help="Read the key here; - for stdin."
)
@click.option("--store", type=click.Choice(["keyring", "file"]), help="Where the key goes; the keyring if it works.")
@click.option("--default/--no-default", "default", default=None, help="Use this profile where none is named.")
@click.option("--no-test", is_flag=True, help="Save it without trying it.")
@address_options
@parsed_into(LoginOptions)
def login(command: LoginOptions) -> None:
    """Try a connection, and save it as the profile NAME if it works.

    \b
    trunkline login acme
    trunkline login acme --url https://pbx.example.com --client-id trunkline --api-key-file - < key

    What no option gives is asked for. On a profile that is there already, only what an option or an answer gives
    changes.
    """
    with _nothing_saved():
        name, options = command.name, command.connection._asdict()
        limits(options, os.environ)  # a mistake is told before anything is asked for
        file = ProfileFile(profiles_file(os.environ))
        saved = file.names()
        if len(command.connection.profiles) > 1 or command.connection.all_profiles:
            raise click.UsageError("login saves one connection; name one.")
        name = name or next(iter(command.connection.profiles), None)
        if name is not None:
            check_name(name)
        known = file.existing(name) if name in saved else None
        url = base_url(_answer("Address of the PBX", "url", options, known.url if known else ""))
        if name is None:
            name = (
                _asked("Name of the profile", urlsplit(url).hostname or "") if _somebody() else urlsplit(url).hostname
            )
            name = (name or "").replace(":", "-")
            check_name(name)
            known = file.existing(name) if name in saved else None
        client_id = _answer("Client id", "client_id", options, known.client_id if known else "")
        key = _key(options, command.key_file, url, client_id)
        verify = _verify(options, known)
        found = Target(url, client_id, key, {"verify": verify, **limits(options, os.environ)})
        if not command.no_test:
            click.echo(_tried(found), err=True)
    done = log_in(file, name, found, key, command.store, command.default)
    if done.problem and command.store is None:
        click.echo(f"The system's keyring takes no key ({done.problem}), so the file does.", err=True)
    where = done.key_in if done.key_in != str(file.path) else f"{file.path}, for you only"
    click.echo(f"Saved as {name}{' (default)' if done.default else ''}; the API key is in {where}.")


@contextmanager
def _nothing_saved() -> Iterator[None]:
    """Ctrl-C in here says so."""
    try:
        yield
    except (click.Abort, KeyboardInterrupt):
        raise click.Abort("nothing was saved.") from None


def _somebody() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _asked(question: str, default: str) -> str:
    answer: str = click.prompt(question, default=default or None, err=True)
    return answer.strip()


def _answer(question: str, name: str, options: dict[str, Any], before: str) -> str:
    """Return an answer from an option.

    Else a person's, to whom environment and profile propose one; else one of these.
    """
    if options[name]:
        return str(options[name])
    proposed = os.environ.get(VARIABLES[name], "").strip() or before
    if _somebody():
        return _asked(question, proposed)
    if not proposed:
        raise ConfigurationError(
            f"{question}: nobody is there to ask.",
            hint=f"Give --{name.replace('_', '-')}, or set {VARIABLES[name]}.",
        )
    return proposed


def _key(options: dict[str, Any], key_file: IO[str] | None, url: str, client_id: str) -> str:
    """Return the API key: from a file, an option, the environment if that is about the same client, or typed unseen."""
    if key_file is not None:
        try:
            key = key_file.read(65_536).strip()
        except (OSError, UnicodeDecodeError):
            raise ConfigurationError(f"The API key in {key_file.name} can't be read.") from None
        if not key or any(character.isspace() for character in key):
            raise ConfigurationError(
                f"There is no API key in {key_file.name}.", hint="It should have the key in it and nothing else."
            )
        remember(key)
        return key
    if options["client_secret"]:
        return str(options["client_secret"])
    environment = os.environ.get(VARIABLES["client_secret"], "").strip()
    same = os.environ.get(VARIABLES["client_id"], "").strip() == client_id and _is_address(
        os.environ.get(VARIABLES["url"]), url
    )
    if environment and same:
        return environment
    if _somebody():
        question = "API key (it isn't shown)"
        with _unseen(question):
            typed: str = click.prompt(question, hide_input=True, err=True)
        remember(typed.strip())
        return typed.strip()
    raise ConfigurationError(
        "API key: nobody is there to ask.", hint="Give --api-key-file PATH, or --api-key-file - and the key on stdin."
    )


@contextmanager
def _unseen(question: str) -> Iterator[None]:
    """Ask again after Ctrl-Z and `fg`, still unseen: the shell has turned the echo on meanwhile."""
    if not hasattr(signal, "SIGCONT"):  # Windows has no Ctrl-Z
        yield
        return
    import termios

    def again(*_: object) -> None:
        modes = termios.tcgetattr(sys.stdin)
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(sys.stdin, termios.TCSANOW, modes)
        click.echo(f"{question}: ", nl=False, err=True)

    before = signal.signal(signal.SIGCONT, again)
    try:
        yield
    finally:
        signal.signal(signal.SIGCONT, before)


def _is_address(text: str | None, url: str) -> bool:
    try:
        return base_url(text or "") == url
    except ConfigurationError:
        return False


def _verify(options: dict[str, Any], known: Profile | None) -> bool | str:
    ca_file = options["ca_file"] or os.environ.get(VARIABLES["ca_file"]) or ""
    before = known.verify if known else True
    verify = verified(options, os.environ, ca_file or before)
    return os.path.abspath(verify) if isinstance(verify, str) else verify  # noqa: PTH100 - keeps links as they are


def _tried(target: Target) -> str:
    """Try a connection; what to say of it. Raises what went wrong: then nothing is saved."""
    try:
        version = asyncio.run(try_target(target))  # in an event loop Ctrl-C ends it at once
    except TrunklineError as error:
        more = "Nothing was saved; --no-test saves it untried"
        more += ", `trunkline doctor` says more." if isinstance(error, PbxError) else "."
        raise error.replace(hint=error.hint.after(more)) from error.__cause__
    return f"Signed in to {target.url} as {target.client_id}: 3CX {version or 'of a version that it does not tell'}."


@click.command()
@click.argument("name", shell_complete=saved_connections)
def logout(name: str) -> None:
    """Forget the API key and the token of the profile NAME; its address and client id stay."""
    profile = log_out(ProfileFile(profiles_file(os.environ)), name)
    click.echo(f"The API key of {name} is forgotten. `trunkline login {name}` signs in again.")
    if profile.key_in.startswith(("the file", "the variable")):
        click.echo(f"It still stands in {profile.key_in}, which is not ours to change.", err=True)
