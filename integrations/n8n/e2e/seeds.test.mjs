import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';

import { oneNode } from './n8n.mjs';
import { credentials, emulator, n8n } from './started.mjs';

/** Links that need quotes, escapes, or both in a URL. */
const ODD_LINKS = [
	"o'brien",
	'a/b',
	'ü ß',
	'100%27',
	'x?y=1&z#t',
	'..',
	"''",
	'+1 (555) 010',
	'Id=1',
];

// `there`: two keys of the demo company. `absent`: a key that nothing has. `bad`: what can't be such a key.
const SEEDS = [
	{
		resource: 'Fax',
		operation: 'Delete Fax',
		noun: 'fax',
		path: '/Fax',
		there: [121, 122],
		absent: 999999,
	},
	{
		resource: 'Device Infos',
		operation: 'Delete Device Info',
		noun: 'device info',
		path: '/DeviceInfos',
		there: [1, 2],
		absent: 999999,
	},
	{
		resource: 'Contacts',
		operation: 'Delete Contact',
		noun: 'contact',
		path: '/Contacts',
		there: [1, 2],
		absent: 999999,
	},
	{
		resource: 'Blocklist',
		operation: 'Delete Blocklist Addr',
		noun: 'blocklist address',
		path: '/Blocklist',
		there: [1, 2],
		absent: 999999,
	},
	{
		resource: 'Website Links',
		operation: 'Delete Weblink',
		noun: 'weblink',
		path: '/WebsiteLinks',
		key: 'Link',
		there: ['sales', 'support'],
		absent: 'nobody',
	},
];

