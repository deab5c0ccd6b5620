"""Write integrations/n8n/engine/catalog.json: the newest version's actions, types and descriptions, for the n8n node.

python tools/n8n_catalog.py            writes the file
python tools/n8n_catalog.py --check    writes nothing; ends with 1 if the file is not up to date
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from trunkline import catalog as catalogs
from trunkline.catalog import Action, Catalog, names, parse_type
from trunkline.catalog.defaults import default_of, needs_body
from trunkline.catalog.descriptions.actions import action_description
from trunkline.catalog.descriptions.codes import codes
from trunkline.catalog.descriptions.fields import field_description
from trunkline.catalog.descriptions.parameters import parameter_description

FILE = Path(__file__).parents[1] / "integrations" / "n8n" / "engine" / "catalog.json"


def document() -> dict[str, Any]:
    """Return the whole file as one object.

    ``actions`` is a list in the order of the editor's menus, ``types`` and ``enums`` hold what the newest version has.
    A type has its inherited fields too; ``means`` beside ``fields`` describes those that somebody can set or read.
    """
    newest = catalogs.load().editions[-1].version
    catalog = catalogs.load(newest)
    last = len(catalog.editions) - 1
    actions = sorted(
        (a for a in catalog.actions if a.until is None and a.since <= last),
        key=lambda a: (
            names.display_words(a.tag).lower(),
            a.kind != "list",
            names.display_words(a.operation_id).lower(),
        ),
    )
    return {
        "generated": "by python tools/n8n_catalog.py; do not edit",
        "version": newest,
        "actions": [_action(catalog, each) for each in actions],
        "types": {name: _type(catalog, name) for name in sorted(_used_types(catalog, actions))},
        "enums": {
            name: {"values": [m.name for m in enum.members if m.until is None], "flags": enum.flags or None}
            for name, enum in sorted(catalog.enums.items())
            if enum.until is None and name != "Pbx.Warnings"
        },
        "keys": {
            name: {"resource": each.resource, "key": each.key}
            for name, each in sorted(catalog.sets.items())
            if each.key
        },
        "codes": {
            name: {"means": each.means, "next": each.next} | ({"action": each.action} if each.action else {})
            for name, each in codes().items()
        },
    }


def _action(catalog: Catalog, action: Action) -> dict[str, Any]:
    described = action_description(action.id)
    since = catalog.editions[action.since].version if action.since else None
    return _present(
        {
            "id": action.id,
            "resource": names.display_words(action.tag),
            "operation": names.display_words(action.operation_id),
            "noun": action.noun,
            "kind": action.kind,
            "method": action.method,
            "path": action.path,
            "params": dict(action.params),
            "keys": list(action.keys),
            "defaults": {
                each.name: [default.value, default.meaning]
                for each in action.parameters
                if (default := default_of(action, each)) is not None
            },
            "query": list(action.query),
            "body": action.body,
            "needsBody": needs_body(action) or None,
            "answer": action.answer,
            "ifMatch": action.if_match or None,
            "since": since,
            "role": action.role if action.role != "System Admin" else None,
            "asks": action.asks or None,
            "does": described.does if described else action.summary,
            "when": (described.when if described else "") or None,
            "means": _meanings(action),
        }
    )


def _meanings(action: Action) -> dict[str, str]:
    wanted = [*action.params, *(action.body if isinstance(action.body, dict) else ())]
    found = {name: parameter_description(action.id, name) for name in wanted}
    return {name: str(each) for name, each in found.items() if each is not None}


def _type(catalog: Catalog, name: str) -> dict[str, Any]:
    fields = catalog.fields(name)
    means = {field: str(each) for field in fields if (each := field_description(catalog, name, field)) is not None}
    whole = catalog.types[name]
    return _present(
        {
            "key": list(catalog.key(name)),
            "open": whole.open or None,
            "fields": {field: str(spec) for field, spec in fields.items()},
            "means": means,
        }
    )


def _used_types(catalog: Catalog, actions: Iterable[Action]) -> set[str]:
    """Return the types that bodies and answers of these actions lead to."""
    waiting = [spec for each in actions for spec in _specs(each)]
    used: set[str] = set()
    while waiting:
        name = parse_type(waiting.pop()).name
        if name in used or name not in catalog.types:
            continue
        used.add(name)
        waiting += map(str, catalog.fields(name).values())
    return used


def _specs(action: Action) -> Iterator[str]:
    if isinstance(action.body, str):
        yield action.body
    elif action.body is not None:
        yield from action.body.values()
    if action.answer_type is not None:
        yield str(action.answer_type)


def _present(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if value not in (None, {}, [])}


def text() -> str:
    """Return the file's text: one record a line, so that a diff shows which action changed."""
    parts = []
    for name, value in document().items():
        if isinstance(value, list):
            shown = "[\n" + ",\n".join(map(_json, value)) + "\n]"
        elif isinstance(value, dict):
            shown = "{\n" + ",\n".join(f"{_json(key)}:{_json(_present(each))}" for key, each in value.items()) + "\n}"
        else:
            shown = _json(value)
        parts.append(f"{_json(name)}:{shown}")
    return "{" + ",\n".join(parts) + "}\n"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def main(arguments: list[str]) -> int:
    """Write the file, or only compare it."""
    wanted = text()
    if "--check" not in arguments:
        FILE.write_text(wanted, encoding="utf-8")
        return 0
    if FILE.exists() and FILE.read_text(encoding="utf-8") == wanted:
        return 0
    print(f"{FILE.name} is not up to date. Run: python tools/n8n_catalog.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
