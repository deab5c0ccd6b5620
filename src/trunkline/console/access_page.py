"""Pages of plain HTML: signing in, which needs no session, and an address that leads nowhere."""

from __future__ import annotations

from html import escape

from .language import _
from .visitor import visitor

_FRAME = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Trunkline</title>
<link rel="stylesheet" href="/assets/console.css">
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<script src="/assets/zone.js"></script>
{head}</head>
<body class="tl-sign-in{look}">
<script src="/assets/look.js"></script>
<main>
<h1>Trunkline</h1>
{body}
</main>
</body>
</html>
"""


def _look() -> str:
    """Return the class of the look that the person chose, or of following the system."""
    return {None: " tl-system", True: " body--dark", False: ""}[visitor().dark]


def sign_in_page(lang: str, *, has_password: bool, message: str = "", then: str = "/", is_printed: bool = False) -> str:
    """Return the page that asks for the password, or that says where the one-time link is.

    ``message`` says why the person is here again; ``then`` is the page that they wanted.
    """
    parts = [f'<p role="alert">{escape(message)}</p>'] if message else []
    if has_password:
        parts.append(
            '<form method="post" action="/sign-in">'
            f'<input type="hidden" name="then" value="{escape(then)}">'
            f'<label for="password">{escape(_("Password"))}</label>'
            '<input id="password" name="password" type="password" autocomplete="current-password" required autofocus>'
            f"<button>{escape(_('Sign in'))}</button></form>"
        )
    else:
        parts.append(
            f"<p>{escape(_('Open the link that the terminal shows. It works once, within five minutes.'))}</p>"
        )
        if is_printed:
            parts.append(f'<p role="status">{escape(_("The terminal shows a new link."))}</p>')
        label = escape(_("Show a new link in the terminal"))
        parts.append(f'<form method="post" action="/new-link"><button>{label}</button></form>')
    return _FRAME.format(lang=lang, look=_look(), title=escape(_("Sign in")), head="", body="\n".join(parts))


def signed_in_page(lang: str, then: str = "/") -> str:
    """Return the page that leads on after signing in.

    It is a page of its own: a redirect after a click in a mail or chat program still counts as coming from there, and
    the browser would keep a strict cookie to itself.
    """
    refresh = f'<meta http-equiv="refresh" content="0;url={escape(then)}">\n'
    body = f'<p><a href="{escape(then)}">{escape(_("Signed in. Go on to the console."))}</a></p>'
    return _FRAME.format(lang=lang, look=_look(), title=escape(_("Signed in")), head=refresh, body=body)


def missing_page(lang: str) -> str:
    """Return the page for an address that the console does not have."""
    body = f"<p>{escape(_('The console has no page at this address.'))}</p>"
    back = f'<p><a href="/">{escape(_("Go to the first page"))}</a></p>'
    return _FRAME.format(lang=lang, look=_look(), title=escape(_("Not found")), head="", body=f"{body}\n{back}")


def local_path(path: str) -> str:
    """Return a path of this console; ``/`` in place of what would lead elsewhere."""
    is_local = path.startswith("/") and not path.startswith("//") and path.isprintable() and "\\" not in path
    return path if is_local and len(path) <= 2000 else "/"
