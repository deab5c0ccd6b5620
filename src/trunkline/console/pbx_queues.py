"""The tab of the queues: who waits, which agents take calls, and logging one in or out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from ..errors import TrunklineError
from ..monitor.queues import Agent, QueueNow, read_queues
from ..settings.queue_login import QueueLogin
from ..transfer.missed import Missed, MissedRow
from .errors import shown
from .frame import confirmed, empty, tag
from .language import _, format_number, ngettext
from .pbx_head import rows_address
from .pbx_refreshed import Refreshed
from .pbx_shared import readings
from .pbx_table import Cell, Drawn, Table
from .pbxs import pbxs
from .visitor import visitor

_PERIOD = 10.0
_MAX_AGE = 5.0  # seconds
_COUNT_AGE = 60.0  # a report costs a PBX more than a list
_MOST_OPEN = 10  # queues whose agents are shown at once


class _Reading(NamedTuple):
    """``counts``: today's calls by queue; an error where they can't be read."""

    queues: list[QueueNow]
    counts: Mapping[str, MissedRow] | TrunklineError


class _Shown(NamedTuple):
    element: Element
    facts: TextElement
    table: Table


def draw_queues(name: str) -> None:
    """Draw the queues of a PBX with their agents."""
    _Queues(name).draw()


class _Queues:
    def __init__(self, name: str) -> None:
        self._name, self._client = name, pbxs().client(name)
        self._key = ("queues", name)
        self._shown: dict[str, _Shown] = {}
        self._latest: _Reading | None = None

    def draw(self) -> None:
        with ui.element("div").classes("tl-tools"):
            self._search = ui.input(_("Queue or agent"), on_change=self._narrow).classes("tl-search")
            self._search.props('outlined dense clearable type="search" debounce="200"')
            ui.link(_("All fields of the queues"), rows_address(self._name, "queues"))
        self._page = Refreshed(self._read, self._show, _PERIOD)
        self._page.draw()

    async def _read(self) -> _Reading:
        queues = await readings.get(self._key, lambda: read_queues(self._client), _MAX_AGE)
        now = datetime.now(UTC)
        midnight = now.astimezone(ZoneInfo(visitor().zone)).replace(hour=0, minute=0, second=0, microsecond=0)
        missed = Missed(midnight.astimezone(UTC), now.replace(microsecond=0), "queue")
        try:
            record = await readings.get(
                ("queue counts", self._name, midnight), lambda: missed.arun(self._client), _COUNT_AGE
            )
        except TrunklineError as error:
            return _Reading(queues, error)
        return _Reading(queues, {row["group"]: row for row in record["rows"]})

    def _show(self, reading: _Reading) -> None:
        if self._latest is None:
            self._problem = tag("p").classes("tl-muted")
            self._place = ui.element("div").classes("tl-queues")
            self._none = ui.element("div")
            with self._none:
                empty(_("No queue fits."))
        self._latest = reading
        counts = reading.counts
        problem = counts if isinstance(counts, TrunklineError) else None
        self._problem.set_text(
            _("Today's calls can't be read: {reason}", reason=shown(problem).message) if problem else ""
        )
        found = {queue.number: queue for queue in reading.queues if self._fits(queue)}
        for number in [number for number in self._shown if number not in found]:
            self._shown.pop(number).element.delete()
        for queue in found.values():
            count = None if isinstance(counts, TrunklineError) else counts.get(queue.number)
            self._show_queue(queue, count, is_open=len(found) <= _MOST_OPEN)
        self._none.visible = not found

    def _narrow(self) -> None:
        if self._latest is not None:
            with self._place:
                self._show(self._latest)

    def _fits(self, queue: QueueNow) -> bool:
        wanted = str(self._search.value or "").strip().casefold()
        texts = [f"{queue.number} {queue.name}", *(f"{agent.number} {agent.name}" for agent in queue.agents)]
        return not wanted or any(wanted in text.casefold() for text in texts)

    def _show_queue(self, queue: QueueNow, count: MissedRow | None, *, is_open: bool) -> None:
        part = self._shown.get(queue.number) or self._made(queue, is_open=is_open)
        part.facts.set_text(" · ".join(_facts(queue, count)))
        part.table.update({agent.number: self._cells(agent) for agent in queue.agents})

    def _made(self, queue: QueueNow, *, is_open: bool) -> _Shown:
        with self._place, ui.element("details").classes("tl-queue") as element:
            element.props["open"] = is_open
            with ui.element("summary"):
                tag("h2", f"{queue.number} {queue.name}")
                facts = tag("span").classes("tl-muted")
            labels = [_("Number"), _("Name"), _("Queues"), _("Telephone"), _("Status"), _("Change")]
            table = Table(_("Agents of {queue}", queue=queue.name or queue.number), labels)
        made = _Shown(element, facts, table)
        self._shown[queue.number] = made
        return made

    def _cells(self, agent: Agent) -> list[Cell]:
        login = Drawn((agent.number, agent.is_logged_in), partial(self._draw_login, agent))
        states = {True: _("Logged in"), False: _("Logged out"), None: _("Unknown")}
        phones = {True: _("Registered"), False: _("Not registered"), None: _("Unknown")}
        return [
            agent.number,
            agent.name,
            states[agent.is_logged_in],
            phones[agent.is_registered],
            agent.profile or "",
            login,
        ]

    def _draw_login(self, agent: Agent) -> None:
        if agent.is_logged_in is None:
            return
        button = ui.button(
            _("Log out") if agent.is_logged_in else _("Log in"), on_click=partial(self._change, agent)
        ).props("flat dense no-caps")
        who = f"{agent.number} {agent.name}"
        button.props["aria-label"] = (
            _("Log {name} out", name=who) if agent.is_logged_in else _("Log {name} in", name=who)
        )

    async def _change(self, agent: Agent) -> None:
        with self._place:
            is_in, who = not agent.is_logged_in, f"{agent.number} {agent.name}"
            login = QueueLogin(agent.number)
            change = await login.aplan(self._client, is_in=is_in)
            if change.is_change:
                words = {"name": who, "pbx": self._name}
                question = (
                    _("Log {name} in to queues on {pbx}?", **words)
                    if is_in
                    else _("Log {name} out of queues on {pbx}?", **words)
                )
                if not await confirmed(question, self._stakes(agent)):
                    return
                await login.aapply(self._client, change, confirm=True)
                ui.notify(_("{name} is logged in.", name=who) if is_in else _("{name} is logged out.", name=who))
            readings.forget(self._key)
            await self._page.refresh()

    def _stakes(self, agent: Agent) -> list[str]:
        """Say which queues it is about: 3CX has one state for all of them."""
        queues = [
            f"{queue.number} {queue.name}"
            for queue in (self._latest.queues if self._latest else ())
            if any(each.number == agent.number for each in queue.agents)
        ]
        return [_("It counts for all queues of this agent: {queues}.", queues=", ".join(queues))]


def _facts(queue: QueueNow, count: MissedRow | None) -> list[str]:
    facts = []
    if queue.waiting is not None:
        facts.append(ngettext("{number} call waits", "{number} calls wait", queue.waiting))
    agents = format_number(len(queue.agents))
    if queue.logged_in is not None:
        facts.append(_("{number} of {all} agents logged in", number=format_number(queue.logged_in), all=agents))
    else:
        facts.append(ngettext("{number} agent", "{number} agents", len(queue.agents)))
    if count is not None:
        facts.append(
            _(
                "today {answered} answered, {abandoned} abandoned",
                answered=format_number(count["answered"]),
                abandoned=format_number(count["abandoned"]),
            )
        )
    if queue.is_registered is False:
        facts.append(_("not registered"))
    return facts
