"""What help and manual say of a parameter or a field of a body: values, limits, and the versions that have it."""

from __future__ import annotations

from collections.abc import Mapping

from ..catalog import Action, Catalog, TypeSpec, parse_type
from ..catalog.names import listing

ALWAYS = "in every version"


def action_facts(catalog: Catalog, action: Action) -> list[str]:
    """Which versions have an action, whom it takes, and what is grave about it; each a sentence."""
    found = [_sentence(catalog.lifetime(action.since, action.until)), f"Needs the role {action.role}."]
    if not action.published:
        found.append("No file that 3CX published lists it.")
    if action.destructive:
        found.append("What it removes can't be had back.")
    if action.disruptive:
        found.append("It cuts off calls, phones or people at work.")
    return found


def field_facts(catalog: Catalog, action: Action, name: str, spec: TypeSpec) -> list[str]:
    """The same of a field of an action's body; empty where its type says it all."""
    own = parse_type(action.body).name if isinstance(action.body, str) else ""
    lifetime = catalog.elsewhere(own, name) if own else ""
    found = type_facts(catalog, spec)
    if isinstance(action.body, Mapping) and not spec.nullable:
        found.append("Required.")  # a parameter of an OData action that can't be null has to be there
    return found if lifetime in ("", ALWAYS) else [*found, _sentence(lifetime)]


def type_facts(catalog: Catalog, spec: TypeSpec) -> list[str]:
    found = []
    short = spec.name.removeprefix("Pbx.")
    if spec.name in catalog.enums:
        found.append(enum_fact(catalog, spec))
    elif spec.collection:
        found.append(f"List of {short}.")
    elif spec.name in catalog.types:
        found.append(f"Object {short}.")
    if spec.max_length is not None:
        found.append(f"At most {spec.max_length} characters.")
    if spec.nullable:
        found.append("May be null.")
    return found


def enum_fact(catalog: Catalog, spec: TypeSpec) -> str:
    values = list(catalog.enum_values(spec.name))
    if spec.collection:
        return f"List of {listing(values)}."
    if catalog.enums[spec.name].flags:
        return f"One or more of {listing(values)}, with commas between them."
    return f"{', '.join(values[:-1])} or {values[-1]}." if len(values) > 1 else f"{values[0]}."


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
