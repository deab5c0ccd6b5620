"""The short way for plain paths finds what the long way finds."""

from __future__ import annotations

import pytest

from trunkline import catalog
from trunkline_emulator.odata.paths import read_path
from trunkline_emulator.refusals import Refusal
from trunkline_emulator.routes import Router

METHODS = ("GET", "POST", "PATCH", "DELETE", "PUT")


@pytest.mark.parametrize("version", ["20.0.10", "pre-20.0.5"])
def test_both_ways_lead_to_the_same(version: str) -> None:
    router, found = Router(catalog.load(version)), 0
    names = {action.path[1:].partition("(")[0].partition("/")[0] for action in catalog.load(version).actions}
    for name in names:
        for path in (f"/{name}", f"/{name}(7)", f"/{name}(007)", f"/{name}(999999999)"):
            for method in METHODS:
                plain = router.find_plain(method, path.encode())
                if plain is not None:
                    found += 1
                    assert plain == router.find(method, read_path(path.encode()))  # type: ignore[arg-type]
    assert found > 300


@pytest.mark.parametrize(
    "path", ["/Fax(-1)", "/Fax(2147483648)", "/Fax(Id=7)", "/Fax/", "/fax", "/Fax(7)/", "/Fax%28" + "7)", ""]
)
def test_any_other_path_goes_the_long_way(path: str) -> None:
    assert Router(catalog.load("20.0.10")).find_plain("GET", path.encode()) is None


def test_what_neither_way_finds() -> None:
    router = Router(catalog.load("20.0.10"))
    assert router.find_plain("PUT", b"/Fax") is None
    with pytest.raises(Refusal):
        router.find("PUT", read_path(b"/Fax"))  # type: ignore[arg-type]
