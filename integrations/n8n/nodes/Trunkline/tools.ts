import type { INode } from 'n8n-workflow';

import { answerKind, type Action } from '../../engine/catalog';
import { Refused } from '../../engine/errors';
import { listAction } from './entities';
import { asPlainText } from './words';

/** What an AI agent may do with the node. */

/** Whether an agent can use an operation at all: a file is of no use to it. */
export function allowsAgents(action: Action): boolean {
	return action.kind !== 'upload' && answerKind(action) !== 'file';
}

/** What a model reads to decide whether to call the tool: what it does, what follows, and where the key comes from. */
export function toolDescription(action: Action): string {
	const list = listAction(action);
	const [key] = action.keys ?? [];
	const source =
		key === undefined || list === undefined
			? ''
			: `Needs the ${key} of the ${action.noun}, which ${list.operation} gives.`;
	const caution = action.asks
		? 'Ask the user first: this deletes something or cuts off calls, phones or people.'
		: '';
	const parts = [
		asPlainText(action.does, action),
		asPlainText(action.when ?? '', action),
		source,
		caution,
	];
	return parts.filter((part) => part !== '').join(' ');
}

/** Whether the node runs as the tool of an agent. n8n then gives its type another name. */
export function isTool(node: INode): boolean {
	return node.type.endsWith('Tool');
}

/**
 * Refuse what an agent must not do.
 *
 * @param allowsDeletes whether the user has ticked Allow Deletes by Agents
 * @throws Refused
 */
export function checkAgentMay(action: Action, allowsDeletes: boolean): void {
	if (!allowsAgents(action)) {
		throw new Refused(
			`${action.operation} works with a file, which an agent can't do.`,
			'Use the node outside of the agent for it. Nothing was sent.',
		);
	}
	if (action.asks && !allowsDeletes) {
		throw new Refused(
			`An agent is not allowed to run ${action.operation}.`,
			'It deletes something, or cuts off calls, phones or people. Whoever builds the workflow can tick Allow Deletes by Agents. Nothing was sent.',
			'allowDeletes',
		);
	}
}
