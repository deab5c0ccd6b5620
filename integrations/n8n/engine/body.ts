import { wasAnswered } from './answered';
import { type Action, catalog, fieldsOf, parseType, type TypeSpec } from './catalog';
import { Refused } from './errors';
import {
	describeType,
	DURATION,
	encodable,
	GUID,
	INSTANT,
	integer,
	INTEGER_RANGES,
	TIME_OF_DAY,
} from './literals';
import { instantText, readTime, timeText } from './moments';
import { nearest } from './nearest';
import { isMasked, isSecretPath, MASK } from './secrets';
import { shown } from './shown';

/** Checking a JSON body against the types of the catalog. */

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const NOT_GIVEN = Symbol('not given');

/**
 * The body of an action as JSON values, each checked against its type. Text becomes a number, a truth value, a list or
 * an object where the type asks for one and nothing is lost, a number its digits where it asks for text, and an enum's
 * value is found by its label. Empty text that is not text is not given. Annotations (`@odata.etag`) are left out, so
 * that what a PBX answered can be sent back as it is.
 *
 * @throws Refused, whose message names the path to the field: `Groups[0].GroupId of Update User …`
 */
export function checkedBody(
	action: Action,
	fields: Record<string, unknown>,
): Record<string, unknown> {
	const owner = typeof action.body === 'string' ? action.body : undefined;
	const checked = new Check(action, '@odata.context' in fields).object(
		fields,
		owner,
		fieldsOf(action.body),
		'',
	);
	if (action.kind === 'update' && Object.keys(checked).length === 0) {
		throw new Refused(
			`${action.operation} needs a field to change.`,
			'Give at least one. Nothing was sent.',
		);
	}
	return checked;
}

class Check {
	constructor(
		private readonly action: Action,
		/** Whether the body is what a PBX answered, which is never refused for fields that no file lists. */
		private readonly wasRead: boolean,
	) {}

	object(
		given: Record<string, unknown>,
		owner: string | undefined,
		fields: Readonly<Record<string, string>>,
		prefix: string,
	): Record<string, unknown> {
		const checked: Array<readonly [string, unknown]> = [];
		for (const [name, value] of Object.entries(given)) {
			const path = `${prefix}${name}`;
			if (name.includes('@')) {
				// these are a sender's own
				if (name === '@odata.type' || name.endsWith('@odata.bind'))
					checked.push([name, this.any(value, path)]);
				continue;
			}
			const spec = Object.hasOwn(fields, name) ? fields[name] : undefined;
			if (spec === undefined && !this.isKnown(owner, name))
				throw this.unknown(owner, name, fields, path);
			const found =
				spec === undefined ? this.any(value, path) : this.value(value, parseType(spec), path);
			if (found !== NOT_GIVEN) checked.push([name, found]);
		}
		return Object.fromEntries(checked);
	}

	private isKnown(owner: string | undefined, name: string): boolean {
		if (owner === undefined) return false; // a parameter of an action, which comes and goes with the action
		return this.wasRead || catalog.types[owner]?.open === true || wasAnswered(owner, name);
	}

	private unknown(
		owner: string | undefined,
		name: string,
		fields: Readonly<Record<string, string>>,
		path: string,
	): Refused {
		const near = nearest(name, Object.keys(fields));
		const what = `${this.action.operation} has no field ${path}.${near}`;
		const names = Object.keys(fields);
		const takes = near === '' && names.length <= 12 ? `It takes ${names.join(', ')}. ` : '';
		const later =
			owner === undefined
				? ''
				: 'Remove it from the input, unless a newer 3CX has it: then read the entity first. ';
		return new Refused(what, `${takes}${later}Nothing was sent.`, path);
	}

	/** A value whose type nobody knows: as it is, without annotations. */
	private any(value: unknown, path: string): unknown {
		if (value === undefined) throw this.undefined(path);
		if (isMasked(value)) throw this.masked(path);
		if (Array.isArray(value)) return value.map((each, i) => this.any(each, `${path}[${i}]`));
		const time = typeof value === 'object' ? timeText(value) : undefined;
		if (time !== undefined) return time;
		if (!isPlainObject(value)) return value;
		return Object.fromEntries(
			Object.entries(value)
				.filter(([name]) => !name.includes('@'))
				.map(([name, inner]) => [name, this.any(inner, `${path}.${name}`)]),
		);
	}

	private value(given: unknown, spec: TypeSpec, path: string): unknown {
		if (given === undefined) throw this.undefined(path);
		if (isMasked(given)) throw this.masked(path); // it would become the password
		if (given === '' && (spec.collection || spec.name !== 'String')) return NOT_GIVEN;
		const value = this.unpacked(given, spec, path);
		if (spec.collection) {
			if (value === null && spec.nullable) return null;
			if (!Array.isArray(value))
				throw this.wrong(path, `must be a list, not ${display(path, value)}`);
			const item: TypeSpec = { ...spec, collection: false, nullable: false };
			return value.map((each, i) => {
				const found = this.value(each, item, `${path}[${i}]`);
				return found === NOT_GIVEN ? this.value(null, item, `${path}[${i}]`) : found;
			});
		}
		if (value === null) {
			if (spec.nullable || this.wasRead) return null;
			throw this.wrong(path, `can't be null; it must be ${describeType(spec)}`);
		}
		if (spec.name in catalog.enums) return this.member(value, spec.name, path);
		if (spec.name in catalog.types) {
			if (!isPlainObject(value)) {
				throw this.wrong(
					path,
					`must be an object of type ${spec.name}, not ${display(path, value)}`,
				);
			}
			return this.object(value, spec.name, fieldsOf(spec.name), `${path}.`);
		}
		return this.plain(value, spec, path);
	}

