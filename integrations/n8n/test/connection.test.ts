/* eslint-disable @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, test } from 'node:test';

import {
	sleep,
	type IExecuteFunctions,
	type ILoadOptionsFunctions,
	type INodeExecutionData,
	type INodeParameters,
	type INodeType,
	type IPollFunctions,
} from 'n8n-workflow';

import { connect, type ConnectionContext } from '../engine/connection';
import { SignInRefused, Unreachable } from '../engine/errors';
import type { ApiRequest, FilePart } from '../engine/http';
import {
	execute,
	lookUp,
	poll,
	startEmulator,
	storedCredential,
	type Emulator,
	type Entry,
	type ExecuteSetting,
} from './harness';
import { wireTo, type Wire } from './wire';

/** What a node of these tests does with each item; what goes wrong is an item, too. */
interface Asking {
	method?: ApiRequest['method'];
	target?: string;
	headers?: Record<string, string>;
	body?: string | FilePart;
	stream?: boolean;
	/** Requests at once. */
	atOnce?: number;
	timeout?: number;
}

async function askFor(context: ConnectionContext, item: number, asking: Asking, connection?: Pbx) {
	const { method = 'GET', target = '/Fax?$select=Id', headers = {}, body, stream } = asking;
	const pbx = connection ?? (await connect(context));
	try {
		const request = { method, target, headers, ...(body === undefined ? {} : { body }) };
		if (stream !== true) {
			const answer = await pbx.send(request);
			return { ...answer, version: pbx.version, item };
		}
		const answer = await pbx.stream(request);
		let size = 0;
		for await (const piece of answer.body) size += piece.length;
		return { status: answer.status, headers: answer.headers, size, item };
	} catch (error) {
		assert.ok(error instanceof Error);
		const { name, message } = error;
		const { description, unknown } = error as Unreachable;
		return { name, message, description, ...(unknown === undefined ? {} : { unknown }), item };
	}
}

type Pbx = Awaited<ReturnType<typeof connect>>;

function asker(asking: Asking): INodeType {
	return {
		description: {
			displayName: 'Asks',
			name: 'asks',
			group: [],
			version: 1,
			description: '',
			defaults: { name: 'Asks' },
			inputs: ['main'],
			outputs: ['main'],
			credentials: [{ name: 'trunklineApi', required: true }],
			properties: [],
		},
		methods: {
			listSearch: {
				async ask(this: ILoadOptionsFunctions) {
					const { status } = await askFor(this, 0, asking);
					return { results: [{ name: 'Status', value: status ?? 0 }] };
				},
			},
		},
		async poll(this: IPollFunctions) {
			return [[{ json: { ...(await askFor(this, 0, asking)) } }]];
		},
		async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
			const { atOnce = 1, timeout } = asking;
			const pbx = await connect(this, timeout === undefined ? {} : { timeout });
			const items = this.getInputData().map((_, item) => item);
			const output: INodeExecutionData[] = [];
			const worker = async () => {
				for (let item = items.shift(); item !== undefined; item = items.shift()) {
					output[item] = { json: { ...(await askFor(this, item, asking, pbx)) } };
				}
			};
			await Promise.all(Array.from({ length: atOnce }, worker));
			return [output];
		},
	};
}

type Reported = Record<string, unknown>;

async function ask(asking: Asking, setting: Partial<ExecuteSetting> = {}): Promise<Reported[]> {
	const { output, error } = await execute({}, { emulator, type: asker(asking), ...setting });
	assert.equal(error, undefined);
	return (output[0] ?? []).map(({ json }) => json);
}

async function askOnce(asking: Asking, setting: Partial<ExecuteSetting> = {}): Promise<Reported> {
	const [answer] = await ask(asking, setting);
	assert.ok(answer);
	return answer;
}

function items(count: number): INodeExecutionData[] {
	return Array.from({ length: count }, () => ({ json: {} }));
}

/** Has the emulator's credential a live token, and the journal empty. */
async function signedIn(): Promise<void> {
	await ask({});
	await emulator.forget();
}

async function signIns(pbx: Emulator = emulator): Promise<Entry[]> {
	return (await pbx.journal()).filter(({ path }) => path === '/connect/token');
}

