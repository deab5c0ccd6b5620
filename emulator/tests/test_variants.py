"""The ways in which PBXs differ (docs/pbx.md), one by one."""

from __future__ import annotations

import base64
import json
import re
import time
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from trunkline_emulator import Emulator, NotAllowed, Variants

from .conftest import Dial, Line

LOG = "/ReportCallLogData/Pbx.GetCallLogData(periodFrom={},periodTo={},sourceType=0,sourceFilter='',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0,callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=true)"  # noqa: E501
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def vary(dial: Dial) -> Any:
    """A PBX with some variants, set while it runs."""

    def opened(**variants: Any) -> Any:
        line = dial()
        line.emulator.vary(variants)
        return line

    return opened


def sign_in(line: Line, key: Any = None) -> Any:
    form = f"grant_type=client_credentials&client_id=trunkline&client_secret={key or line.emulator.api_key}"
    return line.send("POST", "/connect/token", form.encode(), FORM)


# ── settings ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"etags": "on"}, "etags: 'on' is not 'off' or 'weak' or 'strict'."),
        ({"max_top": 0}, "max_top: 0 is not a whole number from 1 up, or null for no cap."),
        ({"page_size": True}, "page_size: True is not a whole number"),
        ({"page_size": 1.5}, "page_size: 1.5 is not a whole number"),
        ({"version_header": 1}, "version_header: 1 is not true or false."),
        ({"latency": -1}, "latency: -1 is not a number of seconds from 0 up."),
        ({"latency": float("inf")}, "is not a number of seconds from 0 up."),
        ({"licence": ["ok"]}, "licence: ['ok'] is not"),
        ({"color": "red"}, "No variant is called 'color'. There are: bad_dates, bearer,"),
    ],
    ids=str,
)
def test_a_variant_that_there_is_not(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(NotAllowed, match=re.escape(told)):
        Emulator(variants=changes)
    emulator = Emulator()
    with pytest.raises(NotAllowed, match=re.escape(told)):
        emulator.vary(changes)
    assert emulator.variants == Variants()


def test_old_options_are_variants() -> None:
    emulator = Emulator(etags=True, latency=0.5, token_lifetime=60)
    assert emulator.variants == Variants(etags="weak", latency=0.5, token_lifetime=60)
    assert (emulator.etags, emulator.latency) == (True, 0.5)
    emulator.latency = 0
    assert emulator.variants.latency == 0
    assert Emulator(etags="strict").variants.etags == "strict"
    assert Emulator(etags=False, variants={"page_size": 5}).variants == Variants(page_size=5)


# ── ETags ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
@pytest.mark.parametrize(
    ("if_match", "status"),
    [(None, 428), ("*", 204), ("{tag}", 204), ("W/{tag}", 412), ('"other", {tag}', 204), ('"other"', 412)],
)
def test_strict_tags_are_strong_and_wanted_for_each_change(
    vary: Any, method: str, if_match: str | None, status: int
) -> None:
    line = vary(etags="strict")
    answer = line.get("/Fax(121)")
    tag = answer.headers["etag"]
    assert tag.startswith('"')
    assert answer.json["@odata.etag"] == line.get("/Fax?$top=1").rows[0]["@odata.etag"] == tag
    headers = {} if if_match is None else {"if-match": if_match.format(tag=tag)}
    change = line.ask(method, "/Fax(121)", {"OutboundCallerId": "x"} if method == "PATCH" else None, headers)
    assert change.status == status
    assert line.ask("DELETE", "/Fax(1)").status == 404


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("variants", "query", "status", "count"),
    [
        ({}, "", 200, 40),
        ({"page_size": 7}, "", 200, 7),
        ({"page_size": 7}, "?$top=9", 200, 9),
        ({"page_size": None}, "", 200, 40),
        ({}, "?$top=101", 400, 0),
        ({"max_top": 10}, "?$top=11", 400, 0),
        ({"max_top": 10}, "?$top=10", 200, 10),
        ({"max_top": None}, "?$top=100000", 200, 40),
    ],
    ids=str,
)
def test_how_much_of_a_set_comes_at_once(
    vary: Any, variants: dict[str, Any], query: str, status: int, count: int
) -> None:
    line = vary(**variants)
    answer = line.get(f"/Users{query}")
    assert answer.status == status
    if status == 200:
        assert len(answer.rows) == min(count, line.get("/Users?$top=1&$count=true").json["@odata.count"])
        assert "@odata.nextLink" not in answer.json
    else:
        assert f"The limit of '{variants.get('max_top', 100)}' for Top query has been exceeded" in answer.message


