"""A seed of one's own: a YAML or JSON file, or a mapping, of sets to rows in 3CX's field names.

    extends: empty        # or demo, or large; what is given here is put on top of it
    Users:
      - {Number: 100, FirstName: Ada, LastName: Example}
    MailSettings: {MailServer: smtp.example.com}

A row whose key or number the extended seed has changes that row's fields; others are added, and get an Id where they
have none. Texts may stand without quotes: what a word means is told by the field, so ``No`` is text where text is due.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from trunkline import catalog
from trunkline.catalog import Catalog, TypeSpec, nearest

from ..ground import Ground, Kind, Seed
from ..refusals import Refusal
from ..values import Row
from ..views import VIEWS

SHOWN = 10
# Bytes of a file; YAML takes a second for each 100 KB or so. Values of a YAML document, each alias's own with them.
MOST_JSON = 256 * 2**20
MOST_YAML = 16 * 2**20
MOST_VALUES = 1_000_000
MOST_DEPTH = 50
_TOO_LARGE = {".yaml": ": JSON may be larger, and is read faster", ".yml": ": JSON may be larger, and is read faster"}

_TRUE, _FALSE, _NULL = {"true", "yes", "on"}, {"false", "no", "off"}, {"", "~", "null"}
_INTEGER, _NUMBER = re.compile(r"[-+]?[0-9]+"), re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_NUMBERS = ("Single", "Double", "Decimal")


class Cell(NamedTuple):
    """A value of a document and its line; ``bare`` for a word of YAML without quotes, whose type the field tells."""

    content: Any  # dict[str, Cell], list[Cell], or a value
    line: int | None = None
    bare: bool = False


def read(path: Path) -> tuple[str, Seed]:
    """Return the seed in a file, and the name of the one it extends.

    ValueError says what is wrong with it, and where.
    """
    most = MOST_JSON if path.suffix == ".json" else MOST_YAML
    try:
        if path.exists() and not path.is_file():
            raise ValueError(f"The seed {path} can't be read: it is not a file.")
        if path.stat().st_size > most:
            raise ValueError(f"The seed {path} is larger than {most // 2**20} MB{_TOO_LARGE.get(path.suffix, '')}.")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"The seed {path} can't be read: {error}.") from error
    try:
        return _Reading(str(path), _json(path, text) if path.suffix == ".json" else _yaml(path, text)).seed()
    except RecursionError:
        raise ValueError(f"The seed {path} is nested too deeply.") from None


def checked(seed: Mapping[str, Any], label: str) -> tuple[str, Seed]:
    """Return the same for rows at hand."""
    try:
        return _Reading(label, _celled(seed)).seed()
    except RecursionError:
        raise ValueError(f"{label} is nested too deeply.") from None


def _json(path: Path, text: str) -> Cell:
    try:
        return _celled(json.loads(text, object_pairs_hook=_unlike_names))
    except ValueError as error:
        raise ValueError(f"The seed {path} is not JSON: {error}.") from error


def _unlike_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, _ in pairs if sum(other == name for other, _ in pairs) > 1)
        raise ValueError(f"{twice} stands here twice")
    return found


def _celled(value: Any) -> Cell:
    if isinstance(value, str):
        value.encode()  # half a surrogate pair is a ValueError: no answer could hold it
    if isinstance(value, Mapping):
        return Cell({str(name): _celled(inner) for name, inner in value.items()})
    return Cell([_celled(inner) for inner in value] if isinstance(value, list | tuple) else value)


def _yaml(path: Path, text: str) -> Cell:
    try:
        import yaml
    except ImportError:
        raise ValueError(
            f"The seed {path} is YAML, and PyYAML is not installed: "
            "pip install 'trunkline-emulator[yaml]', or write JSON."
        ) from None
    try:
        loader = _loader(text)
    except yaml.YAMLError as error:
        raise ValueError(f"The seed {path} is not YAML: {error}.") from error
    try:
        node = loader.get_single_node()
        return Cell({}) if node is None else _Nodes(loader).cell(node)
    except yaml.YAMLError as error:
        raise ValueError(f"The seed {path} is not YAML: {error}.") from error
    finally:
        loader.dispose()


def _loader(text: str) -> Any:
    """PyYAML's safe loader, which takes minutes for thousands of brackets within each other unless it is stopped."""
    import yaml

    class Loader(yaml.SafeLoader):
        def fetch_flow_collection_start(self, token: Any) -> None:
            if self.flow_level >= MOST_DEPTH:
                raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=self.get_mark())
            super().fetch_flow_collection_start(token)

    return Loader(text)


