import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import type { INodeParameters } from 'n8n-workflow';

import { execute, startEmulator, type Emulator, type ExecuteSetting } from './harness';

let emulator: Emulator;
before(async () => {
	emulator = await startEmulator();
});
beforeEach(async () => {
	await emulator.heal();
	await emulator.reset();
});
after(async () => await emulator.stop());

const run = async (parameters: INodeParameters, setting: Partial<ExecuteSetting> = {}) =>
	await execute(parameters, { emulator, ...setting });

const requests = async () =>
	(await emulator.journal())
		.filter(({ operation }) => operation !== null && operation !== 'ListDefs')
		.map(({ method, path }) => `${method} ${path.replace('/xapi/v1', '')}`);

describe('a deletion', () => {
	const DELETE_FAX = { resource: 'Fax', operation: 'Delete Fax' };

	it('says that it was done and on what', async () => {
		const [fax] = (await run({ resource: 'Fax', operation: 'List Fax' })).output[0] ?? [];
		const { output, error } = await run(
			{ ...DELETE_FAX, Id: '={{ $json.Id }}', 'If-Match': '' },
			{ items: [{ json: { Id: fax?.json.Id } }] },
		);
		assert.equal(error, undefined);
		assert.deepEqual(output, [
			[{ json: { deleted: true, success: true, Id: fax?.json.Id }, pairedItem: { item: 0 } }],
		]);
		assert.deepEqual((await requests()).at(-1), `DELETE /Fax(${String(fax?.json.Id)})`);
	});
});
