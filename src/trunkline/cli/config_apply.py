"""``trunkline config apply``: a folder, a saved plan, or the rest of an apply that was cut off, sent to a PBX."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack, aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..errors import InvalidArgument
from ..printable import printable
from ..work.guards import Several
from .config_applying import asker, carry_out, summarize
from .config_options import named
from .config_plan_shown import OUTPUTS, partial_code, show_notes, show_plans, show_steps
from .config_plans import Wishes, loaded, plan_one, plan_options, plan_several
from .connection_options import ConnectionOptions, fleet_options
from .fleet_shown import Failures, ask_several
from .interrupts import finishing
from .options import parsed_into
from .output import chosen
from .progress import progress

if TYPE_CHECKING:
    from ..client import AsyncPbx
    from ..config.applying.apply import Apply
    from ..config.applying.secrets import SecretSource
    from ..config.planning.plan import Plan
    from ..work.fleet import Fleet


class ApplyOptions(NamedTuple):
    """What is applied, and how."""

    source: str
    only: tuple[str, ...] | None
    remove: bool
    secrets: Path | None
    keyring: bool
    send_secrets: bool
    max_removals: str
    dry_run: bool
    yes: bool
    concurrency: int
    output: str | None
    connection: ConnectionOptions

    @property
    def wishes(self) -> Wishes:
        return Wishes(self.only, self.remove, self.secrets, self.keyring, self.send_secrets)

    def words(self, profile: str = "") -> list[str]:
        """Return the options for the same PBX and the same secrets. ``profile``: which one of several."""
        connection = self.connection
        if profile:
            connection = connection._replace(profiles=(profile,))
        return [*connection.words(), *self.wishes.words()]


@click.command()
@click.argument("source", metavar="DIR|PLAN|NAME", callback=lambda ctx, param, value: named(value, param, ctx))
@plan_options
@click.option(
    "--max-removals",
    default="10%",
    show_default=True,
    metavar="N|N%",
    help="Refuse to remove more of a kind than this number, or than this share of it; one is always let pass.",
)
@click.option("--dry-run", is_flag=True, help="Show the plan, and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Steps at once.")
@click.option("-o", "--output", type=click.Choice(OUTPUTS), help="Default: table on a terminal, else jsonl.")
@fleet_options
@parsed_into(ApplyOptions)
def apply(options: ApplyOptions) -> int:
    """Make a PBX what DIR describes, or carry a saved PLAN out; NAME goes on with an apply that was cut off.

    \b
    trunkline config apply acme --profile acme
    trunkline config apply acme.plan --yes
    trunkline config apply standard --profile 'customer-*' --yes

    The plan is shown, and on a terminal a person is asked. A change is sent only where the PBX still holds what the
    plan was made from; a plan that was saved is refused if anything that it touches changed since. What waits for a
    step that failed is not sent. Ctrl-C finishes what is in progress. The same command again does what is left.

    The exit code is 7 if a step was not done, or if the PBX did not give all that DIR has.
    """
    if Path(options.source).is_dir():
        return _apply_folder(options)
    _check_alone(options)
    if Path(options.source).is_file():
        from ..config.planning.plan import Plan

        plan = Plan.load(Path(options.source))
        return _apply_one(options, plan, options.wishes.source())
    return _go_on(options)


def _check_alone(options: ApplyOptions) -> None:
    """Refuse options that only the making of a plan knows."""
    given = [
        name
        for name, value in {
            "--only": options.only,
            "--remove": options.remove,
            "--send-secrets": options.send_secrets,
        }.items()
        if value
    ]
    if given:
        raise click.UsageError(f"{given[0]} goes with a folder; {options.source} has its steps already.")
    if options.connection.is_several:
        raise click.UsageError("A plan is for one PBX; give one --profile.")


def _apply_folder(options: ApplyOptions) -> int:
    desired, source = loaded(Path(options.source)), options.wishes.source()
    if not options.connection.is_several:
        plan = asyncio.run(plan_one(options.connection, desired, options.wishes, source))
        return _apply_one(options, plan, source)
    fleet = options.connection.fleet()
    failures = Failures(len(fleet.targets))
    plans = asyncio.run(plan_several(fleet, desired, options.wishes, source, failures))
    return _apply_several(options, fleet, plans, source, failures)


def _apply_one(options: ApplyOptions, plan: Plan, source: SecretSource) -> int:
    from ..config.applying.removals import check_plan_removals
    from ..config.facade import begin

    output = chosen(options.output)
    is_shown = output == "table"
    show_notes(plan)
    if options.dry_run or is_shown:
        show_steps(plan, output)
    if options.dry_run:
        check_plan_removals(plan, options.max_removals)
        click.echo("Nothing was sent.", err=True)
    if options.dry_run or not plan.steps:
        return partial_code(plan)
    with begin(
        plan,
        secrets=source,
        confirm=asker(plan, yes=options.yes, shown=is_shown),
        max_removals=options.max_removals,
        concurrency=options.concurrency,
    ) as apply:
        return _carried_out(apply, options) or partial_code(plan)


def _go_on(options: ApplyOptions) -> int:
    """Go on with an apply that was cut off. Raises ConfigurationError where there is none of that name."""
    from ..config.applying.applies import applies_folder
    from ..config.applying.apply import Apply
    from ..errors import ConfigurationError

    folder = applies_folder()
    known = folder.names()
    if options.source not in known:
        names = f" Applies: {', '.join(known[:12])}." if known else ""
        raise ConfigurationError(
            f"There is no folder, no saved plan and no apply {options.source!r}.", hint=f"Check the path.{names}"
        )
    with Apply.open(folder.file(options.source), options.wishes.source(), concurrency=options.concurrency) as apply:
        if options.dry_run:
            show_steps(apply.plan, chosen(options.output), apply.outcomes)
            return 0
        return _carried_out(apply, options)


def _carried_out(apply: Apply, options: ApplyOptions) -> int:
    if apply.is_begun and apply.summary.is_finished:
        click.echo(printable(f"The apply {apply.name} is finished, and nothing is sent again."), err=True)
        return summarize(apply, options.words())
    return carry_out(apply, options.connection.client, chosen(options.output), options.words())


def _apply_several(
    options: ApplyOptions, fleet: Fleet, plans: Mapping[str, Plan], source: SecretSource, failures: Failures
) -> int:
    """Ask once, then apply each plan; a PBX that fails does not stop the others."""
    from ..config.applying.removals import check_plan_removals
    from ..config.facade import begin
    from ..work.fleet import Fleet as AnyFleet

    output = chosen(options.output)
    for name, plan in plans.items():
        show_notes(plan, name)
    if options.dry_run or output == "table":
        show_plans(plans, output)
    for name, plan in plans.items():
        try:
            check_plan_removals(plan, options.max_removals)
        except InvalidArgument as refusal:
            raise refusal.replace(f"{name}: {refusal.message}") from None
    to_do = {name: plan for name, plan in plans.items() if plan.steps}
    is_partial = any(plan.is_partial for plan in plans.values())
    if options.dry_run or not to_do:
        return failures.exit_code(is_partial=is_partial)
    changed = AnyFleet([target for target in fleet.targets if target.name in to_do], at_once=fleet.at_once)
    steps = sum(len(plan.steps) for plan in to_do.values())
    what = f"config apply ({steps:,} {'step' if steps == 1 else 'steps'})"
    changed.check(what, True if options.yes else ask_several)
    confirm = options.yes or len(to_do) > 1 or (lambda question: ask_several(Several(what, (question.url,))))
    limits: dict[str, Any] = {"max_removals": options.max_removals, "concurrency": options.concurrency}
    with ExitStack() as stack:
        applies = {
            name: stack.enter_context(begin(plan, secrets=source, confirm=confirm, **limits))
            for name, plan in to_do.items()
        }
        interrupted = asyncio.run(_carry_out_several(changed, applies, failures))
        if output != "table":
            show_plans(to_do, output, {name: apply.outcomes for name, apply in applies.items()})
        codes = [summarize(apply, options.words(name), name) for name, apply in applies.items()]
    code = failures.exit_code(is_partial=is_partial or any(codes))
    return 130 if interrupted else code


async def _carry_out_several(fleet: Fleet, applies: Mapping[str, Apply], failures: Failures) -> bool:
    def stop() -> bool:
        for apply in applies.values():
            apply.stop()
        return True

    async def work(pbx: AsyncPbx) -> None:
        await applies[pbx.label].aon(pbx)

    ended = 0
    with finishing(stop) as interrupts, progress("PBXs", len(applies)) as bar:
        async with aclosing(fleet.aeach(work)) as each:
            async for name, outcome in each:
                ended += 1
                interrupts.tell()
                failures.took(name, outcome)
                bar.at(ended, note=failures.note)
    return interrupts.times > 0
