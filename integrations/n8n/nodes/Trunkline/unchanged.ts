import { valueOf, type Asked } from '../../engine/answers';
import {
	answerType,
	fieldsOf,
	parseType,
	type Action,
	type OptionName,
} from '../../engine/catalog';
import { changedFields, comparedFields, isObject } from '../../engine/equality';
import { Failure, Refused } from '../../engine/errors';
import type { Connection } from '../../engine/http';
import { bind, requestOf, type Call } from '../../engine/request';
import { reader } from './entities';

/**
 * Acting only on what is still as it was read, on a PBX that sends no ETags: read the entity again, compare every
 * field of the earlier one, also what came with Expand, then act. Somebody may still change it between the two; where
 * the PBX sends ETags the action goes out with If-Match, which closes that gap.
 *
 * @returns the call to send
 * @throws Failure (412) that names the fields that changed; Refused where something can't be compared
 */
export async function ifUnchanged(
	connection: Connection,
	call: Call,
	earlier: Record<string, unknown>,
): Promise<Call> {
	const { action, values } = call;
	const reading = reader(action);
	if (reading === undefined) {
		throw new Refused(
			`${action.operation} can't check Only If Unchanged: it has no entity that can be read by key.`,
			'Remove that setting. Nothing was sent.',
			'settings',
		);
	}
	const type = answerType(reading)?.name;
	const read = bind(reading, {
		parameters: { ...values },
		options: optionsFor(reading, type, earlier),
	});
	const response = await connection.send(requestOf(read));
	const asked = {
		action: reading,
		path: read.path,
		values: read.values,
		server: connection.server,
	};
	const current = valueOf(asked, response) as Record<string, unknown>;
	refuseUnreadable(asked, earlier, current);
	const changed = changedFields(type, earlier, current);
	if (changed.length > 0) {
		throw new Failure(
			`The ${action.noun} on ${connection.server} changed since it was read: ${changed.join(', ')}. Nothing was done.`,
			changed.some((name) => isExpanded(type, name))
				? 'Read it again, with Expand and without $select within it, and decide again.'
				: 'Read it again and decide again.',
			412,
			Object.fromEntries(changed.map((name) => [name, 'changed'])),
		);
	}
	const etag = earlier['@odata.etag'] ?? current['@odata.etag'];
	const sendsTags = current['@odata.etag'] !== undefined;
	if (sendsTags && action.ifMatch && typeof etag === 'string')
		return { ...call, ifMatch: call.ifMatch ?? etag };
	const untagged = { ...call };
	delete untagged.ifMatch; // the fields are the same, which is what it is for
	return untagged;
}

function optionsFor(
	reading: Action,
	type: string | undefined,
	earlier: Record<string, unknown>,
): Partial<Record<OptionName, unknown>> {
	const compared = comparedFields(type, earlier);
	const options: Partial<Record<OptionName, unknown>> = {};
	const expand = expansions(type, [earlier]);
	if (expand.length > 0 && reading.query?.includes('expand')) options.expand = expand;
	// Some fields come only when asked for; a field that the catalog doesn't know can't be asked for safely.
	const select = compared.filter((name) => !isExpanded(type, name));
	const isKnown = select.every((name) => Object.hasOwn(fieldsOf(type), name));
	if (isKnown && select.length > 0) options.select = select;
	return options;
}

/** What to expand so that a PBX answers as fully as it did earlier: `Agents`, `Groups($expand=Rights)`. */
function expansions(type: string | undefined, entities: readonly unknown[]): string[] {
	return Object.keys(fieldsOf(type)).flatMap((name) => {
		if (!isExpanded(type, name)) return [];
		const found = entities.filter((entity) => isObject(entity) && Object.hasOwn(entity, name));
		if (found.length === 0) return [];
		const inner = found.flatMap((entity) => (entity as Record<string, unknown>)[name]);
		const within = expansions(parseType(fieldsOf(type)[name] ?? '').name, inner);
		return within.length === 0 ? name : `${name}($expand=${within.join(',')})`;
	});
}

/** @throws Refused for a field that neither catalog nor PBX knows, and for a list that the PBX does not send */
function refuseUnreadable(
	{ action, server }: Asked,
	earlier: Record<string, unknown>,
	current: Record<string, unknown>,
): void {
	const type = answerType(action)?.name;
	const absent = comparedFields(type, earlier).filter((name) => !Object.hasOwn(current, name));
	const unknown = absent.filter((name) => !Object.hasOwn(fieldsOf(type), name));
	if (unknown.length > 0) {
		throw new Refused(
			`The ${action.noun} on ${server} has no field ${unknown.join(', ')}, which Only If Unchanged names.`,
			'Give it only what was read from the PBX. Nothing was done.',
			'settings',
		);
	}
	const unread = absent.filter((name) => isExpanded(type, name) && Array.isArray(earlier[name]));
	if (unread.length > 0) {
		throw new Refused(
			`${server} does not send ${unread.join(', ')} of the ${action.noun}, so Only If Unchanged can't compare it.`,
			'Give it the item without that field. Nothing was done.',
			'settings',
		);
	}
}

/** Whether a field comes only with $expand. */
function isExpanded(type: string | undefined, name: string): boolean {
	const fields = fieldsOf(type);
	return Object.hasOwn(fields, name) && parseType(fields[name] ?? '').navigation;
}
