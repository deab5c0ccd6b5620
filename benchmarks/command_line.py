"""How long the command line takes of its own, from the shell's point of view: help pages, a dry run, a real delete."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from trunkline import Pbx

from .figures import Figure, Options, Subject
from .processes import BARE, timed
from .server import API_KEY, CLIENT_ID, Server, started

HELP_AIM = 60.0  # milliseconds in all
OWN_AIM = 120.0  # milliseconds of an action, less a bare Python and the server's answer

HELP = ("--help",)
HELPS = [HELP, ("fax", "--help"), ("users", "update", "--help")]
DRY_RUN = ("contacts", "delete", "42", "--dry-run")
DELETE = "contacts delete ID"


def measure(options: Options) -> list[Subject]:
    script = Path(sys.executable).with_name("trunkline.exe" if os.name == "nt" else "trunkline")
    if not script.exists():
        print(f"{script} does not exist, so the command line is left out: pip install .", file=sys.stderr)
        return []
    with started() as server, tempfile.TemporaryDirectory(prefix="trunkline-bench-tokens-") as tokens:
        variables = {
            "TRUNKLINE_URL": server.url,
            "TRUNKLINE_CLIENT_ID": CLIENT_ID,
            "TRUNKLINE_CLIENT_SECRET": API_KEY,
            "TRUNKLINE_TOKEN_DIR": tokens,
            "TRUNKLINE_PROFILES": str(Path(tokens) / "profiles.toml"),
        }
        ids = _contacts(server, options.runs + 1)
        before = server.used()
        times = timed(
            {
                **{" ".join(words): (script, *words) for words in (*HELPS, DRY_RUN)},
                DELETE: lambda: (script, "contacts", "delete", next(ids)),
                "python -c pass": BARE,
            },
            options.runs,
            variables,
        )
        answer = (server.used() - before) * 1000 / (options.runs + 1)
    bare = statistics.median(times["python -c pass"])
    whole = " ".join(HELP)
    own = {name: [sample - bare for sample in times[name]] for name in times if name not in (whole, "python -c pass")}
    own[DELETE] = [sample - answer for sample in own[DELETE]]
    note = f"less a bare Python ({bare:.1f} ms); {DELETE} also less the server's processor time ({answer:.1f} ms)."
    return [
        Subject(
            "help",
            "ms",
            [
                Figure(f"trunkline {whole}", times[whole], at_most=HELP_AIM),
                Figure("python -c pass", times["python -c pass"]),
            ],
            ["the installed script, start to end. The peer has no command line."],
        ),
        Subject(
            "own time",
            "ms",
            [Figure(f"trunkline {name}", samples, at_most=OWN_AIM) for name, samples in own.items()],
            [note],
        ),
    ]


def _contacts(server: Server, count: int) -> Iterator[str]:
    """Ids of contacts that are made for this."""
    with Pbx(server.url, CLIENT_ID, API_KEY, token_store=None) as pbx:
        return iter(
            [
                str(pbx.contacts.create({"FirstName": f"Bench {n}", "PhoneNumber": f"+44207946{n:04}"})["Id"])
                for n in range(count)
            ]
        )
