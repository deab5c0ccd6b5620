/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { IDataObject, INodeExecutionData, INodeParameters } from 'n8n-workflow';
import { catalog } from '../engine/catalog';
import { execute, startEmulator, type ExecuteSetting } from './harness';
import { wireTo, type Sent, type Wire } from './wire';

/** The rows of docs/old-node.md: what n8n-nodes-3cx got wrong, and what this node does instead. */

let wire: Wire;
const rows: string[] = [];

function row(title: string, run: () => Promise<void>): void {
	rows.push(title);
	void test(title, run);
}

before(async () => {
	wire = await wireTo(await startEmulator());
});
after(async () => await wire.stop());
beforeEach(async () => {
	await wire.reset();
	await wire.heal();
	wire.instead(undefined);
	await run(listFax({ limit: 1 })); // signs in, so that what a test counts is its own
	wire.clear();
});

row('If Match left empty', async () => {
	const [fax] = await faxIds();
	await run(deleteFax(fax, { 'If-Match': '' }));
	assert.equal(lines()[0], `DELETE /Fax(${fax})`);
	assert.equal('if-match' in (wire.sent[0]?.headers ?? {}), false);
});

row('Query options left empty', async () => {
	const options = { filter: '', search: '', orderby: '', select: [], expand: [] };
	await run(listFax({ options }));
	assert.deepEqual(lines(), ['GET /Fax?$top=50']);
});

row('Fields of a body that nobody set', async () => {
	const [contact] = await idsOf('List Contact');
	await run(updateContact(contact, { FirstName: 'Ada' }));
	assert.equal(lines()[0], `PATCH /Contacts(${contact})`);
	assert.deepEqual(bodies()[0], { FirstName: 'Ada' });
});

row('Bodies of users, groups, queues and 19 others', async () => {
	const { output } = await run({
		resource: 'Users',
		operation: 'Create User',
		bodyMode: 'fields',
		fields: { FirstName: 'Ada', Groups: '[{"GroupId":1,"Rights":{"RoleName":"users"}}]' },
	});
	assert.deepEqual(bodies()[0], {
		FirstName: 'Ada',
		Groups: [{ GroupId: 1, Rights: { RoleName: 'users' } }],
	});
	assert.equal(typeof output[0]?.[0]?.json.Id, 'number');
	const without = catalog.actions.filter(
		({ method, body, kind }) => (kind === 'create' || method === 'PATCH') && body === undefined,
	);
	assert.deepEqual(without, []);
});

row('A field that has the name of a key', async () => {
	const [user] = await idsOf('List User');
	await run({
		resource: 'Users',
		operation: 'Update User',
		Id: user,
		bodyMode: 'json',
		bodyJson: JSON.stringify({ Id: user, FirstName: 'Ada' }),
	});
	assert.equal(lines()[0], `PATCH /Users(${user})`);
	assert.equal(bodies()[0]?.FirstName, 'Ada');
});

row('Keys that are text', async () => {
	await run({ resource: 'Website Links', operation: 'Delete Weblink', Link: "o'brien/ü" });
	assert.equal(wire.sent[0]?.target, "/xapi/v1/WebsiteLinks('o%27%27brien%2F%C3%BC')");
});

row('A key whose expression gives nothing', async () => {
	for (const value of ['={{ $json.Missing }}', '={{ null }}', '={{ "" }}']) {
		const { error } = await run(deleteFax(value), { onError: 'stopWorkflow' });
		assert.match(error?.message ?? '', /Id/);
		assert.deepEqual(wire.sent, []);
	}
});

row('Order of items', async () => {
	const ids = await faxIds();
	wire.clear();
	await wire.vary({ latency: 0.01, jitter: 0.05 });
	const items = ids.map((Id) => ({ json: { Id } }));
	const { output } = await run(getFax('={{ $json.Id }}'), { items });
	await wire.vary({ latency: 0, jitter: 0 });
	assert.deepEqual(
		output[0]?.map(({ json }) => json.Id),
		ids,
	);
	assert.deepEqual(
		output[0]?.map(({ pairedItem }) => pairedItem),
		ids.map((_, item) => ({ item })),
	);
	assert.equal(wire.atOnce(), 1);
});

row('A failure with On Error = Stop', async () => {
	const [fax] = await faxIds();
	const items = [{ json: { Id: 4_000_000 } }, { json: { Id: fax } }];
	const { error } = await run(deleteFax('={{ $json.Id }}'), { items, onError: 'stopWorkflow' });
	assert.match(error?.message ?? '', /No fax with Id 4000000/);
	assert.deepEqual(lines(), ['DELETE /Fax(4000000)']);
});

