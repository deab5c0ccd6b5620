import type { IDataObject } from 'n8n-workflow';

import type { Connection } from '../../engine/http';
import { eventOf, read, text } from './read';
import type { Row } from './read';
import { moment } from './times';
import type { Settings, Watch } from './watch';

/**
 * How many of the newest ids are kept: a row may come later than one with a higher Id. Together with a few new
 * rows they fit into one page.
 */
const KEPT = 80;

interface State {
	/** The newest ids, highest first. */
	readonly ids: readonly number[];
	/** Rows with this Id or a lower one are old. */
	readonly floor: number;
	/** When the newest row was made, in milliseconds since 1970. */
	readonly time: number;
}

/** Rows whose ids grow: each new one, once. */
function newest(
	event: string,
	action: string,
	timeField: string,
	accepts: (row: Row, settings: Settings) => boolean,
): Watch {
	return {
		async look(pbx, settings, earlier) {
			const before = earlier as unknown as State | undefined;
			const { fresh, state } = await readNew(pbx, action, timeField, before);
			const events = before === undefined ? [] : fresh.filter((row) => accepts(row, settings));
			return {
				events: events.reverse().map((row) => eventOf(event, row)),
				state: state as unknown as IDataObject,
			};
		},
		async latest(pbx, settings) {
			for await (const row of read(pbx, action, { orderby: 'Id desc' })) {
				if (accepts(row, settings)) return eventOf(event, row);
			}
			return undefined;
		},
	};
}

/** The rows that are new, newest first; for a first look the newest of all. */
async function readNew(
	pbx: Connection,
	action: string,
	timeField: string,
	before: State | undefined,
): Promise<{ fresh: Row[]; state: State }> {
	const known = new Set(before?.ids);
	const fresh = new Map<number, Row>();
	let floor = before?.floor ?? 0;
	let restarted: boolean | undefined;
	for await (const row of read(pbx, action, { orderby: 'Id desc' })) {
		const id = Number(row.Id);
		const time = moment(text(row, timeField));
		// After a restore the ids may begin again below those that are known. Then the time says what is new.
		restarted ??= before !== undefined && id < (before.ids[0] ?? 0) && time > before.time;
		if (
			before === undefined ? fresh.size === KEPT : restarted ? time <= before.time : id <= floor
		) {
			floor = id;
			break;
		}
		if (restarted || !known.has(id)) fresh.set(id, row);
	}
	const ids = [...fresh.keys(), ...(restarted ? [] : known)].sort((one, other) => other - one);
	const times = [...fresh.values()].map((row) => moment(text(row, timeField)));
	return {
		fresh: [...fresh.values()],
		state: {
			ids: ids.slice(0, KEPT),
			floor: ids[KEPT] ?? floor,
			time: Math.max(before?.time ?? 0, ...times.filter((time) => !Number.isNaN(time))),
		},
	};
}

export const newRecording = newest('newRecording', 'recordings.list', 'StartTime', () => true);

export const eventLogEntry = newest(
	'eventLogEntry',
	'event_logs.list',
	'TimeGenerated',
	(row, settings) => settings.types.includes(text(row, 'Type')),
);