/** The requests of a method for faxes, also those that a fault kept from the PBX. */
async function sent(method: string): Promise<Entry[]> {
	const entries = await emulator.journal();
	return entries.filter((each) => each.method === method && each.path.startsWith('/xapi/v1/Fax'));
}

let emulator: Emulator;
let wire: Wire;

before(async () => {
	emulator = await startEmulator();
	wire = await wireTo(emulator);
});
after(async () => await wire.stop());
afterEach(async () => {
	wire.instead(undefined);
	await emulator.heal();
	await emulator.vary({ dead_token: '401' });
	await emulator.reset();
});

test('a request is signed in, and the credential keeps the token', async () => {
	const answer = await askOnce({});
	assert.equal(answer.status, 200);
	assert.equal(answer.version, '20.0.10.0');
	assert.match(String(storedCredential({ emulator }).accessToken), /^ey/);
	assert.equal((await signIns()).length, 1);
	await askOnce({});
	assert.equal((await signIns()).length, 1);
});

test('n8n keeps a token though nothing but the request itself is answered', async () => {
	await emulator.fault('503@GET /Defs*');
	await emulator.control('POST', 'clients', {
		client_id: 'patient',
		api_key: 'key-of-the-patient-client',
		roles: ['system_owners'],
	});
	const credentials = { clientId: 'patient', apiKey: 'key-of-the-patient-client' };
	assert.equal((await askOnce({}, { credentials })).status, 200);
	assert.match(String(storedCredential({ emulator, credentials }).accessToken), /^ey/);
	assert.equal((await signIns()).length, 1);
});

test('the version of the credential counts, if it has one', async () => {
	const credentials = { version: '20.0.9' };
	assert.equal((await askOnce({}, { credentials })).version, '20.0.9');
});

test('five requests at once meet a dead token: one sign-in, and no item is lost', async () => {
	await ask({});
	await emulator.revoke();
	await emulator.forget();
	const answers = await ask({ atOnce: 5 }, { items: items(40) });
	assert.deepEqual(
		answers.map(({ status }) => status),
		Array(40).fill(200),
	);
	assert.equal((await signIns()).length, 1);
});

test('a token that dies in the middle of a run is renewed once each time', async () => {
	await ask({});
	await emulator.fault('drop-tokens:every=15@/Fax*');
	await emulator.forget();
	const answers = await ask({ atOnce: 4 }, { items: items(40) });
	assert.deepEqual(
		answers.map(({ status }) => status),
		Array(40).fill(200),
	);
	const dead = (await sent('GET')).filter(({ status }) => status === 401).length;
	const renewals = (await signIns()).length;
	assert.ok(dead >= 2 && renewals >= 2 && renewals <= 3, `${dead} dead, ${renewals} sign-ins`);
});

test('a credential that another process has renewed needs no sign-in', async () => {
	await ask({});
	const setting = { emulator };
	const live = String(storedCredential(setting).accessToken);
	const type = asker({});
	const { execute: original } = type;
	assert.ok(original);
	type.execute = async function (this: IExecuteFunctions) {
		const stored = storedCredential(setting);
		stored.accessToken = 'dead';
		const pbx = await connect(this);
		stored.accessToken = live;
		return [[{ json: { ...(await askFor(this, 0, {}, pbx)) } }]];
	};
	await emulator.forget();
	const { output } = await execute({}, { emulator, type });
	assert.equal(output[0]?.[0]?.json.status, 200);
	assert.deepEqual(
		(await emulator.journal()).map(({ path, status }) => [path, status]),
		[
			['/xapi/v1/Fax?$select=Id', 401],
			['/xapi/v1/Fax?$select=Id', 200],
		],
	);
});

test('a wrong key asks once for 40 items, and is not repeated', async () => {
	const credentials = { apiKey: 'a-key-that-is-wrong' };
	const answers = await ask({ atOnce: 5 }, { items: items(40), credentials });
	const server = new URL(emulator.url).host;
	for (const { name, message, description } of answers) {
		assert.equal(name, SignInRefused.name);
		assert.equal(message, `${server} refused to sign in client 'n8n' (invalid_client).`);
		assert.match(String(description), /Check the client ID and the API key/);
	}
	assert.equal(answers.length, 40);
	assert.equal((await signIns()).length, 1);
	assert.ok(!JSON.stringify(answers).includes(credentials.apiKey));
	await ask({}, { credentials });
	assert.equal((await signIns()).length, 1);
});

