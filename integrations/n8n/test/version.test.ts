/* eslint-disable @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { execute, startEmulator } from './harness';
import { wireTo, type Wire } from './wire';

let older: Wire;
let current: Wire;

before(async () => {
	[older, current] = await Promise.all([
		startEmulator(['--api-version', '20.0.5']).then(wireTo),
		startEmulator().then(wireTo),
	]);
});
after(async () => await Promise.all([older.stop(), current.stop()]));
afterEach(() => {
	for (const pbx of [older, current]) {
		pbx.instead(undefined);
		pbx.clear();
	}
});

/** Since 20.0.9. */
const NEW = { resource: 'AI Settings', operation: 'Get AI Settings' };
const OLD = { resource: 'Fax', operation: 'List Fax' };

const run = async (pbx: Wire, parameters: typeof NEW, count = 1) =>
	await execute(parameters, {
		emulator: pbx,
		items: Array.from({ length: count }, () => ({ json: {} })),
	});

const targets = (pbx: Wire) => pbx.sent.map(({ target }) => target.replace('/xapi/v1', ''));
const looks = (pbx: Wire) => targets(pbx).filter((target) => target.startsWith('/Defs?')).length;
const others = (pbx: Wire) => targets(pbx).filter((target) => !target.startsWith('/Defs?'));

test('an operation that the PBX lacks is refused before its first request', async () => {
	for (const known of ['an unknown version', 'a remembered one']) {
		const { error } = await run(older, NEW);
		assert.match(error?.message ?? '', /was added in 20\.0\.9, and this PBX runs 20\.0\.5/);
		assert.deepEqual(others(older), [], known);
	}
});

test('the version is asked for once in a run, and not again where it suffices', async () => {
	await run(current, OLD); // signs in
	await run(older, OLD);
	current.clear();
	older.clear();
	assert.equal((await run(current, NEW, 3)).error, undefined);
	assert.deepEqual(others(current), Array(3).fill('/AISettings'));
	assert.equal(looks(current), 0);
	const { output } = await execute(NEW, {
		emulator: older,
		items: [{ json: {} }, { json: {} }, { json: {} }],
		onError: 'continueRegularOutput',
	});
	assert.equal(output[0]?.length, 3);
	assert.deepEqual(others(older), []);
	assert.equal(looks(older), 1);
});

test('an operation that every version has costs no question', async () => {
	await run(older, OLD);
	older.clear();
	await run(older, OLD);
	assert.equal(looks(older), 0);
	assert.equal(others(older).length, 1);
});

test('a PBX that was updated since it named its version is not refused', async () => {
	await run(older, OLD);
	older.clear();
	older.instead(({ target }) => ({
		status: 200,
		headers: { 'content-type': 'application/json', 'x-3cx-version': '20.0.10.1' },
		body: target.includes('/Defs?') ? '{"Id":1}' : '{"@odata.context":"c","Id":1}',
	}));
	const { error } = await run(older, NEW);
	assert.equal(error, undefined);
	assert.deepEqual(others(older), ['/AISettings']);
});
