"""Plans of configuration as the command line makes them: of one PBX, or of several, from a folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from .config_options import only_option
from .connection_options import ConnectionOptions
from .progress import progress

if TYPE_CHECKING:
    from ..client import AsyncPbx
    from ..config.applying.secrets import SecretSource
    from ..config.model import Configuration
    from ..config.planning.plan import Plan
    from ..work.fleet import Fleet
    from .fleet_shown import Failures

KEYRING = "trunkline-config"
"""The service under which a keyring has the secrets of configuration, each by its path."""


class Wishes(NamedTuple):
    """What a plan is to have in it."""

    only: tuple[str, ...] | None = None
    remove: bool = False
    secrets: Path | None = None
    keyring: bool = False
    send_secrets: bool = False

    def source(self) -> SecretSource:
        """Return where the values of secrets come from. Raises ConfigurationError for a file that can't be used."""
        from ..config.applying.secrets import SecretSource

        return SecretSource(self.secrets, os.environ, *([_from_keyring] if self.keyring else []))

    def words(self) -> list[str]:
        """Return the options that lead another command to the same secrets."""
        return [*(["--secrets", str(self.secrets)] if self.secrets else []), *(["--keyring"] if self.keyring else [])]


_OPTIONS: list[Callable[[Any], Any]] = [
    only_option,
    click.option(
        "--remove", is_flag=True, help="Also remove what the PBX has and the folder, which manages it, hasn't."
    ),
    click.option(
        "--secrets",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="A YAML file with the values of secrets; the environment is asked after it.",
    ),
    click.option("--keyring", is_flag=True, help="Ask the keyring of this system too, for trunkline-config / PATH."),
    click.option(
        "--send-secrets", is_flag=True, help="Send the secrets that are given also where the PBX has one already."
    ),
]


def plan_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that plan and apply share."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def loaded(folder: Path) -> Configuration:
    """Read a folder. Raises ConfigurationFaults."""
    from ..config.folder.loading import load

    return load(folder)


async def planned(pbx: AsyncPbx, desired: Configuration, wishes: Wishes, source: SecretSource) -> Plan:
    """Read what a plan needs of a PBX, and make it. Raises Refused."""
    from ..catalog import load
    from ..config.planning.plan import plan
    from ..config.planning.removing import kinds_to_read
    from ..config.reading import aread

    reading = await aread(pbx, kinds_to_read(load(), desired, wishes.only, remove=wishes.remove))
    return plan(
        desired, reading, remove=wishes.remove, kinds=wishes.only, secrets=source, resend_secrets=wishes.send_secrets
    )


async def plan_one(connection: ConnectionOptions, desired: Configuration, wishes: Wishes, source: SecretSource) -> Plan:
    """Make the plan of one PBX."""
    with progress("kinds read"):
        async with connection.client() as pbx:
            return await planned(pbx, desired, wishes, source)


async def plan_several(
    fleet: Fleet, desired: Configuration, wishes: Wishes, source: SecretSource, failures: Failures
) -> dict[str, Plan]:
    """Make the plans of several PBXs, by name; what failed is reported."""

    async def work(pbx: AsyncPbx) -> Plan:
        return await planned(pbx, desired, wishes, source)

    plans: dict[str, Plan] = {}
    with progress("PBXs read", len(fleet.targets)) as bar:
        async with aclosing(fleet.aeach(work)) as each:
            async for name, outcome in each:
                if failures.took(name, outcome):
                    plans[name] = outcome.answer
                bar.at(failures.ended, note=failures.note)
    return plans


def _from_keyring(path: str) -> str | None:
    from ..connections.secrets import from_keyring
    from ..errors import ConfigurationError

    source = from_keyring(KEYRING, path)
    try:
        return source()
    except ConfigurationError:  # it lacks this one
        return None
