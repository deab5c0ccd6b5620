/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import type { IDataObject, INodeExecutionData, INodeParameters } from 'n8n-workflow';

import { findAction } from '../engine/catalog';
import type { Connection } from '../engine/http';
import { bind } from '../engine/request';
import { Trunkline } from '../nodes/Trunkline/Trunkline.node';
import { ifUnchanged } from '../nodes/Trunkline/unchanged';
import { execute, lookUp, startEmulator, type Emulator, type ExecuteSetting } from './harness';

let emulator: Emulator;
before(async () => {
	emulator = await startEmulator();
});
beforeEach(async () => {
	await emulator.heal();
	await emulator.vary({ etags: 'off', latency: 0 });
	await emulator.reset();
});
after(async () => await emulator.stop());

const run = async (parameters: INodeParameters, setting: Partial<ExecuteSetting> = {}) =>
	await execute(parameters, { emulator, ...setting });

/** The requests that reached the PBX, without sign-ins and their checks. */
const requests = async () =>
	(await emulator.journal())
		.filter(({ path }) => path.startsWith('/xapi/') && !path.includes('/Defs?'))
		.map(
			({ method, path, status }) =>
				`${method} ${decodeURIComponent(path.replace('/xapi/v1', ''))} ${status}`,
		);

const items = (rows: IDataObject[]): INodeExecutionData[] => rows.map((json) => ({ json }));

const listed = async (resource: string, operation: string): Promise<IDataObject[]> => {
	const { output, error } = await run({ resource, operation, returnAll: true });
	assert.equal(error, undefined);
	await emulator.forget();
	return (output[0] ?? []).map(({ json }) => json);
};

const FAX = { resource: 'Fax', operation: 'Get Fax', Id: '={{ $json.Id }}' };
const CREATE = { resource: 'Contacts', operation: 'Create Contact' };
const contact = (name: string) => ({
	...CREATE,
	fields: { FirstName: name, PhoneNumber: '+1 555 0100' },
});
const CONTACT_OF_ITEM = {
	...CREATE,
	fields: { FirstName: '={{ $json.First }}', PhoneNumber: '={{ $json.Phone }}' },
};

describe('items', () => {
	it('are worked on one after another, unless the settings say otherwise', async () => {
		const faxes = await listed('Fax', 'List Fax');
		const two = items([...faxes, ...faxes, ...faxes].slice(0, 6));
		const overlapping = async (settings: IDataObject) => {
			await emulator.vary({ latency: 0.05 });
			await emulator.forget();
			const { output } = await run({ ...FAX, settings } as INodeParameters, { items: two });
			assert.deepEqual(
				output[0]?.map(({ json }) => json.Id),
				two.map(({ json }) => json.Id),
			);
			const entries = (await emulator.control('GET', 'journal')) as {
				entries: Array<{ path: string; at: string; seconds: number }>;
			};
			return mostAtOnce(entries.entries.filter(({ path }) => path.includes('/Fax(')));
		};
		assert.equal(await overlapping({}), 1);
		assert.equal(await overlapping({ concurrency: 4 }), 4);
	});

	it('keep their order and their pairs when several are worked on at once', async () => {
		const faxes = await listed('Fax', 'List Fax');
		const many = Array.from({ length: 12 }, (_, i) => faxes[i % faxes.length] ?? {});
		await emulator.fault('delay=0.05:every=3@GET /Fax*');
		const { output } = await run({ ...FAX, settings: { concurrency: 4 } }, { items: items(many) });
		assert.deepEqual(
			output[0]?.map(({ json, pairedItem }) => [json.Id, pairedItem]),
			many.map(({ Id }, item) => [Id, { item }]),
		);
	});

	it('are refused where more are to be worked on at once than a PBX takes', async () => {
		const { error } = await run(
			{ ...FAX, settings: { concurrency: 5 } },
			{ items: items([{ Id: 1 }]) },
		);
		assert.match(error?.message ?? '', /^Items at Once must be a whole number from 1 to 4/);
	});

	it('that are begun when another fails are finished, and counted', async () => {
		const [fax] = await listed('Fax', 'List Fax');
		await emulator.vary({ latency: 0.05 });
		const rows = [{ Id: 1 }, fax ?? {}, fax ?? {}, fax ?? {}, fax ?? {}, fax ?? {}];
		const { error } = await run({ ...FAX, settings: { concurrency: 4 } }, { items: items(rows) });
		assert.equal(error?.context?.itemIndex, 0);
		assert.match(
			error?.description ?? '',
			/Of 6 items, 3 succeeded, 1 failed, and 2 were not started\.$/,
		);
		assert.equal((await requests()).length, 4);
	});

	it('are not started any more once the user has stopped the run', async () => {
		await emulator.vary({ latency: 0.1 });
		const faxes = await listed('Fax', 'List Fax');
		const many = Array.from({ length: 50 }, () => faxes[0] ?? {});
		const reads = async () => (await requests()).filter((each) => each.includes('/Fax(')).length;
		const cancelled = (async () => {
			while ((await reads()) < 2) await new Promise((resolve) => setImmediate(resolve));
		})();
		await run(FAX, { items: items(many), cancelled });
		const before = await reads();
		await run({ resource: 'Fax', operation: 'List Fax' }); // takes longer than what is still under way
		assert.ok((await reads()) <= before + 1);
		assert.ok(before < 50, String(before));
	});

	it('of none give none', async () => {
		const { output, error } = await run(FAX, { items: [] });
		assert.equal(error, undefined);
		assert.deepEqual(output.flat(), []);
		assert.deepEqual(await requests(), []);
	});
});

