"""``trunkline profiles``: the saved connections."""

from __future__ import annotations

from typing import Any

import click

from ..profiles import Profile, read_profiles
from . import api_keys, profile_file
from .candidates import saved_connections
from .output import FORMATS, View, chosen, draw, write_one, write_rows

_output = click.option(
    "-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl; never a key."
)


@click.group()
def profiles() -> None:
    """Saved connections: list, show, choose, rename and remove them. `trunkline login` saves one."""


@profiles.command("list")
@_output
def list_(output: str | None) -> None:
    """List the saved connections."""
    saved = read_profiles(profile_file.path())
    rows = [_row(profile) for profile in saved.values()]
    view = _view(output)
    if view.output != "table":
        write_rows(rows, view)
    elif not rows:
        click.echo(f"{profile_file.path()} has none yet: `trunkline login` saves one.", err=True)
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
    row = _row(profile_file.existing(name))
    view = _view(output)
    if view.output != "table":
        write_one(row, view)
    else:
        said = {True: "yes", False: "no", None: "none"}
        draw(["Field", "Value"], [[field, said[v] if not isinstance(v, str) else v] for field, v in row.items()])


@profiles.command()
@click.argument("name", shell_complete=saved_connections)
def use(name: str) -> None:
    """Use the profile NAME wherever none is named."""
    profile_file.change(name, {}, default=True)
    click.echo(f"{name} is the default now.")


@profiles.command()
@click.argument("name", shell_complete=saved_connections)
@click.argument("new")
def rename(name: str, new: str) -> None:
    """Call the profile NAME another name from now on."""
    profile = profile_file.existing(name)
    profile_file.check_name(new)
    profile_file.check_free(read_profiles(profile_file.path()), new)
    in_keyring = profile_file.in_keyring(profile)
    if in_keyring:
        api_keys.move(profile, new)
    profile_file.rename(name, new)
    if in_keyring:
        api_keys.drop(name)
    click.echo(f"{name} is called {new} now.")


@profiles.command()
@click.argument("name", shell_complete=saved_connections)
def remove(name: str) -> None:
    """Remove the profile NAME, with its API key and its token."""
    from .login import forget

    forget(profile_file.existing(name))
    profile_file.change(name, None)
    click.echo(f"{name} is removed.")


def _view(output: str | None) -> View:
    return View(chosen(output), show_secrets=True)  # no row has one: `api_key` says where it is


def _row(profile: Profile) -> dict[str, Any]:
    """A profile as it may be shown. ``verify`` is whether its certificate is checked; ``api_key`` is where it is."""
    return {
        "name": profile.name,
        "default": profile.default,
        "url": profile.url,
        "client_id": profile.client_id,
        "api_key": profile.key_in or None,
        "verify": profile.verify is not False,
        "ca_file": profile.verify if isinstance(profile.verify, str) else None,
    }
