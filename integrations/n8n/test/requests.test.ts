/* eslint-disable @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalog, findAction, type OptionName, parseType } from '../engine/catalog';
import { type Condition, conditionText } from '../engine/conditions';
import { Refused } from '../engine/errors';
import { literal } from '../engine/literals';
import { fill } from '../engine/paths';
import { optionText, queryString } from '../engine/query';
import { bind, type Given, requestOf } from '../engine/request';
import { lackedBy } from '../engine/versions';
import { type Case, testCases } from './cases';
import { examplesFromPython, givenOf } from './examples';

const NOW = new Date('2026-06-17T12:30:05.999Z'); // a Wednesday; tests/cases/test_cases.py has the same

function action(name: string) {
	const found = findAction(name);
	assert.ok(found, name);
	return found;
}

function target(name: string, parameters: Record<string, unknown>, more: Partial<Given> = {}) {
	return requestOf(bind(action(name), { parameters, now: NOW, ...more })).target;
}

testCases<Case & { type: string; value: unknown }>('literals', (given) =>
	literal(given.value, parseType(given.type)),
);
testCases<Case & { template: string; literals: Record<string, string> }>('paths', (given) =>
	fill(given.template, given.literals),
);
testCases<Case & { option: OptionName; value: unknown }>('options', (given) =>
	optionText(given.option, given.value),
);
testCases<Case & { options: Partial<Record<OptionName, string>> }>('queries', (given) =>
	queryString(given.options),
);
testCases<Case & { action: string; parameters: Record<string, unknown> }>(
	'targets',
	(given) => target(given.action, given.parameters),
	(message, given) => message.replaceAll(given.action, action(given.action).operation),
);
testCases<Case & { row: string; conditions: Condition[]; match: 'all' | 'any' }>(
	'conditions',
	(given) =>
		conditionText(given.row, given.conditions, given.match, {
			now: NOW.getTime(),
			zone: undefined,
		}),
);

function refusal(of: () => unknown): Refused {
	try {
		of();
	} catch (error) {
		assert.ok(error instanceof Refused, String(error));
		return error;
	}
	return assert.fail('it is not refused');
}

/** What the engine needs of a Luxon DateTime, which n8n's `$now` is. */
function luxon(iso: string | null) {
	return { isValid: iso !== null, toISO: () => iso };
}

const OVERVIEW = 'report_queue_performance_overview.get_queue_performance_overview_data';

test('a Date and a Luxon DateTime are points in time', () => {
	const spec = parseType('DateTimeOffset');
	assert.equal(literal(new Date('2026-09-12T01:02:03.999Z'), spec), '2026-09-12T01:02:03Z');
	assert.equal(literal(luxon('2026-09-12T01:30:00.123+02:00'), spec), '2026-09-11T23:30:00Z');
	for (const none of [new Date(NaN), luxon(null), new Date(8.64e15)]) {
		assert.match(
			refusal(() => literal(none, spec)).message,
			/^must be a date and time with its zone/,
		);
	}
	const path = target(OVERVIEW, {
		periodFrom: luxon('2026-06-01T00:00:00.000+02:00'),
		periodTo: new Date('2026-06-02T00:00:00Z'),
	});
	assert.match(path, /periodFrom=2026-05-31T22:00:00Z,periodTo=2026-06-02T00:00:00Z/);
});

test('a number that JavaScript can not hold exactly is not sent', () => {
	const int64 = parseType('Int64');
	assert.equal(literal(9007199254740991, int64), '9007199254740991');
	assert.match(refusal(() => literal(2 ** 53, int64)).message, /must be text where/);
	assert.equal(literal(9007199254740993n, int64), '9007199254740993');
	for (const none of [NaN, Infinity, -Infinity]) {
		assert.throws(() => literal(none, int64), Refused);
		assert.throws(() => literal(none, parseType('Double')), Refused);
		assert.throws(() => literal(none, parseType('String')), Refused);
	}
	assert.equal(literal(1e21, parseType('String')), "'1000000000000000000000'");
});

