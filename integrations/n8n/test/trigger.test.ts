/* eslint-disable @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, mock, test } from 'node:test';

import type { IDataObject, INodeParameters, WorkflowExecuteMode } from 'n8n-workflow';

import { TrunklineTrigger } from '../nodes/TrunklineTrigger/TrunklineTrigger.node';
import { poll, startEmulator, type Emulator } from './harness';
import { Switchboard, type PlayedCall } from './switchboard';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let emulator: Emulator;
before(async () => {
	emulator = await startEmulator(['--seed', 'empty']);
});
after(async () => await emulator.stop());
beforeEach(async () => {
	await emulator.reset();
	await emulator.heal();
});

/** A trigger in a workflow, whose static data go through JSON between polls as through n8n's database. */
class Polled {
	private kept = '{}';

	constructor(private readonly parameters: INodeParameters) {}

	async poll(mode: WorkflowExecuteMode = 'trigger'): Promise<IDataObject[]> {
		const staticData = JSON.parse(this.kept) as IDataObject;
		const found = await poll(new TrunklineTrigger(), this.parameters, {
			emulator,
			staticData,
			mode,
		});
		this.kept = JSON.stringify(staticData);
		return (found?.[0] ?? []).map(({ json }) => json);
	}

	get size(): number {
		return this.kept.length;
	}
}

describe('ended calls', () => {
	test('the first poll gives nothing, and each later leg comes once', async () => {
		const board = new Switchboard(emulator);
		const now = Date.now();
		board.end({ to: '101', began: now - HOUR, rang: 5 * SECOND, lasted: MINUTE });
		await board.play();
		const trigger = new Polled({ event: 'callEnded' });
		assert.deepEqual(await trigger.poll(), []);
		board.end(
			{ to: '102', began: now - 2 * MINUTE, rang: 5 * SECOND, lasted: MINUTE },
			{ to: '103', queue: '800', began: now - 3 * MINUTE, rang: 20 * SECOND, lasted: MINUTE },
		);
		await board.play();
		const events = await trigger.poll();
		assert.deepEqual(
			events.map((event) => [event.event, event.CallType, event.DestinationDn]),
			[
				['callEnded', 'Queue', '800'],
				['callEnded', 'Extension', '103'],
				['callEnded', 'Extension', '102'],
			],
		);
		assert.deepEqual(await trigger.poll(), []);
	});

	test('a call that began an hour before others that are known comes when it is over', async () => {
		const board = new Switchboard(emulator);
		const now = Date.now();
		await board.play();
		const trigger = new Polled({ event: 'callEnded' });
		await trigger.poll();
		board.end({ to: '101', began: now - MINUTE, rang: SECOND, lasted: MINUTE });
		await board.play();
		assert.equal((await trigger.poll()).length, 1);
		board.end({ to: '102', began: now - HOUR, rang: SECOND, lasted: HOUR });
		await board.play();
		const events = await trigger.poll();
		assert.deepEqual(
			events.map((event) => event.DestinationDn),
			['102'],
		);
	});

	test('after an outage the next poll catches up', async () => {
		const board = new Switchboard(emulator);
		const trigger = new Polled({ event: 'callEnded' });
		await trigger.poll();
		board.end({ to: '101', began: Date.now() - MINUTE, rang: SECOND, lasted: MINUTE });
		await board.play();
		await emulator.fault('500@GET /ReportCallLogData*');
		await assert.rejects(trigger.poll());
		await emulator.heal();
		assert.equal((await trigger.poll()).length, 1);
		assert.deepEqual(await trigger.poll(), []);
	});

	test('a test in the editor gives the latest leg, and does not move the trigger on', async () => {
		const board = new Switchboard(emulator);
		const trigger = new Polled({ event: 'callEnded' });
		await assert.rejects(trigger.poll('manual'), { message: /has no such event yet/ });
		await trigger.poll();
		const now = Date.now();
		board.end({ to: '101', began: now - HOUR, rang: SECOND, lasted: MINUTE });
		board.end({ to: '102', began: now - MINUTE, rang: SECOND, lasted: MINUTE });
		await board.play();
		assert.deepEqual(
			(await trigger.poll('manual')).map((event) => event.DestinationDn),
			['102'],
		);
		assert.equal((await trigger.poll()).length, 2);
	});

	test('a PBX that cuts the log gives all events', async () => {
		const board = new Switchboard(emulator);
		const trigger = new Polled({ event: 'callEnded' });
		await trigger.poll();
		const now = Date.now();
		for (let minutes = 110; minutes > 0; minutes--) {
			board.end({ to: '101', began: now - minutes * MINUTE, rang: SECOND, lasted: SECOND });
		}
		await board.play();
		await emulator.vary({ call_log_cap: 50 });
		assert.equal((await trigger.poll()).length, 110);
		await emulator.vary({ call_log_cap: 20_000 });
	});

	test('a PBX that ignores the period gives the same events', async () => {
		const board = new Switchboard(emulator);
		const now = Date.now();
		for (let minutes = 120; minutes > 0; minutes--) {
			board.end({
				to: '101',
				began: now - 48 * HOUR - minutes * MINUTE,
				rang: SECOND,
				lasted: MINUTE,
			});
		}
		await board.play();
		await emulator.vary({ call_log_period: 'ignored' });
		const trigger = new Polled({ event: 'callEnded' });
		assert.deepEqual(await trigger.poll(), []);
		board.end({ to: '102', began: now - MINUTE, rang: SECOND, lasted: MINUTE });
		await board.play();
		await emulator.vary({ call_log_period: 'ignored' });
		const events = await trigger.poll();
		assert.deepEqual(
			events.map((event) => event.DestinationDn),
			['102'],
		);
	});
});

