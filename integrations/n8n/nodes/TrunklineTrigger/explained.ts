import type { INode } from 'n8n-workflow';
import { NodeOperationError, UserError } from 'n8n-workflow';

/** An error as n8n shows it: what happened, and what to do next. */
export function explained(node: INode, error: unknown): NodeOperationError {
	if (error instanceof NodeOperationError) return error;
	const description = error instanceof UserError ? (error.description ?? '') : '';
	return new NodeOperationError(node, messageOf(error), { description });
}

export function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