for (const [what, credentials, message] of [
	['no key', { apiKey: ' ' }, 'The API key is missing.'],
	['no client ID', { clientId: '' }, 'The client ID is missing.'],
	[
		'a key with a dash of a word processor',
		{ apiKey: 'key–1' },
		"The API key of client 'n8n' has a character in it that no API key has (U+2013).",
	],
] as const) {
	test(`${what} is refused before anything is sent`, async () => {
		const answer = await askOnce({}, { credentials });
		assert.equal(answer.name, 'Refused');
		assert.equal(answer.message, message);
		assert.deepEqual(await emulator.journal(), []);
	});
}

test('an address that is none is refused before anything is sent', async () => {
	const credentials = { url: 'https://admin:hunter2@pbx.example.com' };
	const { error } = await execute({}, { emulator, type: asker({}), credentials });
	assert.equal(error?.message, 'The address of the PBX has a user name or password in it.');
	assert.ok(!JSON.stringify(error).includes('hunter2'));
});

test('an address as people paste it leads to the PBX', async () => {
	const credentials = { url: ` ${emulator.url}/#/login\n` };
	assert.equal((await askOnce({}, { credentials })).status, 200);
});

test('where a 3CX answers a dead token with 403, it is renewed', async () => {
	await signedIn();
	await emulator.vary({ dead_token: '403' });
	await emulator.revoke();
	await emulator.forget();
	const answers = await ask({ atOnce: 5 }, { items: items(20) });
	assert.deepEqual(
		answers.map(({ status }) => status),
		Array(20).fill(200),
	);
	assert.equal((await signIns()).length, 1);
});

test('a 403 for want of a right costs one look, and no sign-in', async () => {
	const credentials = { clientId: 'limited', apiKey: 'key-of-the-limited-client' };
	await emulator.control('POST', 'clients', {
		client_id: 'limited',
		api_key: credentials.apiKey,
		roles: ['system_admins'],
	});
	const setting = { items: items(20), credentials };
	await ask({}, { credentials });
	await emulator.forget();
	const answers = await ask({ target: '/Recordings?$top=1', atOnce: 4 }, setting);
	assert.deepEqual(
		answers.map(({ status }) => status),
		Array(20).fill(403),
	);
	assert.equal((await signIns()).length, 0);
	assert.equal((await emulator.journal()).filter(({ path }) => path.includes('/Defs')).length, 1);
});

test('the 401 of a gateway that has a password of its own does not lead to a sign-in', async () => {
	await ask({}, { emulator: wire });
	await emulator.forget();
	wire.instead(() => ({ status: 401, headers: { 'www-authenticate': 'Basic realm="gate"' } }));
	assert.equal((await askOnce({}, { emulator: wire })).status, 401);
	assert.equal((await signIns()).length, 0);
});

test('a redirect is not followed, so no other host gets the token', async () => {
	const seen: unknown[] = [];
	const other = await listening((request) => seen.push(request.headers));
	wire.instead(() => ({ status: 307, headers: { location: `${other.url}/xapi/v1/Fax` } }));
	const answer = await askOnce({}, { emulator: wire });
	assert.equal(answer.status, 307);
	assert.deepEqual(seen, []);
	other.server.close();
});

test('an empty header is not sent, and others are as they are', async () => {
	wire.clear();
	const headers = { 'If-Match': '', Prefer: 'return=minimal' };
	await ask({ headers }, { emulator: wire });
	const last = wire.sent.at(-1);
	assert.equal(last?.target, '/xapi/v1/Fax?$select=Id');
	assert.ok(!('if-match' in (last?.headers ?? {})));
	assert.equal(last?.headers.prefer, 'return=minimal');
});

test('keys arrive as they were encoded', async () => {
	wire.clear();
	const target = "/WebsiteLinks('o''brien%2F..%2F%27%C3%BC')?$select=Link&$filter=a%20b";
	await ask({ target }, { emulator: wire });
	assert.equal(wire.sent.at(-1)?.target, `/xapi/v1${target}`);
});

test('an empty object is sent as a body', async () => {
	wire.clear();
	const headers = { 'Content-Type': 'application/json' };
	await ask({ method: 'POST', target: '/Users', headers, body: '{}' }, { emulator: wire });
	assert.equal(String(wire.sent.at(-1)?.body), '{}');
	assert.equal(wire.sent.at(-1)?.headers['content-type'], 'application/json');
});

