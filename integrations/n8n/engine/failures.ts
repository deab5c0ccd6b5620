import type { Asked } from './answers';
import { type Action, catalog, type Code, fieldsOf, findAction } from './catalog';
import { Failure } from './errors';
import type { ApiResponse } from './http';
import { nearest } from './nearest';
import { UNKNOWN } from './network';
import { isFromPbx, isJson, isObject, isWebPage, mayBeFromPbx, objectIn } from './origin';

/** Error answers, explained: what happened, to which entity, and what to do next. */

const ON_ONE = new Set(['get', 'update', 'delete']);
const FOREIGN: Readonly<Record<number, string>> = {
	401: 'Something in front of the 3CX asks for credentials of its own. Check the URL in the credential, and the gateway or proxy.',
	403: 'A gateway or firewall in front of the 3CX may have answered. Check the URL in the credential, and what it lets through.',
};
const GATEWAY =
	'A gateway or proxy in front of the 3CX may have answered. Check the URL in the credential, and the route to the 3CX.';
const NOT_THE_API =
	'Check that the URL in the credential is the 3CX itself, such as https://pbx.example.com:5001, not a proxy or portal.';

/** The explanation of an answer whose status is not 2xx. */
export function explain(asked: Asked, response: ApiResponse): Failure {
	const { status } = response;
	if (status < 400 || isForeign(response)) return brokenAnswer(asked, response);
	const [message, description] = explained(asked, response);
	const isUnknown = (status === 408 || status === 429 || status >= 500) && isWrite(asked);
	return new Failure(message, description, status, codesOf(response), isUnknown);
}

/** The explanation of an answer that the 3CX did not send; after a write, its outcome is not known. */
export function brokenAnswer(asked: Asked, response: ApiResponse): Failure {
	const { status } = response;
	const there = redirect(response);
	if (there !== '') {
		return foreign(
			asked,
			status,
			`${asked.server} redirects to ${there} (${status}), which is not followed.`,
			'Put the URL into the credential at which the 3CX itself answers; plain http is often redirected to https.',
		);
	}
	if (isWebPage(response)) {
		return foreign(
			asked,
			status,
			`${asked.server} answered ${asked.action.operation} with a web page (${status}).`,
			NOT_THE_API,
		);
	}
	if (status >= 400) {
		return foreign(
			asked,
			status,
			`${asked.server} answered ${asked.action.operation} with a ${status} that does not come from the 3CX.`,
			FOREIGN[status] ?? GATEWAY,
		);
	}
	return foreign(
		asked,
		status,
		`${asked.server} answered ${asked.action.operation} with something that a 3CX does not send (${status}).`,
		NOT_THE_API,
	);
}

/** The explanation of an answer of JSON that is cut off. */
export function halfAnswer(asked: Asked, response: ApiResponse): Failure {
	return foreign(
		asked,
		response.status,
		`${asked.server} answered ${asked.action.operation} with JSON that breaks off (${response.status}).`,
		'A proxy may have cut it off.' + (isWrite(asked) ? '' : ' Try again.'),
	);
}

function foreign(asked: Asked, status: number, message: string, description: string): Failure {
	const next = isWrite(asked) ? `${UNKNOWN} ${description}` : description;
	return new Failure(message, next, status, {}, isWrite(asked), false);
}

/** Whether an answer is not the PBX's own. Who says 429 or 5xx makes no difference: nothing is known after either. */
function isForeign(response: ApiResponse): boolean {
	const { status } = response;
	if (status === 404 || status === 412) return !isFromPbx(response); // proof of what the PBX holds
	if (status === 401 || status === 403) return !mayBeFromPbx(response);
	return isWebPage(response) && status !== 429 && status < 500;
}

