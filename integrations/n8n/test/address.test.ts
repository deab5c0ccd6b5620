/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { baseAddress, serverOf } from '../engine/address';
import { Refused } from '../engine/errors';

/** The Python package takes and refuses the same ones: tests/cases/test_addresses.py. */
const cases = JSON.parse(
	readFileSync(path.resolve(__dirname, '../../../../tests/cases/addresses.json'), 'utf8'),
) as {
	taken: [string, string][];
	refused: Record<string, string[]>;
	named: [string, string][];
	secret: string[];
};

for (const [given, expected] of cases.taken) {
	test(`${JSON.stringify(given)} is taken`, () => {
		assert.equal(baseAddress(given), expected);
		assert.equal(baseAddress(expected), expected);
	});
}

for (const [reason, each] of Object.entries(cases.refused)) {
	for (const given of each) {
		test(`${JSON.stringify(given)} is refused: ${reason}`, () => {
			assert.throws(
				() => baseAddress(given),
				(error) => {
					assert.ok(error instanceof Refused);
					assert.ok(error.message.includes(reason), error.message);
					assert.match(error.description ?? '', /https:\/\/pbx\.example\.com:5001/);
					assert.match(error.message, /^[^\p{C}]+$/u);
					return true;
				},
			);
		});
	}
}

for (const [given, beginning] of cases.named) {
	test(`the refusal of ${JSON.stringify(given)} names it as it was typed`, () => {
		assert.throws(
			() => baseAddress(given),
			(error: Error) => error.message.startsWith(beginning),
		);
	});
}

for (const given of cases.secret) {
	test(`the secret in ${given} is not repeated`, () => {
		assert.throws(
			() => baseAddress(given),
			(error: Error) => !`${error.message} ${JSON.stringify(error)}`.includes('hunter2'),
		);
	});
}

test('the port of the scheme is not part of what the PBX is called', () => {
	assert.equal(serverOf(baseAddress('pbx.example.com:443')), 'pbx.example.com');
	assert.equal(serverOf(baseAddress('pbx.example.com:5001')), 'pbx.example.com:5001');
	assert.equal(serverOf(baseAddress('http://pbx.example.com:5000')), 'pbx.example.com:5000');
});
