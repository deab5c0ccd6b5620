import { Refused } from './errors';
import { shown } from './shown';

/** Points in time and periods as people write them. All times are milliseconds since 1970 in UTC. */

/** From `start` until before `end`. */
export interface Span {
	readonly start: number;
	readonly end: number;
}

/** A date and time as it was written. */
export interface Written {
	/** What the clock showed, as if it stood in UTC; without the fraction of a second. */
	readonly wall: number;
	/** The fraction of a second. */
	readonly micros: number;
	/** How far the clock is ahead of UTC, in milliseconds; undefined where nothing is written. */
	readonly offset: number | undefined;
	/** `2026-09-12T00:00:00`, with fraction and zone where there are any. */
	readonly iso: string;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS: Readonly<Record<string, number>> = {
	s: SECOND,
	m: MINUTE,
	h: HOUR,
	d: DAY,
	w: 7 * DAY,
};
const FIRST = Date.UTC(2000, 0, 1); // no 3CX has calls from before
const DAYS: ReadonlyMap<string, number> = new Map([
	['yesterday', -1],
	['today', 0],
	['tomorrow', 1],
]);
const WEEKS: ReadonlyMap<string, number> = new Map([
	['last-week', -1],
	['this-week', 0],
]);
const MONTHS: ReadonlyMap<string, number> = new Map([
	['last-month', -1],
	['this-month', 0],
]);
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const AGO = /^-(\d{1,5})([smhdw])$/;
const MONTH = /^(\d{4})-(\d{2})$/;
const TIME =
	/^(\d{4})(?:-(\d\d)-(\d\d)|(\d\d)(\d\d))(?:[^\d](\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?|(\d\d)(?:(\d\d)(?:[.,](\d+))?)?)?(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?)?$/;
const OFFSET = /^([+-])(\d\d):?(\d\d)?:?(\d\d)?$/;

/** The text of what holds a date: text itself, a `Date`, or a Luxon `DateTime`; undefined for anything else. */
export function timeText(value: unknown): string | undefined {
	if (typeof value === 'string') return value;
	if (typeof value !== 'object' || value === null) return undefined;
	if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
	if ('toISO' in value && typeof value.toISO === 'function') {
		const written: unknown = value.toISO();
		return typeof written === 'string' ? written : undefined;
	}
	return undefined;
}

/** Read a date, or a date and time, of ISO 8601; undefined if it is none. */
export function readTime(text: string): Written | undefined {
	const match = TIME.exec(text.trim());
	if (match === null) return undefined;
	const number = (...groups: number[]) =>
		Number(groups.map((group) => match[group]).find((found) => found !== undefined) ?? 0);
	const [year, month, day] = [number(1), number(2, 4), number(3, 5)];
	const [hour, minute, second] = [number(6), number(7, 10), number(8, 11)];
	const date = dayNumber(year, month, day);
	if (date === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
	const zone = match[13];
	const offset = zone === undefined ? undefined : fixedOffset(zone);
	if (zone !== undefined && offset === undefined) return undefined;
	const wall = date + hour * HOUR + minute * MINUTE + second * SECOND;
	const fraction = (match[9] ?? match[12] ?? '').slice(0, 6).padEnd(6, '0');
	const micros = Number(fraction);
	const iso =
		withoutZone(wall) +
		(micros > 0 ? `.${fraction}` : '') +
		(offset === undefined ? '' : suffix(offset));
	return { wall, micros, offset, iso };
}

/** A point in time in UTC, to the second: `2026-09-12T00:00:00Z`; undefined for a year that is not between 1 and 9999. */
export function instantText(at: number): string | undefined {
	const year = new Date(at).getUTCFullYear();
	return year >= 1 && year <= 9999 ? `${withoutZone(at)}Z` : undefined;
}

/**
 * Read `2026-01-31`, `2026-01-31T08:00+01:00`, `today`, `yesterday`, `now` or `-7d` (s, m, h, d, w). A date means its
 * midnight in the zone, and a time without a zone is in that zone too.
 *
 * @throws Refused for anything else, for fractions of a second and for years before 2000
 */
export function moment(text: string, zone: string, now: number): number {
	const words = text.trim().toLowerCase();
	const second = Math.floor(now / SECOND) * SECOND;
	if (words === 'now') return second;
	const days = DAYS.get(words);
	if (days !== undefined) return atWall(today(zone, second) + days * DAY, zone);
	const ago = AGO.exec(words);
	const time = readTime(text.trim().toUpperCase());
	let at: number | undefined;
	if (ago !== null) at = second - Number(ago[1]) * (UNITS[ago[2] ?? ''] ?? 0);
	else if (time?.offset !== undefined) at = time.wall - time.offset;
	else if (time !== undefined) at = atWall(time.wall, zone);
	if (at === undefined || instantText(at) === undefined) {
		throw new Refused(
			`${shown(text)} is not a date or time.`,
			'Write 2026-01-31, 2026-01-31T08:00+01:00, today, yesterday, now, or -7d (s, m, h, d, w ago).',
		);
	}
	if (time !== undefined && time.micros > 0) {
		throw new Refused(
			`${shown(text)} has a fraction of a second.`,
			'The report knows whole seconds only.',
		);
	}
	if (at < FIRST) {
		throw new Refused(`${shown(text)} is before the year 2000.`, 'No 3CX has calls from then.');
	}
	return at;
}

/**
 * Read a word that is a period: `2026-06`, `last-month`, `this-month`, `last-week`, `this-week`; undefined if it is
 * another word. A period begins and ends at a midnight in the zone; a week begins on Monday.
 *
 * @throws Refused for a month that doesn't exist, and for years before 2000
 */
export function span(text: string, zone: string, now: number): Span | undefined {
	const words = text.trim().toLowerCase();
	const day = new Date(today(zone, now));
	const weeks = WEEKS.get(words);
	if (weeks !== undefined) {
		const monday = day.getTime() - ((day.getUTCDay() + 6) % 7) * DAY + weeks * 7 * DAY;
		return { start: atWall(monday, zone), end: atWall(monday + 7 * DAY, zone) };
	}
	const months = MONTHS.get(words);
	if (months !== undefined) return monthOf(day.getUTCFullYear(), day.getUTCMonth() + months, zone);
	const named = MONTH.exec(words);
	if (named === null) return undefined;
	const [year, month] = [Number(named[1]), Number(named[2])];
	if (year < 2000 || year > 9998 || month < 1 || month > 12) {
		throw new Refused(
			`${shown(text)} is not a month.`,
			'Write it as 2026-01; the first year is 2000.',
		);
	}
	return monthOf(year, month - 1, zone);
}

/**
 * What a word, a date or a time covers: a month, a week, a day; or only a moment, whose `start` is its `end`.
 *
 * @throws Refused, as `moment` and `span` do
 */
export function covered(text: string, zone: string, now: number): Span {
	const period = span(text, zone, now);
	if (period !== undefined) return period;
	const start = moment(text, zone, now);
	const words = text.trim().toLowerCase();
	if (!DAYS.has(words) && !DATE.test(words)) return { start, end: start };
	return { start, end: atWall(today(zone, start) + DAY, zone) };
}

/** Whether a text names a zone: `UTC`, `+01:00`, `Europe/Berlin`. */
export function isZone(text: string): boolean {
	return fixedOffset(text) !== undefined || clockOf(text) !== undefined;
}

function monthOf(year: number, month: number, zone: string): Span {
	return {
		start: atWall(Date.UTC(year, month, 1), zone),
		end: atWall(Date.UTC(year, month + 1, 1), zone),
	};
}

/** The first moment of a day of the calendar; undefined if there is no such day. */
function dayNumber(year: number, month: number, day: number): number | undefined {
	const date = new Date(0);
	date.setUTCFullYear(year, month - 1, day); // Date.UTC takes the year 26 for 1926
	return year >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
		? date.getTime()
		: undefined;
}

function withoutZone(wall: number): string {
	return new Date(wall).toISOString().slice(0, 19);
}

function suffix(offset: number): string {
	const minutes = Math.floor(Math.abs(offset) / MINUTE);
	const digits = [Math.floor(minutes / 60), minutes % 60].map((part) =>
		String(part).padStart(2, '0'),
	);
	return (offset < 0 ? '-' : '+') + digits.join(':');
}

function fixedOffset(text: string): number | undefined {
	if (text === 'Z' || text === 'UTC') return 0;
	const match = OFFSET.exec(text);
	if (match === null) return undefined;
	const [hours, minutes, seconds] = [match[2], match[3], match[4]].map((part) => Number(part ?? 0));
	if (hours === undefined || minutes === undefined || seconds === undefined) return undefined;
	if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
	const size = hours * HOUR + minutes * MINUTE + seconds * SECOND;
	return match[1] === '-' ? -size : size;
}

/** Midnight of the day that it is in a zone, on that zone's clock. */
function today(zone: string, now: number): number {
	return Math.floor((now + offsetAt(zone, now)) / DAY) * DAY;
}

/** When a clock in a zone shows a time. One that it shows twice is the first, one that it skips is as if it had not. */
function atWall(wall: number, zone: string): number {
	const before = offsetAt(zone, wall - DAY);
	if (offsetAt(zone, wall - before) === before) return wall - before;
	const after = offsetAt(zone, wall + DAY);
	return offsetAt(zone, wall - after) === after ? wall - after : wall - before;
}

const clocks = new Map<string, Intl.DateTimeFormat | undefined>();

function clockOf(zone: string): Intl.DateTimeFormat | undefined {
	if (!clocks.has(zone)) clocks.set(zone, newClock(zone));
	return clocks.get(zone);
}

function newClock(zone: string): Intl.DateTimeFormat | undefined {
	try {
		return new Intl.DateTimeFormat('en-US', {
			timeZone: zone,
			hourCycle: 'h23',
			year: 'numeric',
			month: 'numeric',
			day: 'numeric',
			hour: 'numeric',
			minute: 'numeric',
			second: 'numeric',
		});
	} catch {
		return undefined; // no such zone
	}
}

/** How far clocks in a zone are ahead of UTC at a point in time, in milliseconds. */
function offsetAt(zone: string, at: number): number {
	const fixed = fixedOffset(zone);
	if (fixed !== undefined) return fixed;
	const clock = clockOf(zone);
	if (clock === undefined) throw new Refused(`${shown(zone)} is not a time zone.`);
	const parts = new Map(clock.formatToParts(at).map((part) => [part.type, Number(part.value)]));
	const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
	const date = dayNumber(part('year'), part('month'), part('day')) ?? at;
	const wall = date + part('hour') * HOUR + part('minute') * MINUTE + part('second') * SECOND;
	return wall - Math.floor(at / SECOND) * SECOND;
}
