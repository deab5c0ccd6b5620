"""What may be given for a query option, as its text: plain text and numbers here, what is built in `expand`."""

from __future__ import annotations

from ..catalog import Catalog
from ..errors import InvalidArgument
from .literals import encodable

_LARGEST = 2**31 - 1  # Edm.Int32: what $top and $skip are to every server


def option_text(name: str, value: object, catalog: Catalog | None = None, type_name: str | None = None) -> str:
    """Return the text of a query option, not yet encoded; with a catalog, what was built is checked for rows of a type.

    InvalidArgument or UnknownName, whose message ends a sentence that begins with the option's name.
    """
    match name:
        case "top" | "skip":
            return _whole(value)
        case "count":
            if str(value).lower() not in ("true", "false"):
                raise InvalidArgument(f"must be true or false, not {value!r}")
            return str(value).lower()
    if not isinstance(value, str):
        from .expand import built_text  # brings all that filters are built from, which text does without

        value = built_text(name, value, catalog, type_name)
    if not isinstance(value, str) or not value.strip() or not encodable(value):
        built = " or a filter built with F" if name == "filter" else ""
        raise InvalidArgument(f"must be text that is not empty{built}, not {value!r}")
    return value


def _whole(value: object) -> str:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(_LARGEST)):
        value = int(value)
    if isinstance(value, int) and value < -_LARGEST:
        raise InvalidArgument("must be a whole number of at least 0")
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        shown = repr(value) if not isinstance(value, str) or len(value) <= 40 else "a longer text"
        raise InvalidArgument(f"must be a whole number of at least 0, not {shown}")
    if value > _LARGEST:
        raise InvalidArgument(f"must be a whole number of at most {_LARGEST:,}")
    return str(value)
