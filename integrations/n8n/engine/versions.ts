import type { Action } from './catalog';

const VERSION = /^(pre-)?(\d+)\.(\d+)(?:\.(\d+))?/;

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
