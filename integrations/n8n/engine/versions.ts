import type { Action } from './catalog';
import { Refused } from './errors';

const VERSION = /^(pre-)?(\d+)\.(\d+)(?:\.(\d+))?/;
const WHOLE = /^(pre-)?\d{1,4}(\.\d{1,9}){1,3}$/;
/** The first version of 3CX that has the API. */
const FIRST = 20;

/**
 * The version that the credential states; undefined where it states none.
 *
 * @throws Refused for one that can't be compared, or that has no API
 */
export function statedVersion(text: string): string | undefined {
	if (text === '') return undefined;
	const next =
		'Correct it in the credential, or leave it empty there: a 3CX mostly names it itself.';
	if (!isVersion(text)) {
		const shown = text.slice(0, 40).replace(/[^\P{C} ]/gu, ' ');
		throw new Refused(
			`The version '${shown}' can't be read. It must be numbers, such as 20.0.5 for V20 Update 5.`,
			next,
		);
	}
	if ((numbersOf(text)?.[0] ?? 0) < FIRST) {
		throw new Refused(`3CX ${text} does not have the API, which came with version ${FIRST}.`, next);
	}
	return text;
}

/** Whether a text is a version in numbers, such as `20.0.9.112` or `pre-20.0.5`. */
export function isVersion(text: string): boolean {
	return WHOLE.test(text);
}

/**
 * Why a PBX lacks an action, in words; undefined if it has it, or if its version is not known. Of a build such as
 * `20.0.9.112` the first three numbers count.
 */
export function lackedBy(action: Action, version: string | undefined): string | undefined {
	if (action.since === undefined || version === undefined) return undefined;
	const since = numbersOf(action.since);
	const has = numbersOf(version);
	if (since === undefined || has === undefined || !isBefore(has, since)) return undefined;
	return `${action.operation} was added in ${action.since}, and this PBX runs ${version}.`;
}

function numbersOf(version: string): number[] | undefined {
	const match = VERSION.exec(version.trim());
	if (match === null) return undefined;
	const numbers = match.slice(2, 5).map((part) => Number(part ?? 0));
	return [...numbers, match[1] === undefined ? 0 : -1]; // `pre-20.0.5` comes before 20.0.5
}

function isBefore(one: readonly number[], other: readonly number[]): boolean {
	for (const [place, number] of one.entries()) {
		const against = other[place] ?? 0;
		if (number !== against) return number < against;
	}
	return false;
}