for (const seed of SEEDS) {
	const { resource, operation, noun, path } = seed;
	const key = seed.key ?? 'Id';
	const [first, second] = seed.there;
	const pbx = emulator.url.slice('http://'.length);

	const literal = (value) =>
		typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);

	/** Run the node for items with these keys; an item of `undefined` lacks the key. */
	const run = (keys, rest = {}, parameters = {}) =>
		n8n.run(
			oneNode(
				{ resource, operation, [key]: `={{ $json.${key} }}`, ...parameters },
				keys.map((value, index) => ({
					row: index,
					...(value === undefined ? {} : { [key]: value }),
				})),
				{ credentials, ...rest },
			),
			'Start',
		);

	const read = (value) => emulator.ask('GET', `${path}(${encodeURIComponent(literal(value))})`);
	const exists = async (value) => (await read(value)).status === 200;
	const sent = (value, status) => `DELETE ${path}(${literal(value)}) ${status}`;
	const deleted = (value, item) => ({
		json: { deleted: true, success: true, [key]: value },
		pairedItem: { item },
	});

	describe(operation, () => {
		beforeEach(async () => {
			await emulator.control('POST', 'reset');
			await emulator.control('DELETE', 'faults');
			await emulator.control('PATCH', 'variants', { etags: 'off' });
		});

		test('deletes what each item names', async () => {
			const execution = await run([first, second]);
			assert.equal(execution.status, 'success');
			assert.deepEqual(execution.outputs('3CX'), [[deleted(first, 0), deleted(second, 1)]]);
			assert.deepEqual(await emulator.requests(), [sent(first, 204), sent(second, 204)]);
			assert.equal(await exists(first), false);
		});

		test('runs as the old node saved it: an empty If-Match is not sent', async () => {
			await emulator.control('PATCH', 'variants', { etags: 'weak' });
			const execution = await run([first], {}, { 'If-Match': '', requestOptions: {} });
			assert.equal(execution.status, 'success');
			assert.deepEqual(await emulator.requests(), [sent(first, 204)]);
		});

		test('404: says which is missing, and sends nothing further', async () => {
			const execution = await run([first, seed.absent, second]);
			const error = execution.failure('3CX');
			assert.equal(execution.status, 'error');
			assert.match(
				error.message,
				new RegExp(`^No ${noun} with ${key} '?${seed.absent}'? on ${pbx}`),
			);
			assert.match(error.description, new RegExp(`List`));
			assert.equal(error.httpCode, '404');
			assert.equal(error.context.itemIndex, 1);
			assert.deepEqual(await emulator.requests(), [sent(first, 204), sent(seed.absent, 404)]);
			assert.equal(await exists(second), true);
		});

		test('412: an ETag of the past deletes nothing, the current one does', async () => {
			await emulator.control('PATCH', 'variants', { etags: 'weak' });
			const { body } = await read(first);
			const stale = await run([first], {}, { 'If-Match': 'W/"of-the-past"' });
			assert.equal(stale.status, 'error');
			assert.equal(stale.failure('3CX').httpCode, '412');
			assert.match(stale.failure('3CX').message, /changed/);
			assert.equal(await exists(first), true);
			const current = await run([first], {}, { 'If-Match': body['@odata.etag'] });
			assert.equal(current.status, 'success');
			assert.deepEqual(await emulator.requests(), [sent(first, 412), sent(first, 204)]);
		});

		test('401: a PBX that takes no token gets no second sign-in for each item', async () => {
			await emulator.control('POST', 'faults', `401@DELETE ${path}*`);
			const before = await emulator.signIns();
			const execution = await run([first]);
			const error = execution.failure('3CX');
			assert.equal(error.httpCode, '401');
			assert.match(error.description, /\w/);
			assert.ok((await emulator.signIns()) - before <= 6);
			assert.equal(await exists(first), true);
		});

		test('403: names the role or the licence', async () => {
			await emulator.control('POST', 'faults', `403@DELETE ${path}*`);
			const error = (await run([first, second])).failure('3CX');
			assert.equal(error.httpCode, '403');
			assert.match(`${error.message} ${error.description}`, /role|licence/);
			assert.equal(await exists(second), true);
		});

		test('a missing key is refused for its item, and nothing is sent for it', async () => {
			for (const missing of [undefined, null, '']) {
				await emulator.control('DELETE', 'journal');
				const execution = await run([missing, first]);
				const error = execution.failure('3CX');
				assert.equal(execution.status, 'error');
				assert.match(error.message, new RegExp(`\\b${key}\\b`));
				assert.equal(error.context.itemIndex, 0);
				assert.deepEqual(await emulator.requests(), []);
			}
		});

		if (key === 'Link')
			test('a key of any characters arrives as it is', async () => {
				for (const Link of ODD_LINKS) {
					const made = await emulator.ask('POST', path, { Link, Name: Link });
					assert.equal(made.status, 201, Link);
				}
				await emulator.control('DELETE', 'journal');
				const execution = await run(ODD_LINKS);
				assert.deepEqual(execution.outputs('3CX'), [
					ODD_LINKS.map((Link, item) => deleted(Link, item)),
				]);
				assert.deepEqual(
					await emulator.requests(),
					ODD_LINKS.map((Link) => sent(Link, 204)),
				);
			});
		else
			test('a key that is no integer is refused before it is sent', async () => {
				for (const odd of ['abc', 12.5, 2147483648, true, { Id: first }, '1) or (1']) {
					const execution = await run([odd]);
					assert.equal(execution.status, 'error', String(odd));
					assert.match(execution.failure('3CX').message, /^Id of .*(integer|between)/);
				}
				assert.deepEqual(await emulator.requests(), []);
				const text = await run([String(first)]);
				assert.equal(text.status, 'success');
				assert.deepEqual(await emulator.requests(), [sent(first, 204)]);
			});

		test('On Error: Continue gives the failed item at its place', async () => {
			const keys = [first, seed.absent, second];
			const execution = await run(keys, { onError: 'continueRegularOutput' });
			assert.equal(execution.status, 'success');
			const [items] = execution.outputs('3CX');
			assert.deepEqual([items[0], items[2]], [deleted(first, 0), deleted(second, 2)]);
			assert.equal(items[1].json.row, 1);
			assert.equal(items[1].json[key], seed.absent);
			assert.equal(items[1].json.error.status, 404);
			assert.match(items[1].json.error.message, new RegExp(`^No ${noun} with`));
			assert.match(items[1].json.error.hint, /\w/);
			assert.deepEqual(items[1].pairedItem, { item: 1 });
		});

		test('On Error: Continue (using error output) gives it at the second output', async () => {
			const keys = [first, undefined, seed.absent, second];
			const execution = await run(keys, { onError: 'continueErrorOutput' });
			assert.equal(execution.status, 'success');
			const [done, failed] = execution.outputs('3CX');
			assert.deepEqual(done, [deleted(first, 0), deleted(second, 3)]);
			assert.deepEqual(
				failed.map(({ json }) => [json.row, json.error.status]),
				[
					[1, undefined],
					[2, 404],
				],
			);
			assert.deepEqual(await emulator.requests(), [
				sent(first, 204),
				sent(seed.absent, 404),
				sent(second, 204),
			]);
		});
	});
}
