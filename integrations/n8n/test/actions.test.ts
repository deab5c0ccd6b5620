/* eslint-disable @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';
import {
	answerKind,
	catalog,
	fieldsOf,
	findAction,
	parseType,
	type Action,
} from '../engine/catalog';
import { type Example, examplesFromPython } from './examples';
import { execute, startEmulator } from './harness';
import { wireTo, type Sent, type Wire } from './wire';

/** Every action once through node and n8n, as somebody would fill it in: it sends what the Python client sends. */

const credentials = { version: catalog.version };
let wire: Wire;

before(async () => {
	wire = await wireTo(await startEmulator(['--etags', 'weak']));
	await execute({ resource: 'Fax', operation: 'List Fax' }, { emulator: wire, credentials }); // signs in
});
after(async () => await wire.stop());

test('each action sends what the Python client sends', async (t) => {
	const examples = examplesFromPython();
	assert.deepEqual(
		new Set(examples.map(({ operation }) => operation)),
		new Set(catalog.actions.map(({ operation }) => operation)),
	);
	const expected: string[] = [];
	await wire.forget();
	await eachResource(examples, t, async (example, action) => {
		expected.push(example.operation.replaceAll(' ', ''));
		const sent = await sentFor(parametersOf(example, action), itemsOf(example));
		assert.equal(
			sent.length,
			1,
			`${example.id} sent ${sent.map(described).join(', ') || 'nothing'}`,
		);
		const [{ method, target, headers, body }] = sent as [Sent];
		const { request } = example;
		assert.equal(
			`${method} ${decoded(target)}`,
			`${request.method} ${decoded(`/xapi/v1${request.target}`)}`,
		);
		assert.equal(encoded(target), encoded(`/xapi/v1${request.target}`), 'encoded in another way');
		assert.equal(headers['if-match'], request.headers['If-Match']);
		assert.equal(headers.accept, request.headers.Accept);
		if (example.given.file !== undefined) {
			assert.match(String(headers['content-type']), /^multipart\/form-data; boundary=/);
			assert.ok(body.includes(Buffer.from(example.given.file.content, 'base64')));
			assert.ok(body.includes(`name="file"; filename="${example.given.file.fileName}"`));
		} else {
			assert.equal(headers['content-type'], request.headers['Content-Type']);
			assert.deepEqual(body.length === 0 ? undefined : JSON.parse(String(body)), request.body);
		}
	});
	await t.test('and the PBX takes each for what it is', async () => {
		const journal = await wire.journal();
		const found = journal.map(({ operation }) => operation ?? '').filter((name) => name !== '');
		assert.deepEqual(found.map(lower), expected.map(lower));
	});
});

test('of a body, only what was set is sent', async (t) => {
	const examples = examplesFromPython().filter(({ given }) => given.body !== undefined);
	await eachResource(examples, t, async (example, action) => {
		const field = oneField(action, examples.indexOf(example));
		if (field === undefined) return;
		const { body, ...rest } = example.given;
		const value = body?.[field];
		const isObject =
			typeof value === 'object' && parseType(fieldsOf(action.body)[field] ?? '').name.includes('.');
		const parameters: INodeParameters = {
			...parametersOf({ ...example, given: rest }, action),
			bodyMode: 'fields',
			fields: { [field]: isObject && !isEnum(action, field) ? JSON.stringify(value) : value },
		} as INodeParameters;
		const [sent] = await sentFor(parameters, [{ json: {} }]);
		const expected = (example.request.body as Record<string, unknown>)[field];
		assert.deepEqual(
			JSON.parse(String(sent?.body)),
			{ [field]: expected },
			`${example.id}, ${field}`,
		);
	});
});

/** A field to set, another one for each action: not a key, which the path has. */
function oneField(action: Action, n: number): string | undefined {
	const keys = catalog.types[typeof action.body === 'string' ? action.body : '']?.key ?? [];
	const names = Object.keys(fieldsOf(action.body)).filter((name) => !keys.includes(name));
	return names[n % Math.max(1, names.length)];
}

function isEnum(action: Action, field: string): boolean {
	return catalog.enums[parseType(fieldsOf(action.body)[field] ?? '').name] !== undefined;
}

/** A test for each resource: the output stays readable, and says where something is wrong. */
async function eachResource(
	examples: readonly Example[],
	t: { test(name: string, run: () => Promise<void>): Promise<void> },
	run: (example: Example, action: Action) => Promise<void>,
): Promise<void> {
	const resources = new Map<string, [Example, Action][]>();
	for (const example of examples) {
		const action = findAction(example.operation);
		assert.ok(action, example.operation);
		resources.set(action.resource, [...(resources.get(action.resource) ?? []), [example, action]]);
	}
	for (const [resource, own] of resources) {
		await t.test(`${resource}: ${own.length}`, async () => {
			for (const [example, action] of own) await run(example, action);
		});
	}
}

/** The node's parameters as a workflow has them. */
function parametersOf({ operation, given }: Example, action: Action): INodeParameters {
	const { top, ...others } = given.options ?? {};
	const isList = answerKind(action) === 'list';
	const options = isList || top === undefined ? others : { top, ...others };
	return {
		resource: action.resource,
		operation,
		...given.parameters,
		...(isList && top !== undefined ? { limit: top } : {}),
		...(given.options === undefined ? {} : { options }),
		...(given.ifMatch === undefined ? {} : { 'If-Match': given.ifMatch }),
		...(given.body === undefined ? {} : { bodyMode: 'json', bodyJson: JSON.stringify(given.body) }),
	} as INodeParameters;
}

function itemsOf({ given }: Example): INodeExecutionData[] {
	if (given.file === undefined) return [{ json: {} }];
	const { fileName, content } = given.file;
	return [{ json: {}, binary: { data: { data: content, mimeType: 'audio/wav', fileName } } }];
}

async function sentFor(parameters: INodeParameters, items: INodeExecutionData[]): Promise<Sent[]> {
	wire.clear();
	const { output, error } = await execute(parameters, {
		emulator: wire,
		items,
		credentials,
		onError: 'continueRegularOutput',
	});
	assert.equal(error, undefined, JSON.stringify(error));
	assert.notEqual(wire.sent.length, 0, `nothing was sent: ${JSON.stringify(output[0]?.[0]?.json)}`);
	return [...wire.sent];
}

function lower(name: string): string {
	return name.toLowerCase();
}

function described({ method, target }: Sent): string {
	return `${method} ${target}`;
}

/** A target with its query options in order, since theirs says nothing. */
function rough(target: string): string {
	const [before = '', query = ''] = target.split('?');
	return `${before}?${query.split('&').sort().join('&')}`;
}

/** A quote in a query may be encoded or not (RFC 3986, 3.4), and Node's URL does so. */
function encoded(target: string): string {
	const [before = '', query = ''] = rough(target).split('?');
	return `${before}?${query.replaceAll("'", '%27')}`;
}

function decoded(target: string): string {
	return decodeURIComponent(rough(target));
}
