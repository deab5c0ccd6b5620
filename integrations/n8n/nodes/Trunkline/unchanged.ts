import { valueOf } from '../../engine/answers';
import { answerType, fieldsOf } from '../../engine/catalog';
import { changedFields, comparedFields } from '../../engine/equality';
import { Failure, Refused } from '../../engine/errors';
import type { Connection } from '../../engine/http';
import { bind, requestOf, type Call } from '../../engine/request';
import { reader } from './entities';

/**
 * Acting only on what is still as it was read, on a PBX that sends no ETags: read the entity again, compare every
 * field of the earlier one, then act. Somebody may still change it between the two; where the PBX sends ETags the
 * action goes out with If-Match, which closes that gap.
 *
 * @returns the call to send
 * @throws Failure (412) that names the fields that changed; Refused where there is nothing to compare
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
	const compared = comparedFields(type, earlier);
	// Some fields come only when asked for; a field that the catalog doesn't know can't be asked for safely.
	const isKnown = compared.every((name) => Object.hasOwn(fieldsOf(type), name));
	const read = bind(reading, {
		parameters: { ...values },
		options: isKnown ? { select: compared } : {},
	});
	const response = await connection.send(requestOf(read));
	const asked = {
		action: reading,
		path: read.path,
		values: read.values,
		server: connection.server,
	};
	const current = valueOf(asked, response) as Record<string, unknown>;
	const changed = changedFields(type, earlier, current);
	if (changed.length > 0) {
		throw new Failure(
			`The ${action.noun} on ${connection.server} changed since it was read: ${changed.join(', ')}. Nothing was done.`,
			'Read it again and decide again.',
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
