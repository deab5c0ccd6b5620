import { findAction, type Action } from '../../engine/catalog';

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
	const escaped = text
		.trim()
		.replaceAll('&', '&amp;')
		.replaceAll('<', '&lt;')
		.replaceAll('>', '&gt;');
	const coded = withCode(escaped, (code) => operationOf(code) ?? `<code>${code}</code>`);
	const capital = coded.charAt(0).toUpperCase() + coded.slice(1);
	return /[.!?] \S/.test(capital) ? capital : capital.replace(/\.$/, '');
}

/** A description without markup, without what only the command line has. */
export function asPlainText(text: string, action: Action): string {
	const sentences = text.split(/(?<=[.!?]) (?=\S)/).filter((each) => !each.includes('`trunkline '));
	const [resource = ''] = action.id.split('.');
	return withCode(
		sentences.join(' '),
		(code) => operationOf(code) ?? operationOf(`${resource} ${code}`) ?? code,
	);
}

function withCode(text: string, show: (code: string) => string): string {
	return text.replace(/`([^`]*)`/g, (_, code: string) => show(code));
}

/** The operation that a command of Trunkline's command line stands for: `users list`, `sip-devices list`. */
function operationOf(command: string): string | undefined {
	const match = /^([a-z0-9_-]+) ([a-z0-9-]+)$/.exec(command);
	if (match === null) return undefined;
	return findAction(`${match[1]}.${match[2]}`.replaceAll('-', '_'))?.operation;
}
