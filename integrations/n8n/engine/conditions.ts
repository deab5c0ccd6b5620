import { wasAnswered } from './answered';
import { catalog, parseType, type TypeSpec } from './catalog';
import { Refused } from './errors';
import {
	describeType,
	DURATION,
	instant,
	integer,
	INTEGER_RANGES,
	literal,
	quoted,
	text,
	TIME_OF_DAY,
} from './literals';
import { covered, instantText, readTime, type Span, timeText } from './moments';
import { nearest } from './nearest';
import type { Clock } from './periods';
import { isSecret } from './secrets';
import { shown } from './shown';

/** One condition on a row, as somebody puts it together from fields. */
export interface Condition {
	/** A field of the row, or of an object in it: `Number`, `Hours/Type`. */
	readonly field: string;
	/** `equals`, `notEquals`, `greater`, `greaterOrEqual`, `less`, `lessOrEqual`, `contains`, `startsWith`, `endsWith`, `isEmpty`, `isNotEmpty`. */
	readonly operator: string;
	/** Of the field's type, or text that says it; not looked at by `isEmpty` and `isNotEmpty`. */
	readonly value: unknown;
}

const COMPARISONS: ReadonlyMap<string, string> = new Map([
	['equals', 'eq'],
	['notEquals', 'ne'],
	['greater', 'gt'],
	['greaterOrEqual', 'ge'],
	['less', 'lt'],
	['lessOrEqual', 'le'],
]);
const SEARCHES: ReadonlyMap<string, string> = new Map([
	['contains', 'contains'],
	['startsWith', 'startswith'],
	['endsWith', 'endswith'],
]);
const PERIODS =
	'Write 2026-01-31, 2026-01-31T08:00Z, 2026-01, last-month, last-week, yesterday, today, now or -30d.';
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** A condition as text, and what joins its parts where it has several. */
interface Term {
	readonly text: string;
	readonly joint?: 'and' | 'or';
}

/**
 * The text of `$filter` for conditions on rows of a type; empty text for no conditions. A date or a word such as
 * `yesterday` or `2026-05` means the whole day, week or month: `equals` asks for a time within it, `lessOrEqual` for
 * one before its end.
 *
 * @throws Refused, whose message names the field and which condition it is, from 1
 */
export function conditionText(
	rowType: string,
	conditions: readonly Condition[],
	match: 'all' | 'any',
	clock: Clock = { now: Date.now(), zone: undefined },
): string {
	const joint = match === 'all' ? 'and' : 'or';
	const terms = conditions.map((condition, place) => {
		try {
			return termOf(rowType, condition, clock);
		} catch (error) {
			throw placed(error, condition, place + 1);
		}
	});
	const isAlone = terms.length === 1;
	return terms
		.map((term) =>
			term.joint === 'or' && joint === 'and' && !isAlone ? `(${term.text})` : term.text,
		)
		.join(` ${joint} `);
}

function placed(error: unknown, condition: Condition, place: number): unknown {
	if (!(error instanceof Refused)) return error;
	const hint = error.description ?? '';
	const end = /[.?]$/.test(error.message) ? '' : '.';
	return new Refused(
		`${condition.field} in condition ${place} ${error.message}${end}`,
		hint === '' ? 'Nothing was sent.' : hint,
		'conditions',
	);
}