class _Nodes:
    """Makes cells of the nodes of one document, an alias's each time that it stands there."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._left = MOST_VALUES

    def cell(self, node: Any, depth: int = 0) -> Cell:
        """Resolve a name.

        Raises YAMLError for one that isn't, and for too much: aliases can name each other ten times over.
        """
        from yaml import MarkedYAMLError

        self._left -= 1
        if self._left < 0:
            raise MarkedYAMLError(problem=f"more than {MOST_VALUES:,} values", problem_mark=node.start_mark)
        if depth > MOST_DEPTH:
            raise MarkedYAMLError(problem="nested too deeply", problem_mark=node.start_mark)
        line = node.start_mark.line + 1
        if node.id == "mapping":
            _check_names(node)
            self._loader.flatten_mapping(node)
            return Cell({key.value: self.cell(value, depth + 1) for key, value in node.value}, line)
        if node.id == "sequence":
            return Cell([self.cell(value, depth + 1) for value in node.value], line)
        return Cell(node.value, line, bare=node.style is None)


def _check_names(node: Any) -> None:
    """YAML lets a later value stand for an earlier one of the same name; here that is surely a mistake."""
    from yaml import MarkedYAMLError

    seen: set[str] = set()
    for key, _ in node.value:
        if key.id != "scalar":
            raise MarkedYAMLError(problem="a name is expected", problem_mark=key.start_mark)
        if key.value in seen:
            raise MarkedYAMLError(problem=f"{key.value} stands here twice", problem_mark=key.start_mark)
        seen.add(key.value)


class _Reading:
    """One document on its way to a seed. All that is wrong is gathered, then raised at once."""

    def __init__(self, label: str, document: Cell) -> None:
        self._label = label
        self._document = document
        self._problems: list[str] = []
        self._catalog: Catalog = catalog.load(catalog.load().editions[-1].version)

    def seed(self) -> tuple[str, Seed]:
        from . import SEEDS

        sets = self._document.content
        if not isinstance(sets, dict):
            raise ValueError(f"{self._label}: sets and their rows are expected, such as Users: [{{Number: 100}}].")
        extends = sets.get("extends", Cell("empty"))
        if not isinstance(extends.content, str) or extends.content not in SEEDS:
            self._wrong(f"extends{_at(extends)}", f"there is no seed {extends.content!r}, only {', '.join(SEEDS)}.")
            extends = Cell("empty")
        base = SEEDS[extends.content]()
        ground = Ground(self._catalog, base)
        given = {name: self._content(name, cell, ground) for name, cell in sets.items() if name != "extends"}
        self._raise()
        merged = _Merging(ground, base, self._wrong).merge(
            {name: content for name, content in given.items() if content}
        )
        self._raise()
        return extends.content, merged

    def _raise(self) -> None:
        if self._problems:
            more = len(self._problems) - SHOWN
            lines = self._problems[:SHOWN] + ([f"and {more} more."] if more > 0 else [])
            raise ValueError("\n".join(lines))

    def _wrong(self, where: str, what: str) -> None:
        self._problems.append(f"{self._label}: {where}: {what}")

    def _content(self, name: str, cell: Cell, ground: Ground) -> list[Row] | Row | None:
        where = f"{name}{_at(cell)}"
        if name in ("MyUser", "MyGroup"):
            self._wrong(where, "this is the first row of Users or Groups; give that.")
        elif name in VIEWS:
            self._wrong(where, "its rows are computed from other sets.")
        elif name in ground.singleton_types:
            if isinstance(cell.content, dict):
                return self._row(where, cell, ground.singleton_types[name])
            self._wrong(where, "this is one object, not a list.")
        elif name in ground.kinds:
            if isinstance(cell.content, list):
                type_name = ground.kinds[name].type_name
                return [
                    self._row(f"{name}, row {n}{_at(row)}", row, type_name) for n, row in enumerate(cell.content, 1)
                ]
            self._wrong(where, "a list of rows is expected.")
        else:
            known = nearest(name, iter([*ground.kinds, *ground.singleton_types]))
            self._wrong(where, f"3CX has no such set.{known}")
        return None

    def _row(self, where: str, cell: Cell, type_name: str) -> Row:
        if not isinstance(cell.content, dict):
            self._wrong(where, "an object with fields is expected.")
            return {}
        values = Ground(self._catalog, {}).values
        fields = self._catalog.fields(type_name)
        row: Row = {}
        for field, inner in cell.content.items():
            if field not in fields:
                self._wrong(f"{where}, {field}", f"{type_name} has no such field.{nearest(field, iter(fields))}")
                continue
            try:
                row[field] = values.check(self._settled(inner, fields[field]), fields[field], field)
            except Refusal as refusal:
                told = [what if name == field else f"{name}: {what}" for name, what in refusal.details.items()]
                self._wrong(f"{where}, {field}", " ".join(told))
        return row

    def _settled(self, cell: Cell, spec: TypeSpec) -> Any:
        """Return the value of a cell; what a bare word means is told by the type it stands for."""
        content = cell.content
        if isinstance(content, list):
            return [self._settled(inner, spec._replace(collection=False)) for inner in content]
        if isinstance(content, dict):
            fields = self._catalog.fields(spec.name) if spec.name in self._catalog.types else {}
            return {name: self._settled(inner, fields.get(name, spec)) for name, inner in content.items()}
        return _meant(content, spec.name) if cell.bare else content


def _meant(word: str, type_name: str) -> Any:
    lowered = word.lower()
    if lowered in _NULL:
        return None
    if type_name == "Boolean" and lowered in _TRUE | _FALSE:
        return lowered in _TRUE
    if type_name in ("Byte", "Int32", "Int64") and _INTEGER.fullmatch(word):
        return int(word)
    if type_name in _NUMBERS and _NUMBER.fullmatch(word):
        return float(word)
    return word


def _at(cell: Cell) -> str:
    return f" (line {cell.line})" if cell.line else ""


class _Merging:
    """Puts checked rows on top of the seed they extend."""

    def __init__(self, ground: Ground, base: Seed, wrong: Any) -> None:
        self._ground = ground
        self._base = base
        self._wrong = wrong
        self._last: dict[str, int] = {}

    def merge(self, given: Mapping[str, list[Row] | Row]) -> Seed:
        merged = dict(self._base)
        for name, content in given.items():
            if isinstance(content, dict):
                merged[name] = {**merged.get(name, {}), **content}  # type: ignore[dict-item]
            else:
                merged[name] = self._rows(self._ground.kinds[name], content, given)
        return merged

    def _rows(self, kind: Kind, rows: list[Row], given: Mapping[str, list[Row] | Row]) -> list[Row]:
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
            if kind.is_dn and row.get("Number") and self._taken(row, given):
                self._wrong(f"{where}, Number", f"{row['Number']} is another's number.")
            key = row.get(kind.key) or self._next_id(kind, given) if kind.key else len(added)
            if key in added or (kind.is_dn and self._id_taken(key)):
                self._wrong(f"{where}, {kind.key}", f"{key} is another's.")
            added[key] = {**row, kind.key: key} if kind.key else row
        base = self._ground.rows(kind.name)
        return [*({**row, **changed.get(key, {})} for key, row in base.items()), *added.values()]

    def _known(self, kind: Kind, row: Row) -> Any:
        """Return the key of the row in the extended seed that this one changes."""
        if kind.key and row.get(kind.key) and row[kind.key] in self._ground.rows(kind.name):
            return row[kind.key]
        if kind.key and not row.get(kind.key) and kind.indexed and row.get(kind.indexed[0]):
            return self._ground.index(kind.name, kind.indexed[0]).get(row[kind.indexed[0]])
        return None

    def _check_number(self, kind: Kind, where: str, key: Any, row: Row) -> None:
        for field in kind.indexed:
            was = self._ground.row(kind.name, key)[field]
            if row.get(field, was) != was:
                self._wrong(f"{where}, {field}", f"the row that has this {kind.key} is {was}, which stays.")

    def _dns(self) -> Iterator[Kind]:
        return (kind for kind in self._ground.kinds.values() if kind.is_dn)

    def _taken(self, row: Row, given: Mapping[str, list[Row] | Row]) -> bool:
        number = row["Number"]
        if any(number in self._ground.index(kind.name, "Number") for kind in self._dns()):
            return True
        others = (other for kind in self._dns() for other in given.get(kind.name, []) if other is not row)
        return any(isinstance(other, dict) and other.get("Number") == number for other in others)

    def _id_taken(self, key: int) -> bool:
        return any(key in self._ground.rows(kind.name) for kind in self._dns())

    def _next_id(self, kind: Kind, given: Mapping[str, list[Row] | Row]) -> int:
        """Return the next Id after those of the extended seed and those given; DNs share one sequence."""
        sharing = list(self._dns()) if kind.is_dn else [kind]
        sequence = "DN" if kind.is_dn else kind.name
        if sequence not in self._last:
            ids = [
                row.get(str(other.key))
                for other in sharing
                for row in given.get(other.name, [])
                if isinstance(row, dict)
            ]
            last = max(self._ground.last(other.name) for other in sharing)
            self._last[sequence] = max([last, *(id_ for id_ in ids if isinstance(id_, int))])
        self._last[sequence] += 1
        return self._last[sequence]
