"""What the emulator says of itself: its service document, ``$metadata`` and OpenAPI file, all made from the catalog.

The OpenAPI file is there for everybody, the others for who has signed in (docs/pbx.md, Address).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trunkline.catalog import Catalog

from ..messages import Request, Response
from ..refusals import WRONG_METHOD, Refusal
from . import csdl, openapi, service_document

OPENAPI = b"/swagger.yaml"


def openapi_file(request: Request, catalog: Catalog) -> Response:
    """``/swagger.yaml``. Raises Refusal (405)."""
    _check_method(request)
    return Response(200, openapi.document(catalog), {"Content-Type": "application/yaml; charset=utf-8"})


def _metadata(request: Request, catalog: Catalog) -> Response:
    _check_method(request)
    return Response(200, csdl.document(catalog), {"Content-Type": "application/xml", "OData-Version": "4.0"})


def _service_document(request: Request, catalog: Catalog) -> Response:
    _check_method(request)
    return Response.json(200, service_document.content(catalog, request.root))


def _check_method(request: Request) -> None:
    if request.method != "GET":
        raise Refusal(405, headers={"Allow": "GET"}, fact=WRONG_METHOD)


DESCRIPTIONS: Mapping[bytes, Callable[[Request, Catalog], Response]] = {
    b"": _service_document,
    b"/": _service_document,
    b"/$metadata": _metadata,
    b"/%24metadata": _metadata,
}