describe('missed calls', () => {
	test('a call that nobody took comes once, as one item', async () => {
		const board = new Switchboard(emulator);
		const trigger = new Polled({ event: 'missedCall', settle: 0 });
		await trigger.poll();
		const now = Date.now();
		board.end(
			{ to: '101', queue: '800', from: '+15550101', began: now - 5 * MINUTE, lasted: MINUTE },
			{ to: '102', from: '+15550102', began: now - 4 * MINUTE, rang: SECOND, lasted: MINUTE },
			{ to: '103', from: '104', began: now - 4 * MINUTE, lasted: MINUTE },
		);
		await board.play();
		const [missed, ...others] = await trigger.poll();
		assert.deepEqual(others, []);
		assert.equal(missed?.event, 'missedCall');
		assert.equal(missed?.SourceCallerId, '+15550101');
		assert.deepEqual(missed?.queues, ['Queue 800 (800)']);
		assert.deepEqual(missed?.rang, ['Extension 101 (101)']);
		assert.equal(missed?.legs, 2);
		assert.equal(missed?.seconds, 60);
		assert.deepEqual(await trigger.poll(), []);
	});

	test('a caller who is in a call still has not been missed yet', async () => {
		const board = new Switchboard(emulator);
		const trigger = new Polled({ event: 'missedCall', settle: 0 });
		await trigger.poll();
		const began = Date.now() - 2 * MINUTE;
		board.end({ to: '101', from: '+15550103', began, lasted: MINUTE });
		board.row('ActiveCalls', 1, {
			Id: 1,
			Caller: '10000 Example SIP (+15550103)',
			Callee: '800 Sales',
			Status: 'Routing',
		});
		await board.play();
		assert.deepEqual(await trigger.poll(), []);
		board.row('ActiveCalls', 1, null);
		await board.play();
		assert.equal((await trigger.poll()).length, 1);
	});

	test('a call is not missed before it is over for the minutes to settle', async () => {
		const board = new Switchboard(emulator);
		const waiting = new Polled({ event: 'missedCall', settle: 10 });
		const eager = new Polled({ event: 'missedCall', settle: 0 });
		await waiting.poll();
		await eager.poll();
		board.end({ to: '101', began: Date.now() - 2 * MINUTE, lasted: MINUTE });
		await board.play();
		assert.equal((await eager.poll()).length, 1);
		assert.deepEqual(await waiting.poll(), []);
	});
});

