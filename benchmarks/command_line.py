"""How long ``trunkline --help`` takes, from the shell's point of view."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .figures import Figure, Options, Subject
from .processes import BARE, timed

AIM = 60.0  # milliseconds in all


def measure(options: Options) -> list[Subject]:
    script = Path(sys.executable).with_name("trunkline.exe" if os.name == "nt" else "trunkline")
    if not script.exists():
        print(f"{script} does not exist, so `trunkline --help` is left out: pip install .", file=sys.stderr)
        return []
    times = timed({"trunkline --help": (script, "--help"), "python -c pass": BARE}, options.runs)
    figures = [Figure(name, samples, at_most=AIM if "--help" in name else None) for name, samples in times.items()]
    return [Subject("help", "ms", figures, ["the installed script, start to end. The peer has no command line."])]
