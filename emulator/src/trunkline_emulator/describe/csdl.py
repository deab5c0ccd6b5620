"""``/xapi/v1/$metadata``: the types, sets and actions of a version as a CSDL 4.0 document in XML.

What the catalog doesn't know is not made up, with one exception: members of an enum have values in CSDL. They are
counted from 0, as CSDL takes them where none are given; flags get powers of two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from trunkline.catalog import Action, Catalog, TypeSpec

from .model import described_types, own_fields, published, set_type

NAMESPACE = "Pbx"
CONTAINER = "Container"
_EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
_EDM = "http://docs.oasis-open.org/odata/ns/edm"
_NO_FLAG = frozenset({"None", "Nothing", "Default"})


@lru_cache(maxsize=16)
def document(catalog: Catalog) -> bytes:
    """Return the document as XML, the same bytes each time."""
    root = Element("edmx:Edmx", {"Version": "4.0", "xmlns:edmx": _EDMX})
    schema = SubElement(SubElement(root, "edmx:DataServices"), "Schema", {"Namespace": NAMESPACE, "xmlns": _EDM})
    entities = entity_types(catalog)
    for name in described_types(catalog):
        if name in catalog.enums:
            _enum(schema, name, catalog)
        else:
            _structure(schema, name, catalog, entities)
    container = Element("EntityContainer", {"Name": CONTAINER})
    _operations(schema, container, catalog)
    schema.append(container)
    _sets(container, catalog)
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


@lru_cache(maxsize=16)
def entity_types(catalog: Catalog) -> frozenset[str]:
    """Return the types that have an identity: those of sets and of navigation properties, with their bases."""
    found = {name for name in (set_type(entity_set, catalog) for entity_set in catalog.sets) if name}
    for name in described_types(catalog):
        if name in catalog.types:
            found.update(spec.name for spec in catalog.fields(name).values() if spec.navigation)
            if catalog.key(name):
                found.add(name)
    for name in list(found):
        base = catalog.types[name].base
        while base:
            found.add(base)
            base = catalog.types[base].base
    return frozenset(found)


def _enum(schema: Element, name: str, catalog: Catalog) -> None:
    flags = catalog.enums[name].flags
    element = SubElement(schema, "EnumType", {"Name": _local(name), **({"IsFlags": "true"} if flags else {})})
    bit = 1
    for place, member in enumerate(catalog.enum_values(name)):
        value = place
        if flags:
            value, bit = (0, bit) if member in _NO_FLAG else (bit, bit * 2)
        SubElement(element, "Member", {"Name": member, "Value": str(value)})


def _structure(schema: Element, name: str, catalog: Catalog, entities: frozenset[str]) -> None:
    declared = catalog.types[name]
    described = {"Name": _local(name)}
    if declared.base:
        described["BaseType"] = declared.base
    if declared.open:
        described["OpenType"] = "true"
    key = key_of(name, catalog)
    own = own_fields(name, catalog)
    if not set(key) <= catalog.fields(name).keys():
        described["Abstract"] = "true"
    element = SubElement(schema, "EntityType" if name in entities else "ComplexType", described)
    if key and set(key) <= set(own):
        references = SubElement(element, "Key")
        for field in key:
            SubElement(references, "PropertyRef", {"Name": field})
    fields = catalog.fields(name)
    for field in own:
        _property(element, field, fields[field], is_key=field in key, navigation=fields[field].name in entities)


def key_of(name: str, catalog: Catalog) -> tuple[str, ...]:
    """Return a type's key; for a set whose key nobody knows, its fields that are never null, for CSDL wants one.

    A base type may have a key of which it has no fields yet: in older versions its descendants declare them.
    """
    known = catalog.key(name)
    if known and (set(known) <= catalog.fields(name).keys() or _is_base(name, catalog)):
        return known
    kinds = {entity_set.singleton for n, entity_set in catalog.sets.items() if set_type(n, catalog) == name}
    if False not in kinds:
        return ()
    return tuple(
        field
        for field, spec in catalog.fields(name).items()
        if not (spec.nullable or spec.collection or spec.name.startswith("Pbx."))
    )


def _is_base(name: str, catalog: Catalog) -> bool:
    return any(found.base == name for found in catalog.types.values())


def _property(element: Element, field: str, spec: TypeSpec, *, is_key: bool, navigation: bool) -> None:
    described = {"Name": field, "Type": _type(spec)}
    if is_key or not (spec.nullable or (navigation and spec.collection)):
        described["Nullable"] = "false"
    if spec.max_length is not None:
        described["MaxLength"] = str(spec.max_length)
    SubElement(element, "NavigationProperty" if navigation else "Property", described)


def _operations(schema: Element, container: Element, catalog: Catalog) -> None:
    """Functions and actions, each form once; those of the service itself are imported into the container."""
    written: set[tuple[str, ...]] = set()
    for action in published(catalog):
        if action.kind not in ("function", "action"):
            continue
        name = action.path.rpartition("/")[2].partition("(")[0].removeprefix("Pbx.")
        binding = _binding(action, catalog)
        arguments = list(_arguments(action, catalog))
        form = (name, binding or "", *(argument for argument, _ in arguments))
        if form in written:
            continue
        written.add(form)
        kind = action.kind.title()
        element = SubElement(schema, kind, {"Name": name, **({"IsBound": "true"} if binding else {})})
        if binding:
            SubElement(element, "Parameter", {"Name": "bindingParameter", "Type": binding})
        else:
            SubElement(container, f"{kind}Import", {"Name": name, kind: f"{NAMESPACE}.{name}"})
        for argument, spec in arguments:
            SubElement(element, "Parameter", {"Name": argument, "Type": _type(spec), **_nullable(spec)})
        returned = _returned(action)
        if returned:
            SubElement(element, "ReturnType", {"Type": _type(returned), **_nullable(returned)})


def _binding(action: Action, catalog: Catalog) -> str | None:
    """Return what a path such as ``/Fax/Pbx.InitFax()`` is called on: a collection, an entity or a singleton."""
    if "/Pbx." not in action.path:
        return None
    owner, bracket, _ = action.path[1:].partition("/")[0].partition("(")
    type_name = set_type(owner, catalog)
    return type_name if bracket or catalog.sets[owner].singleton else f"Collection({type_name})"


def _arguments(action: Action, catalog: Catalog) -> Iterable[tuple[str, TypeSpec]]:
    if action.kind == "action":
        return catalog.spec_fields(action.body).items()
    return ((name, spec) for name, spec in action.parameters if name not in action.keys)


def _returned(action: Action) -> TypeSpec | None:
    if action.answer_kind == "file":
        return TypeSpec("Stream")
    spec = action.answer_type
    return spec._replace(collection=True) if spec and action.answer_kind == "list" else spec


def _sets(container: Element, catalog: Catalog) -> None:
    for name, kind in named_resources(catalog):
        described = {"EntityType" if kind == "EntitySet" else "Type": set_type(name, catalog) or ""}
        SubElement(container, kind, {"Name": name, **described})


def named_resources(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Every entity set and singleton, with which of the two it is."""
    for name, entity_set in catalog.sets.items():
        if set_type(name, catalog):
            yield name, "Singleton" if entity_set.singleton else "EntitySet"


def _local(name: str) -> str:
    return name.rpartition(".")[2]


def _nullable(spec: TypeSpec) -> dict[str, str]:
    return {} if spec.nullable else {"Nullable": "false"}


def _type(spec: TypeSpec) -> str:
    name = spec.name if spec.name.startswith("Pbx.") else f"Edm.{spec.name}"
    return f"Collection({name})" if spec.collection else name
