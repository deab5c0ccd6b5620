"""A field before and after: a person sees what goes and what comes, not two texts that are cut at the same place."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.cli.change_cells import change_cells, value_cell

ADA, GRACE = {"Number": "104", "Name": "Byron, Ada", "Id": 15}, {"Number": "105"}


@pytest.mark.parametrize(
    ("old", "new", "now", "then"),
    [
        ([ADA, GRACE], [GRACE], "- 104 Byron, Ada", ""),
        ([ADA], [ADA, GRACE], "", "+ 105"),
        ([ADA], [GRACE], "- 104 Byron, Ada", "+ 105"),
        ([], [1, 2], "", "+ 1, + 2"),
        ({"To": "VoiceMail", **ADA}, {"To": "VoiceMail", **GRACE}, "VoiceMail 104 Byron, Ada", "VoiceMail 105"),
        ({"To": "Extension", **GRACE}, {"To": "None", "Number": ""}, "Extension 105", "None"),
        ({"Number": "105", "Tags": []}, {"Number": "105", "Tags": ["x"]}, '{"Number":"105","Tags":[]}', None),
        (True, False, "yes", "no"),
        (None, "Away", "", "Away"),
    ],
)
def test_what_differs_is_shown_by_name(old: Any, new: Any, now: str, then: str | None) -> None:
    cells = change_cells(old, new)
    assert cells[0] == now
    assert then is None or cells[1] == then


def test_a_list_of_something_new_is_shown_by_names() -> None:
    assert value_cell([ADA, GRACE]) == "104 Byron, Ada, 105"
    assert value_cell([1, 2]) == "[1,2]"