function mostAtOnce(entries: Array<{ at: string; seconds: number }>): number {
	const starts = entries.map(({ at, seconds }) => {
		const start = Date.parse(at) / 1000;
		return [start, start + seconds] as const;
	});
	return Math.max(
		...starts.map(([start]) => starts.filter(([a, b]) => a <= start && start < b).length),
	);
}

describe('expressions', () => {
	it('that give nothing within a text are refused, with the expression', async () => {
		const { error } = await run(
			{ resource: 'Website Links', operation: 'Get Weblink', Link: '=site-{{ $json.Missing }}' },
			{ items: items([{ Id: 1 }]) },
		);
		assert.equal(error?.message, 'Link is incomplete: {{ $json.Missing }} is undefined.');
		assert.deepEqual(await requests(), []);
	});

	it('are joined with text as n8n does', async () => {
		const { error } = await run(
			{
				resource: 'Website Links',
				operation: 'Get Weblink',
				Link: '=a-{{ $json.N }}-{{ $json.L }}',
			},
			{ items: items([{ N: 1, L: ['x', 'y'] }]) },
		);
		assert.match(error?.message ?? '', /Link a-1-x,y on/);
	});

	it('that give an object within a text are refused', async () => {
		const { error } = await run(
			{ resource: 'Website Links', operation: 'Get Weblink', Link: '=a-{{ $json }}' },
			{ items: items([{ N: 1 }]) },
		);
		assert.match(error?.message ?? '', /which is an object/);
		assert.deepEqual(await requests(), []);
	});

	it('that give nothing are refused within fields, lists and options, too', async () => {
		const places: Array<[INodeParameters, string]> = [
			[{ ...CREATE, fields: { FirstName: '={{ $json.No }}' } }, 'First Name'],
			[
				{ resource: 'Users', operation: 'List User', options: { search: '={{ $json.No }}' } },
				'Search',
			],
			[
				{
					resource: 'Users',
					operation: 'List User',
					conditions: {
						condition: [{ field: 'Number', operator: 'equals', value: '={{ $json.No }}' }],
					},
				},
				'Value of condition 1',
			],
			[{ ...CREATE, bodyMode: 'json', bodyJson: '={"FirstName": "{{ $json.No }}"}' }, 'JSON'],
			[{ ...FAX, Id: { __rl: true, mode: 'id', value: '={{ $json.No }}' } }, 'Id'],
		];
		for (const [parameters, place] of places) {
			const { error } = await run(parameters, { items: items([{ Id: 1 }]) });
			assert.ok(error?.message.startsWith(`${place} `), error?.message);
			assert.match(error?.message ?? '', /\$json\.No }} is undefined/);
		}
		assert.deepEqual(await requests(), []);
	});
});

