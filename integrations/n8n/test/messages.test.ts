/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { INodeParameters } from 'n8n-workflow';
import { findAction } from '../engine/catalog';
import { execute, startEmulator } from './harness';
import { wireTo, type Wire } from './wire';

/** What the user of the node reads: the table of errors again, but from the answer on the wire to n8n's error. */

interface ErrorCase {
	case: string;
	action: string;
	values: Record<string, string | number>;
	status: number;
	headers: Record<string, string>;
	body: unknown;
	n8n: { message: string; description: string; codes?: Record<string, string>; unknown?: boolean };
}

const FILE = join(__dirname, '../../../../tests/cases/errors.json');
const LATER = new Set([101, 401, 408, 429, 502, 503, 504]); // these are asked again, or never reach the node
const cases = (JSON.parse(readFileSync(FILE, 'utf8')) as ErrorCase[]).filter(
	({ action, status }) => action.endsWith('.delete') && !LATER.has(status),
);

let wire: Wire;
before(async () => {
	wire = await wireTo(await startEmulator());
});
beforeEach(() => {
	wire.instead(undefined);
	wire.clear();
});
after(async () => await wire.stop());

for (const each of cases) {
	test(`the node says it: ${each.action} ${each.status}: ${each.case}`, async () => {
		const action = findAction(each.action);
		assert.ok(action);
		const { resource, operation } = action;
		const parameters: INodeParameters = { resource, operation, ...each.values, 'If-Match': '' };
		const body = typeof each.body === 'string' ? each.body : JSON.stringify(each.body);
		const { status, headers } = each;
		wire.instead(({ method }) => (method === 'DELETE' ? { status, headers, body } : undefined));
		const message = each.n8n.message.replaceAll('pbx.example.com', new URL(wire.url).host);

		const { error } = await execute(parameters, { emulator: wire });
		assert.equal(error?.name, 'NodeApiError');
		assert.equal(error?.message, message);
		assert.equal(error?.description, each.n8n.description);
		assert.equal(error?.httpCode, String(status));
		assert.equal(wire.sent.filter(({ method }) => method === 'DELETE').length, 1);

		const { output } = await execute(parameters, {
			emulator: wire,
			onError: 'continueRegularOutput',
			items: [{ json: { Other: 'x' } }],
		});
		const json = output[0]?.[0]?.json;
		assert.equal(json?.Other, 'x');
		assert.deepEqual(json?.error, {
			message: error?.message,
			status,
			hint: each.n8n.description,
			...(each.n8n.codes === undefined ? {} : { codes: each.n8n.codes }),
			...(each.n8n.unknown === true ? { unknown: true } : {}),
		});
	});
}

test('what a PBX answered goes back to it as it is, late fields included', async () => {
	wire.instead(({ method }) => (method === 'PATCH' ? { status: 204 } : undefined));
	const json = {
		'@odata.context': 'https://pbx.example.com/xapi/v1/$metadata#Fax/$entity',
		'@odata.etag': 'W/"5"',
		Id: 42,
		MuchLater: { A: null },
	};
	const { error } = await execute(
		{ resource: 'Fax', operation: 'Update Fax', Id: 42, bodyMode: 'item' },
		{ emulator: wire, items: [{ json }] },
	);
	assert.equal(error, undefined);
	const [sent] = wire.sent.filter(({ method }) => method === 'PATCH');
	assert.deepEqual(JSON.parse(String(sent?.body)), { Id: 42, MuchLater: { A: null } });
});

test('a secret is left out of what the node gives, unless it is asked for', async () => {
	const body = JSON.stringify({ Id: 42, Number: '9001', AuthPassword: 'hush' });
	const headers = { 'content-type': 'application/json' };
	wire.instead(({ method }) => (method === 'GET' ? { status: 200, headers, body } : undefined));
	const parameters = { resource: 'Fax', operation: 'Get Fax', Id: 42 };
	const hidden = await execute(parameters, { emulator: wire });
	assert.deepEqual(hidden.output[0]?.[0]?.json, { Id: 42, Number: '9001' });
	const shown = await execute(
		{ ...parameters, settings: { showSecrets: true } },
		{ emulator: wire },
	);
	assert.equal(shown.output[0]?.[0]?.json.AuthPassword, 'hush');
});
