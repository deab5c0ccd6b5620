"""The lists of the history: legs, chats and messages as rows, of which only those asked for are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain
from typing import TYPE_CHECKING, overload

from ..reports.spelling import duration, label, moment
from ..values import Row
from .history import calls_left, calls_made, chats_left, without_missing
from .records import DN_CLASSES, Chat, ChatMessage, Kind, Leg, Party, PhoneCall
from .scene import DESTINATION_ENDED, SOURCE_ENDED

if TYPE_CHECKING:
    from ..store import Store

# What ended a segment, in 3CX's call data records.
_ACTIONS = {SOURCE_ENDED: 5, DESTINATION_ENDED: 6}
_RINGING, _TALKING = 1, 2


class Rows(Sequence[Row]):
    """Rows of a history, in spans: ``make`` gives those of a span from one place to before another."""

    def __init__(self, spans: Sequence[range], make: Callable[[int, int], Iterator[Row]], more: Sequence[Row]) -> None:
        self._spans = [span for span in spans if span]
        self._starts = [0, *accumulate(len(span) for span in self._spans)]
        self._make = make
        self._more = more

    def __len__(self) -> int:
        return self._starts[-1] + len(self._more)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        places = range(len(self))[index]
        if isinstance(places, int):
            return next(self._between(places, places + 1))
        if not places:
            return []
        lowest, highest = sorted((places[0], places[-1]))
        return list(self._between(lowest, highest + 1))[:: places.step]

    def __iter__(self) -> Iterator[Row]:
        return self._between(0, len(self))

    def _between(self, start: int, stop: int) -> Iterator[Row]:
        for first, span in zip(self._starts, self._spans, strict=False):
            part = span[max(start - first, 0) : max(stop - first, 0)]
            if part:
                yield from self._make(part.start, part.stop)
        told = self._starts[-1]
        yield from self._more[max(start - told, 0) : max(stop - told, 0)]


def segments(store: Store) -> Rows:
    """``CallHistoryView``: a row for each leg, by call."""
    model = store.model
    recordings = store.tables["Recordings"].rows
    spans = [range(model.legs_before(span.start), model.legs_before(span.stop)) for span in calls_left(store)]

    def make(start: int, stop: int) -> Iterator[Row]:
        number = model.call_of_leg(start + 1)
        place = model.legs_before(number)
        while place < stop:
            call = without_missing(model.call(number), recordings)
            for leg in call.legs:
                if start <= place < stop:
                    yield _segment(call, leg)
                place += 1
            number += 1

    made = (without_missing(call, recordings) for call in calls_made(store))
    return Rows(spans, make, [_segment(call, leg) for call in made for leg in call.legs])


def _segment(call: PhoneCall, leg: Leg) -> Row:
    to_inside = leg.destination.kind is not Kind.EXTERNAL
    return {
        "CallAnswered": call.answered,
        "CallTime": duration(leg.ringing + leg.talking),
        **_end("Dst", leg.destination, 2 * leg.id, leg.recording if to_inside else None),
        "SegmentActionId": _ACTIONS.get(leg.reason, 0),
        "SegmentEndTime": moment(leg.ended),
        "SegmentId": leg.id,
        "SegmentStartTime": moment(leg.started),
        "SegmentType": _TALKING if leg.answered else _RINGING,
        **_end("Src", leg.source, 2 * leg.id - 1, None if to_inside else leg.recording),
    }


def _end(which: str, party: Party, participant: int, recording: int | None) -> Row:
    outside = party.kind is Kind.EXTERNAL
    return {
        f"{which}CallerNumber": party.number,
        f"{which}DisplayName": party.name,
        f"{which}Dn": party.dn,
        f"{which}DnType": DN_CLASSES[party.kind],
        f"{which}ExtendedDisplayName": label(party),
        f"{which}External": outside,
        f"{which}Id": participant,
        f"{which}Internal": not outside,
        f"{which}ParticipantId": participant,
        f"{which}RecId": recording,
    }


def chats(store: Store) -> Rows:
    """``ChatHistoryView``: a row for each conversation, with how it was opened."""
    model = store.model.chat_model
    spans = [range(span.start - 1, span.stop - 1) for span in chats_left(store)]
    return Rows(spans, lambda start, stop: (chat_row(model.chat(place + 1)) for place in range(start, stop)), ())


def chat_row(chat: Chat) -> Row:
    """Return a row of ``Pbx.ChatHistoryView``."""
    return {
        "ChatName": chat.queue.name,
        "ConversationId": chat.number,
        "FromName": chat.visitor,
        "FromNo": "",
        "IsExternal": True,
        "Message": chat.messages[0].text,
        "ParticipantEmail": chat.email,
        "ParticipantIp": chat.address,
        "ParticipantPhone": chat.phone or None,
        "ParticipantsGroupsArray": [],
        "ProviderName": None,
        "ProviderType": "LiveChat",
        "QueueNumber": chat.queue.dn,
        "Source": chat.link,
        "TimeSent": moment(chat.started),
    }


def messages(store: Store) -> Rows:
    """``ChatMessagesHistoryView``: a row for each message, by conversation."""
    model = store.model.chat_model
    spans = [range(model.messages_before(span.start), model.messages_before(span.stop)) for span in chats_left(store)]

    def make(start: int, stop: int) -> Iterator[Row]:
        number = model.chat_of_message(start + 1)
        place = model.messages_before(number)
        while place < stop:
            chat = model.chat(number)
            for message in chat.messages:
                if start <= place < stop:
                    yield _message(chat, message)
                place += 1
            number += 1

    return Rows(spans, make, ())


def _message(chat: Chat, message: ChatMessage) -> Row:
    written_by_visitor = message.agent is None
    return {
        "ConversationId": chat.number,
        "IsExternal": written_by_visitor,
        "Message": message.text,
        "MessageId": message.id,
        "ParticipantsGroupsArray": [],
        "QueueNumber": chat.queue.dn,
        "Recipients": chat.queue.dn if written_by_visitor else chat.visitor,
        "SenderParticipantEmail": chat.email if written_by_visitor else None,
        "SenderParticipantIp": chat.address if written_by_visitor else None,
        "SenderParticipantName": message.agent.name if message.agent else chat.visitor,
        "SenderParticipantNo": message.agent.dn if message.agent else "",
        "SenderParticipantPbx": None,
        "SenderParticipantPhone": chat.phone or None if written_by_visitor else None,
        "TimeSent": moment(message.sent),
    }


def latest(store: Store) -> list[Row]:
    """``LastCdrAndChatMessageTimestamp``: when the last call and the last message were; nothing without a call."""
    model = store.model
    told = [model.call(span.stop - 1).started for span in calls_left(store)[-1:]]
    starts = list(chain(told, (call.started for call in calls_made(store))))
    if not starts:
        return []
    sent = [model.chat_model.chat(span.stop - 1).messages[-1].sent for span in chats_left(store)[-1:]]
    return [{"LastCdrStartedAt": moment(max(starts)), "LastChatMessageTimeSent": moment(sent[0]) if sent else None}]
