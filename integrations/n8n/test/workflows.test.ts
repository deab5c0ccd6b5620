/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { NodeHelpers, type IDataObject, type INodeType, type IPinData } from 'n8n-workflow';

import { Trunkline } from '../nodes/Trunkline/Trunkline.node';
import { TrunklineTrigger } from '../nodes/TrunklineTrigger/TrunklineTrigger.node';
import { executeWorkflow, startEmulator, type Emulator, type Template } from './harness';

const FOLDER = join(__dirname, '../../workflows');
const PACKAGE = 'n8n-nodes-trunkline.';
const TYPES: INodeType[] = [new Trunkline(), new TrunklineTrigger()];

const templates = new Map(
	readdirSync(FOLDER).map((file) => [
		file.replace('.json', ''),
		JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Template,
	]),
);

function template(name: string): Template {
	const found = templates.get(name);
	assert.ok(found, name);
	return found;
}

/** Everything that is given is shown with the same value: n8n removes what a node's description lacks or hides. */
function assertWithin(given: unknown, shown: unknown, path: string): void {
	if (typeof given !== 'object' || given === null) {
		assert.deepEqual(shown, given, path);
		return;
	}
	assert.ok(typeof shown === 'object' && shown !== null, path);
	const values = new Map<string, unknown>(Object.entries(shown)); // of lists too, by index
	for (const [name, value] of Object.entries(given)) {
		assertWithin(value, values.get(name), `${path}: ${name}`);
	}
}

/** Items of a node whose output is pinned, each from the input item at its place. */
function pinned(...rows: IDataObject[]): IPinData[string] {
	return rows.map((json, item) => ({ json, pairedItem: { item } }));
}