function explained(asked: Asked, response: ApiResponse): readonly [string, string] {
	const { status } = response;
	const { server } = asked;
	const { operation } = asked.action;
	switch (status) {
		case 400:
		case 422:
			return [`${server} refused ${operation}: ${stated(response)}.`, nextStep(response)];
		case 401:
			return [
				`${server} did not accept the access token for ${operation}.`,
				'Check that the API key in the credential is still valid: 3CX Admin Console, Integrations, API.',
			];
		case 403:
			return notAllowed(asked, response);
		case 404:
			return missing(asked);
		case 408:
			return [`${server} did not wait for ${operation} to end (408).`, afterwards(asked, response)];
		case 409:
			return [
				`${server} refused ${operation}: ${stated(response)}.`,
				'Read the entity again and retry.',
			];
		case 412:
			return changed(asked);
		case 429:
			return [`${server} asks to slow down (${operation}).`, afterwards(asked, response)];
	}
	if (status >= 500) {
		const detail = isJson(response) && response.body !== '' ? `: ${stated(response)}` : '';
		return [
			`${server} answered ${operation} with status ${status}${detail}.`,
			afterwards(asked, response),
		];
	}
	return [
		`${server} answered ${operation} with status ${status}: ${stated(response)}.`,
		'Check the values of the operation.',
	];
}

/** What 3CX's codes ask for, each step once, and the operation that helps with the last. */
function nextStep(response: ApiResponse): string {
	const field = unknownField(response);
	if (field !== '') return field;
	const known = Object.values(codesOf(response))
		.flatMap((name) => codeOf(name) ?? [])
		.sort((one, other) => Number(one.action !== undefined) - Number(other.action !== undefined));
	const steps = [...new Set(known.map((each) => each.next))];
	const helper = findAction(known.at(-1)?.action ?? '');
	if (helper !== undefined) steps.push(`See the operation ${helper.operation}.`);
	return steps.join(' ') || 'Check the values of the operation.';
}

