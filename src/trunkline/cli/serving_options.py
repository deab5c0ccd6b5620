"""The options that say where a server listens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from .options import OptionGroup

if TYPE_CHECKING:
    from ..serving.server import Listening


class ServingOptions(NamedTuple):
    """Where a server listens, as the command line describes it."""

    host: str
    port: int
    certificate: Path | None
    key: Path | None
    names: tuple[str, ...]

    def listening(self) -> Listening:
        """Return where it listens. UsageError for a key without a certificate."""
        from ..serving.server import Listening

        if self.key is not None and self.certificate is None:
            raise click.UsageError("--tls-key goes with --tls-cert.")
        return Listening(self.host, self.port, self.certificate, self.key, self.names)


def serving_options(port: int) -> OptionGroup[ServingOptions]:
    """Return the options of a server whose ordinary port is ``port``."""
    readable = click.Path(path_type=Path, exists=True, dir_okay=False)
    return OptionGroup(
        "serving",
        ServingOptions,
        [
            click.Option(
                ["--host"],
                default="127.0.0.1",
                show_default=True,
                metavar="ADDRESS",
                help="Where to listen; at 127.0.0.1 only this machine reaches it.",
            ),
            click.Option(
                ["--port"],
                type=click.IntRange(0, 65535),
                default=port,
                show_default=True,
                metavar="N",
                help="0 takes a free one.",
            ),
            click.Option(
                ["--tls-cert", "certificate"], type=readable, metavar="PEM", help="Speak TLS, with this certificate."
            ),
            click.Option(["--tls-key", "key"], type=readable, metavar="PEM", help="Its key, if in another file."),
            click.Option(
                ["--allow-host", "names"],
                multiple=True,
                metavar="NAME",
                help="Answer to this host name too, not only to localhost and IP addresses.",
            ),
        ],
    )