describe('lists', () => {
	const seed = async (rows: Record<string, object[]>) =>
		void (await emulator.control('POST', 'seed', { rows }));

	test('recordings: each new one once, also one whose Id is lower than one that is known', async () => {
		const recording = (Id: number) => ({ Id, StartTime: '2026-06-01T10:00:00Z', FromDn: '101' });
		const trigger = new Polled({ event: 'newRecording' });
		await seed({ Recordings: [1, 2, 3].map(recording) });
		assert.deepEqual(await trigger.poll(), []);
		await seed({ Recordings: [1, 2, 3, 5].map(recording) });
		const ids = async () => (await trigger.poll()).map((event) => event.Id);
		assert.deepEqual(await ids(), [5]);
		await seed({ Recordings: [1, 2, 3, 4, 5, 6].map(recording) });
		assert.deepEqual(await ids(), [4, 6]);
		const many = Array.from({ length: 300 }, (_, index) => recording(index + 7));
		await seed({ Recordings: [...[1, 2, 3, 4, 5, 6].map(recording), ...many] });
		assert.deepEqual(
			await ids(),
			many.map(({ Id }) => Id),
		);
		assert.deepEqual(await ids(), []);
		await seed({ Recordings: [] });
		assert.deepEqual(await ids(), []);
	});

	test('event log: entries of the chosen types, also after the log began again from 1', async () => {
		const entry = (Id: number, Type: string, day: number) => ({
			Id,
			Type,
			Message: `Entry ${Id}`,
			TimeGenerated: `2026-06-0${day}T10:00:00Z`,
		});
		const trigger = new Polled({ event: 'eventLogEntry', types: ['Error', 'Warning'] });
		await seed({ EventLogs: [entry(500, 'Error', 1), entry(501, 'Info', 1)] });
		assert.deepEqual(await trigger.poll(), []);
		await seed({
			EventLogs: [entry(501, 'Info', 1), entry(502, 'Info', 2), entry(503, 'Warning', 2)],
		});
		const events = await trigger.poll();
		assert.deepEqual(
			events.map(({ event, Id, Type }) => [event, Id, Type]),
			[['eventLogEntry', 503, 'Warning']],
		);
		await seed({ EventLogs: [entry(1, 'Error', 3)] });
		assert.deepEqual(
			(await trigger.poll()).map(({ Id }) => Id),
			[1],
		);
		assert.deepEqual(await trigger.poll(), []);
	});

	test('trunks: one that is registered no longer, once, and again on request', async () => {
		const trunk = (Id: number, IsOnline: boolean) => ({
			Id: 900 + Id,
			Number: String(9999 + Id),
			IsOnline,
			AuthID: 'account-of-the-provider',
			Gateway: { Name: `Provider ${Id}` },
		});
		const trigger = new Polled({ event: 'trunkUnregistered' });
		const both = new Polled({ event: 'trunkUnregistered', recovery: true });
		await seed({ Trunks: [trunk(1, true), trunk(2, false)] });
		assert.deepEqual([await trigger.poll(), await both.poll()], [[], []]);
		await seed({ Trunks: [trunk(1, false), trunk(2, false)] });
		const [event, ...others] = await trigger.poll();
		assert.deepEqual(others, []);
		assert.deepEqual(
			[event?.event, event?.Number, event?.Name, event?.IsOnline],
			['trunkUnregistered', '10000', 'Provider 1', false],
		);
		assert.equal((await both.poll()).length, 1);
		assert.deepEqual(await trigger.poll(), []);
		await seed({ Trunks: [trunk(1, true), trunk(2, true)] });
		assert.deepEqual(await trigger.poll(), []);
		assert.deepEqual(
			(await both.poll()).map((found) => [found.event, found.Number]),
			[
				['trunkRegistered', '10000'],
				['trunkRegistered', '10001'],
			],
		);
	});

	test('users: created, changed and deleted, with the names of the fields and no secrets', async () => {
		const user = (Id: number, more: object = {}) => ({
			Id: 900 + Id,
			Number: String(100 + Id),
			FirstName: `Person ${Id}`,
			AuthPassword: 'not-to-be-seen',
			VMPIN: '4711',
			IsRegistered: true,
			...more,
		});
		const trigger = new Polled({ event: 'userChanged' });
		await seed({ Users: [user(1), user(2), user(3)] });
		assert.deepEqual(await trigger.poll(), []);
		await seed({
			Users: [
				user(1, { Mobile: '+15550101', FirstName: 'Other' }),
				user(2, { IsRegistered: false, VMPIN: '1174' }),
				user(4),
			],
		});
		const events = await trigger.poll();
		assert.deepEqual(
			events.map(({ event, Id, changed }) => [event, Id, changed]),
			[
				['userChanged', 901, ['FirstName', 'Mobile']],
				['userCreated', 904, []],
				['userDeleted', 903, []],
			],
		);
		assert.doesNotMatch(JSON.stringify(events), /not-to-be-seen|4711|1174/);
		assert.deepEqual(await trigger.poll(), []);
		const [example] = await trigger.poll('manual');
		assert.equal(example?.example, true);
		assert.doesNotMatch(JSON.stringify(example), /not-to-be-seen|4711/);
	});

	test('queues: once when more callers wait than allowed, and again after it was better', async () => {
		const Queues = [
			{ Id: 901, Number: '800', Name: 'Sales' },
			{ Id: 902, Number: '801', Name: 'Support' },
		];
		const calls = (sales: number, talking = 0) =>
			Array.from({ length: sales + talking }, (_, index) => ({
				Id: index + 1,
				Caller: `10000 Example SIP (+155501${index + 10})`,
				Callee: index < sales ? '800 Sales' : '801 Support',
				Status: index < sales ? 'Routing' : 'Talking',
			}));
		const trigger = new Polled({ event: 'queueWaiting', threshold: 2 });
		await seed({ Queues });
		const waiting = async (active: Array<{ Id: number }>) => {
			const board = new Switchboard(emulator);
			for (const call of active) board.row('ActiveCalls', call.Id, call);
			await board.play();
			return (await trigger.poll()).map((event) => [event.event, event.Number, event.waiting]);
		};
		assert.deepEqual(await waiting(calls(1)), []);
		assert.deepEqual(await waiting(calls(2, 3)), []);
		assert.deepEqual(await waiting(calls(3)), [['queueWaiting', '800', 3]]);
		assert.deepEqual(await waiting(calls(4)), []);
		assert.deepEqual(await waiting(calls(0)), []);
		assert.deepEqual(await waiting(calls(5)), [['queueWaiting', '800', 5]]);
	});

	test('a node whose event is changed begins as a new one does', async () => {
		const staticData: IDataObject = {};
		const type = new TrunklineTrigger();
		await seed({ Trunks: [{ Id: 901, Number: '10000', IsOnline: true }] });
		await poll(type, { event: 'trunkUnregistered' }, { emulator, staticData });
		await seed({ Trunks: [{ Id: 901, Number: '10000', IsOnline: false }] });
		assert.equal(await poll(type, { event: 'newRecording' }, { emulator, staticData }), null);
		assert.equal(await poll(type, { event: 'trunkUnregistered' }, { emulator, staticData }), null);
	});

	test('errors name what happened, and keep what is known', async () => {
		const trigger = new Polled({ event: 'trunkUnregistered' });
		await seed({ Trunks: [{ Id: 901, Number: '10000', IsOnline: true }] });
		await trigger.poll();
		await emulator.fault('403@GET /Trunks*');
		await assert.rejects(trigger.poll(), {
			name: 'NodeOperationError',
			message: /did not allow List Trunk/,
		});
		await emulator.heal();
		await seed({ Trunks: [{ Id: 901, Number: '10000', IsOnline: false }] });
		assert.equal((await trigger.poll()).length, 1);
	});
});