/** What is nearest to a field that a filter, a selection or an order names and a type lacks, in OData's words. */
function unknownField(response: ApiResponse): string {
	const found = /property named '([^']+)' on type '([^']+)'/.exec(stated(response));
	const [, name = '', owner = ''] = found ?? [];
	const fields = Object.keys(fieldsOf(owner));
	if (fields.length === 0) return '';
	return (nearest(name, fields) || `${owner} has ${fields.join(', ')}.`).trim();
}

/** What the action is about: `fax with Id 42`; the name of the operation where it has no key. */
function subject(asked: Asked): string {
	const keys = Object.entries(asked.values)
		.map(([name, value]) => `${name} ${printable(String(value))}`)
		.join(' and ');
	if (keys !== '' && ON_ONE.has(asked.action.kind)) return `${asked.action.noun} with ${keys}`;
	return keys === '' ? asked.action.operation : `${asked.action.operation} (${keys})`;
}

function missing(asked: Asked): readonly [string, string] {
	const { action, values } = asked;
	const names = Object.keys(values);
	if (!ON_ONE.has(action.kind) || names.length === 0) {
		return [
			`${asked.server} has nothing at ${printable(asked.path)}.`,
			'What it names does not exist, or a value is spelled in a way 3CX does not take, or this version lacks it.',
		];
	}
	const list = sibling(action, 'list');
	const steps = [
		`Check the ${names.join(' and ')}` +
			(list === undefined ? '.' : `: the operation ${list.operation} shows what exists.`),
	];
	const byNumber = sibling(action, 'get_by_number');
	if (names.join() === 'Id' && byNumber !== undefined && action.kind !== 'delete') {
		steps.push(`An Id is not an extension number; the operation ${byNumber.operation} takes that.`);
	}
	return [`No ${subject(asked)} on ${asked.server}.`, steps.join(' ')];
}

function changed(asked: Asked): readonly [string, string] {
	const reader = sibling(asked.action, 'get');
	const by = reader === undefined ? '' : ` with the operation ${reader.operation}`;
	return [
		`The ${subject(asked)} on ${asked.server} does not match the ETag in If Match: it changed since. Nothing was done.`,
		`Read it again${by}, and use the ETag that it has now.`,
	];
}

/** Another action of the same resource, where it has that. */
function sibling(action: Action, verb: string): Action | undefined {
	const [resource] = action.id.split('.', 1);
	return findAction(`${resource}.${verb}`);
}

/** A 403 without a code may mean that the PBX blocks this address. */
function notAllowed(asked: Asked, response: ApiResponse): readonly [string, string] {
	const { server, action } = asked;
	const rights =
		`Give the client the role ${action.role ?? 'System Admin'} in the 3CX Admin Console under Integrations, API; ` +
		'one in the department System Wide counts as a user and may do nothing.';
	const why = `${server} did not allow ${action.operation}: this client lacks the right`;
	if (Object.keys(codesOf(response)).length > 0) return [`${why} (${stated(response)}).`, rights];
	return [
		`${why}, or the licence lacks the API, or the PBX blocks the address of this n8n.`,
		`${rights} If every operation is refused so, check that the licence of the 3CX is 8SC+ Enterprise or AI and has ` +
			"not expired, and look at the PBX's IP blacklist: failed sign-ins get an address onto it.",
	];
}

/** What to do after a 408, 429 or 5xx. None of them proves that a write was not carried out. */
function afterwards(asked: Asked, response: ApiResponse): string {
	const seconds = retryAfter(response.headers);
	if (isWrite(asked)) {
		return seconds === undefined
			? UNKNOWN
			: `${UNKNOWN} The PBX asks to wait for ${seconds} seconds.`;
	}
	if (seconds !== undefined) return `Try again after ${seconds} seconds.`;
	return response.status === 500 || response.status === 501
		? "Check the values of the operation. The PBX's own log may say why."
		: 'Try again in a moment.';
}

function isWrite(asked: Asked): boolean {
	return asked.action.method !== 'GET';
}

/**
 * The seconds of `Retry-After`; undefined without it. A date counts from the `Date` of the same answer, as only that
 * is surely of the same clock.
 */
export function retryAfter(headers: ApiResponse['headers']): number | undefined {
	const text = headers['retry-after'] ?? '';
	if (/^\d{1,9}$/.test(text)) return Number(text);
	const seconds = (Date.parse(text) - Date.parse(headers.date ?? '')) / 1000;
	return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

/** 3CX's codes by field, from `error.details`; the code of an error without fields has the key "". */
function codesOf(response: ApiResponse): Record<string, string> {
	const error = errorIn(response);
	const details = Array.isArray(error.details) ? error.details.filter(isObject) : [];
	const codes = details.map(
		(detail) => [text(detail.target), text(detail.message) || text(detail.code)] as const,
	);
	const message = text(error.message);
	if (codes.length === 0 && message.startsWith('WARNINGS.')) return { '': message };
	return Object.fromEntries(codes);
}

/** What the answer says, in one line: 3CX's codes in words with the code beside them, else its message. */
function stated(response: ApiResponse): string {
	const codes = Object.entries(codesOf(response)).map(([field, name]) => inWords(field, name));
	const message = codes.join('; ') || text(errorIn(response).message);
	return printable(message.trim().replace(/\s+/g, ' ').replace(/\.$/, '')) || 'it gave no reason';
}

function inWords(field: string, name: string): string {
	const known = codeOf(name);
	if (known === undefined) return field === '' ? name : `${field}: ${name}`;
	if (known.means.includes('{field}')) {
		return `${known.means.replaceAll('{field}', () => field || 'it')} (${name})`;
	}
	return `${field === '' ? '' : `${field}: `}${known.means} (${name})`;
}

function codeOf(name: string): Code | undefined {
	const last = name.slice(name.lastIndexOf('.') + 1);
	return name.startsWith('WARNINGS.') && Object.hasOwn(catalog.codes, last)
		? catalog.codes[last]
		: undefined;
}

function errorIn(response: ApiResponse): Record<string, unknown> {
	const error = objectIn(response)?.error;
	return isObject(error) ? error : {};
}

function text(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

/** Where an answer redirects to, without what may hold secrets there; "" if it doesn't. */
function redirect(response: ApiResponse): string {
	if (response.status < 300 || response.status >= 400) return '';
	return printable((response.headers.location ?? '').replace(/(?<=\/\/)[^/?#]*@|\?[^#]*/g, ''));
}

/** A text that others wrote, with `\u001b` in place of an escape character and its like. */
function printable(text: string): string {
	return [...text]
		.map((each) => (isUnseen(each.codePointAt(0) ?? 0) ? `\\u${hex(each)}` : each))
		.join('');
}

/** Control characters, and what turns the direction of all that follows. */
function isUnseen(code: number): boolean {
	return (
		(code < 0x20 && code !== 9 && code !== 10) ||
		(code >= 0x7f && code <= 0x9f) ||
		(code >= 0x202a && code <= 0x202e) ||
		(code >= 0x2066 && code <= 0x2069)
	);
}

function hex(character: string): string {
	return (character.codePointAt(0) ?? 0).toString(16).padStart(4, '0');
}
