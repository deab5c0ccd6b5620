/* eslint-disable @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import type { IDataObject, INodeExecutionData, INodeParameters } from 'n8n-workflow';

import { execute, startEmulator, type Emulator, type ExecuteSetting } from './harness';

/** The five actions with which the node began, each with all that can become of it. */

const SEEDS = [
	{
		resource: 'Fax',
		operation: 'Delete Fax',
		list: 'List Fax',
		noun: 'fax',
		key: 'Id',
		set: 'Fax',
	},
	{
		resource: 'Device Infos',
		operation: 'Delete Device Info',
		list: 'List Device Info',
		noun: 'device info',
		key: 'Id',
		set: 'DeviceInfos',
	},
	{
		resource: 'Contacts',
		operation: 'Delete Contact',
		list: 'List Contact',
		noun: 'contact',
		key: 'Id',
		set: 'Contacts',
	},
	{
		resource: 'Blocklist',
		operation: 'Delete Blocklist Addr',
		list: 'List Blocklist Addr',
		noun: 'blocklist address',
		key: 'Id',
		set: 'Blocklist',
	},
	{
		resource: 'Website Links',
		operation: 'Delete Weblink',
		list: 'List Weblink',
		noun: 'weblink',
		key: 'Link',
		set: 'WebsiteLinks',
	},
];

let emulator: Emulator;
before(async () => {
	emulator = await startEmulator();
});
beforeEach(async () => {
	await emulator.heal();
	await emulator.vary({ etags: 'off' });
	await emulator.reset();
});
after(async () => await emulator.stop());

const run = async (parameters: INodeParameters, setting: Partial<ExecuteSetting> = {}) =>
	await execute(parameters, { emulator, ...setting });

/** The requests that reached the PBX, without sign-ins and their checks. */
const requests = async () =>
	(await emulator.journal())
		.filter(({ path }) => path.startsWith('/xapi/') && !path.includes('/Defs?'))
		.map(({ method, path, status }) => `${method} ${path.replace('/xapi/v1', '')} ${status}`);