/** Numbers that look random, and are the same each time. */
function random(start: number): (below: number) => number {
	let state = start;
	return (below) => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
}

describe('any order of calls, polls, restarts and outages', () => {
	for (const start of [1, 2]) {
		test(`gives each leg once (${start})`, async () => {
			const next = random(start);
			const board = new Switchboard(emulator);
			const machine = Date.now();
			mock.timers.enable({ apis: ['Date'], now: machine });
			try {
				let now = machine;
				let calls = 0;
				const under: PlayedCall[] = [];
				const got: string[] = [];
				const wanted: string[] = [];
				const staticData: IDataObject = {};
				const step = async (minutes: number) => {
					now += minutes * MINUTE;
					mock.timers.setTime(now);
					for (let started = next(4); started > 0; started--) {
						calls += 1;
						const lasted = next(10) === 0 ? next(20 * HOUR) : next(30 * MINUTE);
						const began = now - next(minutes * MINUTE);
						under.push({ from: `+1555${1000 + calls}`, to: '101', began, rang: 0, lasted });
					}
					const over = under.filter(({ began, lasted }) => began + lasted <= now);
					for (const call of over) under.splice(under.indexOf(call), 1);
					board.end(...over);
					if (Object.keys(staticData).length > 0)
						wanted.push(...over.map(({ from }) => from ?? ''));
					await board.play(Math.round((now - machine) / SECOND));
				};
				const look = async () => {
					const copy = structuredClone(staticData);
					const type = new TrunklineTrigger();
					const found = await poll(type, { event: 'callEnded' }, { emulator, staticData: copy });
					const isFirst = Object.keys(staticData).length === 0;
					// n8n saves the static data at activation and with each event, but not after a poll without any.
					if (found !== null || isFirst || next(2) === 0) Object.assign(staticData, copy);
					got.push(...(found?.[0] ?? []).map(({ json }) => String(json.SourceCallerId)));
				};
				await step(60);
				await look();
				for (let round = 0; round < 25; round++) {
					await step(1 + next(next(5) === 0 ? 600 : 20));
					if (next(6) === 0) {
						await emulator.fault('500@GET /ReportCallLogData*');
						await assert.rejects(look());
						await emulator.heal();
					} else {
						await look();
					}
				}
				await step(61);
				await look();
				assert.ok(wanted.length > 20, `${wanted.length} legs are too few to prove anything`);
				assert.deepEqual([...got].sort(), [...wanted].sort());
			} finally {
				mock.timers.reset();
			}
		});
	}
});
