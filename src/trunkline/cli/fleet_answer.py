"""One action on several PBXs: asked for on each, and written together, each row with the PBX that it is from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import click

from ..catalog import Action, Catalog
from ..client import AsyncPbx
from ..errors import BrokenAnswer
from ..local.placed import paths_for
from ..node.items import keys_of
from ..request import bind
from ..result import File, Saved
from ..work.fleet import Fleet
from ..work.outcome import Outcome
from ..work.state import State
from .action_options import ActionOptions
from .fleet_shown import Failures, ask_several, pbxs
from .output import PBX, Writer
from .progress import progress


def answer_all(catalog: Catalog, options: ActionOptions) -> int:
    """Do what the options say on each PBX; the exit code is 7 if it failed on some.

    Raises:
        click.UsageError: an option is for one PBX.
        TrunklineError: nothing was sent: an argument is wrong, no profile fits, or there was no yes.
    """
    action = options.action
    if action.answer_kind == "file" and options.save is None:
        raise click.UsageError(f"{action.id} answers a file: give --save with {{pbx}} in the path.")
    bind(catalog, action, (), {name: value for name, value in options.arguments.items() if name != "if_unchanged"})
    fleet = options.connection.fleet()
    if options.dry_run or options.curl:
        return _preview(catalog, options, fleet)
    return _Answers(options, fleet).ask()


class _Answers:
    """The answers of several PBXs as they are written, and what failed."""

    def __init__(self, options: ActionOptions, fleet: Fleet) -> None:
        self.options = options
        self.fleet = fleet
        self.writer = Writer(options.view, options.action)
        self.failures = Failures(len(fleet.targets))
        self._refused = 0
        self._paths = dict(zip(fleet.names, paths_for(options.save, fleet.names), strict=True)) if options.save else {}

    def ask(self) -> int:
        try:
            asyncio.run(self._ask())
        except KeyboardInterrupt:
            self.writer.end()
            raise KeyboardInterrupt(self._cut_off()) from None
        self.writer.end()
        if self._refused:
            click.echo(f"{self._refused:,} failed, each with its Error.", err=True)
        return self.failures.exit_code(bool(self._refused))

    def _outcomes(self) -> AsyncGenerator[tuple[str, Outcome], None]:
        options = self.options
        if not self._paths:
            confirm = True if options.yes else ask_several
            return self.fleet.acall(options.action.id, confirm=confirm, **options.arguments)

        async def save(pbx: AsyncPbx) -> Any:
            saved = await pbx.call(options.action.id, **options.arguments, to=self._paths[pbx.label])
            if saved is None:  # 204
                raise BrokenAnswer(f"The PBX sent no file for {options.action.id}.")
            return saved

        return self.fleet.aeach(save)

    async def _ask(self) -> None:
        options, outcomes = self.options, self._outcomes()
        with progress("PBXs", len(self.fleet.targets), writing=options.view.streams) as bar:
            async with aclosing(outcomes) as each:
                async for name, outcome in each:
                    if isinstance(outcome.answer, File):
                        error = BrokenAnswer(f"The PBX answered {options.action.id} with a file, which was not saved.")
                        outcome = outcome._replace(state=State.FAILED, answer=None, error=error)  # noqa: PLW2901
                    if self.failures.took(name, outcome):
                        self.writer.write(self._rows(name, outcome.answer))
                    bar.at(self.failures.ended, note=self.failures.note)

    def _rows(self, name: str, answer: Any) -> list[dict[str, Any]]:
        action = self.options.action
        rows = answer if isinstance(answer, list) and action.answer_kind == "list" else [answer]
        if action.method != "GET":  # as one PBX answers: users.batch_delete gives a row for each it refused
            self._refused += sum(isinstance(row, Mapping) and bool(row.get("Error")) for row in rows)
        return [{PBX: name, **_row(action, self.options.arguments, row)} for row in rows]

    def _cut_off(self) -> str:
        ended = f"{self.failures.ended} of {pbxs(len(self.fleet.targets))} answered"
        if self.options.action.method == "GET":
            return f"{ended}."
        return f"{ended}; whether the others have carried out {self.options.action.id} is not known."


def _row(action: Action, arguments: Mapping[str, Any], answer: Any) -> Mapping[str, Any]:
    if answer is None:
        return {"success": True, **keys_of(action, arguments)}
    if isinstance(answer, Saved):
        return {"path": str(answer.path), "size": answer.size, "content_type": answer.content_type}
    return answer if isinstance(answer, Mapping) else {"value": answer}


def _preview(catalog: Catalog, options: ActionOptions, fleet: Fleet) -> int:
    from .preview import preview

    if "if_unchanged" in options.arguments:
        raise click.UsageError("--if-unchanged is for one PBX; give one --profile.")
    call = bind(catalog, options.action, (), options.arguments)
    for target in fleet.targets:
        click.echo(f"# {target.name}")
        preview(target, call, curl=not options.dry_run, show_secrets=options.view.show_secrets)  # type: ignore[arg-type]
    return 0
