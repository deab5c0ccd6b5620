"""What someone sees who tries a PBX out at the prompt: help, completion and near names."""

from __future__ import annotations

import pydoc
import rlcompleter
from typing import Any

import pytest

from trunkline import AsyncPbx, Pbx


@pytest.fixture
def idle() -> Pbx:
    """A client that asks nothing."""
    return Pbx("https://pbx.example.com", "tests", "tests-key")


def helped(thing: object) -> str:
    return pydoc.plain(pydoc.render_doc(thing))


def completed(text: str, **names: object) -> list[str]:
    completer = rlcompleter.Completer(dict(names))
    found: list[str] = []
    while (match := completer.complete(text, len(found))) is not None:
        found.append(match)
    return found


def test_help_of_an_action(idle: Pbx) -> None:
    page = helped(idle.fax.delete)
    assert (
        "delete(id: int, *, if_match: str | None = None, if_match_anyway: bool | None = None, "
        "if_unchanged: Mapping[str, Any] | None = None, **call_options: Unpack[CallOptions]) -> None" in page
    )
    assert "Delete a fax by its Id." in page
    assert "DELETE /xapi/v1/Fax({Id})" in page
    assert "'" not in page


def test_help_of_an_action_with_a_body_of_its_own(idle: Pbx) -> None:
    page = helped(idle.fax.bulk_fax_delete)
    assert "(body: types.FaxBulkFaxDeleteBody | None = None, *, ids: list[int] = ..., " in page
    assert "Body: ids ([Int32])" in page


def test_help_names_the_rows_of_each_client(idle: Pbx) -> None:
    other = AsyncPbx("https://pbx.example.com", "tests", "tests-key")
    assert "-> Rows[types.Fax]" in helped(idle.fax.list)
    assert "-> AsyncRows[types.Fax]" in helped(other.fax.list)


def test_help_of_a_resource_lists_its_actions(idle: Pbx) -> None:
    page = helped(idle.fax)
    assert "bulk_fax_delete  Remove several fax extensions at once." in page
    assert "delete           Delete a fax by its Id." in page


@pytest.mark.parametrize("kind", [Pbx, AsyncPbx])
def test_the_prompt_completes_resources_and_actions(kind: Any) -> None:
    pbx = kind("https://pbx.example.com", "tests", "tests-key")
    assert completed("pbx.fax", pbx=pbx) == ["pbx.fax", "pbx.fax_server_settings"]
    assert completed("pbx.fax.", pbx=pbx) == [f"pbx.fax.{verb}(" for verb in dir(pbx.fax)]
    assert completed("pbx.fax.get_b", pbx=pbx) == ["pbx.fax.get_by_number("]


def test_names_are_listed_without_anything_private(idle: Pbx) -> None:
    assert dir(idle.blocklist) == sorted(dir(idle.blocklist))
    assert not [name for name in dir(idle.blocklist) if name.startswith("_")]
    assert {"fax", "website_links", "call", "close", "version"} <= set(dir(idle))


def test_a_mistyped_name_is_an_attribute_error_with_the_nearest(idle: Pbx) -> None:
    with pytest.raises(AttributeError, match="Did you mean fax"):
        idle.faxx  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError, match="Did you mean delete"):
        idle.fax.delet  # type: ignore[attr-defined]  # noqa: B018
    assert not hasattr(idle, "_repr_html_")
    assert not hasattr(idle.fax, "__wrapped__")


def test_an_action_shows_itself(idle: Pbx) -> None:
    assert repr(idle.fax.delete).startswith("<fax.delete(id: int, *, ")
