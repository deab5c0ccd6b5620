"""``/xapi/v1/swagger.yaml``: the actions of a version as an OpenAPI 3.0 document (docs/pbx.md, Address).

It has the form of 3CX's published files, so that what reads those reads this, but says what the emulator does: a file
has its own media type, a text in a path stands in quotes, and answers without a body are declared as such. Durations
and times have formats of their own, for JSON Schema's ``duration`` has no fractions and its ``time`` has a zone.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from trunkline.catalog import Action, Catalog, TypeSpec, parse_type

from ..shapes import MEDIA_TYPES
from . import yaml_text
from .model import described_types, own_fields, published

Json = dict[str, Any]

ERROR = "Pbx.ODataErrors.ODataError"

_INT32 = {"type": "integer", "format": "int32", "minimum": -(2**31), "maximum": 2**31 - 1}
_YEAR = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
_DATE = f"{_YEAR}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,12})?"
_SECONDS = "[0-9]+([.][0-9]+)?S"
_HOURS = f"T([0-9]+H([0-9]+M)?({_SECONDS})?|[0-9]+M({_SECONDS})?|{_SECONDS})"
_PRIMITIVES: dict[str, Json] = {
    "String": {"type": "string"},
    "Boolean": {"type": "boolean"},
    "Byte": {"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255},
    "Int32": _INT32,
    "Int64": {"type": "integer", "format": "int64", "minimum": -(2**63), "maximum": 2**63 - 1},
    "Single": {"type": "number", "format": "float"},
    "Double": {"type": "number", "format": "double"},
    "Decimal": {"type": "number", "format": "decimal"},
    "DateTimeOffset": {
        "type": "string",
        "format": "date-time",
        "pattern": f"^{_DATE}T{_CLOCK}(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$",
    },
    "Date": {"type": "string", "format": "date"},
    "TimeOfDay": {"type": "string", "format": "odata-time-of-day", "pattern": f"^{_CLOCK}$"},
    "Duration": {
        "type": "string",
        "format": "odata-duration",
        "pattern": f"^-?P([0-9]+D({_HOURS})?|{_HOURS})$",
    },
    "Guid": {
        "type": "string",
        "format": "uuid",
        "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
    },
    "Binary": {"type": "string", "format": "base64url"},
    "Any": {"type": "object"},
}
_NAMES_LIST = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1, "uniqueItems": True}
_OPTIONS: dict[str, Json] = {
    "top": {"type": "integer", "format": "int64", "minimum": 0},
    "skip": {"type": "integer", "format": "int64", "minimum": 0},
    "search": {"type": "string", "minLength": 1},
    "filter": {"type": "string", "minLength": 1},
    "count": {"type": "boolean"},
    "orderby": _NAMES_LIST,
    "select": _NAMES_LIST,
    "expand": _NAMES_LIST,
}
_TABLE = "text/csv"
# Answers without a body that is worth a schema, beside the error that 400 and 412 explain themselves with.
_REFUSALS = {"401": "unauthorized", "403": "forbidden", "404": "notFound", "413": "tooLarge", "415": "unsupported"}


@lru_cache(maxsize=16)
def document(catalog: Catalog) -> bytes:
    """Return the document as YAML, the same bytes each time."""
    return yaml_text.write(_document(catalog))


def _document(catalog: Catalog) -> Json:
    paths: dict[str, Json] = {}
    for action in published(catalog):
        paths.setdefault(action.path, {})[action.method.lower()] = _operation(action)
    return {
        "openapi": "3.0.4",
        "info": {"title": "XAPI, as Trunkline's emulator answers it", "version": catalog.version or "all"},
        "servers": [{"url": "/xapi/v1"}],
        "paths": paths,
        "components": {
            "schemas": {name: _schema(name, catalog) for name in described_types(catalog)} | _ENVELOPES,
            "responses": _RESPONSES,
            "examples": _marked_keys(catalog),
            "parameters": {name: _option(name, schema) for name, schema in _OPTIONS.items()},
            "securitySchemes": {"Application": _SIGN_IN},
        },
        "security": [{"Application": []}],
    }


def _marked_keys(catalog: Catalog) -> Json:
    """3CX's files name the keys of a type in its example, and nowhere else."""
    return {
        name: {"value": dict.fromkeys(key, "(identifier)")}
        for name in described_types(catalog)
        if name in catalog.types and (key := catalog.types[name].key)
    }


def _operation(action: Action) -> Json:
    operation: Json = {"tags": [action.tag], "operationId": action.operation_id}
    parameters = [_place(action, name, spec) for name, spec in action.parameters]
    if action.if_match:
        parameters.append({"name": "If-Match", "in": "header", "schema": {"type": "string"}})
    parameters += [{"$ref": f"#/components/parameters/{option}"} for option in action.query]
    if parameters:
        operation["parameters"] = parameters
    if action.body is not None:
        schema = _body(action.body)
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
        if action.body_required:
            operation["requestBody"]["required"] = True
    operation["responses"] = _responses(action)
    operation["x-ms-docs-operation-type"] = _operation_type(action)
    return operation


def _operation_type(action: Action) -> str:
    if action.kind not in ("function", "action"):
        return "operation"
    return action.kind if "/Pbx." in action.path else f"{action.kind}Import"