describe('the body of a request', () => {
	it('has what was set and nothing else', async () => {
		const [user] = await listed('Users', 'List User');
		const { output, error } = await run({
			resource: 'Users',
			operation: 'Update User',
			Id: user?.Id as number,
			fields: { FirstName: 'Ada' },
		});
		assert.equal(error, undefined);
		assert.deepEqual(output[0]?.[0]?.json, { success: true, Id: user?.Id });
		const [changed] = await listed('Users', 'List User');
		assert.deepEqual(
			{ ...changed, DisplayName: '' },
			{ ...user, FirstName: 'Ada', DisplayName: '' },
		);
	});

	it('may be JSON, with lists and objects', async () => {
		const { output, error } = await run({
			...CREATE,
			bodyMode: 'json',
			bodyJson: '{"FirstName": "Ada", "PhoneNumber": "+1 555 0100"}',
		});
		assert.equal(error, undefined);
		assert.equal(output[0]?.[0]?.json.FirstName, 'Ada');
		assert.equal(typeof output[0]?.[0]?.json.Id, 'number');
	});

	it('may be the input item', async () => {
		const { output } = await run(
			{ ...CREATE, bodyMode: 'item' },
			{ items: items([{ FirstName: 'Grace', PhoneNumber: '+1 555 0101' }]) },
		);
		assert.equal(output[0]?.[0]?.json.FirstName, 'Grace');
	});

	it('has a time of the picker in the zone of the workflow', async () => {
		const { output, error } = await run({
			resource: 'Blocklist',
			operation: 'Create Blocklist Addr',
			fields: {
				IPAddrMask: '198.51.100.7',
				BlockType: 'Block',
				Description: 'Test',
				ExpiresAt: '2027-01-31T09:00:00',
			},
		});
		assert.equal(error, undefined);
		const { ExpiresAt } = output[0]?.[0]?.json ?? {};
		const newYork = '2027-01-31T09:00:00-05:00'; // n8n's zone where nothing else is set
		assert.equal(Date.parse(String(ExpiresAt)), Date.parse(newYork));
	});

	it('is refused where a change has none', async () => {
		const { error } = await run({ resource: 'Users', operation: 'Update User', Id: 1 });
		assert.match(error?.message ?? '', /Update User/);
		assert.deepEqual(await requests(), []);
	});

	it('is refused where it is not JSON', async () => {
		const { error } = await run({ ...CREATE, bodyMode: 'json', bodyJson: '{"FirstName": ' });
		assert.match(error?.message ?? '', /^JSON is not valid JSON: /);
		assert.deepEqual(await requests(), []);
	});

	it('is refused where it has a field that 3CX lacks', async () => {
		const { error } = await run({ ...CREATE, bodyMode: 'json', bodyJson: '{"FirstNam": "Ada"}' });
		assert.match(error?.message ?? '', /FirstNam/);
		assert.deepEqual(await requests(), []);
	});
});

describe('a list', () => {
	const USERS = { resource: 'Users', operation: 'List User' };

	it('takes a limit in digits, as a webhook gives it', async () => {
		const { output } = await run({ ...USERS, limit: '={{ "2" }}' });
		assert.equal(output[0]?.length, 2);
	});

	it('gives an item for a change whose answer has no rows', async () => {
		const [first] = await listed('Users', 'List User');
		const deletion = { resource: 'Users', operation: 'Batch Delete' };
		const { output } = await run({ ...deletion, fields: { ids: [Number(first?.Id)] } });
		assert.deepEqual(
			output[0]?.map(({ json }) => json),
			[{ success: true }],
		);
	});

	it('names what is missing as the editor does', async () => {
		const { error } = await run({ ...USERS, limit: '={{ $json.nothing }}' });
		assert.match(error?.message ?? '', /^Limit is missing/);
	});

	it('gives an item for each row, up to the limit', async () => {
		const all = await listed('Users', 'List User');
		assert.ok(all.length > 3);
		const { output } = await run({ ...USERS, limit: 3 });
		assert.deepEqual(
			output[0]?.map(({ json, pairedItem }) => [json.Id, pairedItem]),
			all.slice(0, 3).map(({ Id }) => [Id, { item: 0 }]),
		);
	});

	it('is read once for each input item', async () => {
		const { output } = await run({ ...USERS, limit: 2 }, { items: items([{}, {}]) });
		assert.deepEqual(
			output[0]?.map(({ pairedItem }) => pairedItem),
			[{ item: 0 }, { item: 0 }, { item: 1 }, { item: 1 }],
		);
	});

	it('is filtered by conditions and an expression together', async () => {
		const all = await listed('Users', 'List User');
		const wanted = all[2] ?? {};
		const { output, error } = await run({
			...USERS,
			conditions: {
				condition: [{ field: 'Number', operator: 'equals', value: String(wanted.Number) }],
			},
			options: { filter: `Id eq ${String(wanted.Id)}`, select: ['Id', 'Number'] },
		});
		assert.equal(error, undefined);
		assert.deepEqual(
			output[0]?.map(({ json }) => json),
			[{ Id: wanted.Id, Number: wanted.Number }],
		);
	});

	it('can be counted', async () => {
		const all = await listed('Users', 'List User');
		const { output } = await run({ ...USERS, options: { count: true } });
		assert.deepEqual(
			output[0]?.map(({ json }) => json),
			[{ count: all.length }],
		);
	});

	it('sends no option that is empty', async () => {
		await run({
			...USERS,
			limit: 1,
			options: { filter: '', search: '', orderby: '', select: [], expand: [] },
		});
		assert.deepEqual(await requests(), ['GET /Users?$top=1 200']);
	});

	it('is refused with a limit that can be none', async () => {
		const { error } = await run({ ...USERS, limit: 0 });
		assert.equal(error?.message, 'Limit must be a whole number of at least 1.');
		assert.deepEqual(await requests(), []);
	});
});

