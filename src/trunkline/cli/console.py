"""``trunkline console``: the PBXs in a browser."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import click

from ..connections.opened import OpenPbxs
from ..connections.targets import Target
from ..errors import ConfigurationError, Hint
from .connection_options import ConnectionOptions, fleet_options
from .options import parsed_into
from .serving_options import ServingOptions, serving_options

_PORT = 8730


class ConsoleOptions(NamedTuple):
    """Which PBXs the console shows, where it listens, and how people sign in."""

    set_password: bool
    behind_proxy: bool
    no_open: bool
    config_folders: tuple[Path, ...]
    serving: ServingOptions
    connection: ConnectionOptions


@click.command()
@click.option("--no-open", is_flag=True, help="Only print the link; open no browser.")
@click.option("--set-password", is_flag=True, help="Ask for a new password, keep its hash, and end.")
@click.option("--behind-proxy", is_flag=True, help="A proxy in front of it speaks TLS; a password is needed.")
@click.option(
    "--config-folder",
    "config_folders",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    multiple=True,
    metavar="DIR",
    help="Read configurations below DIR only; several may be given. Default: below your home.",
)
@serving_options(_PORT)
@fleet_options
@parsed_into(ConsoleOptions)
def console(options: ConsoleOptions) -> None:
    """Show PBXs in a browser: their state, live calls, every action, rows, jobs and configuration.

    \b
    trunkline console
    trunkline console --profile 'customer-*'

    It shows all saved PBXs, those named, or the one of TRUNKLINE_URL. It listens on this machine only, opens the
    browser, and signs in with a link that works once. To be reached from other machines it needs a password
    (--set-password) and TLS: a certificate, or a proxy that does it (--behind-proxy). Ctrl-C ends it.
    """
    try:
        from ..console import access_password, app, config_folders
    except ModuleNotFoundError as problem:
        raise ConfigurationError(
            f"{problem.name} is not installed.", hint=Hint("Install it with: pip install 'trunkline[console]'")
        ) from None
    if options.set_password:
        _set_password()
        return
    import asyncio

    listening = options.serving.listening()
    password = None
    if options.behind_proxy or not listening.is_loopback:
        if not (listening.is_encrypted or options.behind_proxy):
            raise ConfigurationError(
                f"At {listening.host} others reach the console, and the password would cross the network unencrypted.",
                hint=Hint("Give a certificate, or say that a proxy speaks TLS: --tls-cert PEM or --behind-proxy"),
            )
        try:
            password = access_password.Password.read(access_password.password_file())
        except ConfigurationError as error:
            raise error.replace(hint=Hint(f"{error.hint.text.rstrip('.')}: trunkline console --set-password")) from None
    config_folders.use(options.config_folders)
    running = app.run_console(
        OpenPbxs(_targets(options.connection)),
        listening,
        _LinkShown(is_opened=not options.no_open),
        lambda url: click.echo(f"The console answers at {url}. Ctrl-C ends it."),
        password=password,
        behind_proxy=options.behind_proxy,
    )
    asyncio.run(running)


def _targets(connection: ConnectionOptions) -> list[Target]:
    """Find the PBXs: those that options or the environment name, else all that are saved."""
    has_own = connection.url or os.environ.get("TRUNKLINE_URL") or os.environ.get("TRUNKLINE_PROFILE")
    if connection.profiles or connection.all_profiles or not has_own:
        return connection.several()
    return [connection.target()]


class _LinkShown:
    """Prints each one-time link, and opens the browser with the first: who asks for another has one open."""

    def __init__(self, *, is_opened: bool) -> None:
        self._is_opened = is_opened

    def __call__(self, link: str) -> None:
        click.echo(f"Sign in within five minutes, once: {link}")
        if self._is_opened:
            import webbrowser
            from threading import Thread

            self._is_opened = False
            Thread(target=webbrowser.open, args=(link,), daemon=True).start()  # a browser in the terminal never returns


def _set_password() -> None:
    from ..console.access_password import SHORTEST, password_file, save_password

    file = password_file()
    password = click.prompt(f"Password ({SHORTEST} characters or more)", hide_input=True, confirmation_prompt=True)
    save_password(password, file)
    click.echo(f"Its hash is in {file}. Consoles that start from now on ask for it.")
