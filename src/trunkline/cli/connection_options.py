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
    from ..work.fleet import Fleet


class ConnectionOptions(NamedTuple):
    """Which PBX, as far as the command line says; None where it says nothing."""

    profiles: tuple[str, ...] = ()
    all_profiles: bool | None = None
    at_once: int | None = None
    url: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    ca_file: str | None = None
    insecure: bool | None = None
    timeout: float | None = None
    no_check_version: bool | None = None

    def __repr__(self) -> str:
        return f"ConnectionOptions({self.profiles!r}, {self.url!r}, {self.client_id!r})"

    @classmethod
    def made_of(cls, **values: Any) -> ConnectionOptions:
        """Make them of a command's own values; the root's stand in for those that are not given."""
        root = click.get_current_context().find_root().obj or cls()
        own = {name: value for name, value in values.items() if value not in (None, ())}
        if "profiles" in own or "all_profiles" in own:  # those of the command stand in for the root's, together
            own = {"profiles": (), "all_profiles": None, **own}
        options: ConnectionOptions = root._replace(**own)
        if options.all_profiles and options.profiles:
            raise click.UsageError("--all-profiles is every saved PBX: leave --profile out.")
        for key in (options.client_secret, os.environ.get("TRUNKLINE_CLIENT_SECRET", "").strip()):
            if key:
                remember(key)  # another option may have it too, by mistake
        return options

    def words(self) -> list[str]:
        """Return the options that lead another command to the same PBX, apart from the key; [] where none is given."""
        values = {"--url": self.url, "--client-id": self.client_id, "--ca-file": self.ca_file}
        words = [word for name in self.profiles for word in ("--profile", name)]
        words += [word for name, value in values.items() if value for word in (name, value)]
        flags = {"--insecure": self.insecure, "--no-check-version": self.no_check_version}
        return [*words, *(name for name, is_given in flags.items() if is_given)]

    @property
    def is_several(self) -> bool:
        """Whether these are several PBXs: then each row of an answer says which one it is from."""
        from ..connections.targets import is_several

        return bool(self.all_profiles) or is_several(self.profiles, os.environ)

    def target(self) -> Target:
        """Find the PBX that these options, the environment and the profiles name.

        Raises:
            click.UsageError: they are several PBXs.
        """
        from ..connections.targets import find_target

        if self.is_several:
            raise click.UsageError("This is for one PBX; give one --profile.")
        profile = self.profiles[0] if self.profiles else None
        return find_target({**self._asdict(), "profile": profile}, os.environ)

    def client(self) -> AsyncPbx:
        """Make a client of that PBX."""
        return self.target().client()

    def several(self) -> list[Target]:
        """Find the saved PBXs that the patterns name, or all of them.

        Raises:
            click.UsageError: an option makes sense only for one PBX.
        """
        from ..connections.targets import several_targets

        self._check_several()
        return several_targets(self.profiles, self._asdict(), os.environ)

    def fleet(self) -> Fleet:
        """Make a fleet of the saved PBXs, as `several` finds them."""
        from ..work.fleet import AT_ONCE, Fleet

        return Fleet(self.several(), at_once=self.at_once or AT_ONCE)

    def targets(self, choose: Callable[[Mapping[str, Profile]], Iterable[Profile]]) -> list[Target]:
        """Find the saved PBXs that ``choose`` takes.

        Raises:
            click.UsageError: an option makes sense only for one PBX.
        """
        from ..connections.profiles import profiles_file, read_profiles
        from ..connections.targets import saved_targets

        self._check_several()
        return saved_targets(choose(read_profiles(profiles_file(os.environ))), self._asdict(), os.environ)

    def _check_several(self) -> None:
        for name in ("url", "client_id", "client_secret"):
            if getattr(self, name):
                raise click.UsageError(f"--{name.replace('_', '-')} goes with one PBX, not with several.")


def _profile_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from .candidates import saved_connections

    return saved_connections(ctx, param, incomplete)


_PROFILE = click.Option(
    ["--profile", "profiles"],
    multiple=True,
    metavar="NAME",
    shell_complete=_profile_names,
    help="A saved connection; else TRUNKLINE_PROFILE, else the default one.",
)


def _profiles(at_once: str) -> list[click.Option]:
    """Return the options that name several PBXs. ``at_once``: how many are asked at a time by default."""
    return [
        click.Option(
            ["--profile", "profiles"],
            multiple=True,
            metavar="NAME",
            shell_complete=_profile_names,
            help="A saved connection, or several, such as 'customer-*'; else TRUNKLINE_PROFILE, else the default one.",
        ),
        click.Option(["--all-profiles"], is_flag=True, default=None, help="Every saved connection."),
        click.Option(
            ["--at-once"],
            type=click.IntRange(1, 64),
            metavar="N",
            help=f"How many of several PBXs at a time. Default: {at_once}.",
        ),
    ]


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


def fleet_options_of(at_once: str) -> OptionGroup[ConnectionOptions]:
    """Return the same for commands that take several PBXs, and ask ``at_once`` of them at a time by default."""
    return OptionGroup("connection", ConnectionOptions.made_of, [*_ADDRESS, *_profiles(at_once)])


fleet_options = fleet_options_of("8")
"""The same for commands that take several PBXs, `work.fleet.AT_ONCE` at a time."""
address_options = OptionGroup("connection", ConnectionOptions.made_of, _ADDRESS)
"""The same without ``--profile``, for commands that take several profiles, or none."""
key_options = OptionGroup("connection", ConnectionOptions.made_of, _ADDRESS[1:])
"""The same without ``--url`` too, for commands whose arguments are addresses or profiles."""
