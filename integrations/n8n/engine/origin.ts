import { type Action, answerKind, answerType, catalog, fieldsOf } from './catalog';
import type { ApiResponse } from './http';

/**
 * Who answered: the 3CX, or a gateway, proxy or portal before it. A status proves something only where the PBX sent
 * it. A 3CX names its version in `X-3CX-Version`, and its errors have OData's shape (OData JSON Format 4.01, 21).
 */

const ERROR_FIELDS = new Set(['code', 'message', 'target', 'details', 'innererror']);
const OAUTH_FIELDS = new Set(['error', 'error_description', 'error_uri']);
const PUBLISHED = new Set([200, 201, 204]); // what the OpenAPI files say that writes are answered with

/** The media type alone, in lower case: `application/json`. */
export function mediaType(headers: ApiResponse['headers']): string {
	return (headers['content-type'] ?? '').split(';', 1).join('').trim().toLowerCase();
}

/** Whether an answer says that it is JSON. */
export function isJson(response: ApiResponse): boolean {
	const type = mediaType(response.headers);
	return type === 'application/json' || type === 'text/json' || type.endsWith('+json');
}

/** Whether an answer is a web page, which a 3CX's API never sends. */
export function isWebPage(response: ApiResponse): boolean {
	return mediaType(response.headers) === 'text/html';
}

/**
 * A body as JSON, without a byte order mark before it (RFC 8259, 8.1).
 * @throws SyntaxError, whose text may repeat a part of the body
 */
export function parsed(body: string): unknown {
	return JSON.parse(body.replace(/^\uFEFF/, ''));
}

/** A JSON body if it is an object, else undefined. */
export function objectIn(response: ApiResponse): Record<string, unknown> | undefined {
	if (!isJson(response)) return undefined;
	try {
		const document = parsed(response.body);
		return isObject(document) ? document : undefined;
	} catch {
		return undefined;
	}
}

export function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Whether an answer is recognisably a 3CX's: it names the version, or its body is an OData error. Only such a 404
 * means that an entity is missing. A web page is never recognised, whatever its headers.
 */
export function isFromPbx(response: ApiResponse): boolean {
	return !isWebPage(response) && (namesVersion(response.headers) || isODataError(response));
}

/** Whether there is a header that only a 3CX sends. */
export function namesVersion(headers: ApiResponse['headers']): boolean {
	return Object.entries(headers).some(([name, value]) => name.startsWith('x-3cx-') && value !== '');
}

/**
 * Whether a 401 or 403 can be the PBX's own: a 3CX often leaves their body empty, and may not name its version. It is
 * not if it is a web page or text, has another JSON shape, or asks for other credentials than a bearer token.
 */
export function mayBeFromPbx(response: ApiResponse): boolean {
	const challenge = response.headers['www-authenticate'] ?? '';
	if (response.status === 401 && challenge !== '') {
		return /\bbearer\b/i.test(challenge) || isFromPbx(response);
	}
	if (response.body === '') return !isWebPage(response);
	return isFromPbx(response) || isOAuthError(response);
}

/**
 * Whether an answer with a 2xx status says that the PBX carried out a write, rather than something before it. The
 * published answers are 204 without a body, and 200 or 201 with JSON: the entity, or an OData document.
 */
export function isAcknowledged(action: Action, response: ApiResponse): boolean {
	if (isWebPage(response)) return false;
	if (response.status === 204 && response.body === '') return true;
	if (namesVersion(response.headers)) return true;
	if (!PUBLISHED.has(response.status)) return false;
	const isLoose = action.kind === 'action' || action.kind === 'upload';
	if (response.body === '') return isLoose;
	if (mediaType(response.headers) !== '' && !isJson(response)) {
		return isLoose && 'content-disposition' in response.headers;
	}
	return action.kind === 'upload' || isAnswerOf(action, response);
}

function isAnswerOf(action: Action, response: ApiResponse): boolean {
	let document: unknown;
	try {
		document = parsed(response.body);
	} catch {
		return mediaType(response.headers) !== ''; // half a document; reading it says so
	}
	if (!isObject(document)) return action.kind === 'action';
	const names = Object.keys(document);
	if (names.length === 0) return action.kind === 'action';
	if (names.some((name) => name === 'value' || name.startsWith('@odata.'))) return true;
	const owner =
		answerType(action)?.name ??
		(action.kind === 'update' && typeof action.body === 'string' ? action.body : '');
	if (!(owner in catalog.types)) return answerKind(action) !== 'none';
	const fields = fieldsOf(owner);
	return names.some((name) => Object.hasOwn(fields, name));
}

function isODataError(response: ApiResponse): boolean {
	const document = objectIn(response);
	const error = document?.error;
	return (
		document !== undefined &&
		isObject(error) &&
		Object.keys(document).every((name) => name === 'error' || name.startsWith('@')) &&
		typeof error.code === 'string' &&
		typeof error.message === 'string' &&
		Object.keys(error).every((name) => ERROR_FIELDS.has(name) || name.includes('@'))
	);
}

/** RFC 6749, 5.2; an empty object counts too. */
function isOAuthError(response: ApiResponse): boolean {
	const document = objectIn(response);
	return (
		document !== undefined &&
		Object.keys(document).every((name) => OAUTH_FIELDS.has(name)) &&
		typeof (document.error ?? '') === 'string'
	);
}
