"""Whatever a file holds, it is read or refused with one of our errors, and without a PBX."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.errors import InvalidArgument, TrunklineError
from trunkline.transfer.importing import Import
from trunkline.transfer.kinds import BLOCKLIST, CONTACTS, USERS, Kind
from trunkline.transfer.sheet import read_sheet

PIECES = st.sampled_from(
    [
        *("Number", "PhoneNumber", "IPAddrMask", "ip", "Id", "100", "+4420", "192.0.2.1", "::1/0", "a@b.c", "-", "/"),
        *(",", ";", "\t", "\n", "\r", "\r\n", '"', '""', "=", "'", "#", "//", "{", "[{", "]}", "sep=;\n", ":::", "%"),
        *("\ufeff", "\u200b", "\u202a", "\u00a0", "\u2011", "１", "\x00", "\ud7ff", "Ban ", "fail2ban.actions", "E+11"),
        *("Banned IP list:", "Status for the jail:", "dn: a=b", "BEGIN:VCARD", "<html", "•", "\U000e0041"),
    ]
)
FILES = st.one_of(
    st.binary(max_size=60),
    st.lists(PIECES, max_size=25).map(lambda pieces: "".join(pieces).encode()),
    st.lists(PIECES, max_size=25).map(lambda pieces: "".join(pieces).encode("utf-16")),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
)


@pytest.mark.parametrize("kind", [CONTACTS, USERS, BLOCKLIST], ids=lambda kind: kind.resource)
@settings(max_examples=300)
@given(content=FILES)
def test_a_file_is_read_or_refused(kind: Kind, content: bytes) -> None:
    try:
        imported = Import(kind.read(content, "file", None), kind)
    except TrunklineError:
        return
    assert len(imported.keys) == len(imported.sheet.lines)


@pytest.mark.parametrize("read", [read_sheet, BLOCKLIST.read], ids=["csv", "list"])
@pytest.mark.parametrize("encoding", ["klingon", "a\x00b", "rot13", "idna", "é", "", "base64"])
def test_an_encoding_that_no_file_has(read: Callable[..., object], encoding: str) -> None:
    if encoding:
        with pytest.raises(InvalidArgument):
            read("Number\n1ä..\n".encode(), "file", encoding)
    else:
        read(b"Number\n1\n" if read is read_sheet else b"192.0.2.1", "file", encoding)
