"""What an emulator holds at the start."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from trunkline import catalog
from trunkline.catalog import TypeSpec
from trunkline_emulator.seeds import SEEDS, ground
from trunkline_emulator.store import Store
from trunkline_emulator.values import Values

from .conftest import Dial, Line

CATALOG = catalog.load("20.0.10")


STEP = 97  # of large sets every so many rows are looked at


def rows_of(content: Any) -> Any:
    """The rows that a seed gives for a set, or the fields of a singleton."""
    rows = content() if callable(content) else content
    return rows if isinstance(rows, list) else [rows]


def contents(name: Any) -> Any:
    return {set_name: rows_of(content) for set_name, content in SEEDS[name]().items()}


@pytest.mark.parametrize("name", SEEDS)
def test_the_same_seed_gives_the_same_data(name: Any) -> None:
    assert contents(name) == contents(name)


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_fits_the_newest_version(name: Any) -> None:
    values = Values(CATALOG)
    for set_name, rows in contents(name).items():
        spec = TypeSpec(CATALOG.sets[set_name].type)  # type: ignore[arg-type]
        for row in rows:
            values.check(row, spec, set_name)


@pytest.mark.parametrize("name", SEEDS)
@pytest.mark.parametrize("version", [edition.version for edition in CATALOG.editions])
def test_a_seed_is_narrowed_to_every_version(name: Any, version: Any) -> None:
    narrowed = catalog.load(version)
    store, values = Store(narrowed, SEEDS[name]()), Values(narrowed)
    for table in store.tables.values():
        for row in store.rows(table.name)[:: STEP if len(table.rows) > STEP else 1]:
            values.check(row, TypeSpec(table.type_name), table.name)


@pytest.mark.parametrize("name", SEEDS)
def test_a_narrowed_row_has_every_field_and_no_other(name: Any) -> None:
    narrowed = catalog.load("20.0.7")
    row = Store(narrowed, SEEDS[name]()).rows("Groups")[0]
    assert list(row) == list(narrowed.fields("Pbx.Group"))
    assert list(row["Hours"]) == list(narrowed.fields("Pbx.Schedule"))


def test_the_demo_company(quiet: Line) -> None:
    expected = {
        "Users": 40,
        "Groups": 6,
        "Fax": 12,
        "DeviceInfos": 15,
        "Contacts": 60,
        "Blocklist": 10,
        "WebsiteLinks": 8,
        "Queues": 3,
        "Trunks": 2,
    }
    counted = {name: quiet.get(f"/{name}?$count=true&$top=0").json["@odata.count"] for name in expected}
    assert counted == expected
    assert [row["Number"] for row in quiet.get("/Users?$select=Number").rows] == [str(n) for n in range(100, 140)]


@pytest.mark.parametrize("name", ["demo", "large"])
def test_keys_and_numbers_are_unique(name: str) -> None:
    seeded = SEEDS[name]()
    store = Store(CATALOG, seeded)
    for set_name, table in store.tables.items():
        assert len(table.rows) == len(rows_of(seeded.get(set_name, []))), (
            set_name
        )  # a key that came twice would be one row
    dns = [row for table in store.tables.values() if table.is_dn for row in table.rows.values()]
    assert len({row["Id"] for row in dns}) == len(dns)
    assert len({row["Number"] for row in dns}) == len(dns)


@pytest.mark.parametrize("name", ["demo", "large"])
def test_references_resolve(name: str) -> None:
    store = Store(CATALOG, SEEDS[name]())
    numbers = store.numbers()
    groups = store.tables["Groups"].rows
    users = store.tables["Users"].rows
    for table in store.tables.values():
        for row in table.rows.values():
            assert all(groups[member["GroupId"]]["Number"] == member["Number"] for member in row.get("Groups") or [])
    for group in groups.values():
        assert all(users[member["Id"]]["Number"] == member["Number"] for member in group["Members"])
    for queue in store.rows("Queues"):
        assert all(users[agent["Id"]]["Number"] == agent["Number"] for agent in [*queue["Agents"], *queue["Managers"]])
    for menu in store.rows("Receptionists"):
        assert all(forward["ForwardDN"] in numbers for forward in menu["Forwards"])
    for rule in store.rows("OutboundRules"):
        assert all(route["TrunkId"] in {-1, *store.tables["Trunks"].rows} for route in rule["Routes"])
    for rule in store.rows("InboundRules"):
        assert rule["OfficeHoursDestination"]["Number"] in numbers
        assert rule["TrunkDN"]["Number"] in numbers
    for link in store.rows("WebsiteLinks"):
        assert link["DN"]["Number"] in numbers


def test_the_empty_pbx_has_one_department_and_nobody(dial: Dial) -> None:
    line = dial(seed="empty")
    assert [row["Name"] for row in line.get("/Groups").rows] == ["DEFAULT"]
    assert line.get("/Users").rows == []
    assert line.get("/Defs").json["Id"] == 1
    assert line.ask("POST", "/Users", {"Number": "100"}).status == 201


LARGE = {"Users": 10_000, "Groups": 255, "Queues": 252, "Contacts": 10_000}


def test_the_large_company(dial: Dial) -> None:
    line = dial(seed="large")
    counted = {name: line.get(f"/{name}?$count=true&$top=0").json["@odata.count"] for name in LARGE}
    assert counted == LARGE
    assert line.get("/Contacts?$top=100&$skip=9900").rows[-1]["Id"] == 10_000
    assert line.get("/Users(Number='25000')").json["Number"] == "25000"


def test_a_page_of_the_large_company_makes_no_other_rows(dial: Dial) -> None:
    line = dial(seed="large")
    line.get("/Users?$top=1")
    before = sys.getallocatedblocks()
    line.get("/Users?$top=10&$skip=5000")
    assert sys.getallocatedblocks() - before < 20_000, "ten thousand rows are a million blocks"


# ── a seed of one's own ─────────────────────────────────────────────────────────────────────────

COMPANY = """
extends: demo
Users:
  - Number: 0150          # text, as the field is; not a number of base eight
    FirstName: No         # a name, not a boolean
    LastName: ~
    Enabled: yes
    Groups:
      - {GroupId: 2, Name: Sales, Number: GRP0001, Type: Group, Rights: {RoleName: users}}
  - {Number: 101, FirstName: Changed}
