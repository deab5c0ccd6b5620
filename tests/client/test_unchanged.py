"""``if_unchanged``: the protection of an ETag where a PBX sends none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, InvalidArgument, NotFound, Pbx, PreconditionFailed, Rows
from trunkline_emulator import Emulator, running


@pytest.fixture(params=[False, True], ids=["without ETags", "with ETags"])
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    emulator = Emulator(client_id=CLIENT, api_key=KEY, etags=request.param)
    with running(emulator) as url:
        yield System(emulator, url)


@pytest.fixture(params=["threads", "event loop"])
def call(request: pytest.FixtureRequest, system: System) -> Any:
    """Run an action, in either client."""

    def in_thread(action: str, *args: Any, **kwargs: Any) -> Any:
        with Pbx(system.url, CLIENT, KEY, label="acme") as pbx:
            answer = pbx.call(action, *args, **kwargs)
            return answer.all() if isinstance(answer, Rows) else answer

    def in_loop(action: str, *args: Any, **kwargs: Any) -> Any:
        async def run() -> Any:
            async with AsyncPbx(system.url, CLIENT, KEY, label="acme") as pbx:
                return await pbx.call(action, *args, **kwargs)

        return asyncio.run(run())

    return in_thread if request.param == "threads" else in_loop


def test_what_is_as_it_was_is_deleted(call: Any, system: System) -> None:
    row = call("contacts.get", 7)
    assert call("contacts.delete", 7, if_unchanged=row) is None
    with pytest.raises(NotFound):
        call("contacts.get", 7)


def test_what_changed_is_left_alone_and_the_fields_are_named(call: Any, system: System) -> None:
    row = call("contacts.get", 7)
    call("contacts.update", 7, {"FirstName": "Changed", "Tag": "new"})
    with pytest.raises(PreconditionFailed) as refused:
        call("contacts.delete", 7, if_unchanged=row)
    assert refused.value.status == 412
    if not system.emulator.etags:
        assert "contact on acme changed since it was read: FirstName, Tag." in refused.value.message
        assert refused.value.codes == {"FirstName": "changed", "Tag": "changed"}
        assert system.sent("DELETE") == []
    assert call("contacts.get", 7)["FirstName"] == "Changed"


def test_updates_have_the_same(call: Any, system: System) -> None:
    row = call("contacts.get", 7)
    call("contacts.update", 7, {"Tag": "mine"}, if_unchanged=row)
    with pytest.raises(PreconditionFailed, match=r"changed since it was read: .*Tag"):
        call("contacts.update", 7, {"Tag": "theirs"}, if_unchanged={k: v for k, v in row.items() if k != "@odata.etag"})
    assert call("contacts.get", 7)["Tag"] == "mine"


def test_only_the_fields_that_the_row_has_count(call: Any) -> None:
    row = call("contacts.list", select="Id,FirstName", filter="Id eq 7")
    (row,) = list(row)
    row.pop("@odata.etag", None)
    call("contacts.update", 7, {"Tag": "new"})
    assert call("contacts.delete", 7, if_unchanged=row) is None


def test_lists_that_came_with_expand_count_at_every_depth(call: Any, system: System) -> None:
    rows = list(call("queues.list", expand="Agents,Groups($expand=Rights)"))
    row = next(each for each in rows if len(each["Agents"]) > 1 and each["Groups"])
    row.pop("@odata.etag", None)
    fewer = row["Agents"][1:]
    call("queues.update", row["Id"], {"Agents": fewer})
    with pytest.raises(PreconditionFailed, match=r"changed since it was read: Agents\. Nothing"):
        call("queues.delete", row["Id"], if_unchanged=row)
    assert system.sent("DELETE") == []
    assert call("queues.delete", row["Id"], if_unchanged={**row, "Agents": fewer}) is None


def test_what_changes_by_itself_does_not_count(call: Any, system: System) -> None:
    row = next(iter(call("users.list", top=1)))
    row.pop("@odata.etag", None)
    row["IsRegistered"] = not row["IsRegistered"]
    call("users.update", row["Id"], {"FirstName": "Ada"}, if_unchanged=row)
    with pytest.raises(InvalidArgument, match="besides the key"):
        call("users.delete", row["Id"], if_unchanged={"Id": row["Id"], "IsRegistered": True})
    assert system.sent("DELETE") == []


def test_etags_are_used_where_the_pbx_sends_them(call: Any, system: System) -> None:
    row = call("contacts.get", 7)
    reads = len(system.sent("GET"))
    call("contacts.delete", 7, if_unchanged=row)  # by another client, which has seen no ETag yet
    assert len(system.sent("GET")) == reads + 1
    with Pbx(system.url, CLIENT, KEY) as pbx:
        row = pbx.contacts.get(8)
        pbx.contacts.delete(8, if_unchanged=row)
    assert len(system.sent("GET")) == reads + (2 if system.emulator.etags else 3)


def test_a_null_that_the_pbx_leaves_out_is_no_change(call: Any) -> None:
    row = {**call("contacts.get", 7), "Pager": None}
    assert call("contacts.delete", 7, if_unchanged=row) is None


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("holidays", {"TimeOfEndDate": "PT1439M", "Name": "New Year"}),
        ("blocklist", {"ExpiresAt": "2027-01-01T01:00:00+01:00"}),
    ],
)
def test_another_spelling_is_no_change(call: Any, system: System, kind: str, changes: dict[str, str]) -> None:
    key = 1
    if kind == "blocklist":
        key = call("blocklist.create", {"IPAddrMask": "192.0.2.200", "ExpiresAt": "2027-01-01T00:00:00Z"})["Id"]
    row = {k: v for k, v in call(f"{kind}.get", key).items() if k != "@odata.etag"}
    assert any(row[name] != value for name, value in changes.items())
    assert call(f"{kind}.delete", key, if_unchanged={**row, **changes}) is None
    assert len(system.sent("DELETE")) == 1


def test_one_is_not_true(call: Any, system: System) -> None:
    row = {k: v for k, v in call("holidays.get", 1).items() if k != "@odata.etag"}
    with pytest.raises(PreconditionFailed, match="IsRecurrent"):
        call("holidays.delete", 1, if_unchanged={**row, "IsRecurrent": 1})
    assert system.sent("DELETE") == []


@pytest.mark.parametrize(
    ("action", "args", "row"),
    [
        ("contacts.delete", (7,), {"Id": 7}),
        ("contacts.delete", (7,), {}),
        ("firmwares.delete", ("x",), {"Id": "x", "Version": "1"}),
        ("users.send_welcome_email", (1,), {"Id": 1, "Number": "100"}),
        ("mail_settings.update", ({"MailServer": "x"},), {"MailServer": "y"}),
    ],
    ids=["only the key", "nothing", "no read by key", "no entity is changed", "a singleton"],
)
def test_what_cannot_be_compared_is_refused(call: Any, system: System, action: str, args: Any, row: Any) -> None:
    with pytest.raises(InvalidArgument, match="if_unchanged"):
        call(action, *args, if_unchanged=row)
    assert system.sent("DELETE") == []
