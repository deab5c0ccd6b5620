/* eslint-disable @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from '../engine/nearest';

const CASES: ReadonlyArray<readonly [name: string, candidates: string[], found: string]> = [
	['FirstNam', ['FirstName', 'LastName', 'Id'], ' Did you mean FirstName?'],
	['firstname', ['FirstName', 'LastName'], ' Did you mean FirstName?'],
	['Groupes', ['Groups', 'GroupId', 'Grants'], ' Did you mean Groups or GroupId?'],
	['xyz', ['FirstName', 'Id'], ''],
	['Disabled', ['Enabled'], ''],
	['Unblocked', ['Blocked'], ''],
	['InternalNumbr', ['ExternalNumber'], ''],
	['LastNam', ['FirstName'], ''],
	['AllowInboundCall', ['AllowOutboundCalls'], ''],
	['', ['Id'], ''],
];
for (const [name, candidates, found] of CASES) {
	test(`for ${name} among ${candidates.join(', ')} it is${found || ' nothing'}`, () => {
		assert.equal(nearest(name, candidates), found);
	});
}
