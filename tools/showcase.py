"""``make console`` and ``make metrics``: a surface over emulated PBXs, of which one is dead and one is slow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from trunkline_emulator import fleet
from trunkline_emulator.tenants import write_list

COUNT = 8
KEY = "showcase-0123456789"
SLOW = 2.0  # seconds
DEAD = "http://127.0.0.1:9"  # the port of discard, where nothing listens


def main(command: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="trunkline-") as folder, fleet(COUNT, api_key=KEY) as tenants:
        tenants[-1].emulator.vary({"latency": SLOW})
        profiles = Path(folder, "profiles.toml")
        write_list(profiles, tenants)
        with profiles.open("a", encoding="utf-8") as file:
            lines = {"url": DEAD, "client_id": "trunkline", "client_secret": KEY}
            file.write("\n[dead]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items()))
        # Nothing of it stays: tokens, jobs and sessions are those of a home of its own.
        environment = {**os.environ, "HOME": folder, "TRUNKLINE_PROFILES": str(profiles)}
        for name in ("TRUNKLINE_URL", "TRUNKLINE_CLIENT_ID", "TRUNKLINE_CLIENT_SECRET", "TRUNKLINE_PROFILE"):
            environment.pop(name, None)
        for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
            environment[name] = str(Path(folder, name.split("_")[1].lower()))
        print(f"{COUNT} emulated PBXs answer, one of them slowly; another one is dead. Ctrl-C ends all.", flush=True)
        try:
            process = subprocess.Popen([str(Path(sys.executable).with_name("trunkline")), *command], env=environment)
            return process.wait()
        except KeyboardInterrupt:
            return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
