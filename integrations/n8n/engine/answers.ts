import { noteUnknown } from './answered';
import { type Action, answerKind, answerType, catalog } from './catalog';
import { Failure } from './errors';
import { brokenAnswer, explain, halfAnswer } from './failures';
import type { ApiResponse } from './http';
import {
	isAcknowledged,
	isJson,
	isObject,
	isWebPage,
	mediaType,
	namesVersion,
	parsed,
} from './origin';

/** What an answer is about: the action, its path, its keys and arguments, and what the PBX is called. */
export interface Asked {
	readonly action: Action;
	readonly path: string;
	readonly values: Readonly<Record<string, unknown>>;
	readonly server: string;
}

/** One page of a list. `total` is what `$count` asked for, `nextLink` leads to the next page where it is given. */
export interface Page {
	readonly rows: ReadonlyArray<Record<string, unknown>>;
	readonly total: number | undefined;
	readonly nextLink: string | undefined;
}

/**
 * What an action answers: an entity with 3CX's names, the rows of a list, a plain value, a file's text, or undefined
 * for nothing. An ETag header goes into the entity as `@odata.etag`; `@odata.context` is left out.
 * @throws Failure for an error status, and for what the 3CX can't have sent
 */
export function valueOf(asked: Asked, response: ApiResponse): unknown {
	check(asked, response);
	const kind = answerKind(asked.action);
	const mustGive = asked.action.kind === 'get' && kind === 'entity';
	if (response.body === '') {
		if (mustGive) throw brokenAnswer(asked, response);
		return undefined;
	}
	if (mediaType(response.headers) !== '' && !isJson(response) && !isJsonAsText(response)) {
		if (kind === 'entity' || kind === 'list' || isWebPage(response))
			throw brokenAnswer(asked, response);
		return response.body;
	}
	const document = decoded(asked, response);
	if (!isObject(document)) {
		if (mustGive) throw brokenAnswer(asked, response);
		return document ?? undefined;
	}
	if (kind === 'value' && 'value' in document) return document.value ?? undefined;
	if (kind === 'list' && Array.isArray(document.value)) return learned(asked, document.value);
	const fields = { ...document };
	delete fields['@odata.context'];
	if (kind === 'none' && Object.keys(fields).length === 0) return undefined;
	const etag = response.headers.etag;
	return learned(asked, etag === undefined ? fields : { '@odata.etag': etag, ...fields });
}

/**
 * One page of a list action.
 * @throws Failure as `valueOf` does, and for anything but a list
 */
export function pageOf(asked: Asked, response: ApiResponse): Page {
	check(asked, response);
	if (
		response.status === 204 &&
		(asked.action.method !== 'GET' || namesVersion(response.headers))
	) {
		return { rows: [], total: undefined, nextLink: undefined };
	}
	const document = decoded(asked, response);
	if (!isObject(document) || !Array.isArray(document.value)) throw brokenAnswer(asked, response);
	const rows: unknown[] = document.value;
	const link = document['@odata.nextLink'];
	const isOfObjects = (answerType(asked.action)?.name ?? '') in catalog.types;
	if (isOfObjects && !rows.every(isObject)) throw brokenAnswer(asked, response);
	return {
		rows: learned(asked, rows).map((row) => (isObject(row) ? row : { value: row })),
		total: count(document['@odata.count']),
		nextLink: typeof link === 'string' && link !== '' ? link : undefined,
	};
}

/** Whether the PBX itself answered that there is no such entity. */
export function isMissing(error: unknown): boolean {
	return error instanceof Failure && error.status === 404 && error.fromPbx;
}

function check(asked: Asked, response: ApiResponse): void {
	if (response.status < 200 || response.status >= 300) throw explain(asked, response);
	if (asked.action.method !== 'GET' && !isAcknowledged(asked.action, response)) {
		throw brokenAnswer(asked, response);
	}
}

function decoded(asked: Asked, response: ApiResponse): unknown {
	if (isWebPage(response)) throw brokenAnswer(asked, response);
	try {
		return parsed(response.body);
	} catch {
		throw mediaType(response.headers) === ''
			? brokenAnswer(asked, response)
			: halfAnswer(asked, response);
	}
}

/** Whether the JSON that is due came as plain text: taken for a file, its secrets would not be recognised. */
function isJsonAsText(response: ApiResponse): boolean {
	if (mediaType(response.headers) !== 'text/plain') return false;
	try {
		const document = parsed(response.body);
		return typeof document === 'object' && document !== null;
	} catch {
		return false;
	}
}

function learned<T>(asked: Asked, answer: T): T {
	const owner = answerType(asked.action)?.name ?? '';
	if (owner in catalog.types) {
		for (const each of Array.isArray(answer) ? answer : [answer]) noteUnknown(owner, each);
	}
	return answer;
}

/** A count, which OData may write as a text, too (IEEE754Compatible); undefined if it is none. */
function count(value: unknown): number | undefined {
	const number =
		typeof value === 'string' || typeof value === 'number' ? Math.trunc(Number(value)) : NaN;
	return number >= 0 ? number : undefined;
}
