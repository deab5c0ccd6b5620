/** How messages name a value: text in quotes with what can't be seen escaped, anything else as JSON. */
export function shown(value: unknown): string {
	if (typeof value === 'string') return quotedForReading(value);
	if (typeof value === 'number' || typeof value === 'bigint' || value === undefined) {
		return String(value);
	}
	if (value instanceof Date) {
		return Number.isNaN(value.getTime()) ? 'an invalid date' : value.toISOString();
	}
	if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
	try {
		return JSON.stringify(value);
	} catch {
		return 'an object'; // one that holds itself, or a bigint
	}
}

const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;
const BREAKS: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function quotedForReading(text: string): string {
	const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
	const escaped = text
		.replaceAll('\\', '\\\\')
		.replaceAll(quote, `\\${quote}`)
		.replace(UNSEEN, (character) => BREAKS[character] ?? byNumber(character.codePointAt(0) ?? 0));
	return quote + escaped + quote;
}

function byNumber(code: number): string {
	const digits = code.toString(16);
	if (code < 0x100) return `\\x${digits.padStart(2, '0')}`;
	return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
}
