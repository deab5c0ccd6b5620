import type { IDataObject } from 'n8n-workflow';

import type { Connection } from '../../engine/http';
import { readAll, text } from './read';
import type { Row } from './read';
import type { Watch } from './watch';

export interface Queue {
	readonly number: string;
	readonly name: string;
}

/** The queues to look at: those of the numbers, or all. */
export async function queuesOf(pbx: Connection, numbers: readonly string[]): Promise<Queue[]> {
	const found = await readAll(pbx, 'queues.list', { select: 'Id,Number,Name', orderby: 'Number' });
	return found
		.map((row) => ({ number: text(row, 'Number'), name: text(row, 'Name') }))
		.filter(({ number }) => numbers.length === 0 || numbers.includes(number));
}

/** Whether a call in progress has been answered. */
export function isTalking(call: Row): boolean {
	return text(call, 'Status').toLowerCase() === 'talking';
}

/** The queue in which a caller waits; undefined where the call is anywhere else. `Callee` begins with a number. */
export function waitsIn(call: Row, queues: readonly Queue[]): Queue | undefined {
	if (isTalking(call)) return undefined;
	const [number] = text(call, 'Callee').split(' ', 1);
	return queues.find((queue) => queue.number === number);
}

/** Queues in which more callers wait now than the threshold allows, and did not before. */
export function crossings(
	calls: readonly Row[],
	queues: readonly Queue[],
	threshold: number,
	recovery: boolean,
	before: IDataObject | undefined,
): { events: IDataObject[]; state: IDataObject } {
	const events: IDataObject[] = [];
	const state: IDataObject = {};
	for (const queue of queues) {
		const waiting = calls.filter((call) => waitsIn(call, queues) === queue).length;
		const above = waiting > threshold;
		state[queue.number] = above;
		const was = before?.[queue.number] ?? false;
		if (before === undefined || above === was || (!above && !recovery)) continue;
		events.push(queueEvent(above ? 'queueWaiting' : 'queueRelieved', queue, waiting, threshold));
	}
	return { events, state };
}

export function queueEvent(
	event: string,
	queue: Queue,
	waiting: number,
	threshold: number,
): IDataObject {
	return { event, Number: queue.number, Name: queue.name, waiting, threshold };
}

/** State: by number whether the queue was above the threshold. */
export const queueWaiting: Watch = {
	async look(pbx, settings, earlier) {
		const queues = await queuesOf(pbx, settings.queues);
		const calls = await readAll(pbx, 'active_calls.list');
		return crossings(calls, queues, settings.threshold, settings.recovery, earlier);
	},
	async latest(pbx, settings) {
		const queues = await queuesOf(pbx, settings.queues);
		const calls = await readAll(pbx, 'active_calls.list');
		const counted = queues.map((queue) => ({
			queue,
			waiting: calls.filter((call) => waitsIn(call, queues) === queue).length,
		}));
		const [busiest] = counted.sort((one, other) => other.waiting - one.waiting);
		if (busiest === undefined) return undefined;
		const event = queueEvent('queueWaiting', busiest.queue, busiest.waiting, settings.threshold);
		return { ...event, example: true };
	},
};
