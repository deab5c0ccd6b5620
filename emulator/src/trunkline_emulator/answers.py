"""One call while it passes through the handlers, and the answers written to it (docs/pbx.md, Answers)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

import msgspec

from trunkline.catalog import Action, TypeSpec, parse_type

from . import control_information, etags
from .evidence import ASSUMED
from .formats import MINIMAL, metadata_level
from .messages import Request, Response
from .odata.literals import Value
from .odata.paging import rest_of, write_skip_token
from .odata.query import Query, apply, shape
from .odata.selection import key_literal
from .refusals import BadBody, Refusal, bad_field
from .routes import Route
from .store import Store
from .values import Row, edm
from .variants import Variants
from .warning_codes import REQUIRED


@dataclass
class Call:
    """A request that has found its route: what is asked, with which arguments, of which store."""

    request: Request
    route: Route
    arguments: Mapping[str, Value]
    query: Query
    store: Store
    variants: Variants

    @property
    def action(self) -> Action:
        return self.route.action

    @property
    def keys(self) -> dict[str, Value]:
        """The key that picks the entity, or nothing for a set, a singleton or a function of a set."""
        if not self.route.bound:
            return {}
        return {name: self.arguments[name] for name in self.route.places[0].values()}

    def entity(self) -> Row:
        """Return the entity or singleton that the path starts with. Raises Refusal (404)."""
        return self.store.get(self.route.resource, self.keys)

    def body(self) -> Row:
        """Return the checked JSON body. Raises Refusal (400, 415)."""
        declared = self.action.body
        fields = self.store.catalog.spec_fields(declared)
        owner = parse_type(declared).name if isinstance(declared, str) else self.action.path.rpartition("/")[2]
        content: object = {}
        if self.request.body:
            if self.store.strict and "json" not in self.request.headers.get("content-type", "").lower():
                raise Refusal(415, fact=ASSUMED)
            content = _decoded(self.request.body)
        elif self.action.body_required:
            raise BadBody("", "A body is required.")
        checked = self.store.values.check_object(content, fields, owner)
        if not isinstance(declared, str):
            self._require(checked, fields)
        return checked

    def _require(self, body: Row, fields: Mapping[str, TypeSpec]) -> None:
        """Give parameters of an OData action that are missing their default; with ``--strict`` refuse them."""
        for name, spec in fields.items():
            if name not in body and not spec.nullable:
                if self.store.strict:
                    raise bad_field(name, REQUIRED, fact=ASSUMED)
                body[name] = self.store.values.default(spec)

    def write_entity(self, row: Row, *, status: int = 200) -> Response:
        """One entity, with its tag where this PBX sends tags; a created one only if the client wants it."""
        headers = {}
        if status == 201:
            headers["Location"] = self._location(row)
            if self._prefers("minimal"):
                return Response(204, headers={**headers, "OData-EntityId": headers["Location"]})
        return self._entity(row, self.answer_type.name, status, headers)

    def write_updated(self, row: Row) -> Response:
        """204, or the entity where the client prefers ``return=representation``, as ASP.NET does."""
        if not self._prefers("representation"):
            return Response(204)
        return self._entity(row, self._resource_type() or "", 200, {})

    def _entity(self, row: Row, shown: str, status: int, headers: dict[str, str]) -> Response:
        content = {"@odata.context": f"{self._metadata}#{self._entity_context(shown)}"}
        if self._tagged(shown):
            content["@odata.etag"] = headers["ETag"] = self._tag(row)
        content.update(self._shaped(row, shown))
        return self._json(status, content, headers)

    def _prefers(self, returned: str) -> bool:
        """RFC 7240's ``Prefer: return=minimal`` or ``return=representation``; the first one counts."""
        prefer = self.request.headers.get("prefer", "")
        named = [part.strip().lower() for part in prefer.split(",") if part.strip().lower().startswith("return=")]
        return bool(named) and named[0] == f"return={returned}"

    def write_list(self, rows: Sequence[Any]) -> Response:
        """Return the rows that the query leaves.

        An entity set asked without ``$top`` gives one page (docs/pbx.md, Pages).
        """
        page, total = apply(self.query, rows, page=self.variants.page_size if self.action.kind == "list" else None)
        shown = [self._row(row) for row in page]
        end = self.query.skip + len(shown)
        cut = self.action.kind == "list" and self.query.top is None and end < total
        return self.write_rows(shown, total, self._next_link(end) if cut else "")

    def write_rows(self, rows: Sequence[Any], total: int, next_link: str = "") -> Response:
        """Rows that are shaped already, out of ``total``; only the total where ``/$count`` was asked."""
        if self.route.counted:
            return Response(200, str(total).encode(), {"Content-Type": "text/plain", "OData-Version": "4.0"})
        content: dict[str, Any] = {"@odata.context": f"{self._metadata}#{self._list_context()}"}
        if self.query.count:
            content["@odata.count"] = total
        content["value"] = rows
        if next_link:
            content["@odata.nextLink"] = next_link
        return self._json(200, content)

    def _next_link(self, end: int) -> str:
        """Where the rest of a page is that this PBX cut, "" where it doesn't say (docs/pbx.md, Pages)."""
        option = self.variants.next_link
        if option == "off":
            return ""
        position = str(end) if option == "skip" else write_skip_token(end)
        path = self.request.path.decode("latin-1")
        return f"{self.request.origin}{path}?{rest_of(self.request.query, option, position)}"

    def write_value(self, value: Any) -> Response:
        return self._json(200, {"@odata.context": f"{self._metadata}#{edm(self.answer_type)}", "value": value})

    def _json(self, status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
        if not self.variants.send_nulls:
            content = control_information.without_nulls(content)
        if self.metadata == "none":
            control_information.strip(content)
        return Response.json(status, content, headers, self.metadata)

    @cached_property
    def metadata(self) -> str:
        """How much metadata goes into the answer: none, minimal or full. Raises Refusal (406)."""
        accept = self.request.headers.get("accept", "*/*")
        return metadata_level(accept, self.query.format) if accept != "*/*" or self.query.format else MINIMAL

    def _shaped(self, row: Row, type_name: str) -> Row:
        shown = shape(row, self.query, type_name, self.store.catalog)
        if self.metadata != "full":
            return shown
        place = self._place(row) if type_name == self._resource_type() else None
        return control_information.full(shown, type_name, self.store.catalog, place)

    def _row(self, row: Any) -> Any:
        type_name = self.answer_type.name
        if type_name not in self.store.catalog.types:
            return row
        shown = self._shaped(row, type_name)
        return {"@odata.etag": self._tag(row), **shown} if self._tagged(type_name) else shown

    def _tag(self, row: Row) -> str:
        return etags.of(row, strong=self.variants.etags == "strict")

    def _tagged(self, type_name: str) -> bool:
        return self.variants.etags != "off" and bool(self.store.catalog.key(type_name))

    @property
    def answer_type(self) -> TypeSpec:
        """The type that the action answers with. ValueError where it has none."""
        spec = self.action.answer_type
        if spec is None:
            raise ValueError(f"{self.action.id} answers with nothing that has a type")
        return spec

    @property
    def _metadata(self) -> str:
        return f"{self.request.root}/$metadata"

    def _resource_type(self) -> str | None:
        found = self.store.catalog.sets.get(self.route.resource)
        return found.type if found else None

    def _list_context(self) -> str:
        if self.route.navigation:
            owner = self.route.resource
            if self.keys:
                keys = (key_literal(key) if isinstance(key, str) else str(key) for key in self.keys.values())
                owner += f"({','.join(keys)})"
            return f"{owner}/{self.route.navigation}{self.query.suffix}"
        if self.answer_type.name == self._resource_type():
            return f"{self.route.resource}{self.query.suffix}"
        return f"Collection({edm(self.answer_type)}){self.query.suffix}"

    def _entity_context(self, type_name: str) -> str:
        if type_name != self._resource_type():
            return f"{type_name}{self.query.suffix}"
        if self.route.resource in self.store.singletons:
            return f"{self.route.resource}{self.query.suffix}"
        return f"{self.route.resource}{self.query.suffix}/$entity"

    def _location(self, row: Row) -> str:
        return f"{self.request.root}/{self._place(row)}"

    def _place(self, row: Row) -> str | None:
        """``Fax(3)``, or nothing for a row that no key picks."""
        table = self.store.tables.get(self.route.resource)
        if table is None or table.key is None:
            return None
        if table.key_type != "String":
            return f"{self.route.resource}({row[table.key]})"
        literal = quote(key_literal(row[table.key])[1:-1], safe="")
        return f"{self.route.resource}('{literal}')"


def _decoded(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadBody("", "The body is not valid JSON.") from None
