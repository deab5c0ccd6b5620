import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import type { IDataObject, INodeParameters, WorkflowExecuteMode } from 'n8n-workflow';

import { TrunklineTrigger } from '../nodes/TrunklineTrigger/TrunklineTrigger.node';
import { poll, startEmulator, type Emulator } from './harness';
import { Switchboard } from './switchboard';

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