describe('a workflow that was made with the earlier node for 3CX', () => {
	it('needs only another node type', async () => {
		const [fax] = await listed('Fax', 'List Fax');
		const { output } = await run(
			{
				resource: 'Fax',
				operation: 'Delete Fax',
				Id: '={{ $json.Id }}',
				'If-Match': '',
				requestOptions: {},
			},
			{ items: items([fax ?? {}]) },
		);
		assert.deepEqual(output[0]?.[0]?.json, { deleted: true, success: true, Id: fax?.Id });
	});

	it('keeps its filter and its other query options', async () => {
		const all = await listed('Users', 'List User');
		const [, second] = all;
		const { output } = await run({
			resource: 'Users',
			operation: 'List User',
			$filter: `Number eq '${String(second?.Number)}'`,
			$select: '["Id"]',
			$orderby: '[null]',
			$top: 0,
		});
		assert.deepEqual(
			output[0]?.map(({ json }) => json),
			[{ Id: second?.Id }],
		);
		const top = await run({
			resource: 'Users',
			operation: 'List User',
			returnAll: true,
			$top: 2,
			$search: '',
		});
		assert.deepEqual(
			top.output[0]?.map(({ json }) => json.Id),
			all.slice(0, 2).map(({ Id }) => Id),
		);
	});

	it('sends no body without the fields that it had elsewhere', async () => {
		const { error } = await run({ ...CREATE, FirstName: 'Ada' });
		assert.match(error?.message ?? '', /needs a body/);
		assert.deepEqual(await requests(), []);
	});
});

describe('secrets', () => {
	const secrets = (json: IDataObject | undefined) =>
		Object.entries(json ?? {}).filter(([name, value]) => /Password|VMPIN/.test(name) && value);

	it('are left out unless they are asked for', async () => {
		const [user] = await listed('Users', 'List User');
		assert.deepEqual(secrets(user), []);
		const get = { resource: 'Users', operation: 'Get User', Id: user?.Id as number };
		assert.deepEqual(secrets((await run(get)).output[0]?.[0]?.json), []);
		const shown = await run({ ...get, settings: { showSecrets: true } });
		assert.notDeepEqual(secrets(shown.output[0]?.[0]?.json), []);
	});
});

