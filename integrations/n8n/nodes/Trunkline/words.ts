import { findAction } from '../../engine/catalog';

/** Names of 3CX as people read them. */

const BOUNDARY = /(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_/;
const DIGITS = /(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])/g;

/** `PeriodFrom` and `periodFrom` → `Period From`, `VMPIN` → `VMPIN`, `If-Match` → `If Match`. */
export function displayWords(name: string): string {
	return name
		.replaceAll('-', '_')
		.split(BOUNDARY)
		.filter((word) => word !== '')
		.map((word) => word.replace(DIGITS, ' '))
		.map((word) => word.charAt(0).toUpperCase() + word.slice(1))
		.join(' ');
}

/** Words that keep their case in the middle of a sentence. */
const KEEPS_CASE = /^(?:[A-Z][^a-z]+|[A-Z]{2,}s|.*\d.*)$/;

/** `Delete Weblink` → `Delete weblink`, as n8n writes what an action does. */
export function sentenceCase(words: string): string {
	const [first = '', ...rest] = words.split(' ');
	return [first, ...rest.map((w) => (KEEPS_CASE.test(w) ? w : w.toLowerCase()))].join(' ');
}

/** A description as n8n writes it: one sentence has no period at its end, and names of fields are set as code. */
export function asDescription(text: string): string {
	const plain = text
		.trim()
		.replaceAll('&', '&amp;')
		.replaceAll('<', '&lt;')
		.replaceAll('>', '&gt;')
		.replace(/`([^`]*)`/g, (_, code: string) => operationOf(code) ?? `<code>${code}</code>`);
	const capital = plain.charAt(0).toUpperCase() + plain.slice(1);
	return /[.!?] \S/.test(capital) ? capital : capital.replace(/\.$/, '');
}

/** The operation that a command of Trunkline's command line stands for: `users list`, `sip-devices list`. */
function operationOf(code: string): string | undefined {
	const match = /^([a-z0-9-]+) ([a-z0-9-]+)$/.exec(code);
	if (match === null) return undefined;
	return findAction(`${match[1]}.${match[2]}`.replaceAll('-', '_'))?.operation;
}