test('what an expression left undefined is refused by name, and null is not', () => {
	for (const parameters of [{ Id: undefined }, { Id: null }, { Id: '' }]) {
		const refused = refusal(() => target('Delete Fax', parameters));
		assert.match(refused.message, /^Id of Delete Fax is (undefined|empty)/);
		assert.match(refused.description ?? '', /nothing was sent/);
		assert.equal(refused.parameter, 'Id');
	}
	const logs = refusal(() => target('Get Logs', { severity: undefined }));
	assert.match(logs.message, /^severity of Get Logs is undefined/);
	assert.match(target('Get Logs', { severity: null }), /severity=null\)$/);
	const filtered = refusal(() => target('List Fax', {}, { options: { filter: undefined } }));
	assert.match(filtered.message, /^filter of List Fax is undefined/);
	const guarded = refusal(() => target('Delete Fax', { Id: 1 }, { ifMatch: undefined }));
	assert.match(guarded.message, /^If Match of Delete Fax is undefined/);
});

test('a name that the action does not have is refused', () => {
	assert.match(
		refusal(() => target('Delete Fax', { Id: 1, id: 1 })).message,
		/^Delete Fax has no parameter 'id'/,
	);
	assert.match(
		refusal(() => target('Delete Fax', { Id: 1, constructor: 1 })).message,
		/no parameter 'constructor'/,
	);
	assert.match(
		refusal(() => target('Get Fax', { Id: 1 }, { options: { filter: 'Id eq 1' } })).message,
		/^Get Fax has no option filter/,
	);
	assert.match(
		refusal(() => target('Get Fax', { Id: 1 }, { ifMatch: '"5"' })).message,
		/^Get Fax takes no If Match/,
	);
});

test('times without a zone, as a date picker writes them, are those of the zone that is given', () => {
	const parameters = { periodFrom: '2026-06-01T00:00:00', periodTo: '2026-06-08' };
	const zone = 'Europe/Berlin';
	assert.match(
		target(OVERVIEW, parameters, { zone }),
		/periodFrom=2026-05-31T22:00:00Z,periodTo=2026-06-07T22:00:00Z/,
	);
	assert.match(refusal(() => target(OVERVIEW, parameters)).message, /has no zone/);
	assert.match(target(OVERVIEW, { periodFrom: 'today' }, { zone }), /2026-06-16T22:00:00Z/);
	const zoned = { ...parameters, clientTimeZone: '+05:00' };
	assert.match(target('Get User Activity', zoned, { zone }), /periodFrom=2026-05-31T19:00:00Z/);
	// 02:30 does not exist on the one day and comes twice on the other: the offset before the change counts
	const changes = { periodFrom: '2026-03-29T02:30:00', periodTo: '2026-10-25T02:30:00' };
	assert.match(
		target(OVERVIEW, changes, { zone }),
		/periodFrom=2026-03-29T01:30:00Z,periodTo=2026-10-25T00:30:00Z/,
	);
});

test('a condition takes dates of n8n, days of a zone, and nothing undefined', () => {
	const started = (value: unknown, zone?: string) =>
		conditionText('Pbx.Recording', [{ field: 'StartTime', operator: 'equals', value }], 'all', {
			now: NOW.getTime(),
			zone,
		});
	assert.equal(
		started(luxon('2026-06-01T00:00:00.000+02:00')),
		'StartTime eq 2026-05-31T22:00:00Z',
	);
	assert.equal(
		started(new Date('2026-06-01T00:00:00.120Z')),
		'StartTime eq 2026-06-01T00:00:00.120000Z',
	);
	const day = 'StartTime ge 2026-03-28T23:00:00Z and StartTime lt 2026-03-29T22:00:00Z';
	assert.equal(started('2026-03-29', 'Europe/Berlin'), day); // a day of 23 hours
	assert.equal(started('2026-06-01T08:00:00', '+02:00'), 'StartTime eq 2026-06-01T06:00:00Z');
	assert.match(
		refusal(() => started(undefined)).message,
		/^StartTime in condition 1 is compared with what is undefined/,
	);
	assert.match(refusal(() => started(luxon(null))).message, /must be a date and time/);
});

