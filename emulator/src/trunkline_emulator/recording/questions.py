"""What is asked of a PBX: only GETs, each with a name that has no value of this PBX in it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from trunkline.catalog import Action, Catalog, TypeSpec
from trunkline.catalog.secret import is_secret

# The first is the cheapest question; its answer names the version (docs/pbx.md, Address). The others ask what follows
# from no published file: pages, spellings, and the answers to what is wrong.
PROBES = """
/Defs?$select=Id /TrunklineNoSuchSet /Users/Pbx.TrunklineNoSuchFunction() /TenantProperties('trunkline-nothing')
/Users(2147483647) /Users(Number='trunkline-nobody') /Users('trunkline') /Users?$select=Id /Contacts?$select=Id
/Users?$top=101 /Users?$top=500 /Users?$top=0&$count=true /Users?$skip=-1 /Users?$top=1&$trunkline=1
/Users?$top=1&$select=Number,Id /Users?$top=1&$select=TrunklineNoSuchField /Users?$top=1&$expand=TrunklineNoSuchField
/Users?$top=1&$filter=TrunklineNoSuchField%20eq%201 /Users?$top=1&$filter=Number%20eq
/Users?$top=1&$filter=Number+ne+'0' /Users?$top=1&$orderby=Number%20desc /Users?$top=1&$orderby=Number+desc
/Users?$top=1&$orderby=TrunklineNoSuchField /Users?$top=1&$expand=Groups($select=GroupId;)
/Users?$top=1&$expand=Groups($expand=Rights) /Users?$top=1&$expand=Groups(Rights())
/Peers?$top=1&$filter=Type%20eq%20'Extension' /Peers?$top=1&$filter=Type%20eq%20Pbx.PeerType'Extension'
""".split()  # noqa: SIM905
# First words of functions that make or try something, though they are asked with GET.
_DOING = ("Check", "Generate", "Init", "Test")


class Question(NamedTuple):
    """One GET: ``name`` stands in recordings, ``target`` has the keys of this PBX's rows.

    ``answer_type`` is that of the entity or, unless ``is_entity``, of what stands in ``value``.
    """

    name: str
    target: str
    answer_type: TypeSpec | None = None
    is_entity: bool = False


def questions(catalog: Catalog) -> Generator[Question, Any, None]:
    """Yield each question, and receive the JSON of its answer; None where it has none.

    Lists come first: the keys for what is read by key are taken from their first rows.
    """
    for probe in PROBES:
        path, _, _ = probe.partition("?")
        found = catalog.sets.get(path.strip("/").partition("(")[0])
        spec = TypeSpec(found.type) if found is not None and found.type else None
        yield Question(probe, probe, spec, found is not None and (found.singleton or "(" in path))
    rows: dict[str, Any] = {}
    readable = list(_readable(catalog))
    for action in readable:
        if not action.params:
            answer = yield _question(action, action.path)
            listed = answer.get("value") if isinstance(answer, dict) and action.kind == "list" else None
            rows[action.path] = listed[0] if isinstance(listed, list) and listed else None
    for action in readable:
        target = _with_keys(action, rows.get(action.path.partition("(")[0])) if action.params else ""
        if target:
            yield _question(action, target)


def _readable(catalog: Catalog) -> Iterator[Action]:
    """Yield every action that only reads, without arguments or with none but the key of a row."""
    for action in sorted(catalog.actions, key=lambda each: each.path):
        function = action.path.rpartition("/")[2].removeprefix("Pbx.").partition("(")[0]
        does = action.kind == "function" and (function.startswith(_DOING) or is_secret(function))
        takes_more = set(action.params) != set(action.keys) or (action.params and action.answer_kind == "file")
        if action.method == "GET" and not does and not takes_more:
            yield action


def _question(action: Action, path: str) -> Question:
    options = ["$top=2"] if "top" in action.query else []
    options += ["$count=true"] if "count" in action.query and action.kind == "list" else []
    query = f"?{'&'.join(options)}" if options else ""
    spec = action.answer_type if action.answer_kind != "file" else None
    return Question(action.path + query, path + query, spec, action.answer_kind == "entity")


def _with_keys(action: Action, row: Any) -> str:
    """Return the path with the keys of a row; "" if the row lacks one."""
    literals = {}
    for parameter in action.parameters:
        value = row.get(parameter.name) if isinstance(row, dict) else None
        if not isinstance(value, str | int) or isinstance(value, bool) or not 0 < len(str(value)) <= 200:
            return ""
        doubled = str(value).replace("'", "''")
        literals[parameter.name] = f"'{quote(doubled, safe='')}'" if parameter.type.name == "String" else quote(doubled)
    return action.path.format_map(literals)
