/* eslint-disable @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DateTime, Duration } from 'luxon';
import { pageOf, valueOf } from '../engine/answers';
import { checkedBody } from '../engine/body';
import { type Action, catalog, findAction } from '../engine/catalog';
import { Refused } from '../engine/errors';
import { type Case, testCases } from './cases';

function action(id: string): Action {
	const found = findAction(id);
	assert.ok(found, id);
	return found;
}

function refused(id: string, body: Record<string, unknown>): Refused {
	try {
		checkedBody(action(id), body);
	} catch (error) {
		assert.ok(error instanceof Refused, String(error));
		return error;
	}
	return assert.fail('not refused');
}

interface BodyCase extends Case {
	readonly action: string;
	readonly body: Record<string, unknown>;
}

testCases<BodyCase>(
	'bodies',
	({ action: id, body }) => checkedBody(action(id), body),
	(message, each) => message.replaceAll('{action}', action(each.action).operation),
);

const ODD_FIELDS: ReadonlyArray<readonly [string, Record<string, unknown>, string, RegExp]> = [
	[
		'users.update',
		{ FirstNam: 'Ada' },
		'Update User has no field FirstNam. Did you mean FirstName?',
		/read the entity first/,
	],
	[
		'users.update',
		{ Groups: [{ Rights: { RoleNam: 'users' } }] },
		'Update User has no field Groups[0].Rights.RoleNam. Did you mean RoleName?',
		/Nothing was sent/,
	],
	[
		'fax.update',
		{ Colour: 'red' },
		'Update Fax has no field Colour.',
		/It takes Groups, Id, Number/,
	],
	[
		'fax.bulk_fax_delete',
		{ idz: [1] },
		'Bulk Fax Delete has no field idz. Did you mean ids?',
		/Nothing was sent/,
	],
	['fax.update', { constructor: 1 }, 'Update Fax has no field constructor.', /It takes/],
];
for (const [id, body, message, description] of ODD_FIELDS) {
	test(`refuses ${JSON.stringify(body)} of ${id}: no version has that field`, () => {
		const error = refused(id, body);
		assert.equal(error.message, message);
		assert.match(error.description ?? '', description);
	});
}

const HOLES: ReadonlyArray<readonly [string, Record<string, unknown>, string]> = [
	['users.update', { FirstName: undefined }, 'FirstName'],
	['users.update', { Groups: [{ GroupId: undefined }] }, 'Groups[0].GroupId'],
	['users.update', { Groups: [{ GroupId: 1 }, undefined] }, 'Groups[1]'],
	['trunks.update', { Messaging: { SMS_PREFIX: { A: [undefined] } } }, 'Messaging.SMS_PREFIX.A[0]'],
	['trunks.update', { Messaging: { 'A@odata.bind': undefined } }, 'Messaging.A@odata.bind'],
];
for (const [id, body, path] of HOLES) {
	test(`refuses an undefined ${path}, which JSON would drop without a word`, () => {
		const error = refused(id, body);
		assert.equal(
			error.message,
			`${path} of ${action(id).operation} is undefined: its expression gave nothing.`,
		);
		assert.equal(error.parameter, path);
	});
}

test('refuses an update of nothing', () => {
	assert.equal(refused('fax.update', {}).message, 'Update Fax needs a field to change.');
	assert.equal(
		refused('fax.update', { FaxServer: '' }).message,
		'Update Fax needs a field to change.',
	);
	assert.equal(
		refused('fax.update', { '@odata.etag': '5' }).message,
		'Update Fax needs a field to change.',
	);
});

test('takes dates and durations of workflows', () => {
	const at = DateTime.fromISO('2026-09-12T02:00:00.000+02:00', { setZone: true });
	const body = (ExpiresAt: unknown) =>
		checkedBody(action('blocklist.create'), { ExpiresAt }).ExpiresAt;
	assert.equal(body(at), '2026-09-12T02:00:00.000+02:00');
	assert.equal(body(new Date(Date.UTC(2026, 8, 12))), '2026-09-12T00:00:00.000Z');
	const length = Duration.fromObject({ hours: 8, minutes: 30 });
	assert.deepEqual(checkedBody(action('holidays.create'), { TimeOfStartDate: length }), {
		TimeOfStartDate: 'PT8H30M',
	});
});

for (const [name, value] of [
	['an invalid Luxon date', DateTime.fromISO('soon')],
	['an invalid date', new Date(NaN)],
	['a duration', Duration.fromObject({ days: 1 })],
] as const) {
	test(`refuses ${name} for a point in time`, () => {
		assert.match(
			refused('blocklist.create', { ExpiresAt: value }).message,
			/^ExpiresAt of Create .* must be a date/,
		);
	});
}

test('refuses a duration in months, which have no length', () => {
	const length = Duration.fromObject({ months: 1 });
	assert.match(
		refused('holidays.create', { TimeOfStartDate: length }).message,
		/must be a duration/,
	);
});

test('refuses a number that is not one, and one that JSON can not carry', () => {
	assert.match(
		refused('users.update', { FirstName: NaN }).message,
		/^FirstName of Update User must be text/,
	);
	assert.match(refused('fax.bulk_fax_delete', { ids: [Infinity] }).message, /^ids\[0\] of/);
	assert.match(refused('users.update', { FirstName: 'a\ud800' }).message, /half a character/);
});

test('shows no secret in a message', () => {
	for (const error of [
		refused('users.update', { VMPIN: ['4711'] }),
		refused('users.update', { AuthPassword: { Value: '4711' } }),
		refused('trunks.update', { AuthPassword: '4711' }),
	]) {
		assert.doesNotMatch(`${error.message} ${error.description}`, /4711/);
	}
});

test('sends back what this PBX has answered, though no file lists it', () => {
	const get = {
		action: action('users.get'),
		path: '/Users(7)',
		values: { Id: 7 },
		server: 'pbx.example.com',
	};
	const headers = { 'content-type': 'application/json' };
	assert.match(refused('users.update', { LateField: 1 }).message, /no field LateField/);
	assert.match(refused('users.update', { PrivateMode: 'Later' }).message, /no field|can't be/);
	const row = { Id: 7, LateField: 1, TranscriptionMode: 'Later', Groups: [{ LateRight: true }] };
	const read = valueOf(get, { status: 200, headers, body: JSON.stringify(row) }) as Record<
		string,
		unknown
	>;
	assert.deepEqual(checkedBody(action('users.update'), read), row);
	assert.match(refused('fax.update', { LateField: 1 }).message, /no field LateField/);
});

test('learns from the pages of a list, too', () => {
	const list = { action: action('fax.list'), path: '/Fax', values: {}, server: 'pbx.example.com' };
	const body = JSON.stringify({ value: [{ Id: 42, LaterField: 'x' }] });
	pageOf(list, { status: 200, headers: { 'content-type': 'application/json' }, body });
	assert.deepEqual(checkedBody(action('fax.update'), { LaterField: 'y' }), { LaterField: 'y' });
});

test('takes a whole answer with its context as it is, nulls and late fields included', () => {
	const read = {
		'@odata.context': 'https://pbx.example.com/xapi/v1/$metadata#Trunks/$entity',
		Futur: { 'A@odata.type': 1, B: null },
		Direction: 'Sideways',
		Id: null,
	};
	assert.deepEqual(checkedBody(action('trunks.update'), read), {
		Futur: { B: null },
		Direction: 'Sideways',
		Id: null,
	});
});

test('changes nothing in what it is given', () => {
	const given = { Groups: [{ GroupId: '1', '@odata.etag': '5' }], FaxServer: 'true' };
	const before = structuredClone(given);
	checkedBody(action('fax.update'), given);
	assert.deepEqual(given, before);
});

test('a field called __proto__ changes no prototype', () => {
	const body = JSON.parse('{"Messaging": {"__proto__": {"polluted": true}}}') as Record<
		string,
		unknown
	>;
	const checked = checkedBody(action('trunks.update'), body);
	assert.equal(({} as Record<string, unknown>).polluted, undefined);
	assert.equal(JSON.stringify(checked), '{"Messaging":{"__proto__":{"polluted":true}}}');
});

test('each field of each body takes a value of its type', () => {
	const samples: Readonly<Record<string, unknown>> = {
		String: 'x',
		Boolean: true,
		DateTimeOffset: '2026-09-12T00:00:00Z',
		Duration: 'PT1M',
		TimeOfDay: '08:30:00',
		Guid: '00000000-0000-0000-0000-000000000000',
	};
	for (const each of catalog.actions) {
		if (typeof each.body !== 'string') continue;
		for (const [name, spec] of Object.entries(catalog.types[each.body]?.fields ?? {})) {
			const plain = /^(\w+)/.exec(spec)?.[1] ?? '';
			if (spec.startsWith('[') || spec.startsWith('Pbx.')) continue;
			const value = samples[plain] ?? 7;
			assert.deepEqual(
				checkedBody(each, { [name]: value }),
				{ [name]: value },
				`${each.id} ${name}`,
			);
		}
	}
});
