"""One action from the request to what is written or saved, or reported where Ctrl-C cut it off."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import click

from ..catalog.secret import masked, secrets_in
from ..client import AsyncPbx
from ..client.rows import AsyncRows
from ..errors import BrokenAnswer, InvalidArgument, ItemsFailed
from ..node.items import keys_of
from ..redaction import redacted, remember_values
from ..result import File
from ..result.response import parsed
from .action_options import ActionOptions
from .output import Writer, pretty, write_one, write_rows
from .progress import BYTES, Reading, progress


class Answer:
    """The answer to one action: asked for, and written or saved where the options say."""

    def __init__(self, options: ActionOptions) -> None:
        self.action = options.action
        self.arguments = options.arguments
        self.save = options.save
        self.view = options.view
        self.writer = Writer(options.view, options.action)
        self._refused = 0

    def ask(self, pbx: AsyncPbx) -> int:
        """Run the action and write its answer; the exit code. KeyboardInterrupt says what was done by then.

        In an event loop, because there Ctrl-C ends it at once; but a table is drawn outside of it, for a pager has
        Ctrl-C for itself.
        """
        try:
            write = asyncio.run(self._answer(pbx))
        except KeyboardInterrupt:
            raise KeyboardInterrupt(self._cut_off()) from None
        write()
        if not self._refused:
            return 0
        click.echo(f"{self._refused:,} failed, each with its Error.", err=True)
        return ItemsFailed.exit_code

    async def _answer(self, pbx: AsyncPbx) -> Callable[[], None]:
        """Return the part that writes."""
        async with pbx:
            if self.save is not None:
                with progress(BYTES) as bar:
                    saved = await pbx.call(self.action.id, **self.arguments, to=self.save, progress=bar.at)
                if saved is None:  # 204
                    raise BrokenAnswer(f"The PBX sent no file for {self.action.id}; nothing was saved to {self.save}.")
                return lambda: click.echo(f"{saved.path}: {saved.size} bytes, {saved.content_type}", err=True)
            if self.action.kind == "upload":
                return self._writing(await self._upload(pbx))
            answer = pbx.call(self.action.id, **self.arguments)
            if not isinstance(answer, AsyncRows):
                return self._writing(await answer)
            with progress("rows", writing=self.view.streams) as bar:
                async for page in answer.pages():
                    self.writer.write(page.rows)
                    if self.action.method != "GET":  # users.batch_delete answers 200, and a row for each it refused
                        self._refused += sum(bool(row.get("Error")) for row in page.rows if isinstance(row, Mapping))
                    bar.at(self.writer.rows)
            return self.writer.end

    async def _upload(self, pbx: AsyncPbx) -> Any:
        """Send the files of a body, each read under a bar; of one that isn't there the request says so."""
        with ExitStack() as stack:
            bar = stack.enter_context(progress(BYTES))
            body = {
                name: stack.enter_context(Reading(value, bar)) if isinstance(value, Path) and value.is_file() else value
                for name, value in self.arguments.get("body", {}).items()
            }
            return await pbx.call(self.action.id, **{**self.arguments, "body": body})

    def _writing(self, answer: Any) -> Callable[[], None]:
        if isinstance(answer, list):
            return lambda: write_rows(answer, self.view, self.action)
        if isinstance(answer, File):
            return lambda: _write_file(answer, show_secrets=self.view.show_secrets)
        if answer is None:
            done = {"success": True, **keys_of(self.action, self.arguments)}
            return lambda: write_one(done, self.view._replace(columns=(), query=None, show_secrets=True))
        return lambda: write_one(answer, self.view, self.action)

    def _cut_off(self) -> str:
        if self.save is not None:
            return f"nothing was saved to {self.save}."
        if self.action.method != "GET":
            return f"whether the PBX has carried out {self.action.id} is not known; look before you send it again."
        if self.view.streams and self.action.answer_kind == "list":
            return f"{self.writer.rows} rows were written, which may not be all."
        return "nothing was written."


def _write_file(file: File, *, show_secrets: bool) -> None:
    stdout = sys.stdout.buffer
    if stdout.isatty() and not file.content_type.startswith("text/"):
        raise InvalidArgument(f"The answer is a file ({file.content_type}).", hint="Give --save PATH, or pipe it on.")
    stdout.write(file.content if show_secrets else _without_secrets(file))
    stdout.flush()


def _without_secrets(file: File) -> bytes:
    """Return a file to print: JSON with its secret fields masked, other text without the secrets that are known."""
    with suppress(ValueError):
        value = parsed(file.content)
        remember_values(secrets_in(value))
        if (shown := masked(value)) != value:
            return f"{pretty(shown)}\n".encode()
        return file.content
    encoding = "latin-1" if file.content_type.startswith("text/") else "utf-8"
    with suppress(UnicodeDecodeError):
        encoding = "utf-8" if file.content.decode() else encoding
    try:
        text = file.content.decode(encoding)
    except UnicodeDecodeError:  # a recording
        return file.content
    clean = redacted(text)
    return file.content if clean == text else clean.encode(encoding, "replace")
