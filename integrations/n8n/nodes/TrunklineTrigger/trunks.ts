import type { IDataObject } from 'n8n-workflow';

import type { Connection } from '../../engine/http';
import { eventOf, readAll, text } from './read';
import type { Row } from './read';
import type { Watch } from './watch';

/** Trunks that are no longer registered, and on request those that are so again. State: by Id whether it was. */
export const trunkUnregistered: Watch = {
	async look(pbx, settings, earlier) {
		const events: IDataObject[] = [];
		const state: IDataObject = {};
		for (const row of await trunks(pbx)) {
			const id = text(row, 'Id');
			const was = earlier?.[id];
			const is = typeof row.IsOnline === 'boolean' ? row.IsOnline : was;
			if (is !== undefined) state[id] = is;
			if (was === true && is === false) events.push(event('trunkUnregistered', row));
			if (was === false && is === true && settings.recovery) {
				events.push(event('trunkRegistered', row));
			}
		}
		return { events, state };
	},
	async latest(pbx) {
		const found = await trunks(pbx);
		const row = found.find((trunk) => trunk.IsOnline === false) ?? found[0];
		return row && { ...event('trunkUnregistered', row), example: true };
	},
};

async function trunks(pbx: Connection): Promise<Row[]> {
	const select = 'Id,Number,ExternalNumber,Gateway,IsOnline,ConfigurationIssue';
	return await readAll(pbx, 'trunks.list', { select });
}

function event(name: string, row: Row): IDataObject {
	const { Gateway: gateway, ...own } = row;
	const isObject = typeof gateway === 'object' && gateway !== null;
	return eventOf(name, { ...own, Name: isObject ? text(gateway as Row, 'Name') : '' });
}