test('a file is sent as the part of a form', async () => {
	wire.clear();
	const body = {
		field: 'file',
		fileName: 'grüße.wav',
		mimeType: 'audio/wav',
		content: Buffer.from('RIFF'),
	};
	await ask({ method: 'POST', target: '/customPrompts', body }, { emulator: wire });
	const { headers, body: form } = wire.sent.at(-1) ?? {};
	assert.match(String(headers?.['content-type']), /^multipart\/form-data; boundary=/);
	assert.match(
		String(form),
		/name="file"; filename="grüße\.wav"\r\nContent-Type: audio\/wav\r\n\r\nRIFF\r\n/,
	);
});

for (const fault of ['reset-before', 'close-before', '502', '503', '504', 'half-body']) {
	test(`a GET is sent again after ${fault}`, async () => {
		await signedIn();
		await emulator.fault(`${fault}:times=2@ListFax`);
		assert.equal((await askOnce({})).status, 200);
		assert.equal((await sent('GET')).length, 3);
	});
}

test('a GET is given up after three tries', async () => {
	await signedIn();
	await emulator.fault('reset-before@ListFax');
	const answer = await askOnce({});
	const server = new URL(emulator.url).host;
	const what = `The connection to ${server} broke before the answer was complete (3 attempts).`;
	assert.equal(answer.message, what);
	assert.match(String(answer.description), /^Try again;/);
	assert.equal(answer.name, Unreachable.name);
});

test('Retry-After is respected, up to a limit', async () => {
	await signedIn();
	await emulator.fault('429=0:times=1@ListFax');
	assert.equal((await askOnce({})).status, 200);
	await emulator.fault('429=3600@ListFax');
	await emulator.forget();
	const { status, headers } = await askOnce({});
	assert.equal(status, 429);
	assert.equal((headers as Reported)['retry-after'], '3600');
	assert.equal((await sent('GET')).length, 1);
});

test('a DELETE whose answer was lost is sent again, and its 404 means that it had worked', async () => {
	await signedIn();
	await emulator.fault('reset-after:times=1@DeleteFax');
	const answer = await askOnce({ method: 'DELETE', target: '/Fax(121)' });
	assert.deepEqual([answer.status, answer.body], [204, '']);
	assert.deepEqual(
		(await sent('DELETE')).map(({ status, effect }) => [status, effect]),
		[
			[0, true],
			[404, false],
		],
	);
});

test('a DELETE of what is not there stays a 404', async () => {
	assert.equal((await askOnce({ method: 'DELETE', target: '/Fax(99999)' })).status, 404);
});

test('the 404 of a gateway does not mean that an earlier DELETE had worked', async () => {
	await signedIn();
	await emulator.fault('reset-before:times=1@DeleteFax', 'gateway-404@DeleteFax');
	assert.equal((await askOnce({ method: 'DELETE', target: '/Fax(121)' })).status, 404);
});

for (const method of ['POST', 'PATCH'] as const) {
	const target = method === 'POST' ? '/Fax' : '/Fax(121)';
	const headers = { 'Content-Type': 'application/json' };

	test(`a ${method} whose answer was lost is not sent again, and nobody says that it failed`, async () => {
		await signedIn();
		await emulator.fault(`reset-after:times=1@${method} /Fax*`);
		const body = '{"OutboundCallerId":"+15550123"}';
		const answer = await askOnce({ method, target, headers, body });
		assert.equal(answer.name, Unreachable.name);
		assert.equal(answer.unknown, true);
		assert.match(String(answer.description), /^It is not known whether the PBX carried it out/);
		assert.equal((await sent(method)).length, 1);
	});

	test(`a ${method} that was answered with 503 is not sent again`, async () => {
		await signedIn();
		await emulator.fault(`503@${method} /Fax*`);
		const answer = await askOnce({ method, target, headers, body: '{}' });
		assert.equal(answer.status, 503);
		assert.equal((await sent(method)).length, 1);
	});
}

test('a PBX that does not answer in time is named', async () => {
	await signedIn();
	await emulator.fault('silence@ListFax');
	const answer = await askOnce({ timeout: 100 });
	const server = new URL(emulator.url).host;
	assert.equal(answer.message, `${server} did not answer within 0.1 s (3 attempts).`);
});