	/** The list or object that a text holds, where the type asks for one. */
	private unpacked(value: unknown, spec: TypeSpec, path: string): unknown {
		const isNested = spec.collection || spec.name in catalog.types;
		if (!isNested || typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
		try {
			return JSON.parse(value) as unknown;
		} catch {
			throw this.wrong(path, 'is text that begins like JSON and is none');
		}
	}

	private member(value: unknown, enumName: string, path: string): string {
		const { values = [], flags = false } = catalog.enums[enumName] ?? {};
		const labels = new Map(values.map((each) => [folded(each), each]));
		const parts = typeof value === 'string' && flags ? value.split(',') : [value];
		const found = parts.map((part) => {
			if (typeof part !== 'string') throw this.notAMember(part, enumName, values, path);
			const name = part.trim();
			if (values.includes(name) || this.wasRead || wasAnswered(enumName, name)) return name;
			const meant = labels.get(folded(name));
			if (meant === undefined) throw this.notAMember(part, enumName, values, path);
			return meant;
		});
		return found.join(',');
	}

	private notAMember(
		part: unknown,
		enumName: string,
		values: readonly string[],
		path: string,
	): Refused {
		const near =
			nearest(String(part), values) || ` It is one of ${values.slice(0, 12).join(', ')}.`;
		const kind = enumName.replace(/^Pbx\./, '');
		return this.wrong(path, `can't be ${display(path, part)} (${kind}).${near}`);
	}

	private plain(value: unknown, spec: TypeSpec, path: string): unknown {
		if (INTEGER_RANGES[spec.name] !== undefined) return this.integer(value, spec, path);
		switch (spec.name) {
			case 'String':
				if (typeof value === 'number' && Number.isFinite(value))
					return this.text(String(value), spec, path);
				if (typeof value === 'string') return this.text(value, spec, path);
				break;
			case 'Single':
			case 'Double':
			case 'Decimal':
				if (typeof value === 'number' && Number.isFinite(value)) return value;
				if (typeof value === 'string' && NUMBER.test(value.trim())) return Number(value);
				if (spec.name !== 'Decimal' && ['INF', '-INF', 'NaN'].includes(String(value))) return value;
				break;
			case 'Boolean':
				if (typeof value === 'boolean') return value;
				if (typeof value === 'string' && /^\s*(true|false)\s*$/i.test(value)) {
					return value.trim().toLowerCase() === 'true';
				}
				break;
			case 'DateTimeOffset': {
				const instant = pointInTime(value);
				if (instant !== undefined) return instant;
				break;
			}
			case 'Duration': {
				const duration = typeof value === 'object' ? timeText(value) : value;
				if (typeof duration === 'string' && DURATION.test(duration)) return duration;
				break;
			}
			case 'Guid':
				if (typeof value === 'string' && GUID.test(value)) return value;
				break;
			case 'TimeOfDay':
				if (typeof value === 'string' && TIME_OF_DAY.test(value)) return value;
				break;
			case 'Date':
			case 'Binary':
				if (typeof value === 'string') return value;
				break;
			case 'Any':
				return this.any(value, path);
		}
		throw this.wrong(path, `must be ${describeType(spec)}, not ${display(path, value)}`);
	}

	private integer(value: unknown, spec: TypeSpec, path: string): number {
		let whole: bigint;
		try {
			whole = integer(value, spec);
		} catch (error) {
			const isShown = error instanceof Refused && !isSecretPath(path);
			throw this.wrong(
				path,
				isShown ? error.message : `must be ${describeType(spec)}, not ${MASK}`,
			);
		}
		const number = Number(whole);
		if (!Number.isSafeInteger(number))
			throw this.wrong(path, `is a number that JSON can't carry without loss`);
		return number;
	}

	private text(value: string, spec: TypeSpec, path: string): string {
		if (!encodable(value))
			throw this.wrong(path, `has half a character in it: ${display(path, value)}`);
		const length = [...value].length;
		if (spec.maxLength !== undefined && length > spec.maxLength) {
			throw this.wrong(
				path,
				`must have at most ${spec.maxLength} characters, and this has ${length}`,
			);
		}
		return value;
	}

	private undefined(path: string): Refused {
		return new Refused(
			`${path} of ${this.action.operation} is undefined: its expression gave nothing.`,
			'Check in the input whether the field has another name; nothing was sent.',
			path,
		);
	}

	private masked(path: string): Refused {
		return new Refused(
			`${path} of ${this.action.operation} is masked (${MASK}), and would be set to just that.`,
			'Take the field out, or read it again with its secrets shown. Nothing was sent.',
			path,
		);
	}

	private wrong(path: string, what: string): Refused {
		const end = /[.?]$/.test(what) ? '' : '.';
		return new Refused(
			`${path} of ${this.action.operation} ${what}${end}`,
			'Check the value, or the expression that gives it. Nothing was sent.',
			path,
		);
	}
}

/**
 * A point in time as OData writes it, from text with a zone, a `Date` or a Luxon `DateTime`; undefined for anything
 * else. ISO 8601 allows what OData doesn't: 20260912T000000Z, or a space. Such a text is written in UTC.
 */
function pointInTime(value: unknown): string | undefined {
	const text = timeText(value);
	const time = text === undefined ? undefined : readTime(text);
	if (text === undefined || time?.offset === undefined) return undefined;
	if (INSTANT.test(text)) return text;
	const fraction = time.micros > 0 ? `.${String(time.micros).padStart(6, '0')}` : '';
	return instantText(time.wall - time.offset)?.replace('Z', `${fraction}Z`);
}

function folded(text: string): string {
	return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

/** A value for a message, which may end in somebody's log. */
function display(path: string, value: unknown): string {
	return isSecretPath(path) ? MASK : shown(value);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
