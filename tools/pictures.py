"""``make pictures``: pictures of the console for its guide, into docs/pictures.

python tools/pictures.py FOLDER [NAME …]    each page, or those named, wide and narrow, light and dark, to look at

It needs Chromium.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

from trunkline_emulator import fleet
from trunkline_emulator.tenants import write_list

FOLDER = Path(__file__).parents[1] / "docs/pictures"
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}
LOOKS = ("light", "dark")
IDLE = """() => document.querySelector("h1") && window.did_handshake
  && ![...document.querySelectorAll(".tl-loading, [data-state=reading]")].some((each) => each.offsetParent)"""
KEY = "pictures-0123456789"
Prepare = Callable[[Page], None]


def wait(text: str) -> Prepare:
    """Return what waits until a page shows a text."""
    return lambda page: page.get_by_text(text).first.wait_for(timeout=60_000)


def drawn(page: Page) -> None:
    """Wait until nothing is loading."""
    try:
        page.wait_for_function(IDLE, timeout=60_000)
    except TimeoutError:
        print(f"{page.url} is still loading.", file=sys.stderr)


def read(page: Page) -> None:
    """Wait until the call log is read."""
    drawn(page)
    page.get_by_role("progressbar").first.wait_for(state="detached", timeout=120_000)
    page.locator(".nicegui-echart canvas, svg").first.wait_for(timeout=60_000)


PAGES: dict[str, tuple[str, Prepare]] = {
    "fleet": ("/", wait("Unreachable")),
    "live": ("/pbx/berlin/live", drawn),
    "queues": ("/pbx/berlin/queues", drawn),
    "trunks": ("/pbx/berlin/trunks", drawn),
    "extensions": ("/pbx/berlin/extensions", drawn),
    "charts": ("/pbx/berlin/charts?days=30&until=2026-06-30", read),
    "actions": ("/actions", drawn),
    "action": ("/actions/fax.list?pbx=berlin", drawn),
    "rows": ("/rows", drawn),
    "grid": ("/rows/users?pbx=berlin", drawn),
    "jobs": ("/jobs", drawn),
    "job": ("/jobs/new", drawn),
    "import": ("/jobs/import", drawn),
    "config": ("/config", drawn),
}
SHOWN: dict[str, tuple[tuple[str, str], ...]] = {
    "fleet": (("wide", "light"), ("wide", "dark"), ("narrow", "light")),
    "live": (("wide", "light"),),
    "queues": (("wide", "light"),),
    "charts": (("wide", "light"), ("wide", "dark")),
    "actions": (("wide", "light"),),
    "action": (("wide", "light"),),
    "grid": (("wide", "light"),),
    "job": (("wide", "light"),),
    "import": (("wide", "light"),),
    "config": (("wide", "light"),),
}
NAMES = ("berlin", "hamburg", "koeln", "leipzig", "muenchen", "stuttgart")


@contextmanager
def console(folder: Path) -> Iterator[str]:
    """Run a console over emulated PBXs, one of which is dead, and give its link."""
    with fleet(len(NAMES), api_key=KEY) as tenants:
        profiles = folder / "profiles.toml"
        write_list(profiles, tenants)
        lines = profiles.read_text("utf-8")
        for number, name in enumerate(NAMES, 1):
            lines = lines.replace(f"[pbx-{number}]", f"[{name}]")
        dead = '\n[dresden]\nurl = "http://127.0.0.1:9"\nclient_id = "trunkline"\nclient_secret = "x-0123456789"\n'
        profiles.write_text(lines + dead, "utf-8")
        own = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
        home = {"HOME": str(folder), "XDG_STATE_HOME": str(folder), "TRUNKLINE_PROFILES": str(profiles)}
        command = [sys.executable, "-m", "trunkline", "console", "--no-open", "--port", "0"]
        with subprocess.Popen(command, env={**own, **home}, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield next(line.rpartition(" ")[2].strip() for line in process.stdout if "/sign-in/" in line)
            finally:
                process.terminate()


def take(browser: Browser, link: str, folder: Path, wanted: dict[str, tuple[tuple[str, str], ...]]) -> None:
    """Sign in, and take the pictures that are wanted: of each page, in which sizes and looks."""
    page = browser.new_page()
    page.goto(link)
    page.wait_for_url("**/")
    state = page.context.storage_state()
    base = page.url
    for look in LOOKS:
        for size, (width, height) in SIZES.items():
            context = browser.new_context(
                storage_state=state,
                base_url=base,
                locale="en-US",
                timezone_id="Europe/Berlin",
                color_scheme="dark" if look == "dark" else "light",
                viewport={"width": width, "height": height},
            )
            page = context.new_page()
            for name in [each for each, ways in wanted.items() if (size, look) in ways]:
                path, prepare = PAGES[name]
                page.goto(path)
                prepare(page)
                drawn(page)
                file = folder / f"console-{name}-{size}-{look}.png"
                page.screenshot(path=file, animations="disabled")
                shrink(browser, file)
                print(f"{file.name}  {file.stat().st_size // 1024} KiB", flush=True)
            context.close()


# Counts colours to five bits a channel, keeps the 256 most frequent, and gives each pixel the nearest of them.
REDUCE = """async ([url]) => {
  const image = new Image(); image.src = url; await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height), context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height), sums = new Map();
  const key = (i) => ((data[i] >> 3) << 10) | ((data[i + 1] >> 3) << 5) | (data[i + 2] >> 3);
  for (let i = 0; i < data.length; i += 4) {
    const sum = sums.get(key(i)) ?? [0, 0, 0, 0];
    for (let c = 0; c < 3; c++) sum[c] += data[i + c];
    sum[3]++; sums.set(key(i), sum);
  }
  const colours = [...sums].map(([k, s]) => ({ k, n: s[3], rgb: s.slice(0, 3).map((v) => Math.round(v / s[3])) }));
  const palette = colours.sort((a, b) => b.n - a.n).slice(0, 256).map((colour) => colour.rgb), index = new Map();
  const far = (a, b) => (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
  for (const { k, rgb } of colours)
    index.set(k, palette.reduce((best, each, n) => (far(rgb, each) < far(rgb, palette[best]) ? n : best), 0));
  let text = "";
  for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(index.get(key(i)));
  return [image.width, palette.flat(), btoa(text)];
}"""


def shrink(browser: Browser, file: Path) -> None:
    """Write a picture with a palette of 256 colours: a third of its size, and nobody sees it."""
    page = browser.new_page()
    url = f"data:image/png;base64,{b64encode(file.read_bytes()).decode()}"
    width, palette, pixels = page.evaluate(REDUCE, [url])
    page.close()
    content = b64decode(pixels)
    lines = b"".join(b"\0" + content[start : start + width] for start in range(0, len(content), width))
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", width, len(content) // width, 8, 3, 0, 0, 0),
        b"PLTE": bytes(palette),
        b"IDAT": zlib.compress(lines, 9),
        b"IEND": b"",
    }
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts.items()
    )
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def main(arguments: list[str]) -> None:
    every = tuple((size, look) for size in SIZES for look in LOOKS)
    target = Path(arguments[0]) if arguments else FOLDER
    wanted = dict.fromkeys(arguments[1:] or PAGES, every) if arguments else SHOWN
    target.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="trunkline-") as home,
        console(Path(home)) as link,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        take(browser, link, target, wanted)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
