"""The reference page of an action as a page for the browser."""

from __future__ import annotations

import html
from pathlib import Path

from ..catalog import Action, Catalog
from ..catalog.names import display_words
from ..errors import ConfigurationError
from ..local.folders import own_folder
from .action_page import action_page

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; }}
th, td {{ text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8886; }}
pre {{ padding: .8rem; overflow-x: auto; background: #8882; }}
</style>
{body}
</html>
"""


def written_page(catalog: Catalog, action: Action) -> Path:
    """Write the page into the user's cache; its path. ConfigurationError where it can't be written."""
    from markdown_it import MarkdownIt  # rich brings it

    hint = f"`trunkline actions show {action.id}` prints it."
    own = own_folder("cache")
    if own is None:
        raise ConfigurationError("This user has no folder for pages.", hint=hint)
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(action_page(catalog, action))
    title = html.escape(f"{display_words(action.operation_id)} ({display_words(action.tag)})")
    version = f"-{catalog.version}" if catalog.version else ""
    path = own / "actions" / f"{action.id}{version}.html"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_PAGE.format(title=title, body=body), encoding="utf-8")
    except OSError as problem:
        raise ConfigurationError(f"{path} can't be written: {problem.strerror}.", hint=hint) from None
    return path