def _place(action: Action, name: str, spec: TypeSpec) -> Json:
    """Return a key or function argument.

    A text comes in quotes, and a quote within it doubled (docs/pbx.md, Requests).
    """
    schema = _typed(spec)
    if spec.name == "String":
        length = f"{{0,{schema.pop('maxLength')}}}" if "maxLength" in schema else "*"
        schema["pattern"] = f"^'([^']|''){length}'$"
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _option(name: str, schema: Json) -> Json:
    return {"name": f"${name}", "in": "query", "explode": False, "schema": schema}


def _body(declared: str | dict[str, str]) -> Json:
    if isinstance(declared, str):
        return _typed(parse_type(declared))
    specs = {name: parse_type(spec) for name, spec in declared.items()}
    properties = {name: _typed(spec) for name, spec in specs.items()}
    schema: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [name for name, spec in specs.items() if not spec.nullable]
    return {**schema, "required": required} if required else schema


def _responses(action: Action) -> Json:
    success: Json = {"description": "Done"}
    if action.answer_kind == "file":
        media_type = MEDIA_TYPES.get(action.operation_id, _TABLE)
        of_json = "object" if media_type == "application/json" else "string"
        success["content"] = {media_type: {"schema": {"type": of_json, "format": "binary"}}}
    elif action.answer_type:
        success["content"] = {"application/json": {"schema": _answer(action, action.answer_type)}}
    status = "201" if action.kind == "create" else "204" if action.answer_kind == "none" else "200"
    refusals = {code: {"$ref": f"#/components/responses/{name}"} for code, name in _REFUSALS.items()}
    if any(spec.name == "DateTimeOffset" for _, spec in action.parameters):
        refusals["500"] = {"$ref": "#/components/responses/brokenDate"}
    return {status: success, **refusals, "default": {"$ref": "#/components/responses/error"}}


def _answer(action: Action, spec: TypeSpec) -> Json:
    match action.answer_kind:
        case "list":
            rows = {"type": "object", "properties": {"value": _typed(spec._replace(collection=True, nullable=False))}}
            return {"allOf": [_ref("BaseCollectionPaginationCountResponse"), rows]}
        case "value":
            return {"type": "object", "properties": {"value": _typed(spec)}}
        case _:
            return _typed(spec)


def _schema(name: str, catalog: Catalog) -> Json:
    if name in catalog.enums:
        flags = {"x-ms-enum-flags": {"isFlags": True}} if catalog.enums[name].flags else {}
        return {"type": "string", "enum": list(catalog.enum_values(name)), **flags}
    declared = catalog.types[name]
    fields = catalog.fields(name)
    own: Json = {
        "type": "object",
        "properties": {field: _typed(fields[field]) for field in own_fields(name, catalog)},
    }
    if declared.open:
        own["additionalProperties"] = True
    return {"allOf": [_ref(declared.base), own]} if declared.base else own


def _typed(spec: TypeSpec) -> Json:
    """Return the schema of a type spec.

    A reference with anything beside it stands in ``allOf``, as OpenAPI 3.0 wants.
    """
    extra: Json = {"nullable": True} if spec.nullable else {}
    if spec.navigation:
        extra["x-ms-navigationProperty"] = True
    if spec.collection:
        item = _typed(TypeSpec(spec.name, max_length=spec.max_length))
        return {"type": "array", "items": item, **extra}
    if spec.name.startswith("Pbx."):
        return {"allOf": [_ref(spec.name)], **extra} if extra else _ref(spec.name)
    length = {"maxLength": spec.max_length} if spec.max_length is not None else {}
    return {**_PRIMITIVES[spec.name], **length, **extra}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _empty(description: str) -> Json:
    return {"description": description}


_RESPONSES: dict[str, Json] = {
    "error": {"description": "Refused", "content": {"application/json": {"schema": _ref(ERROR)}}},
    "unauthorized": _empty("No living token"),
    "forbidden": _empty("The client lacks a role"),
    "notFound": _empty("No such path, or no such entity"),
    "brokenDate": _empty("A date in the path is malformed, to which a PBX has no better answer"),
    "tooLarge": _empty("The body is too large"),
    "unsupported": _empty("The body is of a type that isn't read"),
}
_ENVELOPES: dict[str, Json] = {
    "BaseCollectionPaginationCountResponse": {
        "type": "object",
        "properties": {
            "@odata.count": {"type": "integer", "format": "int64", "nullable": True},
            "@odata.nextLink": {"type": "string", "nullable": True},
        },
    },
    ERROR: {
        "type": "object",
        "required": ["error"],
        "properties": {"error": _ref("Pbx.ODataErrors.MainError")},
    },
    "Pbx.ODataErrors.MainError": {
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "code": {"type": "string"},
            "message": {"type": "string"},
            "target": {"type": "string", "nullable": True},
            "details": {"type": "array", "items": _ref("Pbx.ODataErrors.ErrorDetails")},
        },
    },
    "Pbx.ODataErrors.ErrorDetails": {
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "code": {"type": "string"},
            "message": {"type": "string"},
            "target": {"type": "string", "nullable": True},
        },
    },
}
_SIGN_IN: Json = {
    "type": "oauth2",
    "flows": {
        "clientCredentials": {"tokenUrl": "/connect/token", "scopes": {}},
        "authorizationCode": {
            "authorizationUrl": "/connect/authorize",
            "tokenUrl": "/connect/token",
            "refreshUrl": "/connect/token",
            "scopes": {
                "openid": "Sign in as a person",
                "profile": "The person's name",
                "email": "The person's address",
                "offline_access": "A refresh token",
            },
        },
    },
}
