import { checkedBody } from './body';
import {
	type Action,
	answerKind,
	answerType,
	catalog,
	type OptionName,
	parseType,
} from './catalog';
import { Refused } from './errors';
import type { ApiRequest, FilePart } from './http';
import { literal } from './literals';
import { timeText } from './moments';
import { fill } from './paths';
import { type Clock, inTime } from './periods';
import { optionText, OPTIONS, queryString } from './query';
import { shown } from './shown';

/** What somebody filled in for one call. A name with the value `undefined` is refused: an expression gave nothing. */
export interface Given {
	/** Keys and function arguments under 3CX's names; one that has a default may be left out. */
	parameters: Record<string, unknown>;
	/** Query options; null and empty text mean that one is not given. */
	options?: Partial<Record<OptionName, unknown>>;
	body?: Record<string, unknown>;
	file?: FilePart;
	/** An ETag; null and empty text mean that it is not given. */
	ifMatch?: unknown;
	/** When words such as `last-month` are read; now if left out. */
	now?: Date;
	/** The zone of dates and times without one, such as `Europe/Berlin`; without it, dates are those of UTC. */
	zone?: string;
}

/** An action with its arguments, checked: `values` are keys and function arguments by 3CX's names. */
export interface Call {
	action: Action;
	/** Already encoded: `/Fax(42)`. */
	path: string;
	values: Record<string, unknown>;
	options: Partial<Record<OptionName, string>>;
	body?: Record<string, unknown>;
	file?: FilePart;
	ifMatch?: string;
}

/**
 * Match what is given with an action's parameters, and check it.
 *
 * @throws Refused, whose message names action and parameter
 */
export function bind(action: Action, given: Given): Call {
	const values = valuesOf(action, given);
	const literals: Record<string, string> = {};
	for (const [name, spec] of Object.entries(action.params ?? {})) {
		try {
			literals[name] = literal(values[name], parseType(spec));
		} catch (error) {
			throw completed(error, name, action);
		}
	}
	const call: Call = {
		action,
		path: fill(action.path, literals),
		values,
		options: optionsOf(action, given.options ?? {}),
	};
	const ifMatch = entityTag(action, given);
	if (ifMatch !== undefined) call.ifMatch = ifMatch;
	return { ...call, ...contentOf(action, given) };
}

/** The request of a checked call; `options` stand in for its own query options, as paging wants. */
export function requestOf(
	call: Call,
	options: Partial<Record<OptionName, string>> = call.options,
): ApiRequest {
	const query = queryString(options);
	const headers: Record<string, string> = {
		Accept: answerKind(call.action) === 'file' ? '*/*' : 'application/json',
	};
	if (call.ifMatch !== undefined) headers['If-Match'] = call.ifMatch;
	const request: ApiRequest = {
		method: call.action.method,
		target: query === '' ? call.path : `${call.path}?${query}`,
		headers,
	};
	if (call.file !== undefined) return { ...request, body: call.file }; // whoever sends it knows its boundary
	if (call.body === undefined) return request;
	headers['Content-Type'] = 'application/json';
	return { ...request, body: JSON.stringify(call.body) };
}

function valuesOf(action: Action, given: Given): Record<string, unknown> {
	const params = action.params ?? {};
	for (const name of Object.keys(given.parameters)) {
		if (Object.hasOwn(params, name)) continue;
		const takes = Object.keys(params).join(', ') || 'none';
		throw new Refused(
			`${action.operation} has no parameter ${shown(name)}.`,
			`It takes ${takes}.`,
			name,
		);
	}
	const settled: Record<string, unknown> = {};
	for (const [name, value] of Object.entries(given.parameters)) {
		if (value === undefined) throw undefinedValue(name, action);
		const isTime = parseType(params[name] ?? '').name === 'DateTimeOffset';
		settled[name] = isTime ? (timeText(value) ?? value) : value;
	}
	if (action.kind === 'function') {
		const clock: Clock = { now: (given.now ?? new Date()).getTime(), zone: given.zone };
		Object.assign(settled, inTime(action, settled, clock));
	}
	const values: Record<string, unknown> = {};
	for (const name of Object.keys(params)) {
		const isKey = action.keys?.includes(name) === true;
		if (!(name in settled)) {
			const standIn = action.defaults?.[name];
			if (standIn === undefined) {
				throw new Refused(
					`${action.operation} needs ${name}.`,
					'Fill it in; nothing was sent.',
					name,
				);
			}
			values[name] = standIn[0];
			continue;
		}
		const value = settled[name];
		if (isKey && (value === null || value === '')) {
			throw new Refused(
				`${name} of ${action.operation} is empty.`,
				'A key must have a value; nothing was sent.',
				name,
			);
		}
		values[name] = value;
	}
	return values;
}

