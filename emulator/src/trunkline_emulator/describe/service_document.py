"""``/xapi/v1/``: the service document, which lists what can be asked without a key."""

from __future__ import annotations

from trunkline.catalog import Catalog

from .csdl import named_resources
from .model import published


def content(catalog: Catalog, root: str) -> dict[str, object]:
    """Return the document for a PBX at ``root`` (``https://HOST/xapi/v1``)."""
    listed = [{"name": name, "kind": kind, "url": name} for name, kind in named_resources(catalog)]
    for action in published(catalog):
        if action.kind == "function" and "/Pbx." not in action.path and not action.params:
            name = action.path[1:].partition("(")[0]
            listed.append({"name": name, "kind": "FunctionImport", "url": name})
    return {"@odata.context": f"{root}/$metadata", "value": listed}
