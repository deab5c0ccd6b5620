import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import { errorData } from './errors';

/** The outcome of an item: its output, or the error that it failed with; undefined where it was not started. */
export type Outcome =
	| { readonly output: INodeExecutionData[] }
	| { readonly error: unknown }
	| undefined;

/** Where failed items go: nowhere, since the run stops; among the others; to the second output; or to an AI agent. */
export type ErrorMode = 'stop' | 'regularOutput' | 'errorOutput' | 'agent';

/**
 * Work on items in their order, several at a time. What has begun is always finished.
 *
 * @param stops whether nothing more is started after a failure
 * @param isCancelled asked before each item; once it is true nothing more is started
 * @returns the outcomes in the order of the items
 */
export async function eachItem(
	count: number,
	concurrency: number,
	work: (item: number) => Promise<INodeExecutionData[]>,
	stops: boolean,
	isCancelled: () => boolean,
): Promise<Outcome[]> {
	const outcomes: Outcome[] = Array.from({ length: count }, () => undefined);
	let next = 0;
	let hasFailed = false;
	const worker = async () => {
		while (next < count && !(stops && hasFailed) && !isCancelled()) {
			const item = next++;
			try {
				outcomes[item] = { output: await work(item) };
			} catch (error) {
				outcomes[item] = { error };
				hasFailed = true;
			}
		}
	};
	await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
	return outcomes;
}

/** The first item that failed, and its error. */
export function firstFailure(
	outcomes: readonly Outcome[],
): [item: number, error: unknown] | undefined {
	for (const [item, outcome] of outcomes.entries()) {
		if (outcome !== undefined && 'error' in outcome) return [item, outcome.error];
	}
	return undefined;
}

/** How many items were done, failed and were not started, in words; "" for a single item. */
export function counted(outcomes: readonly Outcome[]): string {
	if (outcomes.length === 1) return '';
	const done = outcomes.filter((each) => each !== undefined && 'output' in each).length;
	const failed = outcomes.filter((each) => each !== undefined && 'error' in each).length;
	const left = outcomes.length - done - failed;
	return `Of ${outcomes.length} items, ${done} succeeded, ${failed} failed, and ${left} ${left === 1 ? 'was' : 'were'} not started.`;
}

/** What the node gives, item by item in their order. n8n itself moves failed items to the second output. */
export function outputOf(
	outcomes: readonly Outcome[],
	mode: ErrorMode,
	input: readonly INodeExecutionData[],
): INodeExecutionData[] {
	return outcomes.flatMap((outcome, item) => {
		if (outcome === undefined) return [];
		return 'output' in outcome ? outcome.output : [failed(outcome.error, mode, input[item], item)];
	});
}

/**
 * A failed item. An item with a property `error` beside its JSON would lose all of that but the message; and n8n knows
 * an item for the second output by the names `error` and `message` alone, and adds the input's fields itself.
 */
function failed(
	error: unknown,
	mode: ErrorMode,
	input: INodeExecutionData | undefined,
	item: number,
): INodeExecutionData {
	const data = errorData(error);
	const pairedItem = { item };
	switch (mode) {
		case 'errorOutput':
			return { json: { error: data, message: data.message }, pairedItem };
		case 'agent':
			return { json: { error: data }, pairedItem };
		default: {
			const json: IDataObject = { ...input?.json, error: data };
			return { json, pairedItem, ...(input?.binary === undefined ? {} : { binary: input.binary }) };
		}
	}
}
