"""The reports on chats: the log of messages, and how queues and their agents dealt with visitors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from ..store import Store
from ..telephony.history import chats_of
from ..telephony.lists import chat_row
from ..telephony.records import Chat, ChatMessage
from ..values import Row
from .arguments import Arguments, Numbers
from .names import numbered
from .spelling import label, moment

# A chat opened before the period may still have messages in it. None lasts longer than this.
_LONGEST_CHAT = timedelta(hours=2)
_PROVIDER = "LiveChat"
_INSIDE, _OUTSIDE = 1, 2


@dataclass
class AgentTally:
    name: str
    answered: int = 0
    dealt_with: int = 0


@dataclass
class QueueTally:
    """One queue's chats; ``size`` is how many agents it has."""

    name: str
    size: int = 0
    incoming: int = 0
    answered: int = 0
    agents: dict[str, AgentTally] = field(default_factory=dict)

    @property
    def dealt_with(self) -> int:
        return sum(agent.dealt_with for agent in self.agents.values())


def log(store: Store, asked: Arguments) -> Iterator[Row]:
    """Yield a row for each message."""
    if not _kind_asked(store, asked) or asked.period.start >= asked.period.end:
        return
    for chat in chats_of(store, asked.period.start - _LONGEST_CHAT, asked.period.end):
        for message in chat.messages:
            if asked.period.holds(message.sent) and _wanted(chat, message, asked):
                yield _message_row(chat, message)


def _kind_asked(store: Store, asked: Arguments) -> bool:
    """``chatType`` 0 is every kind, n the n-th of ``Pbx.ChatType``; ``participantType`` 0 anybody, 2 outside."""
    code = asked.code("chatType")
    kinds = store.catalog.enum_values("Pbx.ChatType")
    return (code == 0 or (0 < code <= len(kinds) and kinds[code - 1] == _PROVIDER)) and _outside_asked(asked)


def _outside_asked(asked: Arguments) -> bool:
    """Visitors of the website are all outside."""
    return asked.code("participantType") in (0, _OUTSIDE)


def _wanted(chat: Chat, message: ChatMessage, asked: Arguments) -> bool:
    agent = message.agent.dn if message.agent else None
    other = chat.agent.dn if chat.agent else chat.queue.dn
    sender = (agent, None) if agent else (None, chat.visitor)
    receiver = (None, chat.visitor) if agent else (other, None)
    return _matches("from", sender, asked) and _matches("to", receiver, asked)


def _matches(side: str, party: tuple[str | None, str | None], asked: Arguments) -> bool:
    """0 anybody; 1 the extensions of the list; 2 people outside whose name has the text in it."""
    inside, outside = party
    match asked.code(f"{side}Type"):
        case 0:
            return True
        case 1:
            return inside is not None and inside in asked.numbers(f"{side}Extension")
        case 2:
            return outside is not None and asked.text(f"{side}Text").casefold() in outside.casefold()
        case _:
            return False


def _message_row(chat: Chat, message: ChatMessage) -> Row:
    row = {**chat_row(chat), "Message": message.text, "TimeSent": moment(message.sent)}
    if message.agent is None:
        return row
    return {**row, "FromName": message.agent.name, "FromNo": message.agent.dn, "IsExternal": False}


def abandoned(store: Store, asked: Arguments) -> Iterator[Row]:
    for chat in _chats(store, asked):
        if chat.agent is None:
            yield {
                "ChatId": chat.number,
                "DateOfRequest": moment(chat.started),
                "ParticipantEmail": chat.email,
                "ParticipantMessage": chat.messages[0].text if chat.messages else "",
                "ParticipantName": chat.visitor,
                "ParticipantNumber": chat.phone,
                "QueueDisplayName": label(chat.queue),
                "QueueNo": chat.queue.dn,
                "ReasonForAbandoned": chat.abandoned_because or None,
                "Source": chat.link,
            }


def performance(store: Store, asked: Arguments) -> Iterator[Row]:
    for number, queue in _tallies(store, asked).items():
        yield {
            "Queue": number,
            "QueueDisplayName": queue.name,
            "IncomingCount": queue.incoming,
            "AnsweredCount": queue.answered,
            "AbandonedCount": queue.incoming - queue.answered,
            "QuantityAgents": queue.size,
        }


def agents(store: Store, asked: Arguments) -> Iterator[Row]:
    """Yield a row for each agent of each queue, also those who had no chat."""
    for number, queue in _tallies(store, asked).items():
        for place, (agent_number, agent) in enumerate(queue.agents.items()):
            yield {
                "Queue": number,
                "QueueDisplayName": queue.name,
                "Dn": agent_number,
                "DnDisplayName": agent.name,
                "AnsweredCount": agent.answered,
                "DealtWithCount": agent.dealt_with,
                "SortOrder": place,
            }


def agents_totals(store: Store, asked: Arguments) -> Iterator[Row]:
    for number, queue in _tallies(store, asked).items():
        yield {
            "Queue": number,
            "QueueDisplayName": queue.name,
            "AnsweredCount": queue.answered,
            "DealtWithCount": queue.dealt_with,
        }


def _chosen(asked: Arguments) -> Numbers:
    return asked.numbers("queueDnStr")


def _chats(store: Store, asked: Arguments) -> Iterator[Chat]:
    """Yield the chats with the chosen queues that were opened in the period."""
    if _outside_asked(asked) and asked.period.start < asked.period.end:
        for chat in chats_of(store, *asked.period):
            if chat.queue.dn in _chosen(asked):
                yield chat


def _tallies(store: Store, asked: Arguments) -> dict[str, QueueTally]:
    """Each chosen queue by number, also those without chats."""
    found = {number: QueueTally(name) for number, name in numbered(store, "Queues", _chosen(asked)).items()}
    for queue in store.rows("Queues"):
        if queue["Number"] in found:
            members = sorted(queue["Agents"] or (), key=lambda member: str(member["Number"]))
            found[queue["Number"]].size = len(members)
            found[queue["Number"]].agents = {
                member["Number"]: AgentTally(f"{member['Name']} ({member['Number']})") for member in members
            }
    for chat in _chats(store, asked):
        tally = found.setdefault(chat.queue.dn, QueueTally(label(chat.queue)))
        tally.incoming += 1
        if chat.agent is not None:
            tally.answered += 1
            agent = tally.agents.setdefault(chat.agent.dn, AgentTally(label(chat.agent)))
            agent.answered += 1
            agent.dealt_with += chat.dealt_with
    return found
