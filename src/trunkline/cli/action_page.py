"""The reference page of one action: Overview, Properties, Output, Dependencies, Troubleshooting."""

from __future__ import annotations

from ..catalog import Action, Catalog, Param, TypeSpec, parse_type
from ..catalog.defaults import required_of
from ..catalog.facts import IF_MATCH, IF_MATCH_ANYWAY, OPTION_MEANINGS, meaning_of, parameter_facts
from ..catalog.names import display_words, snake


def action_page(catalog: Catalog, action: Action) -> str:
    """Return the page as Markdown."""
    sections = [
        f"# {display_words(action.operation_id)} ({display_words(action.tag)})",
        f"`{action.id}` · operationId `{action.operation_id}` · {catalog.lifetime(action.since, action.until)}",
        "## Overview",
        f"{action.description}\n\n`{action.method} /xapi/v1{action.path}`",
        *_usage(action),
        "## Properties",
        _properties(catalog, action),
        "## Output",
        _output(action),
        "## Dependencies",
        _dependencies(action),
        "## Troubleshooting",
        _troubleshooting(action),
    ]
    return "\n\n".join(sections) + "\n"


def _usage(action: Action) -> list[str]:
    keys = [p for p in action.parameters if p.name in action.keys]
    arguments = [p for p in action.parameters if p.name not in action.keys]
    shell = [action.resource.replace("_", "-"), action.verb.replace("_", "-")]
    needed = required_of(action)
    options = {p.name: f"--{snake(p.name).replace('_', '-')} …" for p in arguments}
    shell += [snake(p.name).upper() for p in keys]
    shell += [option if name in needed else f"[{option}]" for name, option in options.items()]
    python = [snake(p.name) for p in action.parameters if p.name in needed]
    python += [f"{snake(p.name)}=…" for p in action.parameters if p.name not in needed]
    if action.body is not None:
        shell.append("--body JSON" if "body" in needed else "[--body JSON]")
        python.append("body" if "body" in needed else "body=…")
    if action.if_match:
        shell.append("[--if-match ETAG]")
        python.append("if_match=…")
    templates = "".join(f" --set '{p.name}={{{{ $json.{p.name} }}}}'" for p in action.parameters if p.name in needed)
    block = [
        f"pbx.{action.resource}.{action.verb}({', '.join(python)})",
        *([] if "@" in action.id else [f"trunkline {' '.join(shell)}"]),  # commands have the newest form's arguments
        f"trunkline run {action.id}{templates} < items.jsonl",
    ]
    return ["```\n" + "\n".join(block) + "\n```"]


def _properties(catalog: Catalog, action: Action) -> str:
    rows = [(p.name, _type(p.type), _parameter_meaning(catalog, action, p)) for p in action.parameters]
    for name, spec in catalog.spec_fields(action.body).items():
        rows.append((name, _type(spec), _field_meaning(catalog, action, name, spec)))
    rows += [
        (display_words(o.capitalize()), "option", OPTION_MEANINGS[o]) for o in action.query if o in OPTION_MEANINGS
    ]
    if action.if_match:
        rows.append(("If Match", "String, optional", IF_MATCH))
        rows.append(("If Match Anyway", "Boolean, optional", IF_MATCH_ANYWAY))
    if not rows:
        return "None."
    lines = ["| Name | Type | Meaning |", "| --- | --- | --- |"]
    return "\n".join(lines + [f"| {name} | {kind} | {meaning} |" for name, kind, meaning in rows])


def _parameter_meaning(catalog: Catalog, action: Action, parameter: Param) -> str:
    name = parameter.name
    if name in action.keys:
        return f"The key of the {action.noun}. A value or a template such as {{{{ $json.{name} }}}}. Required."
    required = ["Required."] if name in required_of(action) else []
    return " ".join([*parameter_facts(catalog, action, parameter), "A value or a template.", *required])


def _field_meaning(catalog: Catalog, action: Action, name: str, spec: TypeSpec) -> str:
    meaning = "".join(meaning_of(catalog, action, name))
    if spec.name in catalog.enums:
        values = catalog.enum_values(spec.name)
        return f"{meaning} One of {', '.join(values[:12])}{' …' if len(values) > 12 else ''}.".lstrip()
    return meaning or ("Comes only with expand." if spec.navigation else "")


def _type(spec: TypeSpec) -> str:
    length = f", at most {spec.max_length} characters" if spec.max_length is not None else ""
    name = f"list of {spec.name}" if spec.collection else spec.name
    return f"{name}{length}{', or null' if spec.nullable else ''}"


def _output(action: Action) -> str:
    said = parse_type(action.answer.partition(" ")[2]).name if " " in action.answer else ""
    match action.answer_kind:
        case "list":
            return f"One item for each row, of type {said}. All pages are read."
        case "entity":
            return f"One item of type {said}."
        case "value":
            return f'One item with the value: {{"value": …}}, of type {said}.'
        case "file":
            return "A file as the item's binary data, with its name, type and size in the item's JSON."
    keys = "".join(f', "{p.name}": …' for p in action.parameters)
    return (
        f'3CX answers without a body. The item says what was done: `{{"success": true{keys}}}`; one that failed keeps '
        "its input and has `error` with status, type, message and hint. There is no binary data."
    )


def _dependencies(action: Action) -> str:
    return "\n".join(
        [
            "- The base address of the 3CX, such as https://pbx.example.com:5001 (`TRUNKLINE_URL`).",
            "- A client id and API key from Admin console, Integrations, API (`TRUNKLINE_CLIENT_ID`, "
            "`TRUNKLINE_CLIENT_SECRET`); an 8SC+ Enterprise or AI licence.",
            f"- The role {action.role} for that client.",
            "- Requests go to `/xapi/v1`.",
        ]
    )


def _troubleshooting(action: Action) -> str:
    lines = [
        "- 401 Unauthorized: the client id or API key is wrong or no longer valid. It is not tried again by itself.",
        "- 403 Forbidden: the client lacks the role; one in the department System Wide counts as a user.",
    ]
    if action.keys:
        lines.append(
            f"- 404 Not Found: no {action.noun} has that {' and '.join(action.keys)}; "
            f"`trunkline {action.resource} list` shows what exists."
        )
    elif action.parameters:
        lines.append(
            "- 404 Not Found: a parameter's value is not spelled as 3CX wants it, or this version lacks the action."
        )
    if action.body is not None:
        lines.append("- 400 Bad Request: 3CX refused a value; the error names the field and 3CX's code.")
    if action.if_match:
        lines.append(
            "- 412 Precondition Failed: the ETag is not the current one, someone changed the entity; read it again "
            "and decide again. Nothing was done."
        )
    lines.append("- A value missing in an item, or of the wrong type, is refused before anything is sent.")
    return "\n".join(lines)