for (const { resource, operation, list, noun, key, set } of SEEDS) {
	describe(operation, () => {
		const parameters = { resource, operation, [key]: `={{ $json.${key} }}`, 'If-Match': '' };
		const isText = key === 'Link';
		const missing = isText ? 'nobody' : 2147483647;
		const literal = (value: unknown) => (isText ? `'${String(value)}'` : String(value));
		const done = (value: unknown, item: number): INodeExecutionData => ({
			json: { deleted: true, success: true, [key]: value as string },
			pairedItem: { item },
		});

		const rows = async (): Promise<IDataObject[]> => {
			const { output, error } = await run({ resource, operation: list, returnAll: true });
			assert.equal(error, undefined);
			await emulator.forget();
			return (output[0] ?? []).map(({ json }) => json);
		};
		const keys = async (): Promise<unknown[]> => (await rows()).map((row) => row[key]);
		const items = (values: unknown[]): INodeExecutionData[] =>
			values.map((value) => ({
				json: value === undefined ? { Other: 'x' } : { [key]: value as string, Other: 'x' },
			}));

		it('deletes what the item names, and sends no If-Match', async () => {
			const [first] = await keys();
			const { output, error } = await run(parameters, { items: items([first]) });
			assert.equal(error, undefined);
			assert.deepEqual(output, [[done(first, 0)]]);
			assert.deepEqual(await requests(), [`DELETE /${set}(${literal(first)}) 204`]);
			assert.equal((await keys()).includes(first), false);
		});

		it('takes a key that was picked from the list', async () => {
			const [first] = await keys();
			const picked = {
				__rl: true,
				mode: 'list',
				value: first as string,
				cachedResultName: 'picked',
			};
			const { output } = await run({ ...parameters, [key]: picked });
			assert.deepEqual(output, [[done(first, 0)]]);
		});

		it('says which one does not exist, and where to look', async () => {
			const { output, error } = await run(parameters, { items: items([missing]) });
			assert.deepEqual(output, []);
			assert.equal(error?.name, 'NodeApiError');
			const server = new URL(emulator.url).host;
			assert.equal(error?.message, `No ${noun} with ${key} ${missing} on ${server}.`);
			assert.match(
				error?.description ?? '',
				new RegExp(`^Check the ${key}: the operation ${list} shows`),
			);
			assert.equal(error?.httpCode, '404');
			assert.equal(error?.context?.itemIndex, 0);
		});

		it('says that it changed where the If Match value is outdated', async () => {
			await emulator.vary({ etags: 'weak' });
			const [first] = await rows();
			const { error } = await run(
				{ ...parameters, 'If-Match': 'W/"outdated"' },
				{ items: items([first?.[key]]) },
			);
			assert.equal(error?.httpCode, '412');
			assert.match(error?.message ?? '', /changed since/);
			assert.match(error?.description ?? '', /Read it again/);
			assert.equal((await keys()).includes(first?.[key]), true);
		});

		it('deletes where the If Match value is that of the entity', async () => {
			await emulator.vary({ etags: 'weak' });
			const [first] = await rows();
			assert.ok(first?.['@odata.etag']);
			const { output } = await run(
				{ ...parameters, 'If-Match': '={{ $json["@odata.etag"] }}' },
				{ items: [{ json: first }] },
			);
			assert.deepEqual(output, [[done(first[key], 0)]]);
		});

		it('says that the key was not accepted, and where to find one', async () => {
			const { error } = await run(parameters, {
				items: items([missing]),
				credentials: { apiKey: `wrong-${operation}` },
			});
			assert.match(`${error?.message} ${error?.description}`, /API key/);
			assert.equal(error?.httpCode, '401');
			assert.doesNotMatch(JSON.stringify(error), /wrong-/);
			assert.deepEqual(await requests(), []);
		});

		it('says which role is missing', async () => {
			await emulator.fault('403@DELETE');
			const { error } = await run(parameters, { items: items([missing]) });
			assert.equal(error?.httpCode, '403');
			assert.match(error?.message ?? '', /did not allow/);
			assert.match(error?.description ?? '', /role/);
		});

		for (const [what, value, message] of [
			['undefined', undefined, /is undefined/],
			['null', null, /is empty/],
			['empty', '', /is empty/],
		] as const) {
			it(`sends nothing for a key that is ${what}`, async () => {
				await keys();
				const { error } = await run(parameters, { items: items([value]) });
				assert.equal(error?.name, 'NodeOperationError');
				assert.match(error?.message ?? '', message);
				assert.match(error?.message ?? '', new RegExp(`^${key}`));
				assert.match(error?.description ?? '', /othing was sent/);
				assert.deepEqual(await requests(), []);
			});
		}

		it('sends nothing for a key that can be none', async () => {
			await keys();
			const { error } = await run(parameters, { items: items([{ a: 1 }]) });
			assert.match(error?.message ?? '', new RegExp(`^${key}`));
			assert.deepEqual(await requests(), []);
		});

		it('stops at a failure, and says how the others ended', async () => {
			const [first, second] = await keys();
			const { output, error } = await run(parameters, { items: items([first, missing, second]) });
			assert.deepEqual(output, []);
			assert.equal(error?.context?.itemIndex, 1);
			assert.match(error?.message ?? '', /^No .* \[item 1\]$/);
			assert.match(
				error?.description ?? '',
				/Of 3 items, 1 succeeded, 1 failed, and 1 was not started\.$/,
			);
			assert.deepEqual(await requests(), [
				`DELETE /${set}(${literal(first)}) 204`,
				`DELETE /${set}(${literal(missing)}) 404`,
			]);
		});

		it('continues with the failed item among the others, its fields kept', async () => {
			const [first, second] = await keys();
			const { output, error } = await run(parameters, {
				items: items([first, missing, second]),
				onError: 'continueRegularOutput',
			});
			assert.equal(error, undefined);
			const [a, failed, c] = output[0] ?? [];
			assert.deepEqual([a, c], [done(first, 0), done(second, 2)]);
			assert.equal(failed?.json[key], missing);
			assert.equal(failed?.json.Other, 'x');
			const { status, message, hint } = failed?.json.error as IDataObject;
			assert.equal(status, 404);
			assert.match(String(message), new RegExp(`^No ${noun} with ${key} `));
			assert.match(String(hint), /shows what exists/);
			assert.deepEqual(failed?.pairedItem, { item: 1 });
		});

		it('continues with the failed item at the second output, its fields kept', async () => {
			const [first, second] = await keys();
			const { output } = await run(parameters, {
				items: items([first, missing, second]),
				onError: 'continueErrorOutput',
			});
			assert.deepEqual(output[0], [done(first, 0), done(second, 2)]);
			const [failed, ...more] = output[1] ?? [];
			assert.deepEqual(more, []);
			assert.equal(failed?.json[key], missing);
			assert.equal(failed?.json.Other, 'x');
			assert.equal((failed?.json.error as IDataObject).status, 404);
		});

		it('counts what is gone already as done where the setting says so', async () => {
			const { output } = await run(
				{ ...parameters, settings: { missingIsFine: true } },
				{ items: items([missing]) },
			);
			assert.deepEqual(output[0]?.[0]?.json, {
				deleted: true,
				success: true,
				[key]: missing,
				missing: true,
			});
		});

		it('is done where the answer was lost and nothing is left to delete', async () => {
			const [first] = await keys();
			await emulator.fault('reset-after:times=1@DELETE');
			const { output, error } = await run(parameters, { items: items([first]) });
			assert.equal(error, undefined);
			assert.deepEqual(output, [[done(first, 0)]]);
			const sent = await requests();
			assert.deepEqual(
				sent.map((each) => each.slice(-3)),
				[') 0', '404'],
			);
		});
	});
}

describe('Delete Weblink', () => {
	const odd = [
		"o'brien",
		'a/b',
		'100%',
		'%2F',
		'..',
		'.',
		'a b',
		'ümläut',
		'😀',
		'a+b',
		'a?b#c',
		'a(b)',
		'{x}',
	];

	for (const link of odd) {
		it(`names ${link} as it is`, async () => {
			const { error } = await run(
				{ resource: 'Website Links', operation: 'Delete Weblink', Link: '={{ $json.Link }}' },
				{ items: [{ json: { Link: link } }] },
			);
			assert.equal(error?.httpCode, '404');
			assert.ok(error?.message.startsWith(`No weblink with Link ${link} on `), error?.message);
			const [entry] = (await emulator.journal()).filter(({ method }) => method === 'DELETE');
			const sent = decodeURIComponent(entry?.path ?? '');
			assert.equal(sent, `/xapi/v1/WebsiteLinks('${link.replaceAll("'", "''")}')`);
		});
	}
});
