import {
	NodeApiError,
	NodeOperationError,
	type IDataObject,
	type INode,
	type JsonObject,
} from 'n8n-workflow';

import { Failure, Refused, SignInRefused, Unreachable } from '../../engine/errors';

/** What went wrong with an item, in n8n's own kinds of errors and as data. */

type NodeFailure = NodeApiError | NodeOperationError;

/**
 * An error as n8n shows it: what happened to which item, and what to do.
 *
 * @param others the outcome of the other items; empty where there are none
 */
export function nodeError(
	node: INode,
	error: unknown,
	itemIndex: number,
	others: string,
): NodeFailure {
	const description = [descriptionOf(error), others].filter((text) => text !== '').join(' ');
	const message = `${messageOf(error)}${others === '' ? '' : ` [item ${itemIndex}]`}`;
	const status = statusOf(error);
	const made =
		error instanceof Failure || error instanceof Unreachable || error instanceof SignInRefused
			? new NodeApiError(node, { message } as JsonObject, {
					message,
					description,
					itemIndex,
					...(status === undefined ? {} : { httpCode: String(status) }),
				})
			: new NodeOperationError(node, message, { description, itemIndex });
	// n8n puts words of its own in place of texts that hold such letters as ENOENT or EPERM.
	made.message = message;
	made.description = description;
	return made;
}

/** An error as data: status, message, hint, 3CX's codes by field, and whether the outcome is unknown. */
export function errorData(error: unknown): IDataObject {
	const data: IDataObject = { message: messageOf(error) };
	const status = statusOf(error);
	const hint = descriptionOf(error);
	if (status !== undefined) data.status = status;
	if (hint !== '') data.hint = hint;
	if (error instanceof Refused && error.parameter !== undefined) data.parameter = error.parameter;
	if (error instanceof Failure && Object.keys(error.codes).length > 0)
		data.codes = { ...error.codes };
	if (isUnknown(error)) data.unknown = true;
	return data;
}

/** Whether nobody knows if the PBX carried out what was asked. */
export function isUnknown(error: unknown): boolean {
	return (error instanceof Failure || error instanceof Unreachable) && error.unknown;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

function descriptionOf(error: unknown): string {
	const found = error instanceof Error && 'description' in error ? error.description : '';
	return typeof found === 'string' ? found : '';
}

function statusOf(error: unknown): number | undefined {
	if (error instanceof SignInRefused) return error.status ?? 401;
	return error instanceof Failure ? error.status : undefined;
}
