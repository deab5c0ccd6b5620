"""DateTime in templates, against Python's datetime and zoneinfo."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trunkline.errors import InvalidArgument, TemplateError
from trunkline.node import Template, World, as_item
from trunkline.node.template import Scope
from trunkline.node.zones import transitions

NOW = dt.datetime(2026, 11, 22, 13, 5, 9, 250000, tzinfo=dt.UTC)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
]


def value(text: str, zone: str = "UTC", now: dt.datetime = NOW, **fields: Any) -> Any:
    world = World(zone=zone, clock=now.timestamp)
    return Template(text).value(Scope([as_item(fields)], 0, world), "p")


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$now", "2026-11-22T13:05:09.250Z"),
        ("$now.toISO()", "2026-11-22T13:05:09.250Z"),
        ("DateTime.now().toISO()", "2026-11-22T13:05:09.250Z"),
        ("$today", "2026-11-22T00:00:00.000Z"),
        ("$today.toISODate()", "2026-11-22"),
        ("$now.minus({days: 30}).toISODate()", "2026-10-23"),
        ("$now.minus(30, 'days').toISODate()", "2026-10-23"),
        ("$now.plus({months: 3}).toISODate()", "2027-02-22"),
        ("DateTime.fromISO('2026-01-31').plus({months: 1}).toISODate()", "2026-02-28"),
        ("DateTime.fromISO('2024-02-29').plus({years: 1}).toISODate()", "2025-02-28"),
        ("$now.plus({hours: 1.5}).toISO()", "2026-11-22T14:35:09.250Z"),
        ("$now.startOf('month').toISO()", "2026-11-01T00:00:00.000Z"),
        ("$now.startOf('week').toISODate()", "2026-11-16"),
        ("$now.endOf('week').toISO()", "2026-11-22T23:59:59.999Z"),
        ("$now.startOf('quarter').toISODate()", "2026-10-01"),
        ("$now.endOf('month').toISODate()", "2026-11-30"),
        ("$now.endOf('year').toISODate()", "2026-12-31"),
        ("$now.startOf('hour').toISO()", "2026-11-22T13:00:00.000Z"),
        ("$now.set({hour: 8, minute: 30, second: 0, millisecond: 0}).toISO()", "2026-11-22T08:30:00.000Z"),
        ("$now.set({weekday: 1}).toISODate()", "2026-11-16"),
        ("DateTime.fromISO('2026-01-31').set({month: 2}).toISODate()", "2026-02-28"),
        ("$now.diff($now.minus({days: 10}), 'days').days", 10),
        ("$now.diff(DateTime.fromISO('2026-11-20T01:05:09.25Z')).as('days')", 2.5),
        (
            "$now.diff(DateTime.fromISO('2025-11-22'), ['years', 'days']).toObject()",
            {"years": 1, "days": 0.5452459490740741},
        ),
        ("DateTime.fromISO('2026-03-31').diff(DateTime.fromISO('2026-02-28'), 'months').months", 1 + 3 / 31),
        ("DateTime.fromISO('2026-01-01').diff($now, 'months').months < -10", True),
        ("$now.diffTo('2026-11-23T13:05:09.250Z', 'hours')", -24),  # as n8n answers
        ("$now.diffNow('days').days", 0),
        (
            "[$now.year, $now.month, $now.day, $now.hour, $now.minute, $now.second, $now.millisecond]",
            [2026, 11, 22, 13, 5, 9, 250],
        ),
        (
            "[$now.weekday, $now.weekNumber, $now.weekYear, $now.quarter, $now.ordinal, $now.daysInMonth]",
            [7, 47, 2026, 4, 326, 30],
        ),
        ("$now.toMillis()", 1795352709250),
        ("$now.toSeconds()", 1795352709.25),
        ("$now > $today", True),
        ("DateTime.fromISO($json.at) < $now", True),
        ("$json.at.toDateTime() < $now.minus({days: 30})", False),
        ("$now.hasSame($today, 'day')", True),
        ("DateTime.fromISO('nonsense').isValid", False),
        ("DateTime.fromISO('2026-02-30').isValid", False),
        ("DateTime.fromISO('2026-W47-7').toISODate()", "2026-11-22"),
        ("DateTime.fromISO('2026-326').toISODate()", "2026-11-22"),
        ("DateTime.fromISO('2026-11-22T24:00').toISO()", "2026-11-23T00:00:00.000Z"),
        ("DateTime.fromISO('08:30').toISO()", "2026-11-22T08:30:00.000Z"),
        ("DateTime.fromISO('20261122T130509Z').toISO()", "2026-11-22T13:05:09.000Z"),
        ("DateTime.fromISO('2026-11-22T13:05:09.1234567+02:00').toISO()", "2026-11-22T11:05:09.123Z"),
        ("DateTime.fromFormat('22.11.2026 07:08', 'dd.MM.yyyy HH:mm').toISO()", "2026-11-22T07:08:00.000Z"),
        ("DateTime.fromFormat('Nov 2, 2026 1:05 PM', 'MMM d, yyyy h:mm a').toISO()", "2026-11-02T13:05:00.000Z"),
        ("'2026-05-04 10:00'.toDateTime().toISO()", "2026-05-04T10:00:00.000Z"),
        ("$now.diff($today, ['hours', 'hours', 'minutes']).toObject()", {"hours": 13, "minutes": 5.154166666666667}),
        ("DateTime.fromMillis(0).toISO()", "1970-01-01T00:00:00.000Z"),
        ("DateTime.fromSeconds(1.5).toISO()", "1970-01-01T00:00:01.500Z"),
        ("DateTime.fromObject({year: 2026, month: 5}).toISO()", "2026-05-01T00:00:00.000Z"),
        ("DateTime.local(2026, 5, 4, 3).toISO()", "2026-05-04T03:00:00.000Z"),
        ("DateTime.max($now, $today).hour", 13),
        ("$now.setZone('Asia/Kolkata').toISO()", "2026-11-22T18:35:09.250+05:30"),
        (
            "$now.setZone('America/New_York').toFormat('yyyy-MM-dd HH:mm ZZ z')",
            "2026-11-22 08:05 -05:00 America/New_York",
        ),
        ("$now.setZone('UTC+2').toISO()", "2026-11-22T15:05:09.250+02:00"),
        ("$now.setZone('Asia/Kolkata', {keepLocalTime: true}).toUTC().toISO()", "2026-11-22T07:35:09.250Z"),
        ("Duration.fromObject({hours: 36}).as('days')", 1.5),
        ("Duration.fromISO('PT1M12.5S').as('seconds')", 72.5),
        ("Duration.fromISO('PT1M12.5S').toISO()", "PT1M12.5S"),
        ("(() => { try { return $now.setZone('Asia/Tokyo').hour } catch { return 'lost' } })()", 22),
        ("JSON.stringify({at: $today})", '{"at":"2026-11-22T00:00:00.000Z"}'),
    ],
)
def test_dates_as_n8n_s_users_write_them(expression: str, expected: Any) -> None:
    assert value(f"{{{{ {expression} }}}}", at="2026-11-02T08:00:00Z") == expected


def test_a_date_within_text_is_iso() -> None:
    assert value("from {{ $today }} on") == "from 2026-11-22T00:00:00.000Z on"


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("yyyy", "2026"), ("yy", "26"), ("M", "11"), ("MM", "11"), ("MMM", "Nov"), ("MMMM", "November"), ("d", "2"),
        ("dd", "02"), ("o", "306"), ("H", "15"), ("HH", "15"), ("h", "3"), ("hh", "03"), ("m", "4"), ("mm", "04"),
        ("s", "5"), ("ss", "05"), ("S", "6"), ("SSS", "006"), ("a", "PM"), ("E", "1"), ("EEE", "Mon"),
        ("EEEE", "Monday"),
        ("WW", "45"), ("kkkk", "2026"), ("q", "4"), ("ZZ", "+01:00"), ("ZZZ", "+0100"), ("z", "Europe/Berlin"),
        ("X", "1793628245"), ("x", "1793628245006"), ("D", "11/2/2026"), ("T", "15:04"),
        ("DDDD", "Monday, November 2, 2026"),
        ("'week' W 'of' yyyy", "week 45 of 2026"), ("yyyy-MM-dd'T'HH:mm", "2026-11-02T15:04"),
    ],
)  # fmt: skip
def test_each_format_token(token: str, expected: str) -> None:
    at = dt.datetime(2026, 11, 2, 14, 4, 5, 6000, tzinfo=dt.UTC)
    assert value(f'{{{{ $now.toFormat("{token}") }}}}', "Europe/Berlin", at) == expected


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("DateTime.fromISO('soon').toISO()", "soon"),
        ("DateTime.fromISO($json.none) < $now", "undefined is not an ISO date"),
        ("DateTime.fromISO('2026-13-01') > $now", "2026-13-01"),
        ("$now.plus({fortnights: 1})", "no unit fortnights"),
        ("$now.plus({days: 'x'})", "days is x"),
        ("$now.setZone('Mars/Base')", "no zone Mars/Base"),
        ("$now.toFormat('yyyy nonsense')", "no token"),
        ("$now.set({quarter: 2})", "set knows no quarters"),
        ("DateTime.fromISO('2026-05-04 10:00').toISO()", "not an ISO date"),
        ("$json.at.toDateTime().toISO()", "later"),
    ],
)
def test_what_is_no_date_unit_zone_or_token_is_an_error(expression: str, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        value(f"{{{{ {expression} }}}}", at="later")


OUT_OF_RANGE = [
    "DateTime.fromMillis(8.64e15 + 1)",
    "DateTime.fromSeconds(1e20)",
    "DateTime.fromISO('+275760-09-14')",
    "DateTime.fromISO('-271821-04-19')",
    "DateTime.fromISO('+999999-01-01')",
    "DateTime.utc(99999999)",
    "DateTime.local(300000, 1, 1)",
    "DateTime.fromObject({year: 300000})",
    "DateTime.fromObject({year: 1e20})",
    "$now.set({year: 1e9})",
    "$now.plus({years: 1e6})",
    "$now.plus({months: 1e300})",
    "$now.plus({days: 1e12})",
    "$now.plus({milliseconds: 1e300})",
    "$now.plus({years: 273000}).plus({years: 1000})",
    "$now.minus({years: 280000})",
    "$now.plus({years: 1e6}).startOf('day')",
    "DateTime.fromFormat('99999999999999999', 'x')",
    "(1e300).toDateTime()",
    "(1e300).toDateTime('s')",
    "(1e12).toDateTime('excel')",
    "'99999999999999999'.toDateTime('ms')",
    "DateTime.fromJSDate(new Date(1e20))",
    "new Date('soon').toDateTime()",
]
NO_DATES = [
    "DateTime.local(2026, 13, 1)",
    "DateTime.local(2026, 1, 32)",
    "DateTime.local(2026, 1, 1, 24)",
    "DateTime.utc(2026, 2, 30)",
    "DateTime.utc(2026, 1.5)",
    "DateTime.utc(2026, 1, 1, 0, 60)",
    "DateTime.utc(NaN)",
    "DateTime.utc('2026')",
    "DateTime.utc(null)",
    "DateTime.fromObject({month: 13})",
    "DateTime.fromObject({month: 2, day: 29})",
    "DateTime.fromObject({year: 2026, month: 2, day: 29})",
    "DateTime.fromObject({hour: 25})",
    "DateTime.fromMillis('12')",
    "DateTime.fromMillis(true)",
    "DateTime.fromMillis([])",
    "DateTime.fromMillis(null)",
    "DateTime.fromSeconds('')",
    "DateTime.fromISO('2025-W53-1')",
    "DateTime.fromISO('2026-01-01T00:00:00+24:00')",
    "DateTime.fromISO('2026-01-01T00:00:00+01:60')",
    "DateTime.fromFormat('13 PM', 'h a')",
    "DateTime.fromFormat('0 AM', 'h a')",
    "DateTime.fromFormat('Monday 2026-01-01', 'EEEE yyyy-MM-dd')",
    "DateTime.fromFormat('2026-01-01 +99:00', 'yyyy-MM-dd ZZ')",
    "$now.plus({days: ''})",
    "$now.plus({days: ' '})",
    "$now.plus({days: true})",
    "$now.plus({days: []})",
    "$now.setZone('UTC+24')",
    "$now.setZone('')",
    "$now.setZone('../../etc/passwd')",
]


@pytest.mark.parametrize("expression", [*OUT_OF_RANGE, *NO_DATES])
@pytest.mark.parametrize("use", ["({}).toISO()", "[{}]", "{{at: {}}}", "({}) < $now", "({}).year + 0", "`${{{}}}`"])
def test_what_is_no_date_is_an_error_however_it_is_used(expression: str, use: str) -> None:
    with pytest.raises(TemplateError, match="Nothing was sent"):
        value(f"{{{{ {use.format(expression)} }}}}")


@settings(max_examples=300)
@given(
    st.sampled_from(["years", "months", "days", "hours", "milliseconds"]),
    st.integers(-(10**18), 10**18) | st.integers(-300_000, 300_000),
)
def test_a_date_moved_far_is_right_or_an_error(unit: str, count: int) -> None:
    moved = f"{{{{ $now.plus({{{unit}: {count}}}).diff($now, '{unit}').as('{unit}') }}}}"
    years = abs(count) / {"years": 1, "months": 12, "days": 365.25, "hours": 8766, "milliseconds": 31557600000}[unit]
    if years < 270_000:
        assert value(moved) == pytest.approx(count)
    elif years > 280_000:
        with pytest.raises(TemplateError, match="out of range"):
            value(moved)


@pytest.mark.parametrize("zone", ["europe/berlin", "EUROPE/BERLIN", "Europe/Berlin"])
def test_a_zone_s_name_may_be_in_any_case(zone: str) -> None:
    assert value("{{ $now.hour }}", zone) == value(f"{{{{ $now.setZone('{zone}').hour }}}}") == 14


@pytest.mark.parametrize(
    ("text", "format_", "expected"),
    [
        ("12:30", "HH:mm", "2026-11-22T12:30:00.000Z"),
        ("7", "d", "2026-11-07T00:00:00.000Z"),
        ("03", "MM", "2026-03-01T00:00:00.000Z"),
        ("2025", "yyyy", "2025-01-01T00:00:00.000Z"),
        ("24:00", "HH:mm", "2026-11-23T00:00:00.000Z"),
        ("12 AM", "h a", "2026-11-22T00:00:00.000Z"),
    ],
)
def test_what_a_format_leaves_out_is_today_s(text: str, format_: str, expected: str) -> None:
    assert value(f"{{{{ DateTime.fromFormat('{text}', '{format_}').toISO() }}}}") == expected


def test_a_zone_that_does_not_exist_is_refused_before_anything_runs() -> None:
    with pytest.raises(InvalidArgument, match="Mars/Base"):
        World(zone="Mars/Base")


MOMENTS = st.datetimes(dt.datetime(1901, 1, 1), dt.datetime(2099, 12, 30), timezones=st.just(dt.UTC)).map(
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)


@settings(max_examples=300)
@given(MOMENTS, st.sampled_from(ZONES))
def test_every_moment_is_shown_in_its_zone_as_python_shows_it(at: dt.datetime, zone: str) -> None:
    local = at.astimezone(ZoneInfo(zone))
    parts = "[$now.year, $now.month, $now.day, $now.hour, $now.minute, $now.weekday, $now.weekNumber, $now.ordinal]"
    found = value(f"{{{{ {parts} }}}}", zone, at)
    assert found == [
        local.year, local.month, local.day, local.hour, local.minute, local.isoweekday(), local.isocalendar().week,
        local.timetuple().tm_yday,
    ]  # fmt: skip
    offset = local.utcoffset()
    if offset is not None and not offset.seconds % 60:
        assert moment(value("{{ $now.toISO() }}", zone, at)) == at


@settings(max_examples=300)
@given(MOMENTS, st.sampled_from(ZONES), st.integers(-800, 800))
@example(dt.datetime(2026, 3, 28, 1, 30, tzinfo=dt.UTC), "Europe/Berlin", 1)  # into the gap
@example(dt.datetime(2026, 10, 24, 0, 30, tzinfo=dt.UTC), "Europe/Berlin", 1)  # into the overlap
def test_days_are_days_of_the_calendar_whatever_the_clocks_do(at: dt.datetime, zone: str, days: int) -> None:
    local = at.astimezone(ZoneInfo(zone))
    try:
        wanted = local.replace(fold=0) + dt.timedelta(days=days)
    except OverflowError:
        return
    if not 1901 <= wanted.year < 2099:
        return
    # Where the wall clock shows a time twice either is right; where it skips one, both mean the hour after the gap.
    allowed = {wanted.replace(fold=fold).astimezone(dt.UTC) for fold in (0, 1)}
    found = value(f"{{{{ $now.plus({{days: {days}}}).toMillis() }}}}", zone, at)
    assert dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(milliseconds=found) in allowed


@given(MOMENTS, st.sampled_from(ZONES), st.integers(-5000, 5000))
def test_hours_are_hours_whatever_the_clocks_do(at: dt.datetime, zone: str, hours: int) -> None:
    found = value(f"{{{{ $now.plus({{hours: {hours}}}).toMillis() - $now.toMillis() }}}}", zone, at)
    assert found == hours * 3600000


@given(MOMENTS, st.sampled_from(ZONES))
def test_a_day_begins_where_python_has_it_begin(at: dt.datetime, zone: str) -> None:
    local = at.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    allowed = {local.replace(fold=fold).astimezone(dt.UTC).timestamp() * 1000 for fold in (0, 1)}
    assert value("{{ $today.toMillis() }}", zone, at) in allowed


@given(MOMENTS, MOMENTS)
def test_a_difference_is_python_s(one: dt.datetime, two: dt.datetime) -> None:
    found = value("{{ $now.diff(DateTime.fromISO($json.other)).as('hours') }}", "UTC", one, other=two.isoformat())
    assert found == pytest.approx((one - two).total_seconds() / 3600)


@settings(max_examples=50)
@given(MOMENTS, st.sampled_from(ZONES))
def test_what_is_written_as_iso_is_read_back(at: dt.datetime, zone: str) -> None:
    text = value("{{ $now.toISO() }}", zone, at)
    if at.year >= 1973:  # before that some zones had offsets with seconds, which ISO 8601 can't write
        assert value("{{ DateTime.fromISO($json.t).toMillis() === $now.toMillis() }}", zone, at, t=text)


@pytest.mark.parametrize("zone", ZONES)
def test_a_table_of_transitions_says_what_zoneinfo_says(zone: str) -> None:
    table = transitions(zone)
    assert len(table.offsets) == len(table.starts) + 1
    for start, offset in zip(table.starts, table.offsets[1:], strict=True):
        at = dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(milliseconds=start)
        assert at.astimezone(ZoneInfo(zone)).utcoffset() == dt.timedelta(minutes=offset)
        before = (at - dt.timedelta(seconds=1)).astimezone(ZoneInfo(zone)).utcoffset()
        assert before != dt.timedelta(minutes=offset)