@pytest.mark.parametrize("option", ["skip", "skiptoken"])
@pytest.mark.parametrize(
    "query", ["", "?$orderby=Number%20desc&$select=Number", "?$filter=Number%20gt%20'105'&$skip=2"]
)
def test_next_links_lead_through_the_whole_set(vary: Any, option: str, query: str) -> None:
    line = vary(page_size=4, next_link=option)
    whole = vary(page_size=None).get(f"/Users{query}").rows
    target, rows = f"/xapi/v1/Users{query}", []
    while target:
        answer = line.send("GET", target, headers={"authorization": f"Bearer {line.token}"})
        assert len(answer.rows) <= 4
        rows += answer.rows
        link = answer.json.get("@odata.nextLink")
        if link:
            parts = urlsplit(link)
            assert (parts.scheme, parts.netloc, parts.path) == ("https", "pbx", "/xapi/v1/Users")
            assert f"${option}=" in parts.query
        target = link and f"{parts.path}?{parts.query}"
    assert rows == whole


def test_a_client_that_says_how_many_it_wants_gets_no_link(vary: Any) -> None:
    line = vary(page_size=4, next_link="skip")
    assert "@odata.nextLink" not in line.get("/Users?$top=4").json
    assert "@odata.nextLink" not in line.get("/Users?$top=0").json


@pytest.mark.parametrize("token", ["", "x", "cm93IDU", "%C3%A9", "cm93IC01"])
def test_a_skip_token_that_was_not_given_out(vary: Any, token: str) -> None:
    line = vary(next_link="skiptoken")
    accepted = base64.urlsafe_b64encode(b"row 5").decode().rstrip("=") == token
    assert line.get(f"/Users?$skiptoken={token}").status == (200 if accepted else 400)
    assert vary().get(f"/Users?$skiptoken={token}").status == 400


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("version", "unit", "expires_in"),
    [
        ("20.0.8", "version", 60),
        ("20.0.10", "version", 3600),
        ("20.0.8", "seconds", 3600),
        ("20.0.10", "minutes", 60),
    ],
)
def test_the_unit_of_expires_in(dial: Dial, version: str, unit: str, expires_in: int) -> None:
    line = dial(version=version, variants={"expires_in": unit})
    assert sign_in(line).json["expires_in"] == expires_in


@pytest.mark.parametrize("form", ["jwt", "jwt_without_exp", "opaque"])
def test_forms_of_a_token(vary: Any, form: str) -> None:
    line = vary(bearer=form)
    line.token = sign_in(line).json["access_token"]
    assert line.get("/Defs").status == 200
    parts = line.token.split(".")
    assert len(parts) == (1 if form == "opaque" else 3)
    if form != "opaque":
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
        assert ("exp" in claims) is (form == "jwt")


def test_a_lifetime_counts_for_the_next_token(vary: Any) -> None:
    line = vary(token_lifetime=0)
    assert line.get("/Defs").status == 200
    assert line.sign_in().get("/Defs").status == 401


@pytest.mark.parametrize(
    ("variant", "status", "error"), [("invalid_client", 400, "invalid_client"), ("unauthorized", 401, "unauthorized")]
)
def test_wrong_credentials(vary: Any, variant: str, status: int, error: str) -> None:
    answer = sign_in(vary(wrong_credentials=variant), "wrong")
    assert (answer.status, answer.json["error"]) == (status, error)
    assert ("error_description" in answer.json) is (status == 401)


@pytest.mark.parametrize(("variant", "status"), [("401", 401), ("403", 403)])
def test_a_dead_token(vary: Any, variant: str, status: int) -> None:
    line = vary(dead_token=variant)
    dead = line.token
    line.sign_in()
    assert line.send("GET", "/xapi/v1/Defs", headers={"authorization": f"Bearer {dead}"}).status == status
    assert line.send("GET", "/xapi/v1/Defs").status == 401
    assert line.get("/Defs").status == 200
    line.emulator.ask("GET", "/Defs")
    line.emulator.revoke_tokens()
    assert line.emulator.ask("GET", "/Defs").status == 200, "asking in process signs in again"


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("shown", [True, False])
def test_the_version_header(vary: Any, shown: bool) -> None:
    line = vary(version_header=shown)
    assert ("x-3cx-version" in line.get("/Defs").headers) is shown
    assert ("x-3cx-version" in line.get("/Nothing").headers) is shown


