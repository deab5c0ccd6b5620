"""Lists of addresses as people have them. The shapes are those that Spamhaus, FireHOL and fail2ban write."""

from __future__ import annotations

import pytest

from trunkline.errors import InvalidArgument
from trunkline.transfer.address_list import read_addresses
from trunkline.transfer.sheet import Sheet

STATUS = """Status for the jail: sshd
|- Filter
|  |- Currently failed: 1
|  |- Total failed:     5
|  `- File list:        /var/log/auth.log
`- Actions
   |- Currently banned: 2
   |- Total banned:     3
   `- Banned IP list:   192.0.2.1 2001:db8::5
"""
LOG = """2026-11-28 10:00:00,123 fail2ban.filter   [812]: INFO    [sshd] Found 192.0.2.9 - 2026-11-28 10:00:00
2026-11-28 10:00:00,124 fail2ban.actions  [812]: NOTICE  [sshd] Ban 192.0.2.1
2026-11-28 10:00:01,124 fail2ban.actions  [812]: NOTICE  [sshd] Ban 192.0.2.2
2026-11-28 10:00:02,124 fail2ban.actions  [812]: WARNING [sshd] 192.0.2.1 already banned
2026-11-28 10:00:03,124 fail2ban.actions  [812]: NOTICE  [sshd] Unban 192.0.2.2
2026-11-28 10:00:04,124 fail2ban.actions  [812]: NOTICE  [sshd] Restore Ban 192.0.2.3
"""


def read(text: str) -> Sheet:
    return read_addresses(text.encode(), "list.txt")


def rows(text: str) -> list[tuple[int, str, str]]:
    sheet = read(text)
    assert sheet.adds_only
    return [(line.number, *line.cells) for line in sheet.lines]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1\n192.0.2.2", [(1, "192.0.2.1", ""), (2, "192.0.2.2", "")]),
        ("\n  \n192.0.2.1\r\n\r\n2001:db8::1\r\n", [(3, "192.0.2.1", ""), (5, "2001:db8::1", "")]),
        ("# a\n; b\n// c\n192.0.2.1 # d\n", [(4, "192.0.2.1", "d")]),
        (
            "192.0.2.1;a\n192.0.2.2//b\n192.0.2.3 ; c # d",
            [(1, "192.0.2.1", "a"), (2, "192.0.2.2", "b"), (3, "192.0.2.3", "c # d")],
        ),
        ("; Spamhaus DROP List\n; Last-Modified: x\n1.10.16.0/20 ; SBL256894\n", [(3, "1.10.16.0/20", "SBL256894")]),
        (
            "#\n# firehol_level1\n#\n# Entries : 2 subnets\n1.10.16.0/20\n192.0.2.0/24\n",
            [(5, "1.10.16.0/20", ""), (6, "192.0.2.0/24", "")],
        ),
        (
            '{"cidr":"1.10.16.0/20","sblid":"SBL256894","rir":"apnic"}\n{"type":"metadata","size":1}\n',
            [(1, "1.10.16.0/20", "SBL256894")],
        ),
        (STATUS, [(9, "192.0.2.1", "fail2ban"), (9, "2001:db8::5", "fail2ban")]),
        (STATUS.replace("192.0.2.1 2001:db8::5", ""), []),
        (LOG, [(2, "192.0.2.1", "fail2ban"), (6, "192.0.2.3", "fail2ban")]),
        (
            "[{'sshd': ['192.0.2.1']}, {'asterisk': ['192.0.2.2']}, {'none': []}]\n",
            [(1, "192.0.2.1", "fail2ban sshd"), (1, "192.0.2.2", "fail2ban asterisk")],
        ),
        ("192.0.2.1 192.0.2.2\n", [(1, "192.0.2.1", ""), (1, "192.0.2.2", "")]),
        ("192.0.2.1 \t2026-11-28 10:00:00 + 600 = 2026-11-28 10:10:00\n", [(1, "192.0.2.1", "")]),
        ('192.0.2.1,SIP scan\n192.0.2.2,"two, parts"', [(1, "192.0.2.1", "SIP scan"), (2, "192.0.2.2", "two, parts")]),
        (
            '"192.0.2.1","SIP scan"\n192.0.2.2\tscan\tof SIP\n',
            [(1, "192.0.2.1", "SIP scan"), (2, "192.0.2.2", "scan, of SIP")],
        ),
        (
            "192.0.2.0 255.255.255.0\n198.51.100.0\t255.255.255.240 # a\n203.0.113.0,255.255.255.0,b\n",
            [
                (1, "192.0.2.0/255.255.255.0", ""),
                (2, "198.51.100.0/255.255.255.240", "a"),
                (3, "203.0.113.0/255.255.255.0", "b"),
            ],
        ),
        ("192.0.2.1 - 192.0.2.9 # range\n", [(1, "192.0.2.1 - 192.0.2.9", "range")]),
        ("\ufeff\u200b192.0.2.1\u00a0\n", [(1, "192.0.2.1", "")]),
        ("", []),
        ("# nothing\n", []),
        ("# from fail2ban.log\n192.0.2.1\n", [(2, "192.0.2.1", "")]),
        (
            "192.0.2.1 # fail2ban.actions Ban\n192.0.2.2",
            [(1, "192.0.2.1", "fail2ban.actions Ban"), (2, "192.0.2.2", "")],
        ),
        ("; Banned IP list: of today\n192.0.2.1\n", [(2, "192.0.2.1", "")]),
    ],
)
def test_a_list_is_read_as_it_is(text: str, expected: list[tuple[int, str, str]]) -> None:
    assert rows(text) == expected


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_other_encodings(encoding: str) -> None:
    sheet = read_addresses("192.0.2.1 # Zoë\r".encode(encoding), "list.txt")
    assert [line.cells for line in sheet.lines] == [["192.0.2.1", "Zoë"]]