row('A failure with On Error = Continue', async () => {
	const { output } = await run(deleteFax(4_000_000), { onError: 'continueRegularOutput' });
	const error = output[0]?.[0]?.json.error as IDataObject;
	assert.equal(error.status, 404);
	assert.match(String(error.message), /No fax with Id 4000000/);
	assert.notEqual(String(error.hint ?? ''), '');
});

row('An answer without a body', async () => {
	const [fax] = await faxIds();
	const { output } = await run(deleteFax(fax));
	assert.deepEqual(output[0]?.[0]?.json, { deleted: true, success: true, Id: fax });
});

row('Lists of more than one page', async () => {
	await wire.vary({ page_size: 2, max_top: 2 });
	const { output } = await run(listFax({ returnAll: true }));
	await wire.vary({ page_size: 50, max_top: 100 });
	assert.ok((output[0]?.length ?? 0) > 2);
	assert.deepEqual(
		output[0]?.map(({ json }) => json.Id),
		await faxIds(),
	);
});

row('Files', async () => {
	const [recording] = await idsOf('List Recording');
	const { output } = await run({
		resource: 'Recordings',
		operation: 'Download Recording',
		recId: recording,
		binaryProperty: 'data',
	});
	const file = output[0]?.[0]?.binary?.data;
	assert.match(file?.mimeType ?? '', /^audio\//);
	assert.match(file?.fileName ?? '', /\.wav$/);
});

row('Several requests with an expired token', async () => {
	const ids = await faxIds();
	const items = Array.from({ length: 20 }, (_, n) => ({ json: { Id: ids[n % ids.length] } }));
	await wire.revoke();
	await wire.forget();
	const { output } = await run(getFax('={{ $json.Id }}', { settings: { concurrency: 4 } }), {
		items: items as INodeExecutionData[],
	});
	assert.equal(output[0]?.length, 20);
	assert.ok(output[0]?.every(({ json }) => json.Number !== undefined));
	const signIns = (await wire.journal()).filter((entry) => entry.path === '/connect/token');
	assert.equal(signIns.length, 1);
});

row('A failure when an AI agent calls the node', async () => {
	const { output, error } = await run(deleteFax(4_000_000, { allowDeletes: true }), {
		onError: 'continueRegularOutput',
	});
	assert.equal(error, undefined);
	assert.match(JSON.stringify(output[0]?.[0]?.json), /No fax with Id 4000000/);
});

test('each row of the table has its test, and each test its row', () => {
	const file = path.resolve(__dirname, '../../docs/old-node.md');
	const table = readFileSync(file, 'utf8')
		.split('\n')
		.filter((text) => text.startsWith('|'));
	const titles = table.slice(2).map((text) => text.split('|')[1]?.trim());
	assert.deepEqual(titles, rows);
});

async function run(parameters: INodeParameters, setting: Partial<ExecuteSetting> = {}) {
	return await execute(parameters, { emulator: wire, ...setting });
}

function deleteFax(Id: unknown, more: IDataObject = {}): INodeParameters {
	return { resource: 'Fax', operation: 'Delete Fax', Id, ...more } as INodeParameters;
}

function getFax(Id: unknown, more: IDataObject = {}): INodeParameters {
	return { resource: 'Fax', operation: 'Get Fax', Id, ...more } as INodeParameters;
}

function listFax(more: IDataObject = {}): INodeParameters {
	return { resource: 'Fax', operation: 'List Fax', ...more } as INodeParameters;
}

function updateContact(Id: unknown, fields: IDataObject): INodeParameters {
	return {
		resource: 'Contacts',
		operation: 'Update Contact',
		Id,
		bodyMode: 'fields',
		fields,
	} as INodeParameters;
}

async function idsOf(operation: string): Promise<number[]> {
	const resource = catalog.actions.find((action) => action.operation === operation)?.resource;
	const { output } = await run({ resource, operation, returnAll: true } as INodeParameters);
	wire.clear();
	return (output[0] ?? []).map(({ json }) => json.Id as number);
}

async function faxIds(): Promise<number[]> {
	return await idsOf('List Fax');
}

function lines(): string[] {
	return wire.sent.map(line);
}

function line({ method, target }: Sent): string {
	return `${method} ${decodeURIComponent(target.replace('/xapi/v1', ''))}`;
}

function bodies(): IDataObject[] {
	return wire.sent.map(({ body }) => JSON.parse(String(body) || '{}') as IDataObject);
}
