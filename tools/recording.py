"""Record docs/first-minute.svg: what somebody types in the first minute, and what the terminal shows.

python tools/recording.py [SVG]

Each command runs on a terminal of its own, on an emulated PBX. The lines appear one after another where the viewer
plays CSS animations, and all at once elsewhere, or where the reader wants less motion.
"""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.text import Text

from trunkline_emulator import Emulator, running

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]
from tools.picture import FRAME  # noqa: E402

from terminal import TRUNKLINE, Terminal  # noqa: E402 - where the tests keep it

SIZE = (40, 100)  # lines, columns
CLIENT, KEY = "trunkline", "try-me-0123456789"
SHOWN = "http://127.0.0.1:5004"
COMMANDS = (
    ("doctor",),
    ("fax", "list", "--filter", "Number gt '896'", "--select", "Id,Number"),
    ("fax", "delete", "132"),
    ("fax", "delete", "132"),
)
TYPED, READ = 1.2, 1.6  # seconds before a command's output, and after it
ANIMATION = """
@media (prefers-reduced-motion: no-preference) {{
  .first-minute-matrix text {{ animation: appear 1ms both; }}
{delays}
  @keyframes appear {{ from {{ opacity: 0; }} to {{ opacity: 1; }} }}
}}
"""


def played(url: str) -> list[tuple[str, float]]:
    """The lines of the recording, with the codes of a terminal, each with the second at which it appears."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    with tempfile.TemporaryDirectory() as folder:
        environment |= {"TRUNKLINE_URL": url, "TRUNKLINE_CLIENT_ID": CLIENT, "TRUNKLINE_CLIENT_SECRET": KEY}
        environment |= {"HOME": folder, "XDG_STATE_HOME": folder, "TERM": "xterm-256color", "COLUMNS": str(SIZE[1])}
        environment.pop("NO_COLOR", None)
        lines, now = [], 0.5
        for command in COMMANDS:
            words = " ".join(f'"{word}"' if " " in word else word for word in command)
            lines.append((f"\x1b[1m$ trunkline {words}\x1b[0m", now))
            terminal = Terminal([TRUNKLINE, *command], environment, size=SIZE)
            terminal.end()
            now += TYPED
            seen = terminal.seen.replace("\r", "").replace(url, SHOWN)
            seen = seen.replace(url.removeprefix("http://"), SHOWN.removeprefix("http://"))
            seen = re.sub(r"port \d+ answers", "port 5004 answers", seen)
            lines += [(line, now) for line in [*seen.rstrip().split("\n"), ""]]
            now += READ
    return lines


def picture(lines: list[tuple[str, float]]) -> str:
    """The lines as an SVG; a line is all text at one height."""
    console = Console(record=True, width=SIZE[1], file=io.StringIO(), color_system="truecolor", force_terminal=True)
    for line, _ in lines:
        console.print(Text.from_ansi(line), no_wrap=True, overflow="ellipsis", crop=True)
    frame = FRAME.replace("tools/picture.py", "tools/recording.py")
    svg = console.export_svg(title="Trunkline", code_format=frame, unique_id="first-minute")
    heights = sorted({float(y) for y in re.findall(r'<text[^>]* y="([\d.]+)"[^>]*clip-path', svg)})
    top, step = heights[0], min(b - a for a, b in pairwise(heights))
    found = {y: lines[round((y - top) / step)][1] for y in heights}
    delays = "\n".join(f'  [y="{y:g}"] {{ animation-delay: {second:.1f}s !important; }}' for y, second in found.items())
    return svg.replace("</style>", f"{ANIMATION.format(delays=delays)}</style>", 1)


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "first-minute.svg"
    with running(Emulator(client_id=CLIENT, api_key=KEY, seed="demo")) as url:
        target.write_text(picture(played(url)), encoding="utf-8")


if __name__ == "__main__":
    main()
