import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { Action } from '../../engine/catalog';
import { Unreachable } from '../../engine/errors';
import { isUnknown, messageOf } from './errors';

/** What is kept of an item: its output, or why nobody knows whether the PBX carried it out. */
type Kept = { readonly output: INodeExecutionData[] } | { readonly unknown: string };

interface Memory extends IDataObject {
	/** Which run of the node it is about, in a loop. */
	run: number;
	/** The parameters as they were, for a retry by hand after the workflow was changed. */
	parameters: string;
	items: IDataObject;
}

const NAME = 'trunkline';

/**
 * What an earlier try has done. For Retry On Fail n8n runs the whole node again, with all its items; so does a retry
 * by hand. What was written then must not be written twice. n8n keeps the node's context from try to try.
 */
export class Finished {
	private readonly node: IDataObject;
	private readonly memory: Memory;

	constructor(context: IExecuteFunctions) {
		this.node = context.getContext('node') as IDataObject;
		const run = Number(context.evaluateExpression('{{ $runIndex }}', 0));
		const parameters = JSON.stringify(context.getNode().parameters);
		const earlier = this.node[NAME] as Memory | undefined;
		const isOurs = earlier?.run === run && earlier.parameters === parameters;
		this.memory = isOurs ? earlier : { run, parameters, items: {} };
		this.node[NAME] = this.memory;
	}

	/** Work that is done once for each item, whatever the number of tries. */
	once(
		action: Action,
		work: (item: number) => Promise<INodeExecutionData[]>,
	): (item: number) => Promise<INodeExecutionData[]> {
		return async (item) => {
			const kept = this.memory.items[item] as unknown as Kept | undefined;
			if (kept !== undefined) return outputOfEarlier(action, kept);
			const output = await work(item).catch((error: unknown) => {
				// A change or a deletion can be sent again without doing harm.
				if (isUnknown(error) && action.method === 'POST')
					this.keep(item, { unknown: messageOf(error) });
				throw error;
			});
			this.keep(item, { output });
			return output;
		};
	}

	private keep(item: number, kept: Kept): void {
		this.memory.items[item] = kept as unknown as IDataObject;
	}

	/** Forget it all, once no try follows. */
	clear(): void {
		delete this.node[NAME];
	}
}

function outputOfEarlier(action: Action, kept: Kept): INodeExecutionData[] {
	if ('output' in kept) return kept.output;
	throw new Unreachable(
		`${action.operation} was sent in an earlier try, and it is not known whether the PBX carried it out. ${kept.unknown}`,
		'It was not sent again, so that it is not done twice. Look at the PBX, then run the workflow for what is missing.',
		true,
	);
}