describe('Only If Unchanged', () => {
	const parameters = {
		resource: 'Contacts',
		operation: 'Update Contact',
		Id: '={{ $json.Id }}',
		fields: { CompanyName: 'Example' },
		settings: { onlyIfUnchanged: '={{ $json }}' },
	};

	it('changes what is as it was read', async () => {
		const [row] = await listed('Contacts', 'List Contact');
		const { output, error } = await run(parameters, { items: items([row ?? {}]) });
		assert.equal(error, undefined);
		assert.deepEqual(output[0]?.[0]?.json, { success: true, Id: row?.Id });
	});

	it('does nothing where a field differs, and names it', async () => {
		const [row] = await listed('Contacts', 'List Contact');
		const { error } = await run(parameters, { items: items([{ ...row, FirstName: 'Earlier' }]) });
		assert.equal(error?.httpCode, '412');
		assert.match(
			error?.message ?? '',
			/changed since it was read: FirstName\. Nothing was done\.$/,
		);
		assert.ok((await requests()).every((request) => request.startsWith('GET ')));
	});

	it('deletes what is as it was read', async () => {
		const [row] = await listed('Contacts', 'List Contact');
		const { output } = await run(
			{ ...parameters, operation: 'Delete Contact' },
			{ items: items([row ?? {}]) },
		);
		assert.deepEqual(output[0]?.[0]?.json, { deleted: true, success: true, Id: row?.Id });
	});

	it('sees lists that came with Expand, at every depth', async () => {
		const read = {
			resource: 'Queues',
			operation: 'List Queue',
			options: { expand: 'Agents,Groups($expand=Rights)' },
		};
		const remove = { ...parameters, resource: 'Queues', operation: 'Delete Queue', fields: {} };
		const queue = (await run(read)).output[0]?.find(({ json }) => {
			const { Agents, Groups } = json as Record<string, IDataObject[]>;
			return (Agents?.length ?? 0) > 1 && Groups?.[0]?.Rights !== undefined;
		})?.json;
		assert.ok(queue);
		const agents = queue.Agents as IDataObject[];
		const update = { ...parameters, resource: 'Queues', operation: 'Update Queue' };
		const body = { fields: { Agents: JSON.stringify(agents.slice(1)) }, settings: {} };
		assert.equal((await run({ ...update, ...body }, { items: items([queue]) })).error, undefined);
		await emulator.forget();
		const { error } = await run(remove, { items: items([queue]) });
		assert.match(error?.message ?? '', /changed since it was read: Agents\. Nothing was done\.$/);
		assert.match(error?.description ?? '', /with Expand and without \$select within it/);
		const [sent, ...others] = await requests();
		assert.match(sent ?? '', /^GET .*\$expand=Groups\(\$expand=Rights\),Agents 200$/);
		assert.deepEqual(others, []);
		const { output } = await run(remove, { items: items([{ ...queue, Agents: agents.slice(1) }]) });
		assert.equal(output[0]?.[0]?.json.deleted, true);
	});

	it('compares an item that has nothing but what came with Expand', async () => {
		const [queue] = await listed('Queues', 'List Queue');
		const remove = { ...parameters, resource: 'Queues', operation: 'Delete Queue', fields: {} };
		const settings = { onlyIfUnchanged: '={{ { Agents: [] } }}' };
		const { error } = await run({ ...remove, settings }, { items: items([queue ?? {}]) });
		assert.match(error?.message ?? '', /changed since it was read: Agents\./);
	});

	it('refuses a list that the PBX does not send, and names it', async () => {
		const action = findAction('Delete Queue');
		assert.ok(action);
		const silent: Connection = {
			server: 'pbx.example.com',
			version: undefined,
			send: async () => ({ status: 200, headers: {}, body: '{"Id":61,"Number":"800"}' }),
			stream: async () => assert.fail(),
			askedVersion: async () => undefined,
		};
		const call = bind(action, { parameters: { Id: 61 } });
		await assert.rejects(
			ifUnchanged(silent, call, { Id: 61, Number: '800', Agents: [] }),
			/^Refused: pbx\.example\.com does not send Agents of the queue,/,
		);
	});

	it('refuses a field that no entity has, and names it', async () => {
		const [row] = await listed('Contacts', 'List Contact');
		const { error } = await run(parameters, { items: items([{ ...row, note: 'mine' }]) });
		assert.match(error?.message ?? '', /^The contact on \S+ has no field note, which Only If/);
		assert.match(error?.description ?? '', /^Give it only what was read from the PBX\./);
		assert.ok((await requests()).every((request) => request.startsWith('GET ')));
	});

	it('lets pass what changes by itself', async () => {
		const [user] = await listed('Users', 'List User');
		const now = { ...user, IsRegistered: !user?.IsRegistered, QueueStatus: 'Other' };
		const { error } = await run(
			{ ...parameters, resource: 'Users', operation: 'Update User', fields: { FirstName: 'X' } },
			{ items: items([now]) },
		);
		assert.equal(error, undefined);
	});

	it('is refused where there is nothing to compare', async () => {
		const { error } = await run(parameters, { items: items([{ Id: 1 }]) });
		assert.match(error?.message ?? '', /no field to compare besides the key/);
		assert.deepEqual(await requests(), []);
	});

	it('sends the ETag where the PBX has them', async () => {
		await emulator.vary({ etags: 'strict' });
		const [row] = await listed('Contacts', 'List Contact');
		assert.ok(row?.['@odata.etag']);
		const { error } = await run(
			{ ...parameters, operation: 'Delete Contact' },
			{ items: items([row]) },
		);
		assert.equal(error, undefined);
	});
});

