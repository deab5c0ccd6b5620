/**
 * Names that somebody may have meant. This is the one place that makes suggestions. A suggestion never says the
 * opposite of what was typed: whoever wrote `Disabled` must not be led to `Enabled`.
 */

const PAIRS = `
enable/disable on/off allow/block allow/deny allow/forbid permit/deny permit/forbid
accept/reject accept/decline include/exclude including/excluding inclusive/exclusive
internal/external interior/exterior inbound/outbound incoming/outgoing inner/outer in/out
input/output start/stop start/end begin/end first/last login/logout with/without open/close
opened/closed show/hide shown/hidden visible/hidden grant/revoke connect/disconnect
read/write blacklist/whitelist blocklist/allowlist black/white source/destination
source/target src/dst from/to caller/callee public/private local/remote busy/available
busy/free available/away present/away present/absent present/missing found/missing
always/never always/none all/none any/none all/no yes/no true/false success/failure
success/error succeeded/failed succeed/fail pass/fail answered/missed answered/abandoned
upload/download import/export encrypt/decrypt encode/decode attach/detach asc/desc
ascending/descending join/leave increase/decrease increment/decrement high/low higher/lower
more/less greater/less great/little min/max minimum/maximum old/new left/right up/down
send/receive sent/received push/pull add/remove add/delete create/delete create/remove
expand/collapse before/after above/below over/under day/night early/late can/cannot
optional/required mandatory/optional auto/manual automatic/manual active/passive
primary/secondary primary/backup parent/child even/odd resume/pause resume/suspend
play/pause valid/expired trust/distrust keep/drop keep/discard record/ignore do/dont
does/doesnt ignore/honour ignore/honor ignore/respect pre/post east/west north/south
`;
const NEGATIONS = [
	...['without', 'cannot', 'never', 'dont', 'anti', 'not', 'non', 'dis', 'mis'],
	...['no', 'un', 'de', 'in', 'im', 'ir', 'il'],
];
const DIRECTED = PAIRS.trim()
	.split(/\s+/)
	.map((pair) => pair.split('/'))
	.flatMap(([one = '', other = '']) => [[one, other] as const, [other, one] as const]);
const WORD = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g;
const NEAR = 0.6;
const AS_NEAR = 0.1;

/** ` Did you mean a or b?` with at most three near names, or an empty text. */
export function nearest(name: string, candidates: Iterable<string>): string {
	const near = close(name, candidates, 3);
	return near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
}

/**
 * The candidates that are spelled most like a name, whatever the case, the best first. Left out is what may mean the
 * opposite of the name, and each of two that mean the opposite of each other where the name is about as near to both.
 */
export function close(name: string, candidates: Iterable<string>, most: number): string[] {
	const wanted = name.toLowerCase();
	const pool = [...new Map([...candidates].map((each) => [each.toLowerCase(), each])).values()];
	const found = pool
		.map((each) => ({ each, likeness: likeness(each.toLowerCase(), wanted) }))
		.filter((one) => one.likeness >= NEAR)
		.sort(
			(one, other) =>
				other.likeness - one.likeness ||
				(one.each.toLowerCase() < other.each.toLowerCase() ? 1 : -1),
		)
		.slice(0, 2 * most)
		.map(({ each }) => ({ each, score: likeness(wanted, each.toLowerCase()) })); // it has a direction
	return found
		.filter(
			({ each, score }) =>
				!mayBeOpposite(name, each) &&
				!found.some((other) => other.score > score - AS_NEAR && mayBeOpposite(each, other.each)),
		)
		.slice(0, most)
		.map(({ each }) => each);
}

/** Whether one name comes nearer to the other by an opposite in the place of a word, or by a "not" taken away. */
function mayBeOpposite(one: string, other: string): boolean {
	if (one.toLowerCase() === other.toLowerCase()) return false;
	return turns(one, other) || turns(other, one) || negates(one, other) || negates(other, one);
}

function turns(one: string, other: string): boolean {
	const plain = one.toLowerCase();
	const goal = other.toLowerCase();
	const now = likeness(plain, goal);
	return DIRECTED.some(([word, opposite]) =>
		places(word, plain).some(
			([begin, end]) => likeness(plain.slice(0, begin) + opposite + plain.slice(end), goal) > now,
		),
	);
}

/** Where a text has a word; a word of five letters and more also with one letter wrong, missing or too many. */
function places(word: string, text: string): Array<readonly [number, number]> {
	const lengths = word.length < 5 ? [word.length] : [word.length, word.length - 1, word.length + 1];
	const found: Array<readonly [number, number]> = [];
	for (const length of lengths) {
		for (let begin = 0; begin + length <= text.length; begin++) {
			const part = text.slice(begin, begin + length);
			const alike = part.slice(0, 2) === word.slice(0, 2) || part.slice(-2) === word.slice(-2);
			if (part === word || (alike && word.length >= 5 && isSlip(part, word))) {
				found.push([begin, begin + length]);
			}
		}
	}
	return found;
}

/** Whether a part of a text is a word with one letter wrong, missing or too many, or two that changed places. */
function isSlip(part: string, word: string): boolean {
	if (part.length === word.length) {
		const wrong = [...word].flatMap((letter, at) => (letter === part[at] ? [] : [at]));
		const [first, second] = wrong;
		if (first === undefined || second === undefined) return wrong.length === 1;
		const isSwapped = part[first] === word[second] && part[second] === word[first];
		return wrong.length === 2 && second === first + 1 && isSwapped;
	}
	const [longer, shorter] = part.length > word.length ? [part, word] : [word, part];
	return [...longer].some((_, at) => longer.slice(0, at) + longer.slice(at + 1) === shorter);
}

/** Whether `one` is `other` with a "not" in it: at the beginning of a word, or anywhere if no word begins. */
function negates(one: string, other: string): boolean {
	const plain = one.toLowerCase();
	const goal = other.toLowerCase();
	const now = likeness(plain, goal);
	const words = [...one.matchAll(WORD)].map((word) => word.index);
	const begins = words.length < 2 ? [...one].map((_, at) => at) : words;
	return begins.some((begin) =>
		NEGATIONS.some(
			(no) =>
				plain.startsWith(no, begin) &&
				likeness(plain.slice(0, begin) + plain.slice(begin + no.length), goal) > now,
		),
	);
}

/** How much of two texts matches (Ratcliff and Obershelp): from 0 to 1, twice the matching letters by all letters. */
function likeness(one: string, other: string): number {
	const length = one.length + other.length;
	return length === 0 ? 1 : (2 * matching(one, other)) / length;
}

/** How many letters the longest common part has, and the longest on each side of it, and so on. */
function matching(one: string, other: string): number {
	let size = 0;
	let inOne = 0;
	let inOther = 0;
	let before: number[] = [];
	for (let i = 0; i < one.length; i++) {
		const here: number[] = [];
		for (let j = 0; j < other.length; j++) {
			if (one[i] !== other[j]) continue;
			const run = (before[j - 1] ?? 0) + 1;
			here[j] = run;
			if (run > size) [size, inOne, inOther] = [run, i - run + 1, j - run + 1];
		}
		before = here;
	}
	if (size === 0) return 0;
	return (
		size +
		matching(one.slice(0, inOne), other.slice(0, inOther)) +
		matching(one.slice(inOne + size), other.slice(inOther + size))
	);
}
