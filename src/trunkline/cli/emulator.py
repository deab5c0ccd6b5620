"""``trunkline emulator``: a stand-in 3CX on this machine, or many."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import click

from ..errors import ConfigurationError
from ..local.private_files import warn_if_exposed
from .emulator_package import EmulatorPackage, RunningPbx, Server, load_emulator
from .files import KeyFileArgument
from .numbers import LARGEST, Finite
from .open_files import allow_many
from .options import parsed_into

CONTROL_KEY = "TRUNKLINE_EMULATOR_CONTROL_KEY"
ENVIRONMENT = click.core.ParameterSource.ENVIRONMENT
EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - to be warned of
# How many PBXs of a fleet are printed one by one.
SHOWN = 5


class EmulatorOptions(NamedTuple):
    """One emulated PBX, or a fleet, as the command line describes it."""

    host: str
    port: int
    client_id: str
    api_key: str | None
    seed: str
    state: Path | None
    etags: str
    api_version: str
    latency: float
    faults: tuple[str, ...]
    fault_seed: int
    strict: bool
    variants: tuple[str, ...]
    clock_skew: float
    tenants: int | None
    tenants_file: Path | None
    allow_hosts: tuple[str, ...]
    control_key: str | None
    control_key_file: IO[str] | None
    tls: bool
    tls_folder: Path | None
    tls_cert: Path | None
    tls_key: Path | None

    @property
    def makes_certificate(self) -> bool:
        return self.tls or self.tls_folder is not None

    def __repr__(self) -> str:
        return f"EmulatorOptions({self.host!r}, {self.port!r})"

    def check(self) -> None:
        """Refuse options that contradict each other.

        Raises:
            click.UsageError: they do.
        """
        from ..catalog import version_key

        try:
            version_key(self.api_version)
        except ValueError:
            raise click.UsageError(f"{self.api_version!r} is not a version; one looks like 20.0.10.") from None
        if self.tenants_file and not self.tenants:
            raise click.UsageError("--tenants-file goes with --tenants.")
        if self.tls_key and not self.tls_cert:
            raise click.UsageError("--tls-key goes with --tls-cert.")
        if self.tls_cert and self.makes_certificate:
            raise click.UsageError("--tls makes a certificate, --tls-cert brings one: give one of the two.")


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Where to listen; at 127.0.0.1 only this machine reaches it.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=5004, show_default=True, help="0 takes a free one.")
@click.option("--client-id", default="trunkline", show_default=True)
@click.option("--api-key", help="One is made and printed if you give none; a state file remembers it.")
@click.option(
    "--seed",
    default="demo",
    show_default=True,
    metavar="NAME|FILE",
    help="demo, empty, large, or a YAML or JSON file of your own.",
)
@click.option("--state", type=click.Path(path_type=Path), metavar="FILE", help="Keep what is written over restarts.")
@click.option(
    "--etags",
    type=click.Choice(["off", "weak", "strict"]),
    is_flag=False,
    flag_value="weak",
    default="off",
    help="Send ETags and honour If-Match, or want it (strict); a real PBX sends none.",
)
@click.option("--api-version", default="20.0.10", show_default=True, help="The version of 3CX to be.")
@click.option("--latency", type=Finite(0), default=0.0, metavar="SECONDS", help="Wait so long before each answer.")
@click.option("--fault", "faults", multiple=True, metavar="FAULT", help="What goes wrong, such as reset-after:0.05.")
@click.option("--fault-seed", type=int, default=0, metavar="N", help="Another one lets faults hit other requests.")
@click.option("--strict", is_flag=True, help="Refuse on assumed rules too, which finds mistakes early.")
@click.option("--variant", "variants", multiple=True, metavar="NAME=VALUE", help="How this PBX differs from others.")
@click.option(
    "--clock-skew", type=Finite(-LARGEST, LARGEST), default=0.0, metavar="SECONDS", help="How far its clock is ahead."
)
@click.option("--tenants", type=click.IntRange(1), metavar="N", help="Run N PBXs, at ports from --port on.")
@click.option(
    "--tenants-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the addresses and keys of all tenants here: JSON, or saved connections if FILE ends in .toml.",
)
@click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="NAME",
    help="Answer to this host name too, not only to localhost, --host and IP addresses.",
)
@click.option(
    "--control-key",
    envvar=CONTROL_KEY,
    show_envvar=True,
    metavar="KEY",
    help="Let whoever sends this key use /_emulator, from anywhere, and nobody else.",
)
@click.option(
    "--control-key-file", type=KeyFileArgument("r", encoding="utf-8"), help="Read that key here; - for stdin."
)
@click.option("--tls", is_flag=True, help="Speak TLS, with a certificate made now, and print the CA file to trust.")
@click.option(
    "--tls-folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Keep the CA here and use it again.",
)
@click.option("--tls-cert", type=click.Path(path_type=Path), metavar="PEM", help="A certificate of your own.")
@click.option("--tls-key", type=click.Path(path_type=Path), metavar="PEM", help="Its key, if in another file.")
@parsed_into(EmulatorOptions)
def emulator(options: EmulatorOptions) -> None:
    """Start a stand-in 3CX that answers as a real one does, with sample data, until Ctrl-C.

    Faults, variants and what can be changed while it runs are in emulator/docs/faults.md.
    """
    package = load_emulator()
    options.check()
    allow_many()
    control_key = _control_key(options.control_key, options.control_key_file)
    server = _prepare(package, options, control_key)
    if options.tls_cert is not None:
        warn_if_exposed(options.tls_key or options.tls_cert, "private key")
    if not server.is_local:
        has_tls = options.makes_certificate or options.tls_cert is not None
        _warn_of_others(options.host, has_control_key=control_key is not None, has_tls=has_tls)
    try:
        server.serve(lambda pbxs: _announce(server, pbxs, options))
    except OSError as problem:
        raise ConfigurationError(
            f"{problem.strerror or problem}.", hint="Choose another port: --port 0 takes a free one."
        ) from None
    finally:
        server.close()
    click.echo("Stopped.")


def _prepare(package: EmulatorPackage, options: EmulatorOptions, control_key: str | None) -> Server:
    try:
        return package.prepare(
            host=options.host,
            port=options.port,
            tenants=options.tenants,
            make_tls=options.makes_certificate,
            tls_folder=options.tls_folder,
            certificate=options.tls_cert,
            certificate_key=options.tls_key,
            client_id=options.client_id,
            api_key=options.api_key,
            seed=options.seed,
            state=options.state,
            etags=options.etags,
            version=options.api_version,
            latency=options.latency,
            faults=options.faults,
            fault_seed=options.fault_seed,
            variants=dict(map(_variant, options.variants)),
            strict=options.strict,
            clock_skew=options.clock_skew,
            allow_hosts=options.allow_hosts,
            control_key=control_key,
        )
    except ValueError as problem:
        raise ConfigurationError(str(problem)) from None


def _announce(server: Server, pbxs: Sequence[RunningPbx], options: EmulatorOptions) -> None:
    """Print where the PBXs answer, and how to try one."""
    kind = f"3CX {options.api_version}"
    details = f"(seed {options.seed}, ETags {options.etags}). Ctrl-C stops it."
    if options.tenants:
        click.echo(f"{len(pbxs)} PBXs answer, each a {kind}, from {pbxs[0].url} to {pbxs[-1].url} {details}")
        _list(server, pbxs, options.tenants_file)
    else:
        click.echo(f"A {kind} answers at {pbxs[0].url} {details}")
    if options.state is not None:
        click.echo(f"What is written is kept in {options.state}.")
    _show_variables(pbxs[0])


def _control_key(key: str | None, file: IO[str] | None) -> str | None:
    if file is None:
        return key
    if key is not None and click.get_current_context().get_parameter_source("control_key") != ENVIRONMENT:
        raise click.UsageError("--control-key and --control-key-file both give the key: give one of the two.")
    try:
        return file.read(65_536).strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError("The file of the control key can't be read.") from None


def _warn_of_others(host: str, *, has_control_key: bool, has_tls: bool) -> None:
    """Say on stderr what it means to listen where other machines can connect."""
    reach = "every machine that can reach this one" if host in EVERYWHERE else f"every machine that can reach {host}"
    control = (
        "whoever sends the control key may use them, and nobody else."
        if has_control_key
        else "they answer programs on this machine only; --control-key lets others use them, with that key."
    )
    lines = [
        f"Warning: this emulator listens on {host or 'all addresses'}, so {reach} can use it.",
        "  Its API: the keys in documentation and examples are known to everybody, and a browser sign-in "
        "(/connect/authorize) asks nobody for anything.",
        "  Assume that they can read and change everything in it, and keep nothing real there.",
        f"  Its controls (/_emulator): {control}",
    ]
    if not has_tls:
        lines.append("  Keys, tokens and answers can be read on the way: --tls encrypts them.")
    click.echo("\n".join(lines), err=True)


def _variant(text: str) -> tuple[str, Any]:
    """``page_size=20`` as a name and a value: JSON where it is some, else text."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.UsageError(f"--variant takes NAME=VALUE, such as next_link=skip, not {text!r}.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _show_variables(pbx: RunningPbx) -> None:
    """Say how to try it."""
    click.echo("Try it from another terminal:\n")
    click.echo(f"  export TRUNKLINE_URL={pbx.url}")
    click.echo(f"  export TRUNKLINE_CLIENT_ID={pbx.client_id}")
    click.echo(f"  export TRUNKLINE_CLIENT_SECRET={pbx.api_key}")
    if pbx.ca_file is not None:
        click.echo(f"  export TRUNKLINE_CA_FILE={pbx.ca_file}")
    click.echo("  trunkline fax list")


def _list(server: Server, pbxs: Sequence[RunningPbx], file: Path | None) -> None:
    if file is None:
        for pbx in pbxs[:SHOWN]:
            click.echo(f"  {pbx.url}  {pbx.client_id}  {pbx.api_key}")
        if len(pbxs) > SHOWN:
            click.echo(f"  … and {len(pbxs) - SHOWN} more: --tenants-file FILE writes all of them.")
        return
    try:
        server.write_list(file)
    except OSError as problem:
        raise ConfigurationError(f"The list of tenants can't be written to {file}: {problem.strerror}.") from None
    click.echo(f"Their addresses and keys are in {file}.")
