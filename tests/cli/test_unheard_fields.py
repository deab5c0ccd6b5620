"""A field that no published version has: every door sends it, and a warning names the nearest one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nasty import Asked, Bytes, Nasty, http


@pytest.mark.parametrize(
    "argv",
    [
        ["contacts", "update", "7", "--body", '{"Unheard": "x", "FirstName": "Ada"}'],
        ["run", "contacts.update", "--set", "Id=7", "--set", "Body.Unheard=x", "--set", "Body.FirstName=Ada"],
    ],
    ids=lambda argv: argv[0],
)
def test_the_command_line_sends_it_with_a_warning(argv: list[str], tmp_path: Path) -> None:
    def answer(asked: Asked) -> Bytes:
        return http(204, "", X_3CX_Version="20.0.10")

    with Nasty(answer) as server:
        sign_in = ["--url", server.url, "--client-id", "id", "--client-secret", "a-key-of-mine"]
        done = subprocess.run(
            [sys.executable, "-m", "trunkline", *argv, *sign_in],
            input="{}\n",
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        assert (
            "No published version of 3CX has Unheard in the body of contacts.update. It is sent anyway." in done.stderr
        )
        (call,) = [call for call in server.api_calls if call.method == "PATCH"]
        assert json.loads(call.body) == {"Unheard": "x", "FirstName": "Ada"}
