/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Asked, isMissing, pageOf, valueOf } from '../engine/answers';
import { catalog, findAction } from '../engine/catalog';
import { Failure } from '../engine/errors';
import type { ApiResponse } from '../engine/http';

interface ErrorCase {
	case: string;
	action: string;
	path: string;
	values: Record<string, unknown>;
	status: number;
	headers: Record<string, string>;
	body: unknown;
	n8n: {
		message: string;
		description: string;
		codes?: Record<string, string>;
		unknown?: boolean;
		fromPbx?: boolean;
	};
}

const CASES = join(__dirname, '../../../../tests/cases');
const JSON_TYPE = { 'content-type': 'application/json' };
const VERSION = { 'x-3cx-version': '20.0.10.1109' };

function table<T>(name: string): T[] {
	return JSON.parse(readFileSync(join(CASES, name), 'utf8')) as T[];
}

function asked(id: string, path = '/Fax(42)', values: Record<string, unknown> = {}): Asked {
	const action = findAction(id);
	assert.ok(action, id);
	return { action, path, values, server: 'pbx.example.com' };
}

function answer(
	status: number,
	body: unknown = '',
	headers: Record<string, string> = JSON_TYPE,
): ApiResponse {
	return { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

function failureOf(question: Asked, response: ApiResponse): Failure {
	try {
		valueOf(question, response);
	} catch (error) {
		assert.ok(error instanceof Failure);
		return error;
	}
	return assert.fail('no Failure');
}

for (const each of table<ErrorCase>('errors.json')) {
	test(`explains ${each.action} ${each.status}: ${each.case}`, () => {
		const error = failureOf(
			asked(each.action, each.path, each.values),
			answer(each.status, each.body, each.headers),
		);
		assert.deepEqual(
			{
				message: error.message,
				description: error.description,
				codes: error.codes,
				unknown: error.unknown,
				fromPbx: error.fromPbx,
				status: error.status,
			},
			{ codes: {}, unknown: false, fromPbx: true, status: each.status, ...each.n8n },
		);
		assert.equal(isMissing(error), each.status === 404 && each.n8n.fromPbx !== false);
	});
}

const FAX = { Id: 42, Number: '9001' };
const VALUES: ReadonlyArray<readonly [string, string, ApiResponse, unknown]> = [
	['an entity', 'fax.get', answer(200, FAX), FAX],
	['a created entity', 'fax.create', answer(201, FAX), FAX],
	['an entity without its context', 'fax.get', answer(200, { '@odata.context': 'c', ...FAX }), FAX],
	[
		'an entity with the ETag of its header',
		'fax.get',
		answer(200, FAX, { ...JSON_TYPE, etag: 'W/"5"' }),
		{ ...FAX, '@odata.etag': 'W/"5"' },
	],
	[
		"an entity with its own ETag, not its header's",
		'fax.get',
		answer(200, { ...FAX, '@odata.etag': 'own' }, { ...JSON_TYPE, etag: 'other' }),
		{ ...FAX, '@odata.etag': 'own' },
	],
	['an entity of no type', 'fax.get', answer(200, FAX, {}), FAX],
	['an entity as text', 'fax.get', answer(200, FAX, { 'content-type': 'text/plain' }), FAX],
	[
		'an entity after a byte order mark',
		'fax.get',
		answer(200, `\uFEFF${JSON.stringify(FAX)}`),
		FAX,
	],
	['nothing of a delete', 'fax.delete', answer(204, '', {}), undefined],
	['nothing of a delete, with a version', 'fax.delete', answer(200, '', VERSION), undefined],
	['nothing of an action', 'fax.bulk_fax_delete', answer(200, {}), undefined],
	['only a context', 'fax.bulk_fax_delete', answer(200, { '@odata.context': 'c' }), undefined],
	[
		'more than an action promises',
		'fax.bulk_fax_delete',
		answer(200, { '@odata.context': 'c', Given: 1 }),
		{ Given: 1 },
	],
	['the entity of an update', 'fax.update', answer(200, FAX), FAX],
	['a truth', 'defs.has_system_owner', answer(200, { '@odata.context': 'c', value: true }), true],
	['a falsehood', 'defs.has_system_owner', answer(200, { value: false }), false],
	['a bare truth', 'defs.has_system_owner', answer(200, 'true'), true],
	['no value', 'backups.get_sftp_host_key', answer(200, { value: null }), undefined],
	['the rows of a list', 'fax.list', answer(200, { '@odata.context': 'c', value: [FAX] }), [FAX]],
	[
		'the text of a file',
		'fax.bulk_fax_delete',
		answer(200, 'a;b', { 'content-type': 'text/csv', 'content-disposition': 'attachment' }),
		'a;b',
	],
];
for (const [name, action, response, expected] of VALUES) {
	test(`gives ${name}`, () => {
		assert.deepEqual(valueOf(asked(action), response), expected);
	});
}

test('gives a page with its total and the link to the next', () => {
	const link = 'https://pbx.example.com/xapi/v1/Fax?$skip=1';
	const page = pageOf(
		asked('fax.list', '/Fax'),
		answer(200, { '@odata.count': '7', '@odata.nextLink': link, value: [FAX] }),
	);
	assert.deepEqual(page, { rows: [FAX], total: 7, nextLink: link });
});

for (const [name, body, headers] of [
	['an entity', FAX, JSON_TYPE],
	['rows that are not objects', { value: [1] }, JSON_TYPE],
	['nothing', '', JSON_TYPE],
	['a web page', '<html></html>', { 'content-type': 'text/html' }],
] as const) {
	test(`takes ${name} for no page`, () => {
		assert.throws(() => pageOf(asked('fax.list', '/Fax'), answer(200, body, headers)), Failure);
	});
}

test('takes an empty 204 with a version for an empty page', () => {
	assert.deepEqual(pageOf(asked('fax.list', '/Fax'), answer(204, '', VERSION)).rows, []);
});

test('says of every code of 3CX what it means and what to do next', () => {
	for (const [name, code] of Object.entries(catalog.codes)) {
		const full = `WARNINGS.XAPI.${name}`;
		const body = {
			error: { code: '', message: 'm', details: [{ message: full, target: 'Number' }] },
		};
		const error = failureOf(asked('users.create', '/Users'), answer(400, body));
		assert.ok(
			error.message.includes(`${code.means.replaceAll('{field}', 'Number')} (${full}).`),
			error.message,
		);
		assert.ok(error.description?.startsWith(code.next), name);
	}
});

test('never repeats what a broken document holds', () => {
	const error = failureOf(asked('users.get'), answer(200, '{"AuthPassword": "hush", oops'));
	assert.doesNotMatch(`${error.message} ${error.description}`, /hush/);
});
