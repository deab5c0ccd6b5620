"""What an import costs over a bare Python, and how long it takes until a client is ready to call."""

from __future__ import annotations

import statistics
import sys

from . import peer
from .figures import Figure, Options, Subject
from .processes import BARE, timed

IMPORT = "import trunkline"
IMPORT_CLIENT = "from trunkline import Pbx"
AIMS = {IMPORT: 15.0, IMPORT_CLIENT: 25.0}  # milliseconds over bare Python
PEER_IMPORT = f"from {peer.MODULE} import {peer.CLIENT}"
READY = f"{IMPORT_CLIENT}; Pbx('https://localhost', 'id', 'key').contacts.delete"
PEER_READY = (
    f"{PEER_IMPORT}; {peer.CLIENT}(base_url='https://localhost', client_id='id', client_secret='key').contacts.delete"
)


def measure(options: Options) -> list[Subject]:
    imports, ready = [IMPORT, IMPORT_CLIENT], [READY]
    if peer.installed():
        imports.append(PEER_IMPORT)
        ready.append(PEER_READY)
    commands = {code: (sys.executable, "-c", code) for code in imports + ready}
    times = timed({"bare": BARE, **commands}, options.runs)
    bare = statistics.median(times["bare"])
    over_bare = {code: [sample - bare for sample in times[code]] for code in commands}
    figures = [Figure(code, over_bare[code], at_most=AIMS.get(code)) for code in imports]
    note = (
        f"{options.runs} fresh processes each, less the median of `python -c pass` ({bare:.1f} ms). `{IMPORT}` loads "
        f"nothing until a name is used, `{IMPORT_CLIENT}` nothing that only calls need, which the first client loads."
    )
    names = dict(zip(ready, ("trunkline: Pbx(…).contacts.delete", "peer: client(…).contacts.delete"), strict=False))
    return [
        Subject("import", "ms", figures, [note]),
        Subject("client ready", "ms", [Figure(names[code], over_bare[code]) for code in ready], []),
    ]
