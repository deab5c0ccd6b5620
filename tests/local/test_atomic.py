"""Files that are replaced atomically, and what they may take the place of."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from trunkline.local.atomic import replace_file


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_a_pipe_or_device_is_not_replaced(tmp_path: Path) -> None:
    pipe, beside = tmp_path / "pipe", tmp_path / "pipe.new"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="it is not an ordinary file"), replace_file(pipe, beside) as file:
        file.write(b"x")
    assert (stat.S_ISFIFO(pipe.stat().st_mode), beside.exists()) == (True, False)


def test_of_a_link_the_link_is_replaced_and_not_what_it_leads_to(tmp_path: Path) -> None:
    old, link = tmp_path / "old", tmp_path / "link"
    old.write_bytes(b"old")
    link.symlink_to(old)
    with replace_file(link) as file:
        file.write(b"new")
    assert (link.is_symlink(), link.read_bytes(), old.read_bytes()) == (False, b"new", b"old")
