import { Refused } from './errors';

const PLACE = /\{(\w+)\}/g;
const DIGITS = /^[0-9]+$/;

/**
 * Put literals into a path template: `/Fax({Id})` becomes `/Fax(3)`. A string literal is percent-encoded whole but
 * for its outer quotes, so that a slash, a percent sign or a quote in a key stays part of the key; colons of dates
 * stay as they are.
 *
 * @throws Refused for a place without a literal: a path with a hole would mean every entity
 */
export function fill(template: string, literals: Readonly<Record<string, string>>): string {
	return template.replace(PLACE, (_place, name: string) => {
		const text = literals[name];
		if (text === undefined || text === '') throw new Refused(`The path ${template} needs ${name}.`);
		return encoded(text);
	});
}

function encoded(text: string): string {
	if (DIGITS.test(text)) return text;
	if (text.startsWith("'")) return `'${percentEncoded(text.slice(1, -1))}'`;
	return percentEncoded(text).replaceAll('%3A', ':');
}

/** Encode all but what RFC 3986 calls unreserved: encodeURIComponent leaves quotes and parentheses as they are. */
function percentEncoded(text: string): string {
	return encodeURIComponent(text).replace(
		/[!'()*]/g,
		(character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
	);
}
