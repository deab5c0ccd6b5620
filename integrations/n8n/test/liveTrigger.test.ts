/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-hardcoded-secrets -- n8n never runs a test */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import type { IDataObject, INodeParameters, ITriggerResponse } from 'n8n-workflow';

import { TrunklineLiveTrigger } from '../nodes/TrunklineLiveTrigger/TrunklineLiveTrigger.node';
import { listen, startEmulator, type Emulator } from './harness';
import { Switchboard } from './switchboard';

const ALL = [
	'callStarted',
	'callWaiting',
	'callAnswered',
	'callChanged',
	'callEnded',
	'queueWaiting',
];

let emulator: Emulator;
before(async () => {
	emulator = await startEmulator(['--seed', 'empty', '--variant', 'block_addresses=off']);
});
after(async () => await emulator.stop());
beforeEach(async () => {
	await emulator.heal();
	await emulator.forget();
	await emulator.control('POST', 'seed', {
		rows: { Queues: [{ Id: 901, Number: '800', Name: 'Sales' }] },
	});
});

const open: ITriggerResponse[] = [];
afterEach(async () => {
	for (const response of open.splice(0)) await response.closeFunction?.();
});

/** What comes, in its order; `next` waits for it. */
class Inbox<T> {
	private readonly come: T[] = [];
	private waiting: ((value: T) => void) | undefined;

	push(value: T): void {
		if (this.waiting === undefined) {
			this.come.push(value);
			return;
		}
		this.waiting(value);
		this.waiting = undefined;
	}

	async next(): Promise<T> {
		const [first] = this.come.splice(0, 1);
		if (first !== undefined) return first;
		return await new Promise((resolve) => (this.waiting = resolve));
	}

	get length(): number {
		return this.come.length;
	}
}

interface Listening {
	events: Inbox<IDataObject>;
	failures: Inbox<Error>;
	response: ITriggerResponse;
}

async function start(
	parameters: INodeParameters = {},
	setting: Partial<Parameters<typeof listen>[2]> = {},
): Promise<Listening> {
	const events = new Inbox<IDataObject>();
	const failures = new Inbox<Error>();
	const response = await listen(
		new TrunklineLiveTrigger(),
		{ events: ALL, options: { interval: 1 }, ...parameters },
		{
			emulator,
			onItems: ([items]) => items?.forEach(({ json }) => events.push(json)),
			onFailure: (error) => failures.push(error),
			...setting,
		},
	);
	open.push(response);
	return { events, failures, response };
}

const INSIDE = { Caller: '101 Example, Ada', Callee: '102 Example, Bo' };
const CALLER = '10000 Example SIP (+15550100)';

/** Show these calls as the ones in progress, and no others. */
async function calls(...rows: IDataObject[]): Promise<void> {
	const board = new Switchboard(emulator);
	for (const row of rows) board.row('ActiveCalls', Number(row.Id), { Status: 'Routing', ...row });
	await board.play();
}

async function looks(): Promise<number> {
	const journal = await emulator.journal();
	return journal.filter(({ path }) => path.startsWith('/xapi/v1/ActiveCalls')).length;
}

