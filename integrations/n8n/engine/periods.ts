import { type Action, parseType } from './catalog';
import { Refused } from './errors';
import { instantText, isZone, moment, readTime, type Span, span } from './moments';
import { shown } from './shown';

/** Where periods begin; the name in the same place of `ENDS` is where such a one ends. */
const STARTS = ['periodFrom', 'startDt', 'startDate'];
const ENDS = ['periodTo', 'endDt', 'endDate'];
const ZONE = 'clientTimeZone';
const USUAL = 30 * 24 * 60 * 60 * 1000; // how long a period is of which only the end is known
const HINT =
	'Write 2026-01-31, 2026-01-31T08:00Z, 2026-01, last-month, last-week, yesterday, today, now or -30d.';

/** When a call is made, and where a day begins for whoever makes it. */
export interface Clock {
	/** Milliseconds since 1970. */
	readonly now: number;
	/** `Europe/Berlin`, `+01:00`; without it a time of day without a zone is refused, and days are those of UTC. */
	readonly zone: string | undefined;
}

/**
 * What the points in time of a function mean that are written in words or left out, by parameter. A date is its
 * midnight in the `clientTimeZone` that is given, else in the zone of the clock. A month or a week is its beginning,
 * or its end where a period ends; an end that is left out is that of the month or week. Else a period ends now, and
 * begins 30 days before its end.
 *
 * @throws Refused for words without a meaning, and for a period that ends before it begins
 */
export function inTime(
	action: Action,
	given: Readonly<Record<string, unknown>>,
	clock: Clock,
): Record<string, string> {
	const moments = Object.entries(action.params ?? {})
		.filter(([name, spec]) => parseType(spec).name === 'DateTimeOffset' && !isKey(action, name))
		.map(([name]) => name);
	const unclear = moments.filter((name) => !(name in given) || isInWords(given[name], clock));
	if (unclear.length === 0) return {};
	const reader = new Reader(action, given, clock);
	const meant = new Map<string, number | Span>();
	for (const name of unclear) {
		if (name in given) meant.set(name, reader.read(name, String(given[name])));
	}
	for (const [place, start] of STARTS.entries()) {
		const end = ENDS[place] ?? '';
		if (unclear.includes(start) || unclear.includes(end)) {
			for (const [name, at] of reader.period(start, end, meant)) meant.set(name, at);
		}
	}
	for (const name of unclear) {
		const value = action.defaults?.[name]?.[0];
		if (!meant.has(name) && typeof value === 'string') meant.set(name, reader.read(name, value));
	}
	return Object.fromEntries(
		[...meant].map(([name, at]) => [name, written(typeof at === 'number' ? at : at.start)]),
	);
}

/** Reads the moments of one call. */
class Reader {
	constructor(
		private readonly action: Action,
		private readonly given: Readonly<Record<string, unknown>>,
		private readonly clock: Clock,
	) {}

	read(name: string, text: string): number | Span {
		const zone = this.zone();
		try {
			return span(text, zone, this.clock.now) ?? moment(text, zone, this.clock.now);
		} catch (error) {
			throw this.unreadable(name, error);
		}
	}

	/** Where a period begins and where it ends, as far as that isn't given as a time with its zone. */
	period(
		start: string,
		end: string,
		read: ReadonlyMap<string, number | Span>,
	): Array<[name: string, at: number]> {
		let first = read.get(start) ?? this.instant(start);
		let last = read.get(end) ?? this.instant(end);
		if (!(end in this.given)) last = typeof first === 'object' ? first : this.read(end, 'now');
		const until = typeof last === 'object' ? last.end : last;
		if (!(start in this.given) && until !== undefined) {
			first = typeof last === 'object' ? last : until - USUAL;
		}
		const begin = typeof first === 'object' ? first.start : first;
		if (begin !== undefined && until !== undefined && begin >= until) {
			const operation = this.action.operation;
			throw new Refused(
				`The period of ${operation} ends before it begins: from ${written(begin)} until ${written(until)}.`,
				`${end} is where it ends; a day is where that day begins.`,
				end,
			);
		}
		const ends: Array<[string, number | undefined]> = [
			[start, begin],
			[end, until],
		];
		return ends.flatMap(
			([name, at]): Array<[string, number]> =>
				at !== undefined && (read.has(name) || !(name in this.given)) ? [[name, at]] : [],
		);
	}

	/** A moment that is given with its zone; undefined if it is not one, which its own check says. */
	private instant(name: string): number | undefined {
		const value = this.given[name];
		const time = typeof value === 'string' ? readTime(value) : undefined;
		return time?.offset === undefined ? undefined : time.wall - time.offset;
	}

	private unreadable(name: string, error: unknown): unknown {
		if (!(error instanceof Refused)) return error;
		const what = `${name} of ${this.action.operation} can't be read: ${error.message}`;
		return new Refused(what, HINT, name);
	}

	private zone(): string {
		const value = this.action.params?.[ZONE] === undefined ? undefined : this.given[ZONE];
		if (value === undefined || value === null || value === '') return this.clock.zone ?? 'UTC';
		const text = String(value);
		if (isZone(text)) return text;
		throw new Refused(
			`${ZONE} of ${this.action.operation} is ${shown(text)}, and when a day begins there is not known.`,
			'Write it as +01:00 or Europe/Berlin, or the dates with their time and zone.',
			ZONE,
		);
	}
}

function isKey(action: Action, name: string): boolean {
	return action.keys?.includes(name) === true;
}

/**
 * Whether a value is text that is not a time of its own. A time without a zone is one where the zone is known, as it
 * is for what n8n's date picker writes; elsewhere it is refused, not guessed.
 */
function isInWords(value: unknown, clock: Clock): boolean {
	if (typeof value !== 'string') return false;
	const time = readTime(value);
	if (time === undefined) return true;
	if (time.offset === undefined && clock.zone !== undefined) return true;
	return !value.includes(':') && !value.toUpperCase().includes('T');
}

function written(at: number): string {
	const text = instantText(at);
	if (text === undefined) throw new Refused('That is beyond the years 1 to 9999.');
	return text;
}