function termOf(rowType: string, { field, operator, value }: Condition, clock: Clock): Term {
	const spec = specOf(rowType, field);
	if (operator === 'isEmpty' || operator === 'isNotEmpty') return emptiness(field, spec, operator);
	if (spec?.collection === true) {
		throw new Refused(
			'is a list, and only "is empty" and "is not empty" go with lists',
			`As a raw filter: ${field}/any(x: x/Name eq 'Sales').`,
		);
	}
	if (value === undefined) {
		throw new Refused(
			'is compared with what is undefined: the expression gave nothing',
			'Check in the input whether the field has another name; nothing was sent.',
		);
	}
	const search = SEARCHES.get(operator);
	if (search !== undefined) return { text: `${search}(${field},${searched(spec, value)})` };
	const comparison = COMPARISONS.get(operator);
	if (comparison === undefined) throw new Refused(`has the unknown operator ${shown(operator)}`);
	if (value === null) {
		if (comparison === 'eq' || comparison === 'ne') return { text: `${field} ${comparison} null` };
		throw new Refused('is compared with null, and nothing is more or less than that');
	}
	if (spec?.name === 'Boolean' && comparison !== 'eq' && comparison !== 'ne') {
		throw new Refused('is true or false, and these have no order');
	}
	if (spec?.name === 'DateTimeOffset') return inTime(field, comparison, value, clock);
	return { text: `${field} ${comparison} ${constant(field, spec, value)}` };
}

/** The type of a field; undefined where only the PBX knows it. */
function specOf(rowType: string, field: string): TypeSpec | undefined {
	let spec: TypeSpec | undefined;
	let owner = rowType;
	for (const step of field.split('/')) {
		if (spec?.collection === true) throw new Refused(`takes ${step} of a whole list`);
		const type = catalog.types[owner];
		if (type === undefined) throw new Refused(`takes ${step} of what has no fields`);
		const fields = type.fields ?? {};
		const found = Object.hasOwn(fields, step) ? fields[step] : undefined;
		if (found === undefined) {
			if (/^\w+$/.test(step) && (type.open === true || wasAnswered(owner, step))) return undefined;
			throw new Refused(
				`is not a field of ${owner.replace('Pbx.', '')}.${nearest(step, Object.keys(fields))}`,
				'A field that only a newer 3CX has goes into a raw filter.',
			);
		}
		spec = parseType(found);
		owner = spec.name;
	}
	return spec;
}

function emptiness(field: string, spec: TypeSpec | undefined, operator: string): Term {
	const isEmpty = operator === 'isEmpty';
	if (spec?.collection === true) {
		return { text: isEmpty ? `not (${field}/any())` : `${field}/any()` };
	}
	const comparison = isEmpty ? 'eq' : 'ne';
	if (spec?.name !== 'String') return { text: `${field} ${comparison} null` };
	const blank = `${field} ${comparison} ''`;
	if (!spec.nullable) return { text: blank };
	const joint = isEmpty ? 'or' : 'and';
	return { text: `${field} ${comparison} null ${joint} ${blank}`, joint };
}

function searched(spec: TypeSpec | undefined, value: unknown): string {
	if (spec !== undefined && spec.name !== 'String') {
		throw new Refused(`is ${describeType(spec)}, and only text can be searched for a part of it`);
	}
	if (value === null || value === '') {
		throw new Refused('is searched for empty text, which every row contains');
	}
	return quoted(text(value, TEXT));
}

const TEXT = parseType('String');

/** A value as a literal of a filter, by the type of the field. */
function constant(field: string, spec: TypeSpec | undefined, value: unknown): string {
	if (spec === undefined) return untyped(value);
	if (catalog.enums[spec.name] !== undefined) return quoted(member(spec.name, value));
	if (catalog.types[spec.name] !== undefined) {
		throw new Refused(`is an object of type ${spec.name}`, `Compare a field of it: ${field}/….`);
	}
	try {
		return INTEGER_RANGES[spec.name] !== undefined
			? String(integer(value, spec))
			: plain(spec, value);
	} catch (error) {
		throw unseen(error, field, spec);
	}
}

