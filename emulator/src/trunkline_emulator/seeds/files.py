"""A seed of one's own: a YAML or JSON file, or a mapping, of sets to rows in 3CX's field names.

    extends: empty        # or demo, or large; what is given here is put on top of it
    Users:
      - {Number: 100, FirstName: Ada, LastName: Example}
    MailSettings: {MailServer: smtp.example.com}

A row whose key or number the extended seed has changes that row's fields; others are added, and get an Id where they
have none. In YAML the field says what a word means, so ``No`` is text where text is due.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from trunkline import catalog
from trunkline.catalog import TypeSpec, nearest

from ..ground import Ground, Kind, Seed
from ..refusals import Refusal
from ..values import Row
from ..views import VIEWS

SHOWN = 10  # mistakes of a seed
_TRUE, _FALSE, _NULL = {"true", "yes", "on"}, {"false", "no", "off"}, {"", "~", "null"}
_INTEGER, _NUMBER = re.compile(r"[-+]?[0-9]+"), re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")


class _Word(str):
    """A scalar of YAML without quotes, whose type the field says."""


def read(path: Path) -> tuple[str, Seed]:
    """Return the seed in a file, and the name of the one it extends. Raises: ValueError with all that is wrong."""
    try:
        if path.exists() and not path.is_file():
            raise ValueError(f"The seed {path} can't be read: it is not a file.")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"The seed {path} can't be read: {error}.") from error
    try:
        content = _read_json(path, text) if path.suffix == ".json" else _read_yaml(path, text)
    except RecursionError:
        raise ValueError(f"The seed {path} is nested too deeply.") from None
    return checked(content, str(path))


def checked(seed: Any, label: str) -> tuple[str, Seed]:
    """Return the same for rows at hand."""
    try:
        return _Reading(label).seed(seed)
    except RecursionError:
        raise ValueError(f"{label} is nested too deeply.") from None


def _read_json(path: Path, text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once)
    except ValueError as error:
        raise ValueError(f"The seed {path} is not JSON: {error}.") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name} stands here twice")
    return dict(pairs)


def _read_yaml(path: Path, text: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise ValueError(
            f"The seed {path} is YAML, and PyYAML is not installed: "
            "pip install 'trunkline-emulator[yaml]', or write JSON."
        ) from None

    class Loader(yaml.SafeLoader):
        """Takes scalars as they are written; of two values with one name neither counts."""

        yaml_implicit_resolvers = {"<": yaml.SafeLoader.yaml_implicit_resolvers["<"]}  # noqa: RUF012 - PyYAML's way

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            if any(key.id != "scalar" for key, _ in node.value):
                raise yaml.MarkedYAMLError(problem="a name is expected", problem_mark=node.start_mark)
            try:
                _once([(key.value, value) for key, value in node.value])
            except ValueError as error:
                raise yaml.MarkedYAMLError(problem=str(error), problem_mark=node.start_mark) from None
            return super().construct_mapping(node, deep=True)

        def construct_scalar(self, node: Any) -> Any:
            value = super().construct_scalar(node)
            return _Word(value) if node.id == "scalar" and node.style is None else value

    try:
        return yaml.load(text, Loader) or {}  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(f"The seed {path} is not YAML: {error}.") from error


class _Reading:
    """One document on its way to a seed. All that is wrong is gathered, then raised at once."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._problems: list[str] = []
        self._catalog = catalog.load(catalog.load().editions[-1].version)
        self._ground = Ground(self._catalog, {})
        self._last: dict[str, int] = {}

    def seed(self, sets: Any) -> tuple[str, Seed]:
        from . import SEEDS

        if not isinstance(sets, Mapping):
            raise ValueError(f"{self._label}: sets and their rows are expected, such as Users: [{{Number: 100}}].")
        extends = sets.get("extends", "empty")
        if not isinstance(extends, str) or extends not in SEEDS:
            raise ValueError(f"{self._label}: extends: there is no seed {extends!r}, only {', '.join(SEEDS)}.")
        base = SEEDS[extends]()
        self._ground = Ground(self._catalog, base)
        given = {str(name): self._content(str(name), content) for name, content in sets.items() if name != "extends"}
        self._raise()
        merged = dict(base)
        for name, content in given.items():
            if isinstance(content, dict):
                merged[name] = {**base.get(name, {}), **content}  # type: ignore[dict-item]
            elif content:
                merged[name] = self._merged(self._ground.kinds[name], content, given)
        self._raise()
        return str(extends), merged

    def _raise(self) -> None:
        if self._problems:
            more = len(self._problems) - SHOWN
            lines = self._problems[:SHOWN] + ([f"and {more} more."] if more > 0 else [])
            raise ValueError("\n".join(lines))

    def _wrong(self, where: str, what: str) -> None:
        self._problems.append(f"{self._label}: {where}: {what}")

    def _content(self, name: str, content: Any) -> list[Row] | Row | None:
        kinds, singletons = self._ground.kinds, self._ground.singleton_types
        if name in ("MyUser", "MyGroup"):
            self._wrong(name, "this is the first row of Users or Groups; give that.")
        elif name in VIEWS:
            self._wrong(name, "its rows are computed from other sets.")
        elif name in singletons:
            if isinstance(content, Mapping):
                return self._row(name, content, singletons[name])
            self._wrong(name, "this is one object, not a list.")
        elif name in kinds:
            if isinstance(content, list | tuple):
                return [self._row(f"{name}, row {n}", row, kinds[name].type_name) for n, row in enumerate(content, 1)]
            self._wrong(name, "a list of rows is expected.")
        else:
            self._wrong(name, f"3CX has no such set.{nearest(name, iter([*kinds, *singletons]))}")
        return None

    def _row(self, where: str, content: Any, type_name: str) -> Row:
        if not isinstance(content, Mapping):
            self._wrong(where, "an object with fields is expected.")
            return {}
        fields = self._catalog.fields(type_name)
        row: Row = {}
        for field, value in content.items():
            if field not in fields:
                self._wrong(f"{where}, {field}", f"{type_name} has no such field.{nearest(field, iter(fields))}")
                continue
            try:
                row[field] = self._ground.values.check(self._settled(value, fields[field]), fields[field], field)
            except Refusal as refusal:
                texts = [what if name == field else f"{name}: {what}" for name, what in refusal.details.items()]
                self._wrong(f"{where}, {field}", " ".join(texts))
        return row

    def _settled(self, value: Any, spec: TypeSpec) -> Any:
        """Return a value with all words in it as what their fields say they mean."""
        if isinstance(value, list | tuple):
            return [self._settled(inner, spec._replace(collection=False)) for inner in value]
        if isinstance(value, Mapping):
            fields = self._catalog.fields(spec.name) if spec.name in self._catalog.types else {}
            return {name: self._settled(inner, fields.get(name, spec)) for name, inner in value.items()}
        return _meant(value, spec.name) if isinstance(value, _Word) else value

    def _merged(self, kind: Kind, rows: list[Row], given: Mapping[str, list[Row] | Row | None]) -> list[Row]:
        changed: dict[Any, Row] = {}
        added: dict[Any, Row] = {}
        for number, row in enumerate(rows, 1):
            where = f"{kind.name}, row {number}"
            key = self._known(kind, row)
            if key is not None:
                self._check_number(kind, where, key, row)
                changed[key] = {**changed.get(key, {}), **row, kind.key or "": key}
                continue
            for field in filter(None, (kind.alternate, kind.key if kind.key_type != "Int32" else None)):
                if not row.get(field):
                    self._wrong(where, f"{field} is missing, by which it is known.")
            if kind.is_dn and row.get("Number") and self._is_taken(row, given):
                self._wrong(f"{where}, Number", f"{row['Number']} is another's number.")
            key = row.get(kind.key) or self._next_id(kind, given) if kind.key else len(added)
            if key in added or (kind.is_dn and any(key in self._ground.rows(dn.name) for dn in self._dns())):
                self._wrong(f"{where}, {kind.key}", f"{key} is another's.")
            added[key] = {**row, kind.key: key} if kind.key else row
        base = self._ground.rows(kind.name)
        return [*({**row, **changed.get(key, {})} for key, row in base.items()), *added.values()]

    def _known(self, kind: Kind, row: Row) -> Any:
        """Return the key of the row in the extended seed that this one changes."""
        if kind.key and row.get(kind.key):
            return row[kind.key] if row[kind.key] in self._ground.rows(kind.name) else None
        if kind.key and kind.indexed and row.get(kind.indexed[0]):
            return self._ground.index(kind.name, kind.indexed[0]).get(row[kind.indexed[0]])
        return None

    def _check_number(self, kind: Kind, where: str, key: Any, row: Row) -> None:
        for field in kind.indexed:
            before = self._ground.rows(kind.name)[key].get(field)
            if row.get(field, before) != before:
                self._wrong(f"{where}, {field}", f"the row that has this {kind.key} is {before}, which stays.")

    def _dns(self) -> Iterator[Kind]:
        return (kind for kind in self._ground.kinds.values() if kind.is_dn)

    def _is_taken(self, row: Row, given: Mapping[str, list[Row] | Row | None]) -> bool:
        if any(row["Number"] in self._ground.index(kind.name, "Number") for kind in self._dns()):
            return True
        others = (other for kind in self._dns() for other in given.get(kind.name) or [] if other is not row)
        return any(isinstance(other, dict) and other.get("Number") == row["Number"] for other in others)

    def _next_id(self, kind: Kind, given: Mapping[str, list[Row] | Row | None]) -> int:
        """Return the next Id after those of the extended seed and those given; DNs share one sequence."""
        sequence = "DN" if kind.is_dn else kind.name
        if sequence not in self._last:
            sharing = list(self._dns()) if kind.is_dn else [kind]
            rows = [row for each in sharing for row in given.get(each.name) or [] if isinstance(row, dict)]
            ids = [row.get(str(each.key)) for each in sharing for row in rows]
            last = max(self._ground.last(each.name) for each in sharing)
            self._last[sequence] = max([last, *(id_ for id_ in ids if isinstance(id_, int))])
        self._last[sequence] += 1
        return self._last[sequence]


def _meant(word: _Word, type_name: str) -> Any:
    lowered = word.lower()
    if lowered in _NULL:
        return None
    if type_name == "Boolean" and lowered in _TRUE | _FALSE:
        return lowered in _TRUE
    if type_name in ("Byte", "Int32", "Int64") and _INTEGER.fullmatch(word):
        return int(word)
    if type_name in ("Single", "Double", "Decimal") and _NUMBER.fullmatch(word):
        return float(word)
    return str(word)
