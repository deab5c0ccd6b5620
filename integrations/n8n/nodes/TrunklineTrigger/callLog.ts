import { isMissing } from '../../engine/answers';
import { Failure } from '../../engine/errors';
import type { Connection } from '../../engine/http';
import { read, text } from './read';
import type { Row } from './read';
import { HOUR } from './seen';
import type { Seen } from './seen';
import { milliseconds, moment } from './times';

const ACTION = 'report_call_log_data.get_call_log_data';
/** For a PBX that answers 404 to the other. */
const OLD_ACTION = 'report_call_log_data.get_old_call_log_data';
const DAY = 24 * HOUR;
const MINUTE = 60_000;
/** The most rows that the report gives in all. */
const CAP = 20_000;
/** A PBX may have other limits. They are round numbers, so an answer of such a length is looked into. */
const ROUND = 50;
/** This many rows one after another from before the period mean that the PBX ignores it, as some builds do. */
const OUTSIDE = 100;

/** How long a call may last and still be found at once, and found within the hour, once it is over. */
const OFTEN = 2 * HOUR;
const HOURLY = DAY;
/** How far back a trigger that was off catches up. */
const CATCH_UP = 7 * DAY;

/** One row of the call log: a leg of a call. */
export interface Leg {
	readonly id: string;
	/** Milliseconds since 1970. */
	readonly began: number;
	readonly ended: number;
	readonly row: Row;
}

/**
 * The legs that began from `from` until `until` or shortly after, oldest first, each once. The last day that is
 * read ends in the future, since the clock of the PBX may be ahead of this one.
 *
 * The PBX pages before it filters, gives the newest 20,000 rows at most, and may ignore the period. So nothing
 * is filtered by the PBX, a period with too many rows is halved, and each row is checked.
 */
export async function readLegs(pbx: Connection, from: number, until: number): Promise<Leg[]> {
	const found: Leg[] = [];
	for (let start = wholeSecond(from); start <= until; start += DAY) {
		found.push(...(await readPeriod(pbx, start, start + DAY)));
	}
	return found;
}

async function readPeriod(pbx: Connection, from: number, to: number): Promise<Leg[]> {
	const legs = new Map<string, Leg>();
	let got = 0;
	let outside = 0;
	let newest = Infinity;
	for await (const row of reportRows(pbx, from, to)) {
		got += 1;
		const leg = legOf(row);
		const began = Number.isNaN(leg.began) ? from : leg.began;
		if (began >= from && began < to) legs.set(leg.id, { ...leg, began });
		outside = began < from && began <= newest ? outside + 1 : 0;
		newest = began;
		if (outside === OUTSIDE) break;
	}
	const mayBeCut = got > 0 && got % ROUND === 0 && outside < OUTSIDE;
	if (mayBeCut && got >= CAP && to - from <= MINUTE) {
		throw new Failure(
			`The call log of ${pbx.server} may have more rows for one minute than it gives at once.`,
			'Check what answers at the address of the credential.',
			200,
		);
	}
	if (mayBeCut && to - from > MINUTE) {
		const middle = from + Math.ceil((to - from) / 2 / MINUTE) * MINUTE;
		return [...(await readPeriod(pbx, from, middle)), ...(await readPeriod(pbx, middle, to))];
	}
	return [...legs.values()].sort((one, other) => one.began - other.began);
}

async function* reportRows(pbx: Connection, from: number, to: number): AsyncGenerator<Row> {
	const period = { periodFrom: new Date(from), periodTo: new Date(to), hidePcalls: false };
	const found = read(pbx, ACTION, { top: CAP }, period);
	const first = await found.next().catch((error: unknown) => {
		if (isMissing(error)) return undefined;
		throw error;
	});
	if (first === undefined) {
		yield* read(pbx, OLD_ACTION, { top: CAP }, period);
	} else if (!first.done) {
		yield first.value;
		yield* found;
	}
}

function legOf(row: Row): Leg {
	const began = moment(text(row, 'StartTime'));
	return { id: idOf(row), began, ended: began + lasted(row), row };
}

/** Before 20.0.6 there is no `CdrId`; what a leg has from its beginning stands in for it. */
function idOf(row: Row): string {
	const names = ['CallHistoryId', 'CallId', 'SegmentId', 'StartTime', 'SourceDn', 'DestinationDn'];
	return text(row, 'CdrId') || names.map((name) => text(row, name)).join('/');
}

function lasted(row: Row): number {
	return milliseconds(text(row, 'RingingDuration')) + milliseconds(text(row, 'TalkingDuration'));
}

/** How far the reading of the call log has come. Times are milliseconds since 1970. */
export interface Progress {
	/** Up to when the log was read. */
	readonly until: number;
	/** When it was last read a whole day back. */
	readonly deep: number;
}

/** Before this nothing is read again, so nothing need be known. */
export function horizon(now: number): number {
	return now - HOURLY - HOUR;
}

/**
 * Read what may be new. A leg comes into the log when it ends, dated by when it began, so each look reads two
 * hours back, and once an hour a day back: calls of several hours are rare, and a day's log is long.
 */
export async function readOn(
	pbx: Connection,
	progress: Progress,
	known: Seen,
	now: number,
): Promise<{ legs: Leg[]; progress: Progress }> {
	const until = Math.min(progress.until, now);
	const deep = Math.abs(now - progress.deep) >= HOUR;
	const wanted = until - (deep ? HOURLY : OFTEN);
	const start = Math.max(wanted, known.from, now - CATCH_UP);
	const legs = await readLegs(pbx, start, now);
	return { legs, progress: { until: now, deep: deep ? now : progress.deep } };
}

function wholeSecond(time: number): number {
	return Math.floor(time / 1000) * 1000;
}
