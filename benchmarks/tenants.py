"""Many emulated PBXs in a process of their own, served as `server` says: with contacts only, or the demo company.

The line that the process begins with is the path of a JSON list: url, client_id and api_key of each PBX. Each line on
stdin also brings all contacts back.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from trunkline_emulator import fleet


def main() -> None:
    from trunkline_emulator.tenants import write_list

    count, held = int(sys.argv[1]), sys.argv[2]
    numbers = range(1, int(held) + 1) if held.isdecimal() else ()
    seed = {"Contacts": [{"Id": n, "FirstName": "Contact"} for n in numbers]} if numbers else held
    with tempfile.TemporaryDirectory() as folder, fleet(count, seed=seed) as tenants:
        path = Path(folder) / "tenants.json"
        write_list(path, tenants)
        print(path, flush=True)
        for line in sys.stdin:
            for tenant in tenants:
                tenant.emulator.reset()
                tenant.emulator.latency = float(line)
            print(time.process_time(), flush=True)


if __name__ == "__main__":
    main()
