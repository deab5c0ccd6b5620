"""The options that say which PBX; the same on the root and on every command."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..redaction import remember
from .options import OptionGroup

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from ..client import AsyncPbx
    from ..connections.profiles import Profile
    from ..connections.targets import Target


class ConnectionOptions(NamedTuple):
    """Which PBX, as far as the command line says; None where it says nothing."""

    profile: str | None = None
    url: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    ca_file: str | None = None
    insecure: bool | None = None
    timeout: float | None = None
    no_check_version: bool | None = None

    def __repr__(self) -> str:
        return f"ConnectionOptions({self.profile!r}, {self.url!r}, {self.client_id!r})"

    @classmethod
    def made_of(cls, **values: Any) -> ConnectionOptions:
        """Make them of a command's own values; the root's stand in for those that are not given."""
        root = click.get_current_context().find_root().obj or cls()
        own = {name: value for name, value in values.items() if value is not None}
        options = root._replace(**own)
        for key in (options.client_secret, os.environ.get("TRUNKLINE_CLIENT_SECRET", "").strip()):
            if key:
                remember(key)  # another option may have it too, by mistake
        return options

    def target(self) -> Target:
        """Find the PBX that these options, the environment and the profiles name."""
        from ..connections.targets import find_target

        return find_target(self._asdict(), os.environ)

    def client(self) -> AsyncPbx:
        """Make a client of that PBX."""
        return self.target().client()

    def targets(self, choose: Callable[[Mapping[str, Profile]], Iterable[Profile]]) -> list[Target]:
        """Find the saved PBXs that ``choose`` takes.

        Raises:
            click.UsageError: an option makes sense only for one PBX.
        """
        from ..connections.profiles import profiles_file, read_profiles
        from ..connections.targets import saved_targets

        for name in ("url", "client_id", "client_secret"):
            if getattr(self, name):
                raise click.UsageError(f"--{name.replace('_', '-')} goes with one PBX, not with several.")
        return saved_targets(choose(read_profiles(profiles_file(os.environ))), self._asdict(), os.environ)


def _profile_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from .candidates import saved_connections

    return saved_connections(ctx, param, incomplete)


_PROFILE = click.Option(
    ["--profile"],
    metavar="NAME",
    shell_complete=_profile_names,
    help="A saved connection; else TRUNKLINE_PROFILE, else the default one.",
)
_ADDRESS = [
    click.Option(["--url"], metavar="URL", help="Address of the PBX; else TRUNKLINE_URL."),
    click.Option(["--client-id"], metavar="ID", help="Client id; else TRUNKLINE_CLIENT_ID."),
    click.Option(
        ["--client-secret", "--api-key", "client_secret"],
        metavar="KEY",
        help="API key; else TRUNKLINE_CLIENT_SECRET, which other users of the machine can't see.",
    ),
    click.Option(
        ["--ca-file"], type=click.Path(), metavar="PEM", help="CA certificates to trust; else TRUNKLINE_CA_FILE."
    ),
    click.Option(
        ["--insecure"], is_flag=True, default=None, help="Do not verify its certificate; or TRUNKLINE_INSECURE=1."
    ),
    click.Option(
        ["--timeout"], type=float, metavar="SECONDS", help="For a whole request; else TRUNKLINE_TIMEOUT, else 60."
    ),
    click.Option(
        ["--no-check-version"],
        is_flag=True,
        default=None,
        help="Send actions that the PBX's version lacks; or TRUNKLINE_NO_CHECK_VERSION=1.",
    ),
]
connection_options = OptionGroup("connection", ConnectionOptions.made_of, [*_ADDRESS, _PROFILE])
address_options = OptionGroup("connection", ConnectionOptions.made_of, _ADDRESS)
"""The same without ``--profile``, for commands that take several profiles, or none."""
