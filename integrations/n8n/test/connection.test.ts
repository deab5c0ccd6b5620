/* eslint-disable @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { IExecuteFunctions, INodeExecutionData, INodeType } from 'n8n-workflow';

import { connect } from '../engine/connection';
import { execute, startEmulator, storedCredential, type Emulator } from './harness';

/** One request for each item: `target` is below /xapi/v1. */
const asks: INodeType = {
	description: {
		displayName: 'Asks',
		name: 'asks',
		group: [],
		version: 1,
		description: '',
		defaults: { name: 'Asks' },
		inputs: ['main'],
		outputs: ['main'],
		credentials: [{ name: 'trunklineApi', required: true }],
		properties: [
			{ displayName: 'Method', name: 'method', type: 'string', default: 'GET' },
			{ displayName: 'Target', name: 'target', type: 'string', default: '' },
		],
	},
	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const connection = await connect(this);
		const output: INodeExecutionData[] = [];
		for (const [item] of this.getInputData().entries()) {
			const method = this.getNodeParameter('method', item) as 'GET';
			const target = this.getNodeParameter('target', item) as string;
			const { status, body } = await connection.send({ method, target, headers: {} });
			output.push({ json: { status, body, version: connection.version }, pairedItem: { item } });
		}
		return [output];
	},
};

let emulator: Emulator;
before(async () => {
	emulator = await startEmulator();
});
after(async () => await emulator.stop());

test('a request is signed in, and its token is kept in the credential', async () => {
	const { output, error } = await execute({ target: '/Fax?$select=Id' }, { type: asks, emulator });
	assert.equal(error, undefined);
	assert.equal(output[0]?.[0]?.json.status, 200);
	assert.equal(output[0]?.[0]?.json.version, '20.0.10.0');
	assert.match(String(storedCredential({ emulator }).accessToken), /^ey/);
	const signIns = (await emulator.journal()).filter(({ path }) => path === '/connect/token');
	assert.equal(signIns.length, 1);
});

test('an expression is read for each item', async () => {
	const items = [{ json: { id: 121 } }, { json: { id: 999999 } }];
	const target = '=/Fax({{ $json.id }})';
	const { output } = await execute({ target }, { type: asks, emulator, items });
	assert.deepEqual(
		output[0]?.map(({ json }) => json.status),
		[200, 404],
	);
});
