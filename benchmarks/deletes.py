"""Deleting 1,000 contacts, near and at a distance: a node beside the peer's loop and the bare HTTP library.

Contacts stand here for anything that can only be deleted one by one. For contacts alone 3CX also has an action that
takes a list of ids, which both libraries can call.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from pyreqwest.client import ClientBuilder

from trunkline import AsyncPbx, Node

from . import peer
from .figures import Figure, Options, Subject, by_turns
from .server import API_KEY, CLIENT_ID, Server, started
from .stopwatch import Spent, Stopwatch

AT_ONCE = 16
DISTANCE = 0.05  # seconds of round trip
AIM = 12.0  # times the peer's loop, at a distance
SHOWN = 1000  # every time is given for that many deletes
NEAR_ROUNDS = 3  # near passes are short, so noise weighs more and there are that many times as many of them

NODE = f"trunkline node, {AT_ONCE} at once"
NODE_ALONE = "trunkline node, 1 at once"
BARE = f"pyreqwest alone, {AT_ONCE} at once"
PEER = "peer, its loop"


class Contestant(NamedTuple):
    """``delete`` gets the server's address and contacts; it deletes the first one untimed, to be signed in."""

    name: str
    delete: Callable[[str, Sequence[int]], Spent]
    one_by_one: bool


def measure(options: Options) -> list[Subject]:
    with started() as server:
        for contestant in _contestants():
            _pass(server, contestant, 16, 0.0)  # imports what it needs
        near = _measured(server, 0.0, options.rounds * NEAR_ROUNDS, options.items, options.items)
        far = _measured(server, DISTANCE, options.rounds, options.items, options.one_by_one)
    return [*_near_subjects(near, options), *_far_subjects(far, options)]


def _near_subjects(near: dict[str, list[Spent]], options: Options) -> list[Subject]:
    what = f"{SHOWN:,} deletes, 0 ms away"
    busy = (f"{statistics.median(spent.busy for spent in passes):.0%} ({name})" for name, passes in near.items())
    notes = [
        f"{options.rounds * NEAR_ROUNDS} passes of {options.items:,} each over HTTP on one machine, to the emulator "
        f"in another process. That was busy for {', '.join(busy)} of the time; near 100% it is the server "
        "that is measured, and the client's processor time tells more."
    ]
    cpu = [Figure(name, [_scaled(spent.own, options.items) for spent in passes]) for name, passes in near.items()]
    wall = [Figure(name, [_scaled(spent.wall, options.items) for spent in passes]) for name, passes in near.items()]
    return [Subject(what, "s", wall, notes), Subject("… processor time of the client", "s", cpu, [])]


def _far_subjects(far: dict[str, list[Spent]], options: Options) -> list[Subject]:
    what = f"{SHOWN:,} deletes, {DISTANCE * 1000:.0f} ms away"
    counts = {c.name: options.one_by_one if c.one_by_one else options.items for c in _contestants()}
    figures = [
        Figure(
            name,
            [_scaled(spent.wall, counts[name]) for spent in passes],
            ratio_at_least=AIM if name == PEER else None,
        )
        for name, passes in far.items()
    ]
    note = (
        f"{options.rounds} passes of {options.items:,} each. What goes one by one was measured over "
        f"{options.one_by_one:,} and multiplied to {SHOWN:,}: nearly all of it is waiting, so it grows in proportion."
    )
    return [Subject(what, "s", figures, [note])]


def _scaled(seconds: float, count: int) -> float:
    return seconds / count * SHOWN


def _contestants() -> list[Contestant]:
    found = [
        Contestant(NODE, partial(_node, AT_ONCE), one_by_one=False),
        Contestant(NODE_ALONE, partial(_node, 1), one_by_one=True),
        Contestant(BARE, _bare, one_by_one=False),
    ]
    return [*found, Contestant(PEER, _peer_loop, one_by_one=True)] if peer.installed() else found


def _measured(server: Server, latency: float, rounds: int, items: int, one_by_one: int) -> dict[str, list[Spent]]:
    turns = {c.name: partial(_pass, server, c, one_by_one if c.one_by_one else items, latency) for c in _contestants()}
    return by_turns(turns, rounds)


def _pass(server: Server, contestant: Contestant, count: int, latency: float) -> Spent:
    server.set_latency(0.0)
    ids = asyncio.run(new_contacts(server.url, count + 1))
    before = server.set_latency(latency)
    spent = contestant.delete(server.url, ids)
    return spent._replace(server=server.used() - before)


async def new_contacts(url: str, count: int) -> list[int]:
    async with AsyncPbx(url, CLIENT_ID, API_KEY, token_store=None) as pbx:
        node = Node(
            "contacts.create",
            {"body": {"FirstName": "{{ $json.name }}", "PhoneNumber": "+12025550100"}},
            concurrency=AT_ONCE,
        )
        outcome = await node.arun(pbx, [{"name": f"Contact {number}"} for number in range(count)])
    return [item["json"]["Id"] for item in outcome.items]


def _node(at_once: int, url: str, ids: Sequence[int]) -> Spent:
    async def run() -> Spent:
        async with AsyncPbx(url, CLIENT_ID, API_KEY, token_store=None) as pbx:
            await pbx.contacts.delete(ids[0])
            watch = Stopwatch()
            node = Node("contacts.delete", {"Id": "{{ $json.Id }}"}, concurrency=at_once)
            await node.arun(pbx, [{"Id": number} for number in ids[1:]])
            return watch.read()

    return asyncio.run(run())


def _peer_loop(url: str, ids: Sequence[int]) -> Spent:
    with peer.client(url, CLIENT_ID, API_KEY) as client:
        client.contacts.delete(ids[0])
        watch = Stopwatch()
        for number in ids[1:]:
            client.contacts.delete(number)
        return watch.read()


def _bare(url: str, ids: Sequence[int]) -> Spent:
    """The HTTP library under Trunkline with nothing around it: no templates, no checks, no retries, no outcome."""

    async def run() -> Spent:
        async with ClientBuilder().build() as client:
            form = {"client_id": CLIENT_ID, "client_secret": API_KEY, "grant_type": "client_credentials"}
            signed_in = await client.post(f"{url}/connect/token").form(form).build().send()
            authorization = f"Bearer {(await signed_in.json())['access_token']}"

            async def delete(number: int) -> None:
                request = client.delete(f"{url}/xapi/v1/Contacts({number})").header("Authorization", authorization)
                response = await request.build().send()
                if response.status != 204:
                    raise RuntimeError(f"the server answered {response.status}")

            waiting = iter(ids[1:])

            async def work() -> None:
                for number in waiting:
                    await delete(number)

            await delete(ids[0])
            watch = Stopwatch()
            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
            return watch.read()

    return asyncio.run(run())
