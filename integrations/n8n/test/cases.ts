/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { Refused } from '../engine/errors';

/** What every table in tests/cases has; each adds what is given. */
export interface Case {
	readonly expected?: unknown;
	readonly refused?: string;
	/** Where the message must differ from Python's: a value is shown as JSON. */
	readonly refused_n8n?: string;
}

/** The records of a table that the Python engine obeys too. */
export function cases<T extends Case>(table: string): T[] {
	const file = resolve(__dirname, '../../../../tests/cases', `${table}.json`);
	return JSON.parse(readFileSync(file, 'utf8')) as T[];
}

/** One test for each record of a table: what it gives, or that it is refused in just these words. */
export function testCases<T extends Case>(
	table: string,
	answer: (given: T) => unknown,
	worded: (message: string, given: T) => string = (message) => message,
): void {
	for (const [place, each] of cases<T>(table).entries()) {
		test(`${table} ${place + 1}: ${JSON.stringify(each).slice(0, 100)}`, () => {
			const refused = each.refused_n8n ?? each.refused;
			if (refused === undefined) {
				assert.deepEqual(answer(each), each.expected);
				return;
			}
			assert.throws(
				() => answer(each),
				(error) => {
					assert.ok(error instanceof Refused, String(error));
					assert.equal(error.message, worded(refused, each));
					return true;
				},
			);
		});
	}
}
