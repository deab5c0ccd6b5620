"""``trunkline emulator``: a stand-in 3CX on this machine, or many."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from ..errors import ConfigurationError
from ..local.private_files import warn_if_exposed
from .files import KeyFileArgument
from .numbers import Finite
from .open_files import allow_many

if TYPE_CHECKING:
    from ..emulator import Address, Emulator, Tls
    from ..emulator.tenants import Fleet, Tenant

CONTROL_KEY = "TRUNKLINE_EMULATOR_CONTROL_KEY"
ENVIRONMENT = click.core.ParameterSource.ENVIRONMENT
EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - to be warned of
# How many PBXs of a fleet are printed one by one.
SHOWN = 5


def require_emulator() -> None:
    """Raise ConfigurationError if the emulator's libraries are not installed."""
    from importlib.util import find_spec

    missing = [name for name in ("cryptography", "python_multipart", "uvicorn") if find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            f"The emulator needs {', '.join(missing)}, which are not installed.",
            hint="pip install 'trunkline[emulator]'",
        )


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
@click.option("--variant", "variants", multiple=True, metavar="NAME=VALUE", help="How this PBX differs from others.")
@click.option("--clock-skew", type=Finite(), default=0.0, metavar="SECONDS", help="How far its clock is ahead.")
@click.option("--tenants", type=click.IntRange(1), metavar="N", help="So many PBXs, at ports from --port on.")
@click.option(
    "--tenants-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the addresses and keys of all tenants here, as JSON.",
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
def emulator(
    host: str,
    port: int,
    api_version: str,
    tenants: int | None,
    tenants_file: Path | None,
    tls: bool,
    tls_folder: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    variants: tuple[str, ...],
    control_key: str | None,
    control_key_file: IO[str] | None,
    **options: Any,
) -> None:
    """Start a stand-in 3CX that answers as a real one does, with sample data, until Ctrl-C.

    Faults, variants and what can be changed while it runs are told in docs/emulator/faults.md.
    """
    require_emulator()
    from ..catalog import version_key
    from ..emulator.server import serve
    from ..emulator.tenants import ports_of

    try:
        version_key(api_version)
    except ValueError:
        raise click.UsageError(f"{api_version!r} is no version; one looks like 20.0.10.") from None
    if tenants_file and not tenants:
        raise click.UsageError("--tenants-file goes with --tenants.")
    if tls_key and not tls_cert:
        raise click.UsageError("--tls-key goes with --tls-cert.")
    if tls_cert and (tls or tls_folder):
        raise click.UsageError("--tls makes a certificate, --tls-cert brings one: give one of the two.")
    options["control_key"] = _control_key(control_key, control_key_file)
    allow_many()
    try:
        speaks = _tls(host, tls or tls_folder is not None, tls_folder, tls_cert, tls_key)
        ports = ports_of(tenants or 1, port)
        app = _built(tenants, version=api_version, variants=dict(map(_variant, variants)), **options)
    except ValueError as problem:
        raise ConfigurationError(str(problem)) from None

    _warn_of_others(host, has_control_key=options["control_key"] is not None, has_tls=speaks is not None)

    def tell(addresses: Sequence[Address]) -> None:
        _tell(app, addresses, f"3CX {api_version}", options, tenants_file)

    try:
        serve(app, host, ports, tell, speaks or False)
    except OSError as problem:
        raise ConfigurationError(
            f"{problem.strerror or problem}.", hint="Choose another port: --port 0 takes a free one."
        ) from None
    finally:
        app.close()
    click.echo("Stopped.")


def _control_key(given: str | None, file: IO[str] | None) -> str | None:
    if file is None:
        return given
    if given is not None and click.get_current_context().get_parameter_source("control_key") != ENVIRONMENT:
        raise click.UsageError("--control-key and --control-key-file both give the key: give one of the two.")
    try:
        return file.read(65_536).strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError("The file of the control key can't be read.") from None


def _warn_of_others(host: str, *, has_control_key: bool, has_tls: bool) -> None:
    """Say on stderr what it means to listen where other machines can connect."""
    from ..emulator.hosts import is_this_machine

    if is_this_machine(host.lower()):
        return
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


def _tls(host: str, make: bool, folder: Path | None, certificate: Path | None, key: Path | None) -> Tls | None:
    from ..emulator import tls

    if certificate is not None:
        found = tls.from_files(certificate, key)
        warn_if_exposed(key or certificate, "private key")
        return found
    return tls.made(host, folder=folder) if make else None


def _built(tenants: int | None, **options: Any) -> Emulator | Fleet:
    from ..emulator import Emulator
    from ..emulator.tenants import fleet_of

    return fleet_of(tenants, **options) if tenants else Emulator(**options)


def _tell(
    app: Emulator | Fleet, addresses: Sequence[Address], kind: str, options: dict[str, Any], file: Path | None
) -> None:
    """Say where it answers, and how to try it."""
    from ..emulator.tenants import Fleet, Tenant

    of = f"(seed {options['seed']}, ETags {options['etags']}). Ctrl-C stops it."
    if isinstance(app, Fleet):
        found = app.moved_in(addresses)
        click.echo(f"{len(found)} PBXs answer, each a {kind}, from {addresses[0]} to {addresses[-1]} {of}")
        _list(found, file)
    else:
        found = [Tenant(addresses[0], app)]
        click.echo(f"A {kind} answers at {addresses[0]} {of}")
    if options["state"] is not None:
        click.echo(f"What is written is kept in {options['state']}.")
    click.echo("Try it from another terminal:\n")
    click.echo(f"  export TRUNKLINE_URL={found[0].url}")
    click.echo(f"  export TRUNKLINE_CLIENT_ID={found[0].client_id}")
    click.echo(f"  export TRUNKLINE_CLIENT_SECRET={found[0].api_key}")
    if found[0].url.ca is not None:
        click.echo(f"  export TRUNKLINE_CA_FILE={found[0].url.ca}")
    click.echo("  trunkline fax list")


def _list(found: Sequence[Tenant], file: Path | None) -> None:
    from ..emulator.tenants import write_list

    if file is None:
        for tenant in found[:SHOWN]:
            click.echo(f"  {tenant.url}  {tenant.client_id}  {tenant.api_key}")
        if len(found) > SHOWN:
            click.echo(f"  … and {len(found) - SHOWN} more: --tenants-file FILE writes all of them.")
        return
    try:
        write_list(file, found)
    except OSError as problem:
        raise ConfigurationError(f"The list of tenants can't be written to {file}: {problem.strerror}.") from None
    click.echo(f"Their addresses and keys are in {file}.")
