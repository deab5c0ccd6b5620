import {
	NodeConnectionTypes,
	NodeOperationError,
	type IExecuteFunctions,
	type INode,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { connect } from '../../engine/connection';
import { nodeError } from './errors';
import { Finished } from './finished';
import { counted, eachItem, firstFailure, outputOf, type ErrorMode } from './items';
import { rowFields, rowRelations, searchKeys } from './lookups';
import { chosenAction, Parameters } from './parameters';
import { properties } from './properties';
import { ItemRun } from './run';
import { checkAgentMay, isTool } from './tools';

const PROPERTIES = properties(); // once for all instances: it takes a while

export class Trunkline implements INodeType {
	description: INodeTypeDescription = {
		displayName: '3CX (Trunkline)',
		name: 'trunkline',
		icon: { light: 'file:trunkline.svg', dark: 'file:trunkline.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] }}',
		description:
			'Manage users, queues, calls, recordings and everything else of a 3CX phone system',
		defaults: { name: '3CX' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [{ name: 'trunklineApi', required: true }],
		properties: PROPERTIES,
	};

	methods = {
		listSearch: { searchKeys },
		loadOptions: { rowFields, rowRelations },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const input = this.getInputData();
		if (input.length === 0) return [[]];
		const node = this.getNode();
		const mode = errorMode(this, node);
		const isCancelled = () => this.getExecutionCancelSignal()?.aborted === true;
		const finished = new Finished(this);
		const { concurrency, work } = await prepared(this, node, finished);
		const outcomes = await eachItem(input.length, concurrency, work, mode === 'stop', isCancelled);
		if (isCancelled()) {
			throw new NodeOperationError(node, 'The run was stopped.', {
				description: counted(outcomes),
			});
		}
		const failure = firstFailure(outcomes);
		if (failure !== undefined && mode === 'stop') {
			throw nodeError(node, failure[1], failure[0], counted(outcomes));
		}
		// In the modes that continue n8n tries again, too: if the first item failed.
		if (failure === undefined || node.retryOnFail !== true) finished.clear();
		return [outputOf(outcomes, mode, input)];
	}
}

/** An agent reads the errors of its tool only if they are its answer: what a tool throws reaches it empty. */
function errorMode(context: IExecuteFunctions, node: INode): ErrorMode {
	if (isTool(node)) return 'agent';
	if (node.onError === 'continueErrorOutput') return 'errorOutput';
	return context.continueOnFail() ? 'regularOutput' : 'stop';
}

type Work = (item: number) => Promise<INodeExecutionData[]>;

/** How to work on an item. What is wrong for all of them is the error of each. */
async function prepared(
	context: IExecuteFunctions,
	node: INode,
	finished: Finished,
): Promise<{ concurrency: number; work: Work }> {
	try {
		const action = chosenAction(context);
		const parameters = new Parameters(context, action);
		if (isTool(node)) checkAgentMay(action, parameters.allowsDeletes);
		const run = new ItemRun(context, await connect(context), action, parameters);
		const work: Work = async (item) => await run.run(item);
		const { concurrency } = parameters;
		return { concurrency, work: action.method === 'GET' ? work : finished.once(action, work) };
	} catch (error) {
		const work: Work = async () => await Promise.reject(error);
		return { concurrency: 1, work };
	}
}