describe('Retry On Fail', () => {
	const names = async () =>
		(await listed('Contacts', 'List Contact')).map(({ FirstName }) => FirstName);
	const three = items(
		['One', 'Two', 'Three'].map((First, i) => ({ First, Phone: `+1 555 010${i}` })),
	);
	const created = async () =>
		(await emulator.journal()).filter(
			({ operation, effect }) => operation === 'CreateContact' && effect,
		).length;

	it('creates nothing twice', async () => {
		await emulator.fault('403:after=1,times=1@POST /Contacts');
		const { output, error } = await run(CONTACT_OF_ITEM, {
			items: three,
			retryOnFail: true,
			maxTries: 2,
		});
		assert.equal(error, undefined);
		assert.deepEqual(
			output[0]?.map(({ json, pairedItem }) => [json.FirstName, pairedItem]),
			[
				['One', { item: 0 }],
				['Two', { item: 1 }],
				['Three', { item: 2 }],
			],
		);
		assert.equal(await created(), 3);
		assert.deepEqual((await names()).filter((name) => name === 'One').length, 1);
	});

	it('creates nothing twice in the modes that continue, where n8n tries again if the first item failed', async () => {
		for (const onError of ['continueRegularOutput', 'continueErrorOutput'] as const) {
			await emulator.reset();
			await emulator.heal();
			await emulator.fault('403:times=1@POST /Contacts');
			const { output } = await run(CONTACT_OF_ITEM, {
				items: three,
				retryOnFail: true,
				maxTries: 2,
				onError,
			});
			assert.equal(output[0]?.length, 3, onError);
			assert.equal(await created(), 3, onError);
		}
	});

	it('does not send again what may have been carried out, and says so', async () => {
		await emulator.fault('500-after:times=1@POST /Contacts');
		const { error } = await run(CONTACT_OF_ITEM, { items: three, retryOnFail: true, maxTries: 3 });
		assert.match(error?.message ?? '', /sent in an earlier try, and it is not known whether/);
		assert.match(error?.description ?? '', /not sent again/);
		assert.equal(await created(), 1);
	});

	it('deletes again what failed, and counts what is done', async () => {
		const faxes = await listed('Fax', 'List Fax');
		await emulator.fault('500:after=1,times=1@DELETE');
		const { output, error } = await run(
			{ resource: 'Fax', operation: 'Delete Fax', Id: '={{ $json.Id }}' },
			{ items: items(faxes.slice(0, 2)), retryOnFail: true, maxTries: 2 },
		);
		assert.equal(error, undefined);
		assert.equal(output[0]?.length, 2);
		const deletions = (await emulator.journal()).filter(({ method }) => method === 'DELETE');
		assert.equal(deletions.filter(({ effect }) => effect).length, 2);
	});

	it('remembers nothing in another run', async () => {
		await run(contact('Ada'), { retryOnFail: true });
		await run(contact('Ada'), { retryOnFail: true });
		assert.equal(await created(), 2);
	});
});