@pytest.mark.parametrize(
    ("text", "header", "cells", "line"),
    [
        ("ip,reason\n192.0.2.1,scan\n", ["ip", "reason"], ["192.0.2.1", "scan"], 2),
        (
            "# made by a script\n\nIP Address;Comment\n192.0.2.1;scan\n",
            ["IP Address", "Comment"],
            ["192.0.2.1", "scan"],
            4,
        ),
        ("IPAddrMask,BlockType\n192.0.2.1,Allow\n", ["IPAddrMask", "BlockType"], ["192.0.2.1", "Allow"], 2),
        ("IPv4\tNote\n192.0.2.1\tscan\n", ["IPv4", "Note"], ["192.0.2.1", "scan"], 2),
        ("sep=;\nip;note\n192.0.2.1;x\n", ["ip", "note"], ["192.0.2.1", "x"], 3),
        ("network\n192.0.2.0/24\n", ["network"], ["192.0.2.0/24"], 2),
    ],
)
def test_a_csv_has_columns_of_its_own(text: str, header: list[str], cells: list[str], line: int) -> None:
    sheet = read(text)
    assert (sheet.header, sheet.adds_only) == (header, False)
    assert [(one.number, one.cells) for one in sheet.lines] == [(line, cells)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04xl", "it is a spreadsheet program's own file"),
        (b"<html><body>403</body></html>", "it is a web page"),
        (b"192.0.2.1\n\xff\n", "list.txt, line 2: this is not written in UTF-8"),
        (b"192.0.2.1\n192.0.2.\x002\n", "list.txt, line 2: there is a NUL"),
        (b'192.0.2.1\n{"asn": 64496}\n', "line 2: this is JSON without any of cidr"),
        (b"[{'sshd': [", "line 1: this begins like the output of `fail2ban-client banned`"),
        (b'[{"ip": "192.0.2.1"}]', "line 1: this begins like the output of `fail2ban-client banned`"),
        (b"[{'sshd': ['192.0.2.1'], 'asterisk': '192.0.2.2'}]", "begins like the output of `fail2ban-client banned`"),
        (b"[{" * 100_000, "line 1: this begins like the output of `fail2ban-client banned`"),
    ],
)
def test_what_is_not_a_list_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read_addresses(content, "list.txt")
    assert message in caught.value.message
