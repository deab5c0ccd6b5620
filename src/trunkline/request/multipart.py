"""The one body that is no JSON: a file as a multipart part (PBX.md, Files)."""

from __future__ import annotations

from urllib.parse import quote

from ..errors import InvalidArgument


def multipart(part: str, value: object) -> tuple[str, bytes]:
    """Content-Type and body of a form with one file.

    ``value`` is ``(name, content)`` or the content alone, as bytes. The boundary comes from the content, so the same
    file makes the same request, and it can't occur inside.
    """
    name, content = value if isinstance(value, tuple) and len(value) == 2 else (part, value)
    if not isinstance(name, str) or not isinstance(content, bytes):
        raise InvalidArgument(f"{part} must be bytes, or (name, bytes).")
    import hashlib  # OpenSSL comes with it; only uploads need it

    boundary = hashlib.sha256(content).hexdigest()
    head = (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="{part}"; filename="{quote(name, safe=" ()+,;@-_.")}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return f"multipart/form-data; boundary={boundary}", head.encode(
        "ascii"
    ) + content + f"\r\n--{boundary}--\r\n".encode()
