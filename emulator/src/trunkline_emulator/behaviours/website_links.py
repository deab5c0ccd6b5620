"""Links by which visitors of a website reach somebody."""

from __future__ import annotations

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..rules.checks import refuse_wrong
from ..rules.index import unique_to
from ..rules.offers import FRIENDLY, link_of_user
from ..warning_codes import ALREADY_IN_USE, REQUIRED


def _validate(call: Call) -> Response:
    """Whether a link is well formed and free; ``Pair`` is the user or the DN who wants it, by number or Id.

    204 where it is, as 3CX's own example has it; Raises Refusal (400) naming ``FriendlyName`` where it isn't.
    """
    store, model = call.store, call.body()["model"]
    name, pair = model.get("FriendlyName") or "", model.get("Pair") or ""
    if not name:
        refuse_wrong(store, {"FriendlyName": REQUIRED})
    malformed = FRIENDLY(store, name)
    if malformed:
        refuse_wrong(store, {"FriendlyName": malformed})
    user, link = link_of_user(store, name), unique_to(store, "WebsiteLinks", "Link", name)
    answers = (link or {}).get("DN") or {}
    others_user = user is not None and pair not in (user["Number"], str(user["Id"]))
    others_link = link is not None and pair not in (answers.get("Number"), str(answers.get("Id")))
    if others_user or others_link:
        refuse_wrong(store, {"FriendlyName": ALREADY_IN_USE})
    return Response(204)


HANDLERS = declared(ASSUMED, {"website_links.validate_link": _validate})
