import type { IDataObject } from 'n8n-workflow';

import { text } from '../TrunklineTrigger/read';
import type { Row } from '../TrunklineTrigger/read';
import { moment } from '../TrunklineTrigger/times';
import { isTalking, waitsIn } from '../TrunklineTrigger/waiting';
import type { Queue } from '../TrunklineTrigger/waiting';

/** What happened to a call, in the order in which it happens to one. */
export type CallEvent =
	| 'callStarted'
	| 'callWaiting'
	| 'callAnswered'
	| 'callChanged'
	| 'callEnded';

/** The fields of a call that later looks compare. */
const KEPT = ['Id', 'Caller', 'Callee', 'Status', 'EstablishedAt', 'LastChangeStatus', 'ServerNow'];

/** The calls in progress, as they were last seen. */
export class CallTracker {
	private known: Map<string, Row> | undefined;
	private missing = new Set<string>();
	private readonly followed = new Set<string>();

	/** With the calls that an earlier tracker saw (`kept`), or none where this is the first look. */
	constructor(
		earlier?: IDataObject,
		private readonly numbers: readonly string[] = [],
	) {
		this.known = earlier && new Map(Object.entries(earlier) as Array<[string, Row]>);
	}

	/** The calls as plain JSON. */
	get kept(): IDataObject {
		const calls = [...(this.known ?? [])].map(([id, row]) => {
			const fields = KEPT.filter((field) => row[field] !== undefined);
			return [id, Object.fromEntries(fields.map((field) => [field, row[field]]))];
		});
		return Object.fromEntries(calls) as IDataObject;
	}

	/**
	 * Take the calls of another look; give the events since the last one. The first look gives none.
	 *
	 * @param complete Whether the rows came in one answer. A list read in pages may lack a call, where another
	 * ended meanwhile and all moved up: it has ended only if it is missing twice.
	 */
	update(
		rows: readonly Row[],
		queues: readonly Queue[],
		now: Date,
		complete = true,
	): Array<IDataObject & { event: CallEvent }> {
		const before = this.known;
		const after = new Map(rows.map((row) => [text(row, 'Id'), row]));
		const gone = new Set([...(before?.keys() ?? [])].filter((id) => !after.has(id)));
		if (!complete) {
			const kept = [...gone].filter((id) => !this.missing.has(id));
			for (const id of kept) {
				gone.delete(id);
				const row = before?.get(id);
				if (row !== undefined) after.set(id, row);
			}
			this.missing = new Set(kept);
		} else {
			this.missing = new Set();
		}
		this.known = after;
		for (const row of after.values()) this.isWatched(row);
		if (before === undefined) return [];

		const events: Array<IDataObject & { event: CallEvent }> = [];
		const add = (event: CallEvent, row: Row, more: IDataObject = {}) => {
			if (!this.isWatched(row)) return;
			const queue = waitsIn(row, queues);
			events.push({
				event,
				time: now.toISOString(),
				...(row as IDataObject),
				answered: isTalking(row),
				seconds: seconds(row),
				...(queue && { queue: { Number: queue.number, Name: queue.name } }),
				...more,
			});
		};
		for (const [id, row] of before) {
			const current = after.get(id);
			if (current !== undefined && !isAnother(row, current)) continue;
			add('callEnded', row);
			this.followed.delete(id);
		}
		for (const [id, row] of after) {
			const earlier = before.get(id);
			const old = earlier === undefined || isAnother(earlier, row) ? undefined : earlier;
			if (old === undefined) add('callStarted', row);
			if (
				waitsIn(row, queues) &&
				(old === undefined || waitsIn(old, queues) !== waitsIn(row, queues))
			) {
				add('callWaiting', row);
			}
			if (isTalking(row) && (old === undefined || !isTalking(old))) add('callAnswered', row);
			if (old !== undefined && !sameParties(old, row)) {
				add('callChanged', row, {
					previous: { Caller: text(old, 'Caller'), Callee: text(old, 'Callee') },
				});
			}
		}
		return events;
	}

	/**
	 * Whether the caller or the callee has one of the numbers as a whole; any call where no number is given. A call
	 * that once had is followed to its end, whoever it is transferred to.
	 */
	private isWatched(row: Row): boolean {
		const found: string[] = `${text(row, 'Caller')}\n${text(row, 'Callee')}`.match(/\d+/g) ?? [];
		const id = text(row, 'Id');
		if (this.numbers.length === 0 || this.numbers.some((number) => found.includes(number))) {
			this.followed.add(id);
		}
		return this.followed.has(id);
	}
}

/** Whether an Id was given to another call, as after a restart of the PBX. */
function isAnother(before: Row, now: Row): boolean {
	return ['Caller', 'Callee', 'EstablishedAt'].every(
		(field) => text(before, field) !== text(now, field),
	);
}

function sameParties(before: Row, now: Row): boolean {
	return ['Caller', 'Callee'].every((field) => text(before, field) === text(now, field));
}

/** How long a call has lasted by the PBX's own clock; null where the PBX doesn't say. */
function seconds(row: Row): number | null {
	const lasted = moment(text(row, 'ServerNow')) - moment(text(row, 'EstablishedAt'));
	return Number.isNaN(lasted) ? null : Math.max(0, Math.floor(lasted / 1000));
}
