import { catalog, type OptionName } from './catalog';
import { Refused } from './errors';
import { encodable } from './literals';
import { shown } from './shown';

/** Every query option, in the order in which they are sent. */
export const OPTIONS: readonly OptionName[] = [
	'filter',
	'search',
	'orderby',
	'select',
	'expand',
	'top',
	'skip',
	'count',
];

const LARGEST = 2 ** 31 - 1; // Edm.Int32: what $top and $skip are to every server
const WHOLE = /^[0-9]{1,10}$/;
// What RFC 3986 lets stand in a query value. Not '&', '=' and '#', which would end it, and not '+', which 3CX
// reads as a space in some places and as a plus in others.
const READABLE = /%(?:24|2C|2F|3A|40|3B|3F)/g;

/**
 * The checked text of a query option, not yet encoded. `select`, `orderby` and `expand` take lists too.
 *
 * @param rowType the type of the rows, such as `Pbx.Fax`: $expand of a field that comes without it is refused
 * @throws Refused, whose message ends a sentence that begins with the option's name
 */
export function optionText(name: OptionName, value: unknown, rowType?: string): string {
	if (value === undefined) throw new Refused('is undefined');
	switch (name) {
		case 'top':
		case 'skip':
			return whole(value);
		case 'count': {
			const word = typeof value === 'string' ? value.toLowerCase() : String(value);
			if ((word === 'true' || word === 'false') && typeof value !== 'object') return word;
			throw new Refused(`must be true or false, not ${shown(value)}`);
		}
		default:
	}
	const given = Array.isArray(value) && LISTS.has(name) ? value : [value];
	const words = given.map((each) => plainText(each, value));
	const text = words.join(',');
	if (text.trim() === '' || !encodable(text)) {
		throw new Refused(`must be text that is not empty, not ${shown(value)}`);
	}
	if (name === 'expand' && rowType !== undefined) refuseNeedless(words, rowType);
	return text;
}

/** `{top: '5', filter: 'Id eq 3'}` becomes `$filter=Id%20eq%203&$top=5`, always in the same order. */
export function queryString(options: Readonly<Partial<Record<OptionName, string>>>): string {
	const pairs: string[] = [];
	for (const name of OPTIONS) {
		const text = options[name];
		if (text !== undefined) pairs.push(`$${name}=${encoded(text)}`);
	}
	return pairs.join('&');
}

const LISTS: ReadonlySet<OptionName> = new Set<OptionName>(['select', 'orderby', 'expand']);

function encoded(text: string): string {
	return encodeURIComponent(text).replace(READABLE, decodeURIComponent);
}

function plainText(value: unknown, whole: unknown): string {
	if (typeof value === 'string') return value;
	throw new Refused(`must be text that is not empty, not ${shown(whole)}`);
}

function whole(value: unknown): string {
	const number = typeof value === 'string' && WHOLE.test(value) ? Number(value) : value;
	if (typeof number !== 'number' || !Number.isInteger(number) || number < 0) {
		const given = typeof value === 'string' && value.length > 40 ? 'a longer text' : shown(value);
		throw new Refused(`must be a whole number of at least 0, not ${given}`);
	}
	if (number > LARGEST) {
		throw new Refused(`must be a whole number of at most ${LARGEST.toLocaleString('en-US')}`);
	}
	return String(number);
}

/** A 3CX answers $expand of such a field with an error of its own, which says less. */
function refuseNeedless(words: readonly string[], rowType: string): void {
	const fields = catalog.types[rowType]?.fields ?? {};
	for (const word of words) {
		const spec = Object.hasOwn(fields, word.trim()) ? fields[word.trim()] : undefined;
		if (spec !== undefined && !spec.endsWith(' nav')) {
			const type = rowType.replace('Pbx.', '');
			throw new Refused(`names ${word.trim()}, which comes with every ${type} without $expand`);
		}
	}
}