describe('every workflow', () => {
	for (const [file, { nodes, connections }] of templates) {
		test(`${file}: our nodes have just the parameters that they show`, () => {
			const own = nodes.filter((node) => node.type.startsWith(PACKAGE));
			assert.ok(own.length > 0);
			for (const node of own) {
				const type = TYPES.find(({ description }) => PACKAGE + description.name === node.type);
				assert.ok(type, node.type);
				const { pollTimes, ...parameters } = node.parameters; // n8n's own, of every polling node
				const { description } = type;
				const { properties } = description;
				const shown = NodeHelpers.getNodeParameters(
					properties,
					parameters,
					true,
					false,
					node,
					description,
				);
				assertWithin(parameters, shown ?? {}, node.name);
				const filled = { ...node, parameters: shown ?? {} };
				assert.equal(NodeHelpers.getNodeParametersIssues(properties, filled, description), null);
				assert.ok(pollTimes === undefined || description.polling, node.name);
			}
		});

		test(`${file}: it names credentials, hosts for examples, and what to change`, () => {
			for (const node of nodes) {
				for (const { id } of Object.values(node.credentials ?? {})) assert.equal(id, null);
			}
			const text = JSON.stringify(nodes);
			for (const [, host] of text.matchAll(/https?:\/\/([^/"]+)/g)) {
				assert.match(host ?? '', /(^|\.)example\.com$/);
			}
			const notes = nodes.filter((node) => node.type.endsWith('.stickyNote'));
			assert.match(String(notes[0]?.parameters.content), /\*\*Change\*\*/);
		});

		test(`${file}: every node but the note is connected, and every name is a node`, () => {
			const ends = Object.values(connections).flatMap(({ main }) =>
				(main ?? []).flatMap((output) => (output ?? []).map(({ node }) => node)),
			);
			const connected = new Set([...Object.keys(connections), ...ends]);
			const working = nodes.filter((node) => !node.type.endsWith('.stickyNote'));
			assert.deepEqual([...connected].sort(), working.map(({ name }) => name).sort());
			for (const [, name] of JSON.stringify(nodes).matchAll(/\$\('([^']+)'\)/g)) {
				assert.ok(connected.has(name ?? ''), name);
			}
		});
	}
});

describe('what each workflow does on a PBX', () => {
	let emulator: Emulator;
	before(async () => {
		emulator = await startEmulator();
	});
	beforeEach(async () => await emulator.reset());
	after(async () => await emulator.stop());

	async function run(name: string, start: string, pins: IPinData) {
		const done = await executeWorkflow(template(name), {
			emulator,
			types: TYPES,
			start,
			pinned: pins,
		});
		assert.equal(done.error, undefined, done.error?.message);
		return done.items;
	}

	/** What was written, such as `DeleteFax`, in order. */
	async function written(): Promise<string[]> {
		const entries = await emulator.journal();
		return entries.flatMap(({ effect, operation }) => (effect && operation ? [operation] : []));
	}

	test('fax-cleanup deletes the faxes that come out of the limit', async () => {
		const items = await run('fax-cleanup', 'Each Month', {
			'Each Month': pinned({}),
			'No Calls': [
				{ json: { count: 0 }, pairedItem: { item: 1 } },
				{ json: { count: 0 }, pairedItem: { item: 3 } },
			],
			'At Most Ten': pinned({ count: 0 }, { count: 0 }),
		});
		const faxes = items('List Faxes')[0] ?? [];
		assert.equal(items('Count Calls')[0]?.length, faxes.length);
		for (const { json } of items('Count Calls')[0] ?? []) assert.equal(typeof json.count, 'number');
		assert.deepEqual(
			items('Delete Fax')[0]?.map(({ json }) => json),
			[1, 3].map((at) => ({ deleted: true, success: true, Id: faxes[at]?.json.Id })),
		);
		assert.deepEqual(await written(), ['DeleteFax', 'DeleteFax']);
	});

	const contact = { phone: '+15550100', firstName: 'Ada', lastName: 'Example', company: 'Example' };
	const body = { ...contact, email: 'ada@example.com' };

	test('contact-sync creates a contact whose number is not there', async () => {
		const items = await run('contact-sync', 'CRM Contact', {
			'CRM Contact': pinned({ body }),
			Known: [],
			New: pinned({}),
		});
		assert.deepEqual(items('Find Contact')[0]?.[0]?.json, {});
		const { Id, ...fields } = items('Create Contact')[0]?.[0]?.json ?? {};
		assert.equal(typeof Id, 'number');
		assert.deepEqual([fields.PhoneNumber, fields.Email], [body.phone, body.email]);
		assert.deepEqual(await written(), ['CreateContact']);
	});

	test('contact-sync updates the contact that has the number', async () => {
		const pins = { 'CRM Contact': pinned({ body: { ...body, phone: '+12025550101' } }), New: [] };
		const found = await run('contact-sync', 'CRM Contact', { ...pins, Known: [] });
		const row = found('Find Contact')[0]?.[0]?.json;
		assert.equal(row?.PhoneNumber, '+12025550101');
		const items = await run('contact-sync', 'CRM Contact', { ...pins, Known: pinned(row ?? {}) });
		assert.deepEqual(items('Update Contact')[0]?.[0]?.json, { success: true, Id: row?.Id });
		assert.deepEqual(await written(), ['UpdateContact']);
	});

	test('contact-sync writes nothing if the CRM leaves a field out', async () => {
		const { error } = await executeWorkflow(template('contact-sync'), {
			emulator,
			types: TYPES,
			start: 'CRM Contact',
			pinned: { 'CRM Contact': pinned({ body: contact }), Known: [], New: pinned({}) },
		});
		assert.match(error?.message ?? '', /Email/);
		assert.deepEqual(await written(), []);
	});

	test('blocklist-feed blocks what the merge leaves, for 30 days', async () => {
		const items = await run('blocklist-feed', 'Each Night', {
			'Each Night': pinned({}),
			'Get Feed': pinned({}),
			Lines: pinned({}),
			'One Each': pinned({}),
			'Never Block': pinned({}),
			'Only New': pinned({ IPAddrMask: '203.0.113.7' }, { IPAddrMask: '203.0.113.8' }),
		});
		assert.deepEqual(Object.keys(items('List Blocked')[0]?.[0]?.json ?? {}), ['IPAddrMask']);
		const rows = (items('Block Address')[0] ?? []).map(({ json }) => json);
		assert.deepEqual(
			rows.map(({ IPAddrMask, BlockType }) => [IPAddrMask, BlockType]),
			[
				['203.0.113.7', 'Block'],
				['203.0.113.8', 'Block'],
			],
		);
		assert.ok(rows.every((row) => Date.parse(String(row.ExpiresAt)) > Date.now()));
		assert.equal((await written()).length, 2);
	});

	test('nightly-backup makes a backup and finds it', async () => {
		const items = await run('nightly-backup', 'At Two', {
			'At Two': pinned({}),
			Wait: pinned({}),
			Missing: [],
		});
		assert.equal(items('Back Up')[0]?.[0]?.json.success, true);
		assert.match(String(items('Find Backup')[0]?.[0]?.json.FileName), /^n8n-\d{4}-\d\d-\d\d-\d{4}/);
	});

	test('nightly-backup sends a refused backup to the mail', async () => {
		await emulator.fault('500@/Backups/Pbx.Backup');
		const items = await run('nightly-backup', 'At Two', {
			'At Two': pinned({}),
			Missing: [],
			'No Backup': pinned({}),
		});
		assert.deepEqual(items('Back Up')[0], []);
		assert.equal(typeof items('Back Up')[1]?.[0]?.json.message, 'string');
		await emulator.heal();
	});

	test('new-starter creates the user in the department and sends the mail', async () => {
		const items = await run('new-starter', 'New Starter', {
			'New Starter': pinned({
				'First name': 'Ada',
				'Last name': 'Example',
				Email: 'ada@example.com',
				Extension: '199',
				Department: 'Sales',
			}),
		});
		assert.equal(items('Find Department')[0]?.[0]?.json.Name, 'Sales');
		const user = items('Create User')[0]?.[0]?.json;
		assert.deepEqual([user?.Number, user?.EmailAddress], ['199', 'ada@example.com']);
		assert.deepEqual(items('Send Welcome Email')[0]?.[0]?.json, { success: true, Id: user?.Id });
	});

	test('recordings-to-storage downloads each recording', async () => {
		const items = await run('recordings-to-storage', 'New Recording', {
			'New Recording': pinned(
				{ Id: 1, StartTime: '2026-03-18T11:13:34Z' },
				{ Id: 999999, StartTime: '2026-03-18T11:13:34Z' },
			),
			'Put into Folder': pinned({}),
		});
		const [file] = items('Download Recording')[0] ?? [];
		assert.equal(file?.binary?.data?.mimeType, 'audio/x-wav');
		assert.match(String(items('Download Recording')[1]?.[0]?.json.message), /it has no file/);
	});

	test('weekly-report reads the queues and has the CSV', async () => {
		const items = await run('weekly-report', 'Each Monday', {
			'Each Monday': pinned({}),
			'One Table': pinned({ queues: [] }),
			'Mail Report': pinned({}),
		});
		assert.ok((items('Queues of the Week')[0] ?? []).every(({ json }) => json.QueueDn));
		assert.equal(items('As CSV')[0]?.[0]?.binary?.data?.mimeType, 'text/csv');
		const asked = (await emulator.journal()).filter((entry) => entry.path.includes('periodFrom'));
		assert.equal(asked.length, 2);
		assert.equal(new Set(asked.map((entry) => /periodFrom=([^,]+)/.exec(entry.path)?.[1])).size, 1);
	});
});