function optionsOf(
	action: Action,
	given: Readonly<Partial<Record<OptionName, unknown>>>,
): Partial<Record<OptionName, string>> {
	const rows = answerType(action)?.name;
	const rowType = rows !== undefined && catalog.types[rows] !== undefined ? rows : undefined;
	const options: Partial<Record<OptionName, string>> = {};
	for (const name of OPTIONS) {
		const value = given[name];
		if (!(name in given) || value === null || value === '') continue;
		if (value === undefined) throw undefinedValue(name, action);
		if (action.query?.includes(name) !== true) {
			const takes = action.query?.join(', ') ?? 'none';
			throw new Refused(`${action.operation} has no option ${name}.`, `It takes ${takes}.`, name);
		}
		try {
			options[name] = optionText(name, value, rowType);
		} catch (error) {
			throw completed(error, name, action);
		}
	}
	return options;
}

/** An If-Match value. One of blanks is refused: it would quietly take the protection away. */
function entityTag(action: Action, given: Given): string | undefined {
	const name = 'If Match';
	const value = given.ifMatch;
	if (!('ifMatch' in given) || value === null || value === '') return undefined;
	if (value === undefined) throw undefinedValue(name, action);
	if (action.ifMatch !== true) {
		throw new Refused(`${action.operation} takes no ${name}.`, 'Leave it empty.', name);
	}
	if (typeof value === 'string' && value.trim() === '') {
		throw new Refused(
			`${name} of ${action.operation} is blank.`,
			'Leave it empty to go without; nothing was sent.',
			name,
		);
	}
	if (typeof value !== 'string' || !/^[ -~]*$/.test(value)) {
		throw new Refused(
			`${name} of ${action.operation} must be an ETag in plain ASCII, not ${shown(value)}.`,
			'An earlier answer has it under @odata.etag; nothing was sent.',
			name,
		);
	}
	return value.trim();
}

function contentOf(action: Action, given: Given): Pick<Call, 'body' | 'file'> {
	if (action.kind === 'upload') {
		if (given.file === undefined)
			throw new Refused(`${action.operation} needs a file.`, '', 'file');
		return { file: given.file };
	}
	if (given.file !== undefined) throw new Refused(`${action.operation} takes no file.`);
	if (given.body === undefined) {
		if (action.needsBody === true) {
			throw new Refused(
				`${action.operation} needs a body.`,
				action.kind === 'create'
					? 'Fill in its fields; an empty one is the JSON {}. Nothing was sent.'
					: 'Fill in its fields; nothing was sent.',
			);
		}
		return {};
	}
	if (action.body === undefined) throw new Refused(`${action.operation} takes no body.`);
	return { body: checkedBody(action, given.body) };
}

function undefinedValue(name: string, action: Action): Refused {
	return new Refused(
		`${name} of ${action.operation} is undefined: its expression gave nothing.`,
		'Check in the input whether the field has another name; nothing was sent.',
		name,
	);
}

/** A message that ends a sentence, with the beginning of that sentence. */
function completed(error: unknown, name: string, action: Action): unknown {
	if (!(error instanceof Refused)) return error;
	const hint = error.description ?? '';
	return new Refused(
		`${name} of ${action.operation} ${error.message}.`,
		hint === '' ? 'Check the value, or the expression that gives it. Nothing was sent.' : hint,
		name,
	);
}
