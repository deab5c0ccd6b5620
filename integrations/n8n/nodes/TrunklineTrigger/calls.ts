import type { IDataObject } from 'n8n-workflow';

import type { Connection } from '../../engine/http';
import { horizon, readLegs, readOn } from './callLog';
import type { Leg, Progress } from './callLog';
import { eventOf, readAll, text } from './read';
import { HOUR, Seen } from './seen';
import type { Settings, Watch } from './watch';

const INBOUND = new Set(['Inbound', 'Inbound Queue']);
/** Kinds of the called that are a person, not a menu, a queue or a mailbox. */
const ANSWERING = new Set(['Extension', 'External']);
/** How far back to search for an example, a day at a time. */
const EXAMPLE_DAYS = 14;
const DAY = 24 * HOUR;

interface State {
	readonly progress: Progress;
	readonly seen: Seen;
}

function stateOf(earlier: IDataObject | undefined, now: number): State {
	return earlier === undefined
		? { progress: { until: now, deep: 0 }, seen: Seen.since(horizon(now)) }
		: {
				progress: earlier.progress as unknown as Progress,
				seen: Seen.of(earlier.seen as IDataObject),
			};
}

function keep(progress: Progress, seen: Seen, now: number): IDataObject {
	seen.forget(horizon(now));
	return { progress: { ...progress }, seen: seen.toJSON() };
}

async function latestOf<T>(
	pbx: Connection,
	now: number,
	last: (legs: Leg[]) => T | undefined,
): Promise<T | undefined> {
	for (let days = 1; days <= EXAMPLE_DAYS; days++) {
		const from = now - days * DAY;
		const found = last(await readLegs(pbx, from, days === 1 ? now : from));
		if (found !== undefined) return found;
	}
	return undefined;
}

/** Each new leg in the call log that is of interest, once. */
function legs(event: string, accepts: (leg: Leg, settings: Settings) => boolean): Watch {
	return {
		async look(pbx, settings, earlier, date) {
			const now = date.getTime();
			const { progress, seen } = stateOf(earlier, now);
			const read = await readOn(pbx, progress, seen, now);
			const fresh = read.legs.filter((leg) => seen.add(leg.id, leg.began));
			const events = fresh
				.filter((leg) => earlier !== undefined && accepts(leg, settings))
				.map((leg) => eventOf(event, leg.row));
			return { events, state: keep(read.progress, seen, now) };
		},
		async latest(pbx, settings, date) {
			const leg = await latestOf(pbx, date.getTime(), (found) =>
				found.filter((each) => accepts(each, settings)).at(-1),
			);
			return leg && eventOf(event, leg.row);
		},
	};
}

export const callEnded = legs('callEnded', () => true);

/** The API lists no messages; the nearest is a leg that a mailbox took. */
export const voicemail = legs(
	'voicemail',
	({ row }, settings) =>
		text(row, 'CallType') === 'System' &&
		text(row, 'Status') === 'Answered' &&
		(settings.internal || INBOUND.has(text(row, 'Direction'))),
);

/** Calls that are over and that nobody took, each once. */
export const missedCall: Watch = {
	async look(pbx, settings, earlier, date) {
		const now = date.getTime();
		const { progress, seen } = stateOf(earlier, now);
		const read = await readOn(pbx, progress, seen, now);
		const calls = [...callsOf(read.legs)].filter(([id]) => !seen.has(id));
		const answered = calls.filter(([, found]) => found.some(isAnswered));
		for (const [id, [first]] of answered) if (first) seen.add(id, first.began);
		const missed = calls.filter(
			([, found]) =>
				isMissed(found, settings) &&
				found.every((leg) => leg.ended + settings.settle * 60_000 <= now),
		);
		const busy = missed.length === 0 ? '' : await partiesOfActiveCalls(pbx);
		const over = missed.filter(([, [first]]) => !isIn(busy, first));
		const events = over
			.filter(([id, [first]]) => first !== undefined && seen.add(id, first.began))
			.map(([id, found]) => missedEvent(id, found));
		return {
			events: earlier === undefined ? [] : events,
			state: keep(read.progress, seen, now),
		};
	},
	async latest(pbx, settings, date) {
		return await latestOf(pbx, date.getTime(), (found) => {
			const last = [...callsOf(found)].filter(([, each]) => isMissed(each, settings)).at(-1);
			return last && missedEvent(...last);
		});
	},
};

/** Legs by call. `CallId` is the same for all calls, so `CallHistoryId` groups them. */
function callsOf(found: readonly Leg[]): Map<string, Leg[]> {
	const calls = new Map<string, Leg[]>();
	for (const leg of found) {
		const id = text(leg.row, 'CallHistoryId') || leg.id;
		calls.set(id, [...(calls.get(id) ?? []), leg]);
	}
	return calls;
}

function isAnswered({ row }: Leg): boolean {
	return text(row, 'Status') === 'Answered' && ANSWERING.has(text(row, 'CallType'));
}

function isMissed(found: readonly Leg[], settings: Settings): boolean {
	const directions = found.map(({ row }) => text(row, 'Direction'));
	const counts = directions.some(
		(direction) => INBOUND.has(direction) || (settings.internal && direction === 'Internal'),
	);
	return counts && !found.some(isAnswered);
}

/** Who is in a call now: a caller who still waits has not been missed yet. */
async function partiesOfActiveCalls(pbx: Connection): Promise<string> {
	const calls = await readAll(pbx, 'active_calls.list', { select: 'Id,Caller,Callee' });
	return calls.map((row) => `${text(row, 'Caller')}\n${text(row, 'Callee')}`).join('\n');
}

function isIn(parties: string, leg: Leg | undefined): boolean {
	const number = leg === undefined ? '' : text(leg.row, 'SourceCallerId').replace(/^\+/, '');
	return number !== '' && new RegExp(`(?<!\\d)${escaped(number)}(?!\\d)`).test(parties);
}

function escaped(pattern: string): string {
	return pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function missedEvent(id: string, found: readonly Leg[]): IDataObject {
	const [first] = found;
	const end = Math.max(...found.map((leg) => leg.ended));
	const rang = found.filter(({ row }) => ANSWERING.has(text(row, 'CallType')));
	const queues = found.filter(({ row }) => text(row, 'CallType') === 'Queue');
	return {
		event: 'missedCall',
		CallHistoryId: id,
		StartTime: first ? text(first.row, 'StartTime') : '',
		SourceCallerId: first ? text(first.row, 'SourceCallerId') : '',
		SourceDisplayName: first ? text(first.row, 'SourceDisplayName') : '',
		SourceDn: first ? text(first.row, 'SourceDn') : '',
		Direction: first ? text(first.row, 'Direction') : '',
		seconds: first ? Math.round((end - first.began) / 1000) : 0,
		rang: named(rang),
		queues: named(queues),
		voicemail: found.some(({ row }) => text(row, 'CallType') === 'System'),
		legs: found.length,
	};
}

/** Whom some legs led to, each once. */
function named(found: readonly Leg[]): string[] {
	const names = found.map(
		({ row }) => text(row, 'DestinationDisplayName') || text(row, 'DestinationDn'),
	);
	return [...new Set(names)];
}
