"""Where the values of secrets come from: a file that is its owner's only, the environment, other places."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trunkline.config.applying.secrets import SecretSource, variable
from trunkline.errors import ConfigurationError, InvalidArgument

PATH = "users/100/AuthPassword"


def _file(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "acme.secrets.yaml"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    "text",
    [
        "users/100/AuthPassword: Zebra-77\n",
        "users:\n  100:\n    AuthPassword: Zebra-77\n",
        "users/100: {AuthPassword: 'Zebra-77'}\n",
        "users: {'100': {AuthPassword: Zebra-77, VMPIN: 0123}}\n",
    ],
)
def test_a_file_has_paths_or_mappings(tmp_path: Path, text: str) -> None:
    source = SecretSource(_file(tmp_path, text))
    assert source(PATH) == "Zebra-77"
    assert source.has(PATH)
    assert source("users/101/AuthPassword") is None


def test_values_are_texts_whatever_they_look_like(tmp_path: Path) -> None:
    source = SecretSource(_file(tmp_path, "a: 0123\nb: yes\nc: 1e3\nd: 2026-11-29\n"))
    assert [source(name) for name in "abcd"] == ["0123", "yes", "1e3", "2026-11-29"]


def test_an_empty_file_has_no_secrets(tmp_path: Path) -> None:
    assert SecretSource(_file(tmp_path, ""))(PATH) is None


def test_the_file_comes_before_the_environment_and_that_before_a_keyring(tmp_path: Path) -> None:
    environ = {"TRUNKLINE_SECRET_USERS_100_AUTHPASSWORD": "of-env-1", "TRUNKLINE_SECRET_B": "of-env-2"}
    source = SecretSource(_file(tmp_path, f"{PATH}: of-file"), environ, {"b": "of-keyring", "c": "of-keyring"}.get)
    assert [source(path) for path in (PATH, "b", "c", "d")] == ["of-file", "of-env-2", "of-keyring", None]


def test_names_of_variables_have_letters_and_digits_only() -> None:
    assert variable("trunks/London SIP/AuthPassword") == "TRUNKLINE_SECRET_TRUNKS_LONDON_SIP_AUTHPASSWORD"


def test_a_variable_that_stands_for_two_secrets_is_refused() -> None:
    paths = ["trunks/London SIP/AuthPassword", "trunks/London-SIP/AuthPassword"]
    SecretSource(None, {}).check(paths)
    with pytest.raises(InvalidArgument, match="TRUNKS_LONDON_SIP_AUTHPASSWORD would be both"):
        SecretSource(None, {variable(paths[0]): "x"}).check(paths)


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps no such record")
def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="others on this machine") as refused:
        SecretSource(_file(tmp_path, f"{PATH}: Zebra-77", 0o644))
    assert "chmod 600" in refused.value.hint.text


@pytest.mark.parametrize(
    "text", ["- a\n", "just text", "a: [b]\n", "a: &x {b: c}\nd: *x\n", "a: {b: {\n", "a: \x07\n", "{" * 3000]
)
def test_what_is_not_a_file_of_secrets_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidArgument, match="is not a file of secrets") as refused:
        SecretSource(_file(tmp_path, f"k: Zebra-77\n{text}" if text[0] == "a" else text))
    assert "Zebra-77" not in str(refused.value)


def test_the_reading_ends_at_the_line_that_is_nested_too_deeply(tmp_path: Path) -> None:
    text = "a: {}\nb: " + "{b: " * 16 + "\n" + "{" * 200_000  # all of it would take hours
    with pytest.raises(InvalidArgument, match="line 2 is nested too deeply"):
        SecretSource(_file(tmp_path, text))


def test_a_file_of_another_encoding_is_refused(tmp_path: Path) -> None:
    file = _file(tmp_path, "")
    file.write_bytes(b"a: \xff\xfe")
    with pytest.raises(InvalidArgument, match="UTF-8"):
        SecretSource(file)


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        SecretSource(tmp_path / "missing.yaml")
    with pytest.raises(ConfigurationError, match="too large"):
        SecretSource(_file(tmp_path, "a: " + "x" * (4 * 2**20 + 1)))


def test_the_repr_has_no_value(tmp_path: Path) -> None:
    assert "Zebra-77" not in repr(SecretSource(_file(tmp_path, f"{PATH}: Zebra-77")))