test('an option that is empty is not sent, and one of blanks is refused', () => {
	const options = { filter: '', orderby: null, select: ['Id', 'Number'], top: 5, count: true };
	assert.equal(target('List Fax', {}, { options }), '/Fax?$select=Id,Number&$top=5&$count=true');
	const blank = refusal(() => target('List Fax', {}, { options: { select: '  ' } }));
	assert.equal(blank.message, "select of List Fax must be text that is not empty, not '  '.");
});

test('a field that comes with every row is not expanded', () => {
	const refused = refusal(() => optionText('expand', ['Groups', 'FirstName'], 'Pbx.User'));
	assert.equal(refused.message, 'names FirstName, which comes with every User without $expand');
	assert.equal(
		optionText('expand', 'Groups($expand=Rights)', 'Pbx.User'),
		'Groups($expand=Rights)',
	);
});

test('options of a page stand in for those of the call', () => {
	const call = bind(action('List Fax'), {
		parameters: {},
		options: { top: 500, filter: 'Id gt 3' },
	});
	assert.equal(requestOf(call).target, '/Fax?$filter=Id%20gt%203&$top=500');
	assert.equal(requestOf(call, { top: '100', skip: '100' }).target, '/Fax?$top=100&$skip=100');
	assert.equal(requestOf(call, {}).target, '/Fax');
});

test('If-Match goes as it is, and only where it is given', () => {
	const headers = (ifMatch: unknown) =>
		requestOf(bind(action('Delete Fax'), { parameters: { Id: 42 }, ifMatch })).headers;
	assert.deepEqual(headers(' W/"5" '), { Accept: 'application/json', 'If-Match': 'W/"5"' });
	for (const none of ['', null]) assert.deepEqual(headers(none), { Accept: 'application/json' });
	for (const wrong of ['  ', '"5"\r\nX-Evil: 1', '"5"\n', '"é"', '\x7f', 5, ['*']]) {
		assert.match(
			refusal(() => headers(wrong)).message,
			/^If Match of Delete Fax (is blank|must be)/,
		);
	}
});

test('a file is the whole content of an upload, and of nothing else', () => {
	const file = {
		field: 'file',
		fileName: 'welcome.wav',
		mimeType: 'audio/wav',
		content: Buffer.from('RIFF'),
	};
	const upload = catalog.actions.find((each) => each.kind === 'upload');
	assert.ok(upload);
	const request = requestOf(bind(upload, { parameters: {}, file }));
	assert.deepEqual([request.method, request.target], ['POST', '/customPrompts']);
	assert.equal(request.body, file);
	assert.equal(request.headers['Content-Type'], undefined);
	assert.match(refusal(() => bind(upload, { parameters: {} })).message, /needs a file\.$/);
	assert.match(
		refusal(() => target('Delete Fax', { Id: 1 }, { file })).message,
		/takes no file\.$/,
	);
});

test('a body is JSON text with its type, and asked for where the action needs one', () => {
	const call = bind(action('Update Fax'), { parameters: { Id: 1 }, body: { Number: '9' } });
	const request = requestOf(call);
	assert.equal(request.body, '{"Number":"9"}');
	assert.equal(request.headers['Content-Type'], 'application/json');
	assert.match(
		refusal(() => target('Update Fax', { Id: 1 })).message,
		/^Update Fax needs a body\.$/,
	);
	const wrong = refusal(() => target('Update Fax', { Id: 1 }, { body: { Nummer: '9' } }));
	assert.match(wrong.message, /^Update Fax has no field Nummer\. Did you mean Number\?/);
	const read = {
		'@odata.context': 'any',
		'@odata.etag': '"5"',
		Number: '9',
		FieldOfALaterBuild: 1,
	};
	const again = bind(action('Update Fax'), { parameters: { Id: 1 }, body: read });
	assert.deepEqual(again.body, { Number: '9', FieldOfALaterBuild: 1 });
	const none = refusal(() => target('Delete Fax', { Id: 1 }, { body: {} }));
	assert.match(none.message, /^Delete Fax takes no body\.$/);
});

