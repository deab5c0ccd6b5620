"""Changes to the file of saved connections: other tables, comments and order stay, and it is replaced atomically."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from itertools import dropwhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError, Hint
from ..local.atomic import replace_file
from ..local.lock import LockTaken, acquire_lock
from .profiles import Profile, is_default, known_profiles, read_profile, read_profiles, read_tables

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.items import Item, Key

Fields = Mapping[str, str | bool | None]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")


def check_name(name: str) -> None:
    """Raise ConfigurationError if a new profile can't be called that: patterns and paths have other characters."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"A profile can't be called {name!r}.", hint="Letters, digits and . _ @ - will do, beginning with no sign."
        )


class ProfileFile:
    """A file of saved connections, to look into and to change. What others have changed meanwhile counts."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Profile]:
        """As `read_profiles`."""
        return read_profiles(self.path)

    def names(self) -> list[str]:
        """Return the names of all profiles, malformed ones among them."""
        return list(read_tables(self.path))

    def existing(self, name: str) -> Profile:
        """Return the profile of that name; ConfigurationError, with the names that there are, if it isn't there."""
        return read_profile(self.path, name)

    def is_in_keyring(self, name: str) -> bool:
        """Whether the key of a profile is in the system's keyring."""
        return bool(read_tables(self.path)[name].get("client_secret_keyring"))

    def change(self, name: str, fields: Fields, *, new: bool = False, default: bool | None = None) -> bool:
        """Set fields of a profile (None takes a field away); return whether it is the default one now.

        It has to be there, unless ``new``. ``default`` makes it the only default or takes that from it; else it stays
        what it is, and the first of all becomes it.
        """
        chosen = False

        def edit(tables: dict[str, Any]) -> None:
            nonlocal chosen
            if not new:
                self._must_have(tables, name)
            was = is_default(tables.get(name))
            chosen = (was or not tables) if default is None else default
            table = tables.setdefault(name, {})
            if not isinstance(table, dict):
                raise ConfigurationError(
                    f"{self.path}: {name!r} is not a table.", hint="A profile is one, under its name in [ ]."
                )
            _set(table, fields if chosen == was else {**fields, "default": chosen or None})
            for other, values in tables.items():
                if chosen and other != name and is_default(values):
                    del values["default"]

        self._rewrite(edit)
        return chosen

    def remove(self, name: str) -> None:
        """Remove a profile. ConfigurationError if it isn't there."""

        def edit(tables: dict[str, Any]) -> None:
            self._must_have(tables, name)
            del tables[name]

        self._rewrite(edit)

    def rename(self, old: str, new: str) -> None:
        """Give a profile another name. ConfigurationError if it isn't there, or another one is called that."""

        def edit(tables: dict[str, Any]) -> None:
            self._must_have(tables, old)
            check_free(tables, new)
            tables[new] = tables.pop(old)

        self._rewrite(edit, {old: new})

    def _must_have(self, saved: Collection[str], name: str) -> None:
        if name not in saved:
            raise ConfigurationError(f"No profile is called {name!r}.", hint=known_profiles(self.path, saved, name))

    def _rewrite(self, edit: Callable[[dict[str, Any]], None], renamed: Mapping[str, str] = {}) -> None:
        """Change the tables with ``edit``, and the text likewise; the file is replaced only if both then agree."""
        import tomllib

        try:
            file = self.path.resolve()
            with _locked(file):
                before, after = read_tables(file), read_tables(file)
                edit(after)
                text = _edited(file.read_text(encoding="utf-8-sig") if file.exists() else "", before, after, renamed)
                if tomllib.loads(text) != after:
                    raise ValueError
                with replace_file(file) as out:
                    out.write(text.encode())
        except OSError as problem:
            raise ConfigurationError(
                f"{self.path} can't be written ({problem.strerror or problem}).",
                hint="TRUNKLINE_PROFILES names another file.",
            ) from None
        except ValueError:  # what tomlkit raises, too
            raise ConfigurationError(
                f"{self.path} is written in a way that can't be changed here.",
                hint="Nothing was changed. Give each profile a plain [table], or edit it.",
            ) from None


def check_free(saved: Collection[str], name: str) -> None:
    """Raise ConfigurationError if a profile has that name."""
    if name in saved:
        raise ConfigurationError(
            f"There is a profile {name!r} already.", hint=Hint("Remove it first.", "profiles.remove", {"name": name})
        )


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    try:
        lock = acquire_lock(file.with_name(f"{file.name}.lock"), timeout=10)
    except LockTaken:
        raise ConfigurationError(f"{file} is being changed by another process.", hint="Try again.") from None
    try:
        yield
    finally:
        lock.release()


def _set(table: MutableMapping[str, Any], fields: Fields) -> None:
    for key, value in fields.items():
        if value is None:
            table.pop(key, None)
        elif table.get(key) != value:  # else the line stays as it is, comment and all
            table[key] = value


def _edited(text: str, before: Mapping[str, Any], after: Mapping[str, Any], renamed: Mapping[str, str]) -> str:
    """Write the tables that changed into the text of a file."""
    import tomlkit

    document = tomlkit.parse(text)
    for old, new in renamed.items():
        _rename(document, old, new)
    for name in before.keys() - after.keys() - renamed.keys():
        _remove(document, name)
    for name in after.keys() - set(renamed.values()):
        if name not in before:
            document[name] = after[name]
        elif after[name] != before[name]:
            below = _cut_end(document[name])
            _set(document[name], {**dict.fromkeys(before[name]), **after[name]})
            _body(document[name]).extend(below)
    return tomlkit.dumps(document)


def _rename(document: TOMLDocument, old: str, new: str) -> None:
    import tomlkit
    from tomlkit.items import Table

    for place, (key, item) in enumerate(document.body):
        if key is not None and key.key == old:
            renamed = tomlkit.key(new)
            document.body[place] = renamed, item
            if isinstance(item, Table) and item.display_name is not None:
                item.display_name = renamed.as_string()


def _remove(document: TOMLDocument, name: str) -> None:
    """Remove a table, but not the comment above the next one, which tomlkit counts to this one."""
    from tomlkit.items import Whitespace

    place = next((n for n, (key, _) in enumerate(document.body) if key is not None and key.key == name), 0)
    end = dropwhile(lambda each: isinstance(each[1], Whitespace), _cut_end(document[name]))
    comment = "".join(item.as_string() for _, item in end)
    document.remove(name)
    document.body[place] = None, Whitespace(comment)


def _cut_end(table: Any) -> list[tuple[Key | None, Item]]:
    """Take the comments and empty lines from the end of a table: what is added comes before them."""
    body, end = _body(table), []
    while body and body[-1][0] is None:
        end.append(body.pop())
    return end[::-1]


def _body(table: Any) -> list[tuple[Key | None, Item]]:
    """Return the lines of a table; none for one in braces, or in several parts of the file."""
    from tomlkit.items import Table

    return table.value.body if isinstance(table, Table) else []
