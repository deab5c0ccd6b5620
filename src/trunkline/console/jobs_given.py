"""A file from the browser, or a list that somebody pastes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import IO, NamedTuple

from nicegui import events, ui

from ..errors import InvalidArgument
from .frame import show_error, tag
from .jobs_parts import MOST_BYTES
from .language import _, format_bytes


class Given(NamedTuple):
    """What somebody uploaded or pasted: the name of the file, "" for a pasted list, and its bytes."""

    name: str
    content: bytes

    def open(self) -> IO[bytes]:
        """Return it as an open file, which has the name of the upload."""
        file = BytesIO(self.content)
        file.name = self.name
        return file

    def __repr__(self) -> str:
        return f"Given({self.name!r}, {len(self.content)} bytes)"  # rows may have passwords


def given_input(on_given: Callable[[Given], Awaitable[None]], pasted_label: str) -> None:
    """Draw a field for a file and one for a pasted list; ``on_given`` gets what was given, if it isn't too large."""

    async def uploaded(event: events.UploadEventArguments) -> None:
        place.clear()
        name = event.file.name[:200]
        if event.file.size() > MOST_BYTES:
            too_large()
            return
        await show(Given(name, await event.file.read()))

    async def pasted() -> None:
        place.clear()
        content = (area.value or "").encode("utf-8", "replace")
        if len(content) > MOST_BYTES:
            too_large()
        elif content.strip():
            await show(Given("", content))

    def too_large() -> None:
        with place:
            show_error(
                InvalidArgument(
                    f"The file is larger than {format_bytes(MOST_BYTES)}.",
                    hint="Split it, or use the command line, which reads larger ones.",
                )
            )

    async def show(given: Given) -> None:
        with place:
            if given.name:
                tag("p", _("File: {name}, {size}", name=given.name, size=format_bytes(len(given.content))))
            await on_given(given)

    upload = ui.upload(
        max_file_size=MOST_BYTES,
        max_files=1,
        auto_upload=True,
        on_upload=uploaded,
        on_rejected=too_large,
    )
    upload.props('accept=".csv,.json,.jsonl,.ndjson,.txt,.tsv"').classes("work-hidden")
    choosing = ui.button(_("Choose a file: CSV, JSON or JSON Lines")).props("no-caps outline icon=upload_file")
    # In the browser itself: only there a click may open the dialog. After one file the field for files is gone, and it
    # is drawn again only after what resets it has returned.
    choosing.on(
        "click",
        js_handler=f"() => {{ runMethod({upload.id}, 'reset', []); "
        f"setTimeout(() => runMethod({upload.id}, 'pickFiles', [])); }}",
    )
    area = ui.textarea(pasted_label).props("outlined dense rows=4 spellcheck=false").classes("work-wide")
    ui.button(_("Take the pasted list"), on_click=pasted).props("no-caps outline")
    place = ui.element("div").props('aria-live="polite"')
