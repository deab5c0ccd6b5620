/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { changedFields, comparedFields, equal, isUnchanged } from '../engine/equality';
import { Refused } from '../engine/errors';
import { withoutSecrets } from '../engine/secrets';

type Row =
	| { readonly one: unknown; readonly other: unknown; readonly equal: boolean }
	| { readonly before: unknown; readonly now: unknown; readonly unchanged: boolean };

const FILE = join(__dirname, '../../../../tests/cases/equality.json');
for (const row of JSON.parse(readFileSync(FILE, 'utf8')) as Row[]) {
	test(`compares ${JSON.stringify(row)}`, () => {
		if ('equal' in row) {
			assert.equal(equal(row.one, row.other), row.equal);
			assert.equal(equal(row.other, row.one), row.equal);
		} else {
			assert.equal(isUnchanged(row.before, row.now), row.unchanged);
			assert.equal(isUnchanged(row.now, row.before), row.unchanged);
		}
	});
}

const USER = {
	Id: 7,
	Number: '100',
	FirstName: 'Ada',
	AuthPassword: 'hush',
	Hours: { Type: 'OfficeHours', Periods: [{ Start: '09:00:00.0000000' }] },
	'@odata.etag': 'W/"1"',
};

test('an entity as it was has no changed fields', () => {
	assert.deepEqual(changedFields('Pbx.User', USER, USER), []);
	assert.deepEqual(changedFields('Pbx.User', USER, { ...USER, '@odata.etag': 'W/"2"' }), []);
});

test('names each field that changed, and none that the earlier item lacks', () => {
	const now = { ...USER, FirstName: 'Grace', Mobile: '+15550100', Hours: { Type: 'Specific' } };
	assert.deepEqual(changedFields('Pbx.User', USER, now), ['FirstName', 'Hours']);
	assert.deepEqual(changedFields('Pbx.User', { Id: 7, Number: '100' }, now), []);
});

test('a field that the PBX leaves out is null', () => {
	assert.deepEqual(changedFields('Pbx.User', { Id: 7, FirstName: null }, { Id: 7 }), []);
	assert.deepEqual(changedFields('Pbx.User', { Id: 7, FirstName: 'Ada' }, { Id: 7 }), [
		'FirstName',
	]);
});

test('what came with expand is compared too', () => {
	const earlier = { Id: 42, Number: '9001', Groups: [{ Id: 1 }] };
	assert.deepEqual(changedFields('Pbx.Fax', earlier, earlier), []);
	assert.deepEqual(changedFields('Pbx.Fax', earlier, { ...earlier, Groups: [] }), ['Groups']);
	assert.deepEqual(changedFields('Pbx.Fax', earlier, { Id: 42, Number: '9001' }), ['Groups']);
	assert.deepEqual(comparedFields('Pbx.Fax', earlier), ['Id', 'Number', 'Groups']);
});

test('what changes by itself all day is not compared', () => {
	const earlier = { Id: 7, Number: '100', IsRegistered: true, CurrentProfileName: 'Available' };
	const now = { Id: 7, Number: '100', IsRegistered: false, QueueStatus: 'LoggedIn' };
	assert.deepEqual(changedFields('Pbx.User', earlier, now), []);
	assert.deepEqual(comparedFields('Pbx.User', earlier), ['Id', 'Number']);
	assert.throws(() => comparedFields('Pbx.User', { Id: 7, IsRegistered: true }), Refused);
});

test('secrets that were left out of the earlier item do not count', () => {
	const trunk = {
		Id: 1,
		AuthID: 'x',
		AuthPassword: { Value: 'hush' },
		Messaging: { Provider: 'x', MESSAGING_ACCESS_KEY: 'hush' },
	};
	assert.deepEqual(changedFields('Pbx.Trunk', withoutSecrets(trunk), trunk), []);
	const other = { ...trunk, Messaging: { Provider: 'y', MESSAGING_ACCESS_KEY: 'hush' } };
	assert.deepEqual(changedFields('Pbx.Trunk', withoutSecrets(trunk), other), ['Messaging']);
});

test('a secret that was shown in the earlier item is compared', () => {
	assert.deepEqual(changedFields('Pbx.User', USER, { ...USER, AuthPassword: 'other' }), [
		'AuthPassword',
	]);
});

for (const earlier of [{}, { Id: 42 }, { Id: 42, '@odata.etag': '5' }]) {
	test(`refuses to compare by ${JSON.stringify(earlier)}, which proves nothing`, () => {
		assert.throws(() => changedFields('Pbx.Fax', earlier, { Id: 42 }), Refused);
	});
}

test('compares without a known type, too', () => {
	assert.deepEqual(changedFields(undefined, { A: 1, B: 2 }, { A: 1, B: 3 }), ['B']);
});