@pytest.mark.parametrize(("bodies", "message"), [("empty", None), ("full", "Forbidden")])
def test_bodies_of_errors(vary: Any, bodies: str, message: str | None) -> None:
    line = vary(error_bodies=bodies)
    line.emulator.add_client("user", "key")
    answer = line.sign_in("user", "key").get("/Users")
    assert answer.status == 403
    assert (answer.json["error"]["message"] if answer.body else None) == message
    line.sign_in()
    broken = line.get(LOG.format("yesterday", "2026-06-16T00:00:00Z"))
    assert (broken.status, bool(broken.body)) == (500, bodies == "full")


@pytest.mark.parametrize(("variant", "status"), [("404", 404), ("401", 401)])
def test_paths_that_lead_nowhere(vary: Any, variant: str, status: int) -> None:
    line = vary(unknown_path=variant)
    for path in ("/Nothing", "/Fax(121", "/Fax/Pbx.Nothing()", "/../Fax"):
        assert line.get(path).status == status
    assert line.send("GET", "/elsewhere").status == status
    assert line.get("/Fax(1)").status == 404


@pytest.mark.parametrize(("begin", "end"), [("yesterday", "2026-06-16T00:00:00Z"), ("yesterday", "tomorrow")])
def test_broken_dates_may_leave_the_period_open(vary: Any, begin: str, end: str) -> None:
    assert vary().get(LOG.format(begin, end)).status == 500
    rows = vary(bad_dates="ignored").get(LOG.format(begin, end)).rows
    assert rows == vary().get(LOG.format("2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z")).rows
    assert rows


# ── the licence ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("licence", "active", "calls"), [("ok", True, 16), ("expired", False, 16), ("too_small", True, 4)]
)
def test_without_a_sufficient_licence_there_is_no_api(vary: Any, licence: str, active: bool, calls: int) -> None:
    line = vary(licence=licence)
    assert line.get("/Users").status == (200 if licence == "ok" else 403)
    assert sign_in(line).status == 200
    line.sign_in()
    shown = line.get("/LicenseStatus").json
    assert (shown["LicenseActive"], shown["MaxSimCalls"]) == (active, calls)
    ends = time.strptime(shown["ExpirationDate"], "%Y-%m-%dT%H:%M:%SZ")
    assert (time.strftime("%Y", ends) == "2099") is (licence != "expired")
    line.emulator.vary({"licence": "ok"})
    assert line.get("/LicenseStatus").json == vary().get("/LicenseStatus").json
    assert line.get("/SystemStatus").json == vary().get("/SystemStatus").json


def test_a_licence_from_the_start_and_after_a_reset(dial: Dial) -> None:
    line = dial(variants={"licence": "expired"})
    for _ in range(2):
        assert line.get("/LicenseStatus").json["LicenseActive"] is False
        line.emulator.reset()


# ── too many requests ────────────────────────────────────────────────────────────────────────────


def test_a_throttle(vary: Any) -> None:
    line = vary()
    line.ask("PATCH", "/AntiHackingSettings", {"MaxRequestPerPeriod": 3, "ThrottlePeriodLength": 60})
    assert [line.get("/Defs").status for _ in range(5)] == [200] * 5
    line.emulator.vary({"throttle": True})
    answers = [line.get("/Defs") for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
    assert 55 <= int(answers[-1].headers["retry-after"]) <= 60
    line.emulator.skew_clock(61)
    assert line.get("/Defs").status == 200


def test_jitter_and_latency_are_waited_for(vary: Any) -> None:
    line = vary(latency=0.05, jitter=0.05)
    started = time.perf_counter()
    line.get("/Defs")
    assert time.perf_counter() - started >= 0.045


# ── the clock ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("skew", [-86400, 86400])
def test_a_skewed_clock_moves_everything(dial: Dial, skew: int) -> None:
    line = dial(clock_skew=skew)
    now = time.time() + skew
    answer = line.get("/Defs")
    assert answer.status == 200
    assert abs(parsedate_to_datetime(answer.headers["date"]).timestamp() - now) < 5
    claims = json.loads(base64.urlsafe_b64decode(line.token.split(".")[1] + "=="))
    assert abs(claims["iat"] - now) < 5
    assert claims["exp"] - claims["iat"] == 3600


def test_a_clock_that_jumps_outlives_tokens(pbx: Line) -> None:
    pbx.emulator.skew_clock(3599)
    assert pbx.get("/Defs").status == 200
    pbx.emulator.skew_clock(3601)
    assert pbx.get("/Defs").status == 401