function plain(spec: TypeSpec, value: unknown): string {
	const written = typeof value === 'string' ? value.trim() : timeText(value);
	switch (spec.name) {
		case 'String':
			return quoted(text(value, TEXT));
		case 'Single':
		case 'Double':
		case 'Decimal':
			if (typeof value === 'string' && NUMBER.test(value.trim())) return value.trim();
			break;
		case 'Date': {
			const day = written?.slice(0, 10);
			if (day !== undefined && DATE.test(day) && readTime(day) !== undefined) return day;
			break;
		}
		case 'TimeOfDay':
			if (written !== undefined && TIME_OF_DAY.test(written)) return written;
			break;
		case 'Duration':
			if (written !== undefined && DURATION.test(written)) return `duration'${written}'`;
			break;
		default:
	}
	return literal(value, spec);
}

/** A message that does not repeat what somebody gave for a secret field. */
function unseen(error: unknown, field: string, spec: TypeSpec): unknown {
	if (!(error instanceof Refused) || !isSecret(field)) return error;
	return new Refused(`must be ${describeType(spec)}`);
}

function untyped(value: unknown): string {
	if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
	if (typeof value === 'number' && Number.isFinite(value)) return String(value);
	if (typeof value === 'string') return quoted(text(value, TEXT));
	return instant(value);
}

/** The value of an enum, by its name or by its label. */
function member(enumName: string, value: unknown): string {
	const { values = [], flags = false } = catalog.enums[enumName] ?? {};
	const parts = typeof value === 'string' && flags ? value.split(',') : [value];
	const found = parts.map((part) => {
		const name = typeof part === 'string' ? part.trim() : '';
		if (values.includes(name) || wasAnswered(enumName, name)) return name;
		const meant = values.find((each) => folded(each) === folded(name));
		if (meant !== undefined) return meant;
		const near = nearest(name, values) || ` It is one of ${values.slice(0, 12).join(', ')}.`;
		throw new Refused(`can't be ${shown(part)} (${enumName.replace('Pbx.', '')}).${near}`);
	});
	return found.join(',');
}

function folded(label: string): string {
	return label.toLowerCase().replace(/[ _-]/g, '');
}

function inTime(field: string, comparison: string, value: unknown, clock: Clock): Term {
	const { start, end } = stretch(value, clock);
	if (start === end) return { text: `${field} ${comparison} ${start}` };
	switch (comparison) {
		case 'eq':
			return { text: `${field} ge ${start} and ${field} lt ${end}`, joint: 'and' };
		case 'ne':
			return { text: `${field} lt ${start} or ${field} ge ${end}`, joint: 'or' };
		case 'le':
			return { text: `${field} lt ${end}` };
		case 'gt':
			return { text: `${field} ge ${end}` };
		default:
			return { text: `${field} ${comparison} ${start}` };
	}
}

/** From when until when a value is, as literals; a time with its zone keeps the fraction of its second. */
function stretch(value: unknown, { now, zone }: Clock): { start: string; end: string } {
	const written = timeText(value);
	const time = written === undefined ? undefined : readTime(written);
	if (
		written === undefined ||
		(time !== undefined && time.offset === undefined && isTime(written) && zone === undefined)
	) {
		const refused = instant(value); // it says what is wrong
		return { start: refused, end: refused };
	}
	if (time?.offset !== undefined) {
		const fraction = time.micros > 0 ? `.${String(time.micros).padStart(6, '0')}` : '';
		const at = instant(written).replace('Z', `${fraction}Z`);
		return { start: at, end: at };
	}
	const period = periodOf(written, { now, zone });
	return { start: textOf(period.start), end: textOf(period.end) };
}

function periodOf(written: string, { now, zone }: Clock): Span {
	try {
		return covered(written, zone ?? 'UTC', now);
	} catch (error) {
		throw unreadable(error);
	}
}

function unreadable(error: unknown): unknown {
	if (!(error instanceof Refused)) return error;
	return new Refused(`can't be compared: ${error.message}`, PERIODS);
}

function isTime(written: string): boolean {
	return written.includes(':') || /t/i.test(written);
}

function textOf(at: number): string {
	const written = instantText(at);
	if (written === undefined) throw new Refused('is beyond the years 1 to 9999');
	return written;
}
