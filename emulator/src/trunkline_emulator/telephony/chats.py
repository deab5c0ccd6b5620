"""The chats of a company's website, made when they are asked for as its calls are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from .blocks import Blocks
from .company import Company, team_party
from .days import Days
from .dice import draws, evenly, mostly_short
from .records import Chat, ChatMessage, Kind, Party
from .rota import Rota

_CHATS, _ORDER = 21, 23

# How many messages each chat in sixteen has; those of one message are given up.
_LENGTHS = (4, 2, 6, 3, 1, 4, 5, 2, 8, 3, 1, 4, 2, 5, 3, 4)
_LEAVES_AFTER = (20.0, 180.0)
_OPENINGS = (
    "Hello, can you tell me when my order will arrive?",
    "Good morning, I would like a quote for ten units.",
    "Hi, my invoice seems to be wrong.",
    "Is anybody there?",
    "I cannot sign in to my account.",
)
_ANSWERS = (
    "Hello, how can I help?",
    "Let me have a look, one moment please.",
    "I have sent you an email with the details.",
    "That is done now. Anything else?",
)
_REPLIES = ("Thank you.", "The number is 48151.", "Yes, please.", "That is what I needed, thanks.")
_NUDGES = ("Hello?", "Is anybody there?", "I will wait a little longer.", "I will try again later.")
_VISITORS = ("Alex Visitor", "Sam Guest", "Robin Example", "Kim Sample", "Charlie Tester", "Jo Doe")


class ChatModel:
    """The chats up to ``last_day``, about ``per_day`` on a working day; they count from 1 as they were opened."""

    def __init__(self, company: Company, rota: Rota, seed: int, last_day: date, days: int, per_day: float) -> None:
        self._company = company
        self._rota = rota
        self._opens, self._closes = company.office_hours
        self._seed = seed
        self._days = Days(company, seed, _CHATS, last_day, days, per_day if company.links else 0)
        self._blocks = Blocks(seed, _ORDER, _LENGTHS)

    @property
    def count(self) -> int:
        return len(self._days)

    def chat(self, number: int) -> Chat:
        """Return the chat of a number from 1 to ``count``. IndexError for any other."""
        if not 1 <= number <= self.count:
            raise IndexError(f"There are chats 1 to {self.count}, not {number}")
        place = number - 1
        drawn = draws(self._seed, _CHATS, place)
        day = self._days.day_of(place)
        started = self._days.moment(place, day, drawn[0])
        since_midnight = started - self._days.midnights[day]
        open_now = self._days.works[day] and self._opens <= since_midnight < self._closes
        link, queue_place = self._company.links[drawn[1] % len(self._company.links)]
        team = self._company.queues[queue_place]
        length = _LENGTHS[self._blocks.kind(place)]
        agent = None
        if open_now and length > 1:
            on_duty = self._rota.on_duty(team, self._days.days[day], since_midnight)
            agent = on_duty[drawn[2] % len(on_duty)]
        taken_after = mostly_short(drawn[3], 35, 600) if agent else None
        messages = tuple(self._messages(place, length, started, taken_after, agent, drawn))
        # Who is not answered leaves a while after the last try.
        waited = taken_after or messages[-1].sent - started + evenly(drawn[3], *_LEAVES_AFTER)
        visitor = _VISITORS[drawn[4] % len(_VISITORS)]
        return Chat(
            number=number,
            started=started,
            link=link,
            queue=team_party(Kind.QUEUE, team),
            visitor=visitor,
            email=f"{visitor.split()[0].lower()}{drawn[5] % 1000}@example.com",
            phone=f"+12025550{100 + drawn[5] % 100}" if drawn[6] % 2 else "",
            address=f"203.0.113.{1 + drawn[7] % 254}",
            waited=waited,
            agent=agent,
            dealt_with=agent is not None and drawn[8] % 10 != 0,
            abandoned_because="" if agent else "Visitor left" if open_now else "Office closed",
            messages=messages,
        )

    def _messages(
        self,
        place: int,
        length: int,
        started: datetime,
        taken_after: timedelta | None,
        agent: Party | None,
        drawn: tuple[int, ...],
    ) -> Iterator[ChatMessage]:
        """Yield the visitor opens, the agent answers once there, and they take turns; alone, the visitor asks again."""
        first = self._blocks.rows_before(place) + 1
        sent = started
        for n in range(length):
            answers = agent if n % 2 else None
            if n == 0:
                text = _OPENINGS[drawn[9] % len(_OPENINGS)]
            elif answers:
                text = _ANSWERS[n // 2 % len(_ANSWERS)]
            else:
                text = _REPLIES[(drawn[10] + n) % len(_REPLIES)] if agent else _NUDGES[n % len(_NUDGES)]
            yield ChatMessage(first + n, sent, answers, text)
            sent += taken_after if n == 0 and taken_after else evenly(drawn[11 + n % 5], 5, 70)

    def chats(self, start: datetime, end: datetime) -> Iterator[Chat]:
        """Chats opened in a period, by start."""
        for number in self.numbers(start, end):
            yield self.chat(number)

    def numbers(self, start: datetime, end: datetime) -> range:
        """Return the numbers of the chats opened in a period."""
        return range(self._days.first_since(start) + 1, self._days.first_since(end) + 1)

    def messages_before(self, number: int) -> int:
        """How many messages the chats before a number have together."""
        return self._blocks.rows_before(number - 1)

    def chat_of_message(self, message: int) -> int:
        """Return the number of the chat that a message belongs to, by the message's Id."""
        return self._blocks.number_at(message - 1) + 1
