"""``trunkline profiles``: the saved connections."""

from __future__ import annotations

import os
from typing import TypedDict

import click

from ..connections.login import remove_profile, rename_profile
from ..connections.profile_file import ProfileFile
from ..connections.profiles import Profile, profiles_file
from .candidates import saved_connections
from .output import FORMATS, View, chosen, draw, write_one, write_rows

_output = click.option(
    "-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl; never a key."
)


class ProfileRecord(TypedDict):
    """A saved connection. ``api_key`` says where the key is; ``verify``: whether the PBX's certificate is checked."""

    name: str
    default: bool
    url: str
    client_id: str
    api_key: str | None
    verify: bool
    ca_file: str | None


@click.group()
def profiles() -> None:
    """List, show, choose, rename and remove saved connections. `trunkline login` saves one."""


@profiles.command("list")
@_output
def list_(output: str | None) -> None:
    """List the saved connections."""
    file = _file()
    saved = file.read()
    rows = [_row(profile) for profile in saved.values()]
    view = _view(output)
    if view.output != "table":
        write_rows(rows, view)
    elif not rows:
        click.echo(f"{file.path} has none yet: `trunkline login` saves one.", err=True)
    else:
        cells = [
            [row["name"], "yes" if row["default"] else "", row["url"], row["client_id"], row["api_key"] or "none"]
            for row in rows
        ]
        draw(["Profile", "Default", "Address", "Client id", "API key in"], cells)


@profiles.command()
@click.argument("name", shell_complete=saved_connections)
@_output
def show(name: str, output: str | None) -> None:
    """Show one saved connection, and where its API key is; never the key."""
    row = _row(_file().existing(name))
    view = _view(output)
    if view.output != "table":
        write_one(row, view)
    else:
        words: dict[object, str] = {True: "yes", False: "no", None: "none"}
        draw(["Field", "Value"], [[field, words.get(value, str(value))] for field, value in row.items()])


@profiles.command()
@click.argument("name", shell_complete=saved_connections)
def use(name: str) -> None:
    """Use the profile NAME wherever none is named."""
    _file().change(name, {}, default=True)
    click.echo(f"{name} is the default now.")


@profiles.command()
@click.argument("name", shell_complete=saved_connections)
@click.argument("new")
def rename(name: str, new: str) -> None:
    """Call the profile NAME another name from now on."""
    rename_profile(_file(), name, new)
    click.echo(f"{name} is called {new} now.")


@profiles.command()
@click.argument("name", shell_complete=saved_connections)
def remove(name: str) -> None:
    """Remove the profile NAME, with its API key and its token."""
    remove_profile(_file(), name)
    click.echo(f"{name} is removed.")


def _file() -> ProfileFile:
    return ProfileFile(profiles_file(os.environ))


def _view(output: str | None) -> View:
    return View(chosen(output), show_secrets=True)  # no row has one: `api_key` says where it is


def _row(profile: Profile) -> ProfileRecord:
    return {
        "name": profile.name,
        "default": profile.default,
        "url": profile.url,
        "client_id": profile.client_id,
        "api_key": profile.key_in or None,
        "verify": profile.verify is not False,
        "ca_file": profile.verify if isinstance(profile.verify, str) else None,
    }
