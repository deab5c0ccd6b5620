/* eslint-disable @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { startEmulator, storedCredential, testCredential, type Emulator } from './harness';

let emulator: Emulator;
let secure: Emulator;

before(async () => {
	[emulator, secure] = await Promise.all([startEmulator(), startEmulator(['--tls'])]);
});
after(async () => await Promise.all([emulator.stop(), secure.stop()]));
afterEach(async () => {
	await emulator.heal();
	await emulator.vary({ licence: 'ok' });
	await emulator.reset();
});

async function signIns(pbx: Emulator): Promise<number> {
	return (await pbx.journal()).filter(({ path }) => path === '/connect/token').length;
}

/** What the Test button says, which is an error. */
async function complaint(credentials: Record<string, string | boolean>, pbx = emulator) {
	const { status, message } = await testCredential({ emulator: pbx, credentials });
	assert.equal(status, 'Error');
	assert.ok(!message.includes(pbx.apiKey));
	return message;
}

test('a right credential passes, however its address was pasted', async () => {
	for (const url of [
		emulator.url,
		`${emulator.url}/`,
		` ${emulator.url}/xapi/v1 `,
		`${emulator.url}/#/login`,
		emulator.url.toUpperCase(),
	]) {
		const { status, message } = await testCredential({ emulator, credentials: { url } });
		assert.equal(status, 'OK', `${url}: ${message}`);
	}
});

test('a test makes no sign-in while the token lives, and one when it does not', async () => {
	await testCredential({ emulator });
	await emulator.forget();
	assert.equal((await testCredential({ emulator })).status, 'OK');
	assert.equal(await signIns(emulator), 0);
	await emulator.revoke();
	assert.equal((await testCredential({ emulator })).status, 'OK');
	assert.equal(await signIns(emulator), 1);
	assert.match(String(storedCredential({ emulator }).accessToken), /^ey/);
});

test('a wrong key is asked about once, and the message says what to do', async () => {
	const message = await complaint({ apiKey: 'a-wrong-key' });
	const server = new URL(emulator.url).host;
	assert.match(
		message,
		new RegExp(`^${server} refused to sign in client 'n8n' \\(invalid_client\\)\\. Check the`),
	);
	assert.equal(await complaint({ apiKey: 'a-wrong-key' }), message);
	assert.equal(await signIns(emulator), 1);
});

test('a client without a role gets to know that it lacks one', async () => {
	const credentials = { clientId: 'nobody', apiKey: 'key-of-nobody' };
	const { clientId: client_id, apiKey: api_key } = credentials;
	await emulator.control('POST', 'clients', { client_id, api_key, roles: [] });
	assert.match(
		await complaint(credentials),
		/accepts the API key, but not what this client asks for\. Its role must be/,
	);
});

test('a licence without the API is named', async () => {
	await emulator.vary({ licence: 'expired' });
	assert.match(
		await complaint({ version: '20.0.10' }),
		/the licence must be 8SC\+ Enterprise or AI, and valid/,
	);
});

test('a self-signed certificate is explained', async () => {
	const message = await complaint({}, secure);
	assert.match(message, /showed a certificate that can't be verified/);
	assert.match(message, /turn on Ignore TLS Issues/);
	assert.equal(await signIns(secure), 0);
});

test('a self-signed certificate is taken with the switch', async () => {
	const answer = await testCredential({ emulator: secure, credentials: { ignoreTls: true } });
	assert.equal(answer.status, 'OK', answer.message);
});

test('an address that is none is explained', async () => {
	assert.match(await complaint({ url: 'https://' }), /is not an address of a PBX: it has no host/);
	assert.match(await complaint({ url: ' ' }), /The address of the PBX is missing/);
});

test('a host that is not there is explained', async () => {
	assert.match(await complaint({ url: 'pbx.invalid' }), /The name of pbx\.invalid can't be found/);
});

/** A client of its own: nobody has signed it in before. */
async function newClient(name: string) {
	const credentials = { clientId: name, apiKey: `key-of-${name}` };
	await emulator.control('POST', 'clients', {
		client_id: name,
		api_key: credentials.apiKey,
		roles: ['system_owners'],
	});
	return credentials;
}

test('a PBX that signs nobody in at the moment is not a wrong key', async () => {
	const credentials = await newClient('early');
	await emulator.fault('503=7:times=1@POST *');
	const message = await complaint(credentials);
	assert.match(message, /failed at sign-in with status 503\. Try again after 7 seconds/);
	const again = await testCredential({ emulator, credentials });
	assert.equal(again.status, 'OK', again.message);
});

for (const [fault, expected] of [
	['503=7', /answered a first request with status 503\. Try again after 7 seconds/],
	['500', /answered a first request with status 500\./],
	['429=9', /asks to slow down \(a first request\)\. Try again after 9 seconds/],
	['captive-portal', /answered a first request with a web page \(200\)\. Check that the URL/],
	['garbage', /answered a first request with /],
	['gateway-404', /with a 404 that does not come from the 3CX\. A gateway or proxy/],
	['gateway-403', /with a 403 that does not come from the 3CX\. A gateway or firewall/],
] as const) {
	test(`after the sign-in ${fault} is not taken for a lack of rights`, async () => {
		await testCredential({ emulator });
		await emulator.fault(`${fault}@GET *`);
		const message = await complaint({});
		assert.match(message, expected);
		assert.doesNotMatch(message, /role|licence/);
	});
}

test('a version that no comparison can read is refused in words', async () => {
	for (const version of ['twenty', '20', 'v20.0.5', 'V20 Update 5', '20.0.x']) {
		await emulator.forget();
		const message = await complaint({ version });
		assert.ok(message.startsWith(`The version '${version}' can't be read.`), message);
		assert.match(message, /such as 20\.0\.5 for V20 Update 5/);
		assert.deepEqual(await emulator.journal(), []);
	}
	assert.match(await complaint({ version: '18.0.1' }), /3CX 18\.0\.1 does not have the API/);
	for (const version of ['', ' 20.0.10 ', '20.0.9.112', 'pre-20.0.5']) {
		const { status, message } = await testCredential({ emulator, credentials: { version } });
		assert.equal(status, 'OK', message);
	}
});

test('a portal that answers for the PBX is not taken for it', async () => {
	const credentials = await newClient('traveller');
	await emulator.fault('captive-portal@POST *');
	assert.match(await complaint(credentials), /answered the sign-in with a web page \(200\)/);
});
