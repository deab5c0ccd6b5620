"""A list of a PBX as a table: what is asked for, and what comes."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Pbx
from trunkline.catalog import load
from trunkline.errors import InvalidArgument, UnknownName
from trunkline.redaction import MASK
from trunkline.transfer.table import LONGEST_TEXT, MOST_COLUMNS, Table, columns_of, csv_lines, shown, table


def of(resource: str, **wanted: Any) -> Table:
    return table(load(), load().resources[resource]["list"], **wanted)


def test_only_the_columns_and_the_key_are_asked_for() -> None:
    assert of("queues", columns=["Name"]).arguments == {"select": ["Id", "Name"]}


def test_a_list_that_comes_only_when_it_is_expanded_is_expanded() -> None:
    assert of("queues", columns=["Name", "Agents"]).arguments == {"select": ["Id", "Name"], "expand": ["Agents"]}


def test_the_key_follows_what_rows_are_sorted_by_so_that_pages_do_not_overlap() -> None:
    assert of("users", sort="LastName", is_descending=True).order == "LastName desc,Id"
    assert of("trunks", sort="Gateway.Name").order == "Gateway/Name,Id"


def test_a_text_is_looked_for_in_the_columns_as_text_and_as_a_number() -> None:
    wanted = of("queues", columns=["Id", "Name", "PollingStrategy"], text="O'Neil")
    assert wanted.condition == "contains(tolower(Name),'o''neil')"
    assert of("queues", columns=["Id", "Name"], text="61").condition == "(Id eq 61 or contains(tolower(Name),'61'))"


def test_a_row_has_to_match_the_text_and_the_filter() -> None:
    wanted = of("queues", columns=["Name"], text="a", filter="Number eq '800' or Number eq '801'")
    assert wanted.condition == "(Number eq '800' or Number eq '801') and contains(tolower(Name),'a')"


@pytest.mark.parametrize(
    ("resource", "wanted", "message"),
    [
        ("queues", {"columns": ["Nmae"]}, "Pbx.Queue has no field 'Nmae'. Did you mean Name or Number?"),
        ("queues", {"columns": ["Agents.Number.Digits"]}, "no field 'Number'"),
        ("queues", {"columns": ["Name.First"]}, "no field 'First'"),
        ("users", {"filter": "VMPIN eq '0000'"}, "can't compare VMPIN, which is a secret"),
        ("users", {"sort": "AuthPassword"}, "can't be sorted by AuthPassword"),
        ("queues", {"sort": "Agents"}, "can't be sorted by Agents"),
        ("queues", {"columns": ["Agents"], "text": "x"}, "None of the columns can have 'x'"),
        ("queues", {"text": "x" * (LONGEST_TEXT + 1)}, "at most 200"),
        ("users", {"columns": [str(n) for n in range(MOST_COLUMNS + 1)]}, "at most 40 columns, not 41"),
    ],
)
def test_what_a_table_can_not_show_is_refused(resource: str, wanted: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidArgument, UnknownName)) as refused:
        getattr(of(resource, **wanted), "condition")  # noqa: B009
    assert message in str(refused.value)


def test_a_secret_is_not_looked_into() -> None:
    assert "AuthPassword" not in of("users", columns=["Number", "AuthPassword"], text="a").condition


def test_columns_to_choose_from_lead_into_objects() -> None:
    columns = columns_of(load(), load().action("trunks.list"))
    assert {"Id", "Number", "Gateway.Name"} <= set(columns)
    for column in columns:
        of("trunks", columns=[column])


def test_a_cell_names_the_elements_of_a_list() -> None:
    assert shown([{"Number": "110", "Name": "Ada Byron"}, {"Number": "111"}]) == "110 Ada Byron, 111"
    assert shown([{"Other": 1}]) == [{"Other": 1}]


async def lines_of(system: System, wanted: Table) -> str:
    async with AsyncPbx(system.url, CLIENT, KEY) as pbx:

        async def rows() -> AsyncIterator[Any]:
            async for row in pbx.call(wanted.action.id, **wanted.arguments):
                yield row

        return "".join([line async for line in csv_lines(wanted, rows())])


def test_a_csv_has_all_rows_in_order_with_secrets_masked_and_formulas_guarded(system: System, pbx: Pbx) -> None:
    pbx.contacts.create(body={"FirstName": '=HYPERLINK("x")', "LastName": "Zz", "PhoneNumber": "5550100"})
    wanted = of("contacts", columns=["LastName", "FirstName"], sort="LastName", is_descending=True)
    text = asyncio.run(lines_of(system, wanted))
    head, first, *_ = csv.reader(io.StringIO(text))
    assert head == ["LastName", "FirstName"]
    assert first == ["Zz", '\'=HYPERLINK("x")']
    assert text.count("\n") == pbx.contacts.list().count() + 1

    secrets = asyncio.run(lines_of(system, of("users", columns=["Number", "AuthPassword"])))
    assert MASK in secrets
    passwords = [str(user.get("AuthPassword") or "") for user in pbx.users.list()]
    assert any(passwords)
    assert not any(password in secrets for password in passwords if password)


def test_the_emulated_pbx_answers_what_a_table_asks_for(system: System, pbx: Pbx) -> None:
    someone = pbx.users.list().first()
    assert someone is not None
    wanted = of("users", text=str(someone["LastName"]).upper(), sort="Number")
    rows = list(pbx.call(wanted.action.id, **wanted.arguments))
    assert someone["Id"] in [row["Id"] for row in rows]
    assert all(str(someone["LastName"]).lower() in str(row).lower() for row in rows)