test('an answer that stops in the middle is noticed', async () => {
	await signedIn();
	await emulator.fault('stall@ListFax');
	const answer = await askOnce({ timeout: 100 });
	const server = new URL(emulator.url).host;
	assert.equal(answer.message, `${server} did not answer within 0.1 s (3 attempts).`);
});

test('a file is streamed', async () => {
	const answer = await askOnce({ stream: true });
	assert.equal(answer.status, 200);
	assert.ok(Number(answer.size) > 10);
});

test('a stream that stops in the middle ends with an error', async () => {
	await signedIn();
	await emulator.fault('stall@ListFax');
	const answer = await askOnce({ stream: true, timeout: 100 });
	assert.equal(answer.message, `${new URL(emulator.url).host} sent nothing for 0.1 s.`);
});

test('more than 64 MB are not read into memory', async () => {
	const body = ' '.repeat(64 * 2 ** 20 + 1);
	await ask({}, { emulator: wire });
	wire.instead(() => ({ status: 200, body }));
	const answer = await askOnce({}, { emulator: wire });
	const server = new URL(wire.url).host;
	assert.equal(
		answer.message,
		`${server} sent an answer of more than 64 MB; the rest was not read.`,
	);
});

test('the message names what is not HTTP', async () => {
	await ask({}, { emulator: wire });
	const other = await listening((_, socket) => socket.end('220 mail.example.com ESMTP\r\n'));
	const answer = await askOnce({}, { credentials: { url: other.url, accessToken: 'some-token' } });
	assert.equal(answer.message, `${new URL(other.url).host} sent an answer that can't be read.`);
	other.server.close();
});

test('a port where nobody listens is reported as refusing the connection', async () => {
	const closed = await listening(() => {});
	await new Promise((resolve) => closed.server.close(resolve));
	const answer = await askOnce({}, { credentials: { url: closed.url } });
	const server = new URL(closed.url).host;
	assert.equal(
		answer.message,
		`${server} can't be reached (it refuses the connection) (3 attempts).`,
	);
	assert.match(String(answer.description), /5001 on premises/);
	assert.equal(answer.unknown, false);
});

test('a name that is not there is reported as unknown', async () => {
	const answer = await askOnce({}, { credentials: { url: 'https://pbx.invalid' } });
	assert.match(String(answer.message), /^The name of pbx\.invalid can't be found/);
});

test('a plain HTTP port that was taken for one with TLS is reported as such', async () => {
	const url = emulator.url.replace('http:', 'https:');
	const answer = await askOnce({}, { credentials: { url } });
	assert.equal(answer.message, `${new URL(url).host} speaks no TLS.`);
	assert.match(String(answer.description), /plain HTTP port/);
});

test('a run that the user stops ends without an answer', async () => {
	await signedIn();
	await emulator.fault('silence@ListFax');
	const cancelled = untilSent('GET');
	const { run } = await execute({}, { emulator, type: asker({}), cancelled });
	assert.equal(run.status, 'canceled');
	assert.equal((await sent('GET')).length, 1);
});

test('lists of the editor and polling triggers have the same connection', async () => {
	const type = asker({});
	const parameters: INodeParameters = {};
	assert.equal((await lookUp('ask', parameters, { emulator, type })).results[0]?.value, 200);
	assert.equal((await poll(type, parameters, { emulator }))?.[0]?.[0]?.json.status, 200);
});

test('no token and no key are in what a run says', async () => {
	await signedIn();
	const { accessToken } = storedCredential({ emulator });
	await emulator.fault('reset-before@ListFax');
	const { run } = await execute({}, { emulator, type: asker({}) });
	const stated = JSON.stringify(run);
	assert.ok(stated.includes('broke before the answer'));
	assert.ok(!stated.includes(String(accessToken)));
	assert.ok(!stated.includes(emulator.apiKey));
});

/** Whoever listens at a port of this machine. */
async function listening(
	heard: (request: { headers: unknown }, socket: { end: (text: string) => unknown }) => unknown,
): Promise<{ server: Server; url: string }> {
	const server = createServer((request) => heard(request, request.socket));
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	return { server, url: `http://127.0.0.1:${port}` };
}

async function untilSent(method: string): Promise<void> {
	const before = (await sent(method)).length;
	while ((await sent(method)).length === before) await sleep(5);
}
