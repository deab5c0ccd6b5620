import { catalog } from './catalog';
import { Refused } from './errors';
import { DURATION, GUID, INSTANT, TIME_OF_DAY } from './literals';
import { readTime } from './moments';
import { withoutSecrets } from './secrets';

/** Whether two values are one, however a workflow, a person or a PBX writes them. */

const PLAIN_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/** What changes by itself all day, such as whether a phone is registered. That is not a change of the entity. */
export const VOLATILE: ReadonlySet<string> = new Set([
	'IsRegistered',
	'CurrentProfileName',
	'QueueStatus',
	'HotdeskingAssignment',
]);

/**
 * The fields of an earlier item that an entity has otherwise now. A field that the earlier item lacks is not compared,
 * nor are annotations and what changes by itself. Secrets that were left out of the earlier item don't count.
 *
 * @throws Refused if the earlier item has nothing to compare
 */
export function changedFields(
	typeName: string | undefined,
	earlier: Record<string, unknown>,
	current: Record<string, unknown>,
): string[] {
	const fields = comparedFields(typeName, earlier);
	const bare = withoutSecrets(current, typeName);
	return fields.filter((name) => {
		const before = earlier[name];
		if (isUnchanged(before, current[name])) return false;
		const hadNoSecrets = isUnchanged(before, withoutSecrets({ [name]: before }, typeName)[name]);
		return !(hadNoSecrets && isUnchanged(before, bare[name]));
	});
}

/**
 * The fields of an earlier item that count for `changedFields`: what to ask for when the entity is read again.
 *
 * @throws Refused if there are none besides the key
 */
export function comparedFields(
	typeName: string | undefined,
	earlier: Record<string, unknown>,
): string[] {
	const keys = (typeName === undefined ? undefined : catalog.types[typeName]?.key) ?? [];
	const fields = Object.keys(earlier).filter(
		(name) => !name.includes('@odata.') && !VOLATILE.has(name),
	);
	if (fields.every((name) => keys.includes(name))) {
		throw new Refused(
			'Only If Unchanged has no field to compare besides the key.',
			'Give it the whole item as it was read earlier. What changes by itself, such as IsRegistered, is not compared. Nothing was sent.',
			'settings',
		);
	}
	return fields;
}

/**
 * Whether a PBX's value is what it was: plain values by `equal`, objects and lists by what is in them. A PBX leaves
 * null fields out at every depth, so null and missing are one. Annotations don't count. Lists keep their order.
 */
export function isUnchanged(before: unknown, now: unknown): boolean {
	if (Array.isArray(before) && Array.isArray(now)) {
		return before.length === now.length && before.every((each, i) => isUnchanged(each, now[i]));
	}
	if (isObject(before) && isObject(now)) {
		const names = new Set([...Object.keys(before), ...Object.keys(now)]);
		return [...names].every(
			(name) => name.includes('@odata.') || isUnchanged(before[name], now[name]),
		);
	}
	return equal(before ?? null, now ?? null);
}

/**
 * Whether two plain values are one. Text that is a time of day, a point in time, a duration or a GUID is compared as
 * that: a PBX writes `09:00:00.0000000` for `09:00:00`, and times in its own offset. Numbers are compared by value,
 * also where one side writes the number as text. A truth value is not a number.
 */
export function equal(one: unknown, other: unknown): boolean {
	if (typeof one === 'string' && typeof other === 'string') {
		return one === other || isSameText(one.normalize('NFC'), other.normalize('NFC'));
	}
	if (typeof one === 'string') return isWritten(one, other);
	if (typeof other === 'string') return isWritten(other, one);
	return one === other;
}

function isSameText(one: string, other: string): boolean {
	if (one === other) return true;
	if (TIME_OF_DAY.test(one) && TIME_OF_DAY.test(other)) return timeOfDay(one) === timeOfDay(other);
	const guid = guidIn(one);
	if (guid !== undefined) return guid === guidIn(other);
	if (INSTANT.test(one) && INSTANT.test(other)) {
		const at = instant(one);
		return at !== undefined && at === instant(other);
	}
	if (DURATION.test(one) && DURATION.test(other)) return duration(one) === duration(other);
	return false;
}

/** A GUID in small letters without the braces that Windows puts around it. */
function guidIn(text: string): string | undefined {
	const bare = text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1) : text;
	return GUID.test(bare) ? bare.toLowerCase() : undefined;
}

/** Whether a text is how a number or a truth value is written. */
function isWritten(text: string, value: unknown): boolean {
	if (typeof value === 'boolean') return text.toLowerCase() === String(value);
	return typeof value === 'number' && PLAIN_NUMBER.test(text) && Number(text) === value;
}

function timeOfDay(text: string): string {
	const [clock = '', fraction = ''] = text.split('.');
	return `${`${clock}:00`.slice(0, 8)}.${fraction.replace(/0+$/, '')}`;
}

/**
 * The second in UTC and the fraction, which may have more digits than `readTime` keeps; undefined for 30 February.
 */
function instant(text: string): string | undefined {
	const time = readTime(text);
	if (time?.offset === undefined) return undefined;
	const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
	return `${time.wall - time.offset}.${fraction.replace(/0+$/, '')}`;
}

/** A duration in seconds, with the digits of its fraction. */
function duration(text: string): string {
	const match = /^-?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?)?$/.exec(text);
	const [days, hours, minutes, rest] = [1, 2, 3, 4].map((group) => Number(match?.[group] ?? 0));
	const seconds = (days ?? 0) * 86_400 + (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (rest ?? 0);
	const digits = (match?.[5] ?? '').replace(/0+$/, '');
	const sign = text.startsWith('-') && (seconds > 0 || digits !== '') ? '-' : '';
	return `${sign}${seconds}.${digits}`;
}

/** Whether a value is an object, not a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
