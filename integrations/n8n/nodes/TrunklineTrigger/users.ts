import { createHash } from 'crypto';
import type { IDataObject } from 'n8n-workflow';

import { catalog } from '../../engine/catalog';
import { VOLATILE } from '../../engine/equality';
import type { Connection } from '../../engine/http';
import { isSecret } from '../../engine/secrets';
import { eventOf, read, readAll, text } from './read';
import type { Row } from './read';
import type { Watch } from './watch';

/** Characters that stand for one value: 24 bits. */
const WIDTH = 4;
const UNSET = '-'.repeat(WIDTH);

/** The plain fields of a user that count, in the order in which the state keeps them. */
const FIELDS = Object.entries(catalog.types['Pbx.User']?.fields ?? {})
	.filter(([name, spec]) => name !== 'Id' && !spec.endsWith(' nav') && !VOLATILE.has(name))
	.map(([name]) => name)
	.filter((name) => !isSecret(name))
	.sort();

/** Users that were created, changed or deleted. State: by Id the number, and a mark for each field. */
export const userChanged: Watch = {
	async look(pbx, _settings, earlier) {
		const events: IDataObject[] = [];
		const users: IDataObject = {};
		const before = earlier?.fields === signature() ? (earlier.users as IDataObject) : undefined;
		for (const row of await readAll(pbx, 'users.list', { orderby: 'Id' })) {
			const id = text(row, 'Id');
			const marks = FIELDS.map((field) => mark(row[field])).join('');
			users[id] = `${text(row, 'Number')} ${marks}`;
			if (before === undefined) continue;
			const [, old] = String(before[id] ?? '').split(' ');
			if (old === undefined) {
				events.push({ ...eventOf('userCreated', row), changed: [] });
			} else if (old !== marks) {
				events.push({ ...eventOf('userChanged', row), changed: changed(old, marks) });
			}
		}
		for (const [id, kept] of Object.entries(before ?? {})) {
			if (users[id] !== undefined) continue;
			if (await isThere(pbx, id)) {
				users[id] = kept;
				continue;
			}
			const [number] = String(kept).split(' ');
			events.push({ event: 'userDeleted', Id: Number(id), Number: number ?? '', changed: [] });
		}
		return { events, state: { fields: signature(), users } };
	},
	async latest(pbx) {
		for await (const row of read(pbx, 'users.list', { orderby: 'Id desc' })) {
			return { ...eventOf('userChanged', row), changed: [], example: true };
		}
		return undefined;
	},
};

/** Whether a user that a list lacks is there: where one is deleted while pages are read, another may be left out. */
async function isThere(pbx: Connection, id: string): Promise<boolean> {
	const found = await readAll(pbx, 'users.list', { filter: `Id eq ${Number(id)}`, select: 'Id' });
	return found.length > 0;
}

/** The marks of two versions of this package are comparable only if they stand for the same fields. */
function signature(): string {
	return createHash('sha256').update(FIELDS.join()).digest('base64').slice(0, 8);
}

function changed(old: string, marks: string): string[] {
	return FIELDS.filter((_, index) => {
		const at = index * WIDTH;
		return old.slice(at, at + WIDTH) !== marks.slice(at, at + WIDTH);
	});
}

/** A value's mark. A PBX leaves null out, so both are the same. */
function mark(value: unknown): string {
	if (value === undefined || value === null) return UNSET;
	return createHash('sha256').update(canonical(value)).digest('base64').slice(0, WIDTH);
}

/** JSON whose keys are in order and hold no secrets, so that only a change of content makes a difference. */
function canonical(value: unknown): string {
	return JSON.stringify(value, (name, inner: unknown) => {
		if (isSecret(name)) return undefined;
		if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
		const row = inner as Row;
		return Object.fromEntries(
			Object.keys(row)
				.sort()
				.map((key) => [key, row[key]]),
		);
	});
}
