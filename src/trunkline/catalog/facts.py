"""What forms, help and manuals say of an action, a parameter or a field: meaning, values, limits and versions."""

from __future__ import annotations

from . import Action, Catalog, Param, TypeSpec, parse_type
from .defaults import default_of
from .descriptions.fields import field_description
from .descriptions.parameters import parameter_description
from .names import listing

ALWAYS = "in every version"
OPTION_MEANINGS = {
    "filter": "Only rows for which this OData expression is true, such as Number eq '100'.",
    "search": "Only rows in which this text occurs.",
    "orderby": "Fields to sort by, such as Number desc.",
    "select": "Fields to answer, with commas between them; the rest stay away.",
    "expand": "Navigation properties to answer with each row.",
    "top": "How many rows in all.",
    "skip": "How many rows to leave out first.",
    "count": "Also count all matching rows.",
}
IF_MATCH = (
    "Optional ETag. The action is carried out only while the entity still has it, so that what someone else "
    "changed meanwhile is not lost. Leave it out to act in any case."
)
IF_MATCH_ANYWAY = (
    "True sends If Match even to a PBX that sends no ETags, and so takes no notice of it. Otherwise that is refused."
)


def action_facts(catalog: Catalog, action: Action) -> list[str]:
    """Which versions have an action, the role it needs, and what it destroys or cuts off; each a sentence."""
    facts = [_sentence(catalog.lifetime(action.since, action.until)), f"Needs the role {action.role}."]
    if not action.published:
        facts.append("No file that 3CX published lists it.")
    if action.destructive:
        facts.append("What it removes can't be restored.")
    if action.disruptive:
        facts.append("It cuts off calls, phones or people at work.")
    return facts


def parameter_facts(catalog: Catalog, action: Action, parameter: Param) -> list[str]:
    """Return what a parameter of the path means and takes, and what it means left out."""
    facts = meaning_of(catalog, action, parameter.name)
    if parameter.type.name in catalog.enums:
        facts.append(enum_fact(catalog, parameter.type))
    if parameter.type.name == "DateTimeOffset":
        facts.append("A day, a month, yesterday, last-week, last-month, -30d, or a time with its zone.")
    default = default_of(action, parameter)
    return facts if default is None else [*facts, f"Default: {default.meaning}."]


def field_facts(catalog: Catalog, action: Action, name: str, spec: TypeSpec) -> list[str]:
    """Return the same of a field of an action's body; empty where its type says it all."""
    own = parse_type(action.body).name if isinstance(action.body, str) else ""
    lifetime = catalog.elsewhere(own, name) if own else ""
    facts = type_facts(catalog, spec)
    if not (spec.nullable or spec.collection or (own and name in catalog.key(own))):
        facts.append("Can't be null.")
    return facts if lifetime in ("", ALWAYS) else [*facts, _sentence(lifetime)]


def meaning_of(catalog: Catalog, action: Action, name: str) -> list[str]:
    """Return what a key, an argument or a field of an action's body means; a sentence or none."""
    description: object
    if name in action.params or not isinstance(action.body, str):
        description = parameter_description(action.id, name)
    else:
        description = field_description(catalog, parse_type(action.body).name, name)
    return [] if description is None else [str(description)]


def type_facts(catalog: Catalog, spec: TypeSpec) -> list[str]:
    facts = []
    short = spec.name.removeprefix("Pbx.")
    if spec.name in catalog.enums:
        facts.append(enum_fact(catalog, spec))
    elif spec.collection:
        facts.append(f"List of {short}.")
    elif spec.name in catalog.types:
        facts.append(f"Object {short}.")
    if spec.max_length is not None:
        facts.append(f"At most {spec.max_length} characters.")
    return facts


def enum_fact(catalog: Catalog, spec: TypeSpec) -> str:
    values = list(catalog.enum_values(spec.name))
    if spec.collection:
        return f"List of {listing(values)}."
    if catalog.enums[spec.name].flags:
        return f"One or more of {listing(values)}, with commas between them."
    return f"{', '.join(values[:-1])} or {values[-1]}." if len(values) > 1 else f"{values[0]}."


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