Fax:
  - {Id: 122, OutboundCallerId: "+442079460999"}
  - {Id: 900, Number: 950}
Contacts:
  - &first {FirstName: On, PhoneNumber: +12025550199}
  - {<<: *first, LastName: Null Island}
MailSettings: {MailServer: smtp2.example.com, MailAddress: pbx2@example.com}
"""


@pytest.fixture
def company(tmp_path: Path) -> Any:
    """Writes a seed file; its path."""

    def write(text: Any, name: Any = "company.yaml") -> Any:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_file_is_put_on_top_of_what_it_extends(dial: Dial, company: Any) -> None:
    line = dial(seed=company(COMPANY))
    user = line.get("/Users(Number='0150')?$expand=Groups").json
    assert (user["Id"], user["FirstName"], user.get("LastName"), user["Enabled"]) == (901, "No", None, True)
    assert user["Groups"][0]["Name"] == "Sales"
    assert line.get("/Users(Number='101')").json["FirstName"] == "Changed"
    assert line.get("/Users(Number='101')").json["LastName"] == "Lindqvist"
    assert line.get("/Fax(122)").json["OutboundCallerId"] == "+442079460999"
    assert line.get("/Fax(900)").json["Number"] == "950"
    assert [(row["Id"], row["FirstName"], row.get("LastName")) for row in line.get("/Contacts?$skip=60").rows] == [
        (61, "On", None),
        (62, "On", "Null Island"),
    ]
    settings = line.get("/MailSettings").json
    assert (settings["MailServer"], settings["MailServerType"]) == ("smtp2.example.com", "Custom")
    assert line.ask("POST", "/Fax", {"Number": "951"}).json["Id"] == 902


def test_json_and_a_mapping_do_as_well(dial: Dial, company: Any) -> None:
    path = company('{"Users": [{"Number": "100", "FirstName": "Ada"}]}', "company.json")
    for seed in (path, str(path), {"Users": [{"Number": "100", "FirstName": "Ada"}]}):
        line = dial(seed=seed)
        assert [(row["Id"], row["FirstName"]) for row in line.get("/Users").rows] == [(2, "Ada")]
        assert [row["Name"] for row in line.get("/Groups").rows] == ["DEFAULT"]


def test_a_file_extends_even_the_large_company(dial: Dial) -> None:
    line = dial(seed={"extends": "large", "Users": [{"Number": "150"}, {"Number": "20001", "FirstName": "Changed"}]})
    assert line.get("/Users?$count=true&$top=0").json["@odata.count"] == 10_001
    assert line.get("/Users(Number='150')").json["Id"] == 11_960
    assert line.get("/Users(Number='20001')").json["FirstName"] == "Changed"
    assert line.get("/Users?$skip=9999").rows[-1]["Number"] == "150"


def test_an_older_version_gets_what_it_knows(company: Any) -> None:
    narrowed = ground(company(COMPANY), "pre-20.0.5")
    row = Store(narrowed.catalog, narrowed).get("Users", {"Number": "0150"})
    assert list(row) == list(narrowed.catalog.fields("Pbx.User"))


WRONG = [
    ("Users:\n  - {Number: 5, FirstNam: x}", "Users, row 1, FirstNam: Pbx.User has no such field. Did you"),
    ("Users:\n  - {Number: 5}\n  - {Number: 6, Enabled: maybe}", "Users, row 2, Enabled: Cannot convert"),
    ("Users: [{Number: 5, SRTPMode: No}]", "SRTPMode: Cannot convert the value to the expected type 'Pbx.SRTPMode"),
    ("Users: [{Number: 5, Groups: [{GroupId: x}]}]", "Users, row 1, Groups: GroupId: Cannot convert"),
    ("Users: [{Number: 5}, {Number: 5}]", "Users, row 1, Number: 5 is another's number."),
    ("Users: [{Number: GRP0000}]", "Users, row 1, Number: GRP0000 is another's number."),
    ("Users: [{FirstName: x}]", "Users, row 1: Number is missing, by which it is known."),
    ("Users: [{Id: 1, Number: 5}]", "Users, row 1, Id: 1 is another's."),
    ("Contacts: [{Id: 5}, {Id: 5}]", "Contacts, row 2, Id: 5 is another's."),
    ("extends: demo\nUsers: [{Id: 12, Number: 5}]", "Users, row 1, Number: the row that has this Id is 101"),
    ("WebsiteLinks: [{Name: x}]", "WebsiteLinks, row 1: Link is missing, by which it is known."),
    ("Userz: []", "Userz: 3CX has no such set. Did you mean Users"),
    ("Users: {Number: 5}", "Users: a list of rows is expected."),
    ("Users: [5]", "Users, row 1: an object with fields is expected."),
    ("MailSettings: []", "MailSettings: this is one object, not a list."),
    ("Peers: []", "Peers: its rows are computed from other sets."),
    ("MyUser: {}", "MyUser: this is the first row of Users or Groups; give that."),
    ("extends: dem", "extends: there is no seed 'dem', only demo, empty, large."),
    ("Users: []\nUsers: []", "Users stands here twice"),
    ("Users: [{Number: 5, Number: 6}]", "Number stands here twice"),
    ("[Users]: 5", "a name is expected"),
    ("extends: [demo]", "extends: there is no seed"),
    ("Users: &all [*all]", "is not YAML: "),
    ("- Users", "sets and their rows are expected"),
    ("Users: [", "is not YAML: while parsing"),
    ("Users: [{Number: 5}", "line 1, column 20"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_what_is_wrong_with_a_file_is_said_with_its_place(company: Any, text: Any, said: Any) -> None:
    path = company(text)
    with pytest.raises(ValueError, match=r"company\.yaml") as caught:
        ground(path, "20.0.10")
    assert said in str(caught.value)


def test_all_that_is_wrong_comes_at_once(company: Any) -> None:
    rows = "".join(f"  - {{Number: {n}, Nonsense: 1}}\n" for n in range(12))
    with pytest.raises(ValueError, match="Nonsense") as caught:
        ground(company("Users:\n" + rows), "20.0.10")
    assert len(str(caught.value).splitlines()) == 11
    assert str(caught.value).endswith("and 2 more.")


def test_a_file_that_is_not_there_or_no_json(company: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.yaml can't be read: .*No such file"):
        ground(tmp_path / "none.yaml", "20.0.10")
    with pytest.raises(ValueError, match=r"bad\.json is not JSON: Expecting"):
        ground(company("{", "bad.json"), "20.0.10")


def test_yaml_without_its_library_says_what_to_install(company: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ValueError, match=r"pip install 'trunkline-emulator\[yaml\]', or write JSON"):
        ground(company("Users: []"), "20.0.10")


def test_unknown_seeds_and_versions_are_refused(dial: Dial) -> None:
    with pytest.raises(ValueError, match="No seed is called 'nope'"):
        dial(seed="nope")
    with pytest.raises(ValueError, match="invalid literal"):
        dial(version="latest")


def test_the_file_that_the_docs_show_works(dial: Dial, company: Any) -> None:
    page = Path(__file__).parents[1] / "docs" / "running.md"
    (shown,) = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
    line = dial(seed=company(shown))
    assert line.get("/Users(Number='150')").json["FirstName"] == "Ada"
    assert line.get("/Users(Number='101')").json["FirstName"] == "Changed"
    assert line.get("/Contacts?$skip=60").rows[0]["FirstName"] == "No"
