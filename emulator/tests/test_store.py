"""The store against a plain dictionary: order, keys, numbers and Ids, of rows that are listed and of rows made late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from trunkline import catalog
from trunkline_emulator import Emulator
from trunkline_emulator.refusals import Refusal
from trunkline_emulator.seeds import SEEDS, ground
from trunkline_emulator.store import Store

CATALOG = catalog.load("20.0.10")


@pytest.fixture(scope="module", autouse=True)
def _no_rules() -> Iterator[Any]:
    """What the rules of each set ask beyond the store's own has tests elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trunkline_emulator.store.RULES", {})
        yield


FIRST, COUNT = 11, 30


def make(key: int) -> dict[str, object]:
    return {"Id": key, "Number": str(100 + key), "FirstName": f"Number {key}"}


KEYS = range(FIRST, FIRST + COUNT)
LISTED = [make(key) for key in KEYS]
FORMS: dict[str, Any] = {"listed": LISTED, "late": lambda: [make(key) for key in KEYS]}


class Model(RuleBasedStateMachine):
    """Random writes to users, done to a dictionary as well; ``form`` is how the seed gives its rows."""

    form = "listed"

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(CATALOG, {"Users": FORMS[self.form]})
        self.rows = {key: str(make(key)["Number"]) for key in KEYS}
        self.last = KEYS[-1]

    @rule(number=st.integers(1, 160).map(str))
    def create(self, number: str) -> None:
        if number in self.rows.values():
            with pytest.raises(Refusal):
                self.store.create("Users", {"Number": number})
            return
        self.last += 1
        assert self.store.create("Users", {"Number": number})["Id"] == self.last
        self.rows[self.last] = number

    @rule(key=st.integers(FIRST - 1, FIRST + COUNT + 5))
    def delete(self, key: int) -> None:
        assert self.store.remove("Users", [key]) == ([] if key in self.rows else [key])
        self.rows.pop(key, None)

    @rule(key=st.integers(FIRST - 1, FIRST + COUNT + 5), number=st.integers(1, 400).map(str))
    def renumber(self, key: int, number: str) -> None:
        """As the PBX itself may; a client may not."""
        if key in self.rows and number not in self.rows.values():
            self.store.change("Users", self.store.get("Users", {"Id": key}), Number=number)
            self.rows[key] = number

    @rule(key=st.integers(FIRST - 1, FIRST + COUNT + 5))
    def put(self, key: int) -> None:
        number = self.rows.get(key, f"new {key}")
        if number in self.rows.values() and key not in self.rows:
            return
        self.store.put("Users", {"Id": key, "Number": number})
        self.last = max(self.last, key)
        self.rows[key] = number

    @rule()
    def clear(self) -> None:
        self.store.clear("Users")
        self.rows.clear()

    @rule()
    def restore(self) -> None:
        saved = self.store.snapshot()
        self.store = Store(CATALOG, {"Users": FORMS[self.form]})
        self.store.restore(saved)
        assert self.store.snapshot() == saved

    @invariant()
    def rows_come_in_the_order_of_their_creation(self) -> None:
        rows = self.store.rows("Users")
        assert [(row["Id"], row["Number"]) for row in rows] == list(self.rows.items())
        assert len(rows) == len(self.rows)
        assert list(self.store.tables["Users"].rows) == list(self.rows)

    @invariant()
    def a_page_is_a_piece_of_them(self) -> None:
        rows, keys = self.store.rows("Users"), list(self.rows)
        for cut in (slice(3, 9), slice(25, 60), slice(0, 0), slice(None), slice(-4, None), slice(None, None, 5)):
            assert [row["Id"] for row in rows[cut]] == keys[cut]
        if keys:
            assert [rows[at]["Id"] for at in (0, -1, len(keys) // 2)] == [keys[0], keys[-1], keys[len(keys) // 2]]

    @invariant()
    def numbers_are_found(self) -> None:
        for key, number in self.rows.items():
            assert self.store.get("Users", {"Number": number})["Id"] == key
            assert number in self.store.numbers()
        assert set(self.store.numbers()) == set(self.rows.values())
        for number in set(map(str, range(1, 170))) - set(self.rows.values()):
            assert number not in self.store.numbers()


class LateModel(Model):
    form = "late"


TestListedRows = Model.TestCase
TestLateRows = LateModel.TestCase
TestListedRows.settings = TestLateRows.settings = settings(
    max_examples=25, stateful_step_count=25, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def large() -> Store:
    return Store(CATALOG, SEEDS["large"]())


def test_a_row_is_one_row(large: Store) -> None:
    first, again = large.get("Users", {"Id": 11}), large.rows("Users")[0]
    assert first is again


def test_a_change_of_a_row_stays(large: Store) -> None:
    large.change("Users", large.get("Users", {"Id": 11}), FirstName="Changed")
    assert large.get("Users", {"Number": "100"})["FirstName"] == "Changed"
    assert large.rows("Users")[0]["FirstName"] == "Changed"


def test_rows_may_be_removed_while_they_are_looked_at(large: Store) -> None:
    seen = []
    for row in large.rows("Queues"):
        seen.append(row["Id"])
        large.remove("Queues", [row["Id"], row["Id"] + 1])
    assert seen == [61, 63, *range(1_301, 1_550, 2)]
    assert len(large.rows("Queues")) == 0


@pytest.mark.parametrize("index", [3, -4, 10**6])
def test_there_is_no_row_past_the_end(index: Any) -> None:
    with pytest.raises(IndexError):
        Store(CATALOG, {"Users": LISTED[:3]}).rows("Users")[index]


def test_no_store_changes_the_seed_of_another() -> None:
    shared = ground("demo", "20.0.10")
    first, second = Store(CATALOG, shared), Store(CATALOG, shared)
    first.update("Users", {"Id": 11}, {"FirstName": "Changed", "Tags": ["A"]})
    first.get("Queues", {"Id": 61})["Agents"].clear()
    first.singletons["MailSettings"]["MailServer"] = "changed"
    assert second.get("Users", {"Id": 11})["FirstName"] == "Amara"
    assert len(second.get("Queues", {"Id": 61})["Agents"]) == 5
    assert second.get("MailSettings", {})["MailServer"] == "smtp.example.com"


def test_my_user_is_the_first_user() -> None:
    store = Store(CATALOG, SEEDS["demo"]())
    store.update("MyUser", {}, {"FirstName": "Changed"})
    assert store.get("Users", {"Id": 11})["FirstName"] == "Changed"
    assert store.written == {("Users", 11): False}
    store.delete("Users", {"Id": 11})
    assert store.get("MyUser", {})["Id"] == 12


# ── snapshots ───────────────────────────────────────────────────────────────────────────────────


def test_a_snapshot_has_only_what_differs() -> None:
    store = Store(CATALOG, SEEDS["demo"]())
    store.update("Fax", {"Id": 121}, {"OutboundCallerId": "+442079460999"})
    store.delete("Fax", {"Id": 122})
    made = store.create("Contacts", {"FirstName": "Ada"})
    store.update("MailSettings", {}, {"MailServer": "changed"})
    store.keep("something", [1, {"a": None}])
    store.clear("ActivityLog")
    saved = store.snapshot()
    assert [tuple(change[:3]) for change in saved["changes"]] == [
        ("Fax", 121, False),
        ("Fax", 122, False),
        ("", "last id Contacts", False),
        ("Contacts", 61, True),
        ("MailSettings", None, False),
        ("", "something", False),
        ("ActivityLog", None, False),
    ]
    values = [change[3] for change in saved["changes"]]
    assert (values[1], values[2], values[3], values[5], values[6]) == (None, 61, made, [1, {"a": None}], [])


def test_a_snapshot_lives_on_its_own() -> None:
    store = Store(CATALOG, SEEDS["demo"]())
    store.update("Fax", {"Id": 121}, {"OutboundCallerId": "1"})
    saved = store.snapshot()
    store.update("Fax", {"Id": 121}, {"OutboundCallerId": "2"})
    other = Store(CATALOG, SEEDS["demo"]())
    other.restore(saved)
    other.update("Fax", {"Id": 121}, {"OutboundCallerId": "3"})
    assert saved["changes"][0][3]["OutboundCallerId"] == "1"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.update(format=99), "its format is not 2"),
        (lambda s: s.update(version="20.0.9"), "of version 20.0.9, this PBX is 20.0.10"),
        (lambda s: s.update(seed="other"), "of another seed"),
        (lambda s: s.pop("changes"), "damaged: KeyError: 'changes'"),
        (lambda s: s["changes"].append(["Nonsense", None, False, {}]), "damaged: KeyError: 'Nonsense'"),
        (lambda s: s["changes"].append(["Fax", 121]), "damaged: ValueError: not enough values"),
    ],
)
def test_a_snapshot_that_does_not_fit_changes_nothing(change: Callable[..., Any], said: str) -> None:
    emulator = Emulator()
    emulator.ask("PATCH", "/Fax(121)", json={"OutboundCallerId": "1"})
    before, bad = emulator.snapshot(), emulator.snapshot()
    change(bad["state"])
    with pytest.raises(ValueError, match=said):
        emulator.restore(bad)
    assert emulator.snapshot() == before