describe('calls in progress', () => {
	test('a call through a queue: started, waiting, answered, changed, ended', async () => {
		await calls({ Id: 1, ...INSIDE });
		const { events } = await start({ threshold: 0 });
		await calls({ Id: 1, ...INSIDE }, { Id: 2, Caller: CALLER, Callee: '800 Sales' });
		const names = async (count: number) => {
			const found: IDataObject[] = [];
			while (found.length < count) found.push(await events.next());
			return found.map(({ event, Id, Number: number }) => [event, Id ?? number]);
		};
		assert.deepEqual(await names(3), [
			['callStarted', 2],
			['callWaiting', 2],
			['queueWaiting', '800'],
		]);
		const talking = { Id: 2, Caller: CALLER, Callee: '103 Example, Cy', Status: 'Talking' };
		await calls({ Id: 1, ...INSIDE }, talking);
		assert.deepEqual(await names(2), [
			['callAnswered', 2],
			['callChanged', 2],
		]);
		await calls(talking);
		assert.deepEqual(await names(1), [['callEnded', 1]]);
		await calls();
		const ended = await events.next();
		assert.deepEqual(
			[ended.event, ended.Id, ended.answered, ended.Callee],
			['callEnded', 2, true, '103 Example, Cy'],
		);
		assert.equal(events.length, 0);
	});

	test('only the events and the numbers that are asked for', async () => {
		const { events } = await start({
			events: ['callEnded'],
			options: { interval: 1, numbers: '+15550100' },
		});
		const other = { Id: 3, ...INSIDE };
		await calls({ Id: 2, Caller: CALLER, Callee: '101 Example, Ada' }, other);
		const before = await looks();
		while ((await looks()) < before + 2) await new Promise((resolve) => setTimeout(resolve, 50));
		await calls();
		assert.deepEqual((await events.next()).Id, 2);
		assert.equal(events.length, 0);
	});

	test('a restart loses no call that was seen, and gives none twice', async () => {
		const staticData: IDataObject = {};
		const first = await start({}, { staticData });
		await calls({ Id: 1, ...INSIDE });
		assert.equal((await first.events.next()).event, 'callStarted');
		await first.response.closeFunction?.();
		const kept = JSON.parse(JSON.stringify(staticData)) as IDataObject;
		await calls({ Id: 2, ...INSIDE, Callee: '103 Example, Cy' });
		const second = await start({}, { staticData: kept });
		const found = [await second.events.next(), await second.events.next()];
		assert.deepEqual(
			found.map(({ event, Id }) => [event, Id]),
			[
				['callEnded', 1],
				['callStarted', 2],
			],
		);
		assert.equal(second.events.length, 0);
	});

	test('closed, it looks no more', async () => {
		const { response } = await start();
		await response.closeFunction?.();
		const before = await looks();
		await calls({ Id: 1, ...INSIDE });
		await new Promise((resolve) => setTimeout(resolve, 1500));
		assert.equal(await looks(), before);
	});

	test('a test in the editor sends nothing before n8n listens', async () => {
		const { events, response } = await start({}, { mode: 'manual' });
		assert.equal(await looks(), 0);
		await response.manualTriggerFunction?.();
		while ((await looks()) === 0) await new Promise((resolve) => setTimeout(resolve, 50));
		await calls({ Id: 1, ...INSIDE });
		assert.equal((await events.next()).event, 'callStarted');
	});
});

describe('outages', () => {
	test('it goes on after one, reports it once, and gives what happened meanwhile', async () => {
		await calls({ Id: 1, ...INSIDE });
		const { events, failures } = await start();
		await emulator.fault('500@GET /ActiveCalls*');
		const failure = await failures.next();
		assert.equal(failure.name, 'NodeOperationError');
		assert.match(String((failure as Error & { description: string }).description), /keeps trying/);
		await calls();
		await emulator.heal();
		assert.equal((await events.next()).event, 'callEnded');
		assert.equal(failures.length, 0);
	});

	test('a key that is refused is tried once', async () => {
		await assert.rejects(start({}, { credentials: { apiKey: 'another-key-0123456789' } }), {
			message: /refused to sign in client/,
		});
		const journal = await emulator.journal();
		assert.equal(journal.filter(({ path }) => path === '/connect/token').length, 1);
	});

	test('a right that is missing stops the activation', async () => {
		await emulator.fault('403@GET /ActiveCalls*');
		await assert.rejects(start(), { message: /did not allow List Active Call/ });
	});

	test('a key that is refused later is reported, and not tried again and again', async () => {
		const { failures } = await start();
		const client = { client_id: emulator.clientId, roles: ['system_owners'] };
		await emulator.control('POST', 'clients', { ...client, api_key: 'changed-key-0123456789' });
		await emulator.revoke();
		const failure = await failures.next();
		assert.match(failure.message, /refused to sign in client/);
		await new Promise((resolve) => setTimeout(resolve, 3000));
		const journal = await emulator.journal();
		const refused = journal.filter(
			({ path, status }) => path === '/connect/token' && status >= 400,
		);
		assert.equal(refused.length, 1);
		await emulator.control('POST', 'clients', { ...client, api_key: emulator.apiKey });
	});
});
