"""Between the rows of a PBX and the fields of files: ids and natural keys, secrets, times. Everything here is pure."""

from .comparing import compared
from .mentions import SOUNDS, references, secrets
from .merging import changed_fields, merged
from .names import Names, Reference, names_of
from .sending import SecretOf, Unresolved, has_secret, sent
from .writing import spelled

__all__ = [
    "SOUNDS",
    "Names",
    "Reference",
    "SecretOf",
    "Unresolved",
    "changed_fields",
    "compared",
    "has_secret",
    "merged",
    "names_of",
    "references",
    "secrets",
    "sent",
    "spelled",
]