test('a path with a hole is never made', () => {
	for (const literals of [{}, { Id: '' }]) {
		assert.match(
			refusal(() => fill('/Fax({Id})', literals as Record<string, string>)).message,
			/needs Id/,
		);
	}
});

/** Numbers that look random and are the same each time (Mulberry32). */
function randoms(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

const ODD = [
	"'",
	"''",
	'/',
	'\\',
	'%',
	'%2F',
	'%27',
	'..',
	'.',
	'?',
	'#',
	'&',
	'+',
	' ',
	'{Id}',
	'$&',
	'(',
	')',
	'=',
	',',
	';',
	'"',
	'\n',
	'\0',
	'é',
	'e\u0301',
	'日',
	'🎉',
	'\u202e',
	'a',
	'Z',
	'0',
];

function oddText(random: () => number): string {
	const pick = (count: number) => Math.floor(random() * count);
	const parts = Array.from({ length: pick(12) + 1 }, () =>
		random() < 0.7 ? (ODD[pick(ODD.length)] ?? '') : String.fromCodePoint(pick(0xd800)),
	);
	return parts.join('');
}

test('whatever is in a key stays in the key: one segment, which reads back as it was', () => {
	const random = randoms(20);
	for (let round = 0; round < 3000; round++) {
		const text = oddText(random);
		const [path = '', more] = target('Delete Weblink', { Link: text }).split('?');
		assert.equal(more, undefined);
		const [root, segment = '', ...rest] = path.split('/');
		assert.deepEqual([root, rest], ['', []], path);
		assert.match(segment, /^WebsiteLinks\('(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})*'\)$/);
		const inside = segment.slice("WebsiteLinks('".length, -"')".length);
		assert.equal(decodeURIComponent(inside).replaceAll("''", "'"), text);
		assert.equal(new URL(`https://pbx.example.com/xapi/v1${path}`).pathname, `/xapi/v1${path}`);
	}
});

test('whatever is in an option stays in the option', () => {
	const random = randoms(10);
	for (let round = 0; round < 3000; round++) {
		const options = { filter: oddText(random), search: oddText(random) };
		const query = queryString(options);
		assert.match(query, /^[A-Za-z0-9\-._~!$&'()*,;=:@/?%]*$/);
		const read = query.split('&').map((pair) => pair.split('=').map(decodeURIComponent));
		assert.deepEqual(Object.fromEntries(read), {
			$filter: options.filter,
			$search: options.search,
		});
	}
});

test('each action becomes the request that the Python client sends', () => {
	const all = examplesFromPython();
	assert.deepEqual(all.map(({ id }) => id).sort(), catalog.actions.map(({ id }) => id).sort());
	for (const example of all) {
		const request = requestOf(bind(action(example.id), givenOf(example)));
		const { body, ...wanted } = example.request;
		const { body: sent, ...rest } = request;
		assert.deepEqual(rest, wanted, example.id);
		if (example.given.file === undefined) {
			assert.deepEqual(typeof sent === 'string' ? JSON.parse(sent) : sent, body, example.id);
		} else {
			assert.equal(typeof sent === 'object' && sent.fileName, example.given.file.fileName);
		}
	}
});

test('a PBX that is too old for an action lacks it', () => {
	const logs = action('Get Logs');
	assert.equal(lackedBy(logs, '20.0.5'), 'Get Logs was added in 20.0.6, and this PBX runs 20.0.5.');
	assert.match(lackedBy(logs, '20.0.5.999') ?? '', /20\.0\.5\.999/);
	assert.match(lackedBy(logs, 'pre-20.0.5') ?? '', /pre-20\.0\.5/);
	for (const enough of ['20.0.6', '20.0.6.12', '20.0.10', '20.1', '21.0.0', undefined, 'new']) {
		assert.equal(lackedBy(logs, enough), undefined);
	}
	assert.equal(lackedBy(action('Delete Fax'), 'pre-20.0.5'), undefined);
	const first = catalog.actions.filter((each) => each.since === '20.0.5');
	assert.ok(first.length > 0);
	for (const each of first) {
		assert.ok(lackedBy(each, 'pre-20.0.5'));
		assert.equal(lackedBy(each, '20.0.5'), undefined);
	}
});
