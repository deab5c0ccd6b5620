"""``trunkline emulator``: a stand-in 3CX on this machine."""

from __future__ import annotations

import click

from ..errors import ConfigurationError


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
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=5004, show_default=True, help="0 takes a free one.")
@click.option("--client-id", default="trunkline", show_default=True)
@click.option("--api-key", help="One is made and printed if you give none.")
@click.option("--seed", type=click.Choice(["demo", "empty"]), default="demo", show_default=True)
@click.option("--etags", is_flag=True, help="Send ETags and honour If-Match; a real PBX sends none.")
@click.option("--api-version", default="20.0.10", show_default=True, help="The version of 3CX to be.")
@click.option(
    "--latency", type=click.FloatRange(0), default=0.0, metavar="SECONDS", help="Wait so long before each answer."
)
def emulator(
    host: str, port: int, client_id: str, api_key: str | None, seed: str, etags: bool, api_version: str, latency: float
) -> None:
    """Start a stand-in 3CX that answers as a real one does, with sample data, until Ctrl-C."""
    require_emulator()
    from ..catalog import version_key
    from ..emulator import Emulator, serve

    try:
        version_key(api_version)
    except ValueError:
        raise click.UsageError(f"{api_version!r} is no version; one looks like 20.0.10.") from None
    pbx = Emulator(version=api_version, client_id=client_id, api_key=api_key, seed=seed, etags=etags, latency=latency)

    def tell(url: str) -> None:
        click.echo(
            f"A 3CX {api_version} answers at {url} (seed {seed}, ETags {'on' if etags else 'off'}). Ctrl-C stops it."
        )
        click.echo("Try it from another terminal:\n")
        click.echo(f"  export TRUNKLINE_URL={url}")
        click.echo(f"  export TRUNKLINE_CLIENT_ID={client_id}")
        click.echo(f"  export TRUNKLINE_CLIENT_SECRET={pbx.api_key}")
        click.echo("  trunkline fax list")

    try:
        serve(pbx, host, port, tell)
    except OSError as problem:
        raise ConfigurationError(
            f"Port {port} of {host} can't be used: {problem.strerror or problem}.",
            hint="Choose another: --port 0 takes a free one.",
        ) from None
