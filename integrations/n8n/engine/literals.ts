import type { TypeSpec } from './catalog';
import { Refused } from './errors';
import { instantText, readTime, timeText } from './moments';
import { shown } from './shown';

/** The smallest and largest value of each integer type. */
export const INTEGER_RANGES: Readonly<Record<string, readonly [low: bigint, high: bigint]>> = {
	Byte: [0n, 255n],
	Int16: [-(2n ** 15n), 2n ** 15n - 1n],
	Int32: [-(2n ** 31n), 2n ** 31n - 1n],
	Int64: [-(2n ** 63n), 2n ** 63n - 1n],
};
export const GUID = /^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$/;
export const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?(?:Z|[+-]\d\d:\d\d)$/;
export const TIME_OF_DAY = /^(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,12})?)?$/;
export const DURATION = /^-?P(?=.)(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?$/;

const DIGITS = /^[+-]?[0-9]{1,20}$/;
const UNSHOWN = 10n ** 40n;
const HALF_A_CHARACTER = /\p{Surrogate}/u;

/**
 * A value as an OData literal of a type: `42`, `'it''s'`, `2026-09-12T00:00:00Z`, `null`. Text is taken for a
 * number, a truth value or a date where the type asks for one, as long as nothing is lost.
 *
 * @throws Refused, whose message ends a sentence that begins with the parameter's name
 */
export function literal(value: unknown, spec: TypeSpec): string {
	if (value === undefined) throw new Refused('is undefined');
	if (value === null) {
		if (spec.nullable) return 'null';
		throw new Refused(`is missing; it must be ${describeType(spec)}`);
	}
	if (INTEGER_RANGES[spec.name] !== undefined) return String(integer(value, spec));
	switch (spec.name) {
		case 'String':
			return quoted(text(value, spec));
		case 'Boolean': {
			const truth = truthText(value);
			if (truth !== undefined) return truth;
			break;
		}
		case 'DateTimeOffset':
			return instant(value);
		case 'Guid':
			if (typeof value === 'string' && GUID.test(value)) return value;
			break;
		case 'Single':
		case 'Double':
		case 'Decimal':
			if (typeof value === 'number' && Number.isFinite(value)) return String(value);
			break;
		default:
	}
	throw unlike(value, spec);
}

/** A type in words, for messages: `an integer (Int32)`. */
export function describeType(spec: TypeSpec): string {
	if (INTEGER_RANGES[spec.name] !== undefined) return `an integer (${spec.name})`;
	switch (spec.name) {
		case 'String':
			return spec.maxLength === undefined ? 'text' : `text of at most ${spec.maxLength} characters`;
		case 'Boolean':
			return 'true or false';
		case 'DateTimeOffset':
			return 'a date and time with its zone, such as 2026-09-12T00:00:00Z';
		case 'Guid':
			return 'a GUID, such as 00000000-0000-0000-0000-000000000000';
		case 'Duration':
			return 'a duration, such as PT1M30S';
		case 'TimeOfDay':
			return 'a time of day, such as 08:30:00';
		default:
			return `a value of type ${spec.name}`;
	}
}

/**
 * A whole number within the type's range, from a number or from digits.
 *
 * @throws Refused, as `literal` does
 */
export function integer(value: unknown, spec: TypeSpec): bigint {
	const number = wholeNumber(value);
	if (number === undefined) throw unlike(value, spec);
	const [low, high] = INTEGER_RANGES[spec.name] ?? [number, number];
	if (number < low || number > high) {
		const size = number < 0n ? -number : number;
		const given = size < UNSHOWN ? String(number) : 'a larger number';
		throw new Refused(`must be between ${low} and ${high} (${spec.name}), not ${given}`);
	}
	if (typeof value === 'number' && !Number.isSafeInteger(value)) {
		throw new Refused(
			`must be text where it has more than 15 digits; as a number ${number} may have lost some`,
		);
	}
	return number;
}

function wholeNumber(value: unknown): bigint | undefined {
	if (typeof value === 'bigint') return value;
	if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
	if (typeof value !== 'string') return undefined;
	const digits = value.trim();
	if (!DIGITS.test(digits)) return undefined;
	return digits.startsWith('-') ? -BigInt(digits.slice(1)) : BigInt(digits.replace('+', ''));
}

/**
 * Text within the type's length; a number is taken for its digits.
 *
 * @throws Refused, as `literal` does
 */
export function text(value: unknown, spec: TypeSpec): string {
	const given = typeof value === 'number' || typeof value === 'bigint' ? digitsOf(value) : value;
	if (typeof given !== 'string') throw unlike(value, spec);
	if (!encodable(given)) {
		throw new Refused(
			`has half a character in it (${shown(given)}): a lone surrogate, which no address can carry`,
		);
	}
	const length = [...given].length;
	if (spec.maxLength !== undefined && length > spec.maxLength) {
		throw new Refused(
			`must have at most ${spec.maxLength} characters, and ${shown(given)} has ${length}`,
		);
	}
	return given;
}

/** Whether text can be sent at all; broken UTF-16 can't. */
export function encodable(value: string): boolean {
	return !HALF_A_CHARACTER.test(value);
}

/** A string literal: a quote inside is doubled. */
export function quoted(value: string): string {
	return `'${value.replaceAll("'", "''")}'`;
}

/**
 * A point in time as 3CX wants it in a path: UTC, `Z`, no fraction. Takes text with a zone, a `Date`, or a Luxon
 * `DateTime`.
 *
 * @throws Refused, as `literal` does
 */
export function instant(value: unknown): string {
	const wanted = describeType({ ...NO_SPEC, name: 'DateTimeOffset' });
	const given = timeText(value);
	const time = given === undefined ? undefined : readTime(given);
	if (time === undefined) throw new Refused(`must be ${wanted}, not ${shown(value)}`);
	if (time.offset === undefined) {
		throw new Refused(
			`must be ${wanted}; ${time.iso} has no zone, and guessing one would shift a report`,
		);
	}
	const written = instantText(time.wall - time.offset);
	if (written === undefined)
		throw new Refused(`must be ${wanted}; ${time.iso} is not a year in UTC`);
	return written;
}

const NO_SPEC: TypeSpec = {
	name: '',
	collection: false,
	nullable: false,
	maxLength: undefined,
	navigation: false,
};

function truthText(value: unknown): string | undefined {
	if (value === true || value === 1) return 'true';
	if (value === false || value === 0) return 'false';
	const word = typeof value === 'string' ? value.toLowerCase() : '';
	return word === 'true' || word === 'false' ? word : undefined;
}

function digitsOf(value: number | bigint): string | undefined {
	if (typeof value === 'bigint') return String(value);
	if (!Number.isFinite(value)) return undefined;
	return Number.isInteger(value) ? String(BigInt(value)) : String(value);
}

function unlike(value: unknown, spec: TypeSpec): Refused {
	return new Refused(`must be ${describeType(spec)}, not ${shown(value)}`);
}
