"""How slow guessing the console's password is."""

from __future__ import annotations

import asyncio
from pathlib import Path

from trunkline.console.access_password import Password, save_password

PASSWORD = "correct horse battery"


def test_the_wait_doubles_and_is_bounded_and_ends_with_the_right_password(tmp_path: Path) -> None:
    now = [0.0]
    file = tmp_path / "console-password"
    save_password(PASSWORD, file)
    password = Password(file.read_bytes().strip(), lambda: now[0])

    async def try_often() -> list[float]:
        waits = []
        for _ in range(14):
            assert not await password.check("wrong password", "2001:db8:0:1::1")
            waits.append(password.wait("2001:db8:0:1:ffff::2"))  # the same customer's network
            now[0] += waits[-1]
        return waits

    assert asyncio.run(try_often()) == [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert password.wait("2001:db8:0:2::1") == 0
    assert asyncio.run(password.check(PASSWORD, "2001:db8:0:1::1"))
    assert asyncio.run(password.check("wrong password", "2001:db8:0:1::1")) is False
    assert password.wait("2001:db8:0:1::1") == 0