describe('as the tool of an agent', () => {
	/** n8n makes a second type of the node, by another name. */
	class Tool extends Trunkline {
		constructor() {
			super();
			this.description = { ...this.description, name: 'trunklineTool' };
		}
	}
	const asTool = async (parameters: INodeParameters, setting: Partial<ExecuteSetting> = {}) =>
		await run(parameters, { type: new Tool(), ...setting });

	it('answers what it reads', async () => {
		const [fax] = await listed('Fax', 'List Fax');
		const { output } = await asTool({ ...FAX, Id: fax?.Id as number });
		assert.equal(output[0]?.[0]?.json.Id, fax?.Id);
	});

	it('answers what went wrong, so that the agent can read it', async () => {
		const { output, error } = await asTool({ ...FAX, Id: 1 });
		assert.equal(error, undefined);
		const { status, message } = output[0]?.[0]?.json.error as IDataObject;
		assert.equal(status, 404);
		assert.match(String(message), /^No fax with Id 1 /);
	});

	it('deletes only where that is ticked', async () => {
		const [fax] = await listed('Fax', 'List Fax');
		const parameters = { resource: 'Fax', operation: 'Delete Fax', Id: fax?.Id as number };
		const refused = (await asTool(parameters)).output[0]?.[0]?.json.error as IDataObject;
		assert.match(String(refused.message), /not allowed to run Delete Fax/);
		assert.deepEqual(await requests(), []);
		const { output } = await asTool({ ...parameters, allowDeletes: true });
		assert.deepEqual(output[0]?.[0]?.json, { deleted: true, success: true, Id: fax?.Id });
	});

	it('is not allowed anything by an expression, which a model may have filled in', async () => {
		const [fax] = await listed('Fax', 'List Fax');
		const Id = fax?.Id as number;
		const parameters = { resource: 'Fax', operation: 'Delete Fax', Id };
		const deletion = await asTool({ ...parameters, allowDeletes: '={{ true }}' });
		const refused = deletion.output[0]?.[0]?.json.error as IDataObject;
		assert.match(String(refused.message), /not allowed to run Delete Fax/);
		assert.deepEqual(await requests(), []);
		const settings = { showSecrets: '={{ true }}' };
		const read = await asTool({ ...FAX, Id, settings });
		assert.equal(read.output[0]?.[0]?.json.Id, Id);
		assert.equal('AuthPassword' in (read.output[0]?.[0]?.json ?? {}), false);
	});

	it('does not work with files', async () => {
		const { output } = await asTool({
			resource: 'Recordings',
			operation: 'Download Recording',
			recId: 1,
		});
		assert.match(String((output[0]?.[0]?.json.error as IDataObject).message), /a file/);
		assert.deepEqual(await requests(), []);
	});
});

describe('a licence without the API', () => {
	it('is among the reasons that a refusal names', async () => {
		await emulator.vary({ licence: 'expired' });
		const { error } = await run({ resource: 'Fax', operation: 'List Fax' });
		await emulator.vary({ licence: 'ok' });
		assert.match(error?.message ?? '', /or the licence lacks the API/);
		assert.match(error?.description ?? '', /8SC\+ Enterprise or AI and has not expired/);
	});
});

describe('the version of the PBX', () => {
	it('decides whether an operation is sent', async () => {
		const parameters = {
			resource: 'AI Settings',
			operation: 'Get Vector Stores',
			limit: 1,
			after: '',
		};
		const { error } = await run(parameters, { credentials: { version: '20.0.6' } });
		assert.match(error?.message ?? '', /20\.0\.9/);
		assert.deepEqual(await requests(), []);
	});

	it('is not guessed from a text that can not be read', async () => {
		const parameters = { resource: 'Fax', operation: 'List Fax' };
		const { error } = await run(parameters, { credentials: { version: 'V20 Update 5' } });
		assert.match(error?.message ?? '', /^The version 'V20 Update 5' can't be read/);
		assert.deepEqual(await requests(), []);
	});
});

describe('the list of keys', () => {
	const look = async (
		operation: string,
		resource: string,
		filter?: string,
		paginationToken?: string,
	) =>
		await lookUp(
			'searchKeys',
			{ resource, operation },
			{
				emulator,
				...(filter === undefined ? {} : { filter }),
				...(paginationToken === undefined ? {} : { paginationToken }),
			},
		);

	it('shows numbers and names', async () => {
		const [user] = await listed('Users', 'List User');
		const { results } = await look('Get User', 'Users');
		assert.equal(results[0]?.value, user?.Id);
		assert.ok(results[0]?.name.startsWith(`${String(user?.Number)} · `), results[0]?.name);
	});

	it('is searched on the PBX', async () => {
		const users = await listed('Users', 'List User');
		const wanted = users[1];
		const { results } = await look('Delete User', 'Users', String(wanted?.Number));
		assert.deepEqual(
			results.map(({ value }) => value).filter((value) => value === wanted?.Id),
			[wanted?.Id],
		);
		assert.ok(results.length < users.length);
	});

	it('takes a key that is text', async () => {
		const [link] = await listed('Website Links', 'List Weblink');
		const { results } = await look('Delete Weblink', 'Website Links', String(link?.Link));
		assert.equal(results[0]?.value, link?.Link);
	});

	it('has a quote in the search as a letter', async () => {
		const { results } = await look('Get User', 'Users', "o'b");
		assert.deepEqual(results, []);
	});
});
