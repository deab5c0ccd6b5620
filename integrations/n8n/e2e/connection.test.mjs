import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { startEmulator } from './emulator.mjs';
import { oneNode } from './n8n.mjs';
import { credentials, emulator, home, n8n } from './started.mjs';

beforeEach(async () => {
	await emulator.control('DELETE', 'faults');
	await emulator.control('POST', 'reset');
});

const getFax = { resource: 'Fax', operation: 'Get Fax', Id: '={{ $json.Id }}' };

test('the Test button is green for the right key, and says what is wrong with another', async () => {
	assert.equal((await n8n.testCredential(credentials)).status, 'OK');
	const wrong = { ...emulator.credential, apiKey: 'not-the-key-0123456789' };
	const refused = await n8n.testCredential(await n8n.addCredential('Wrong Key', wrong));
	assert.equal(refused.status, 'Error');
	assert.match(refused.message, /client id|API key/i);
	assert.doesNotMatch(refused.message, /not-the-key/);
});

test('a self-signed PBX needs the switch, and the Test button says so', async () => {
	const secure = await startEmulator('--tls');
	try {
		const data = secure.credential;
		const refused = await n8n.testCredential(await n8n.addCredential('Self-Signed', data));
		assert.equal(refused.status, 'Error');
		assert.match(refused.message, /certificate/);
		const trusting = await n8n.addCredential('Trusting', { ...data, ignoreTls: true });
		const accepted = await n8n.testCredential(trusting);
		assert.equal(accepted.status, 'OK', accepted.message);
		const execution = await n8n.run(
			oneNode(getFax, [{ Id: 121 }], { credentials: trusting }),
			'Start',
		);
		assert.equal(execution.outputs('3CX')[0][0].json.Number, '888');
	} finally {
		await secure.stop();
	}
});

test('a wrong key is asked about once, however many items there are', async () => {
	const wrong = { ...emulator.credential, apiKey: 'another-wrong-key-0123456789' };
	const rest = {
		credentials: await n8n.addCredential('Wrong Key', wrong),
		onError: 'continueRegularOutput',
	};
	const items = Array.from({ length: 30 }, () => ({ Id: 121 }));
	const [output] = (await n8n.run(oneNode(getFax, items, rest), 'Start')).outputs('3CX');
	assert.equal(output.length, 30);
	assert.ok(output.every(({ json }) => json.error !== undefined));
	assert.equal(await emulator.signIns(), 1);
});

test('a token that another client replaced is renewed once, and no item is lost', async () => {
	const items = Array.from({ length: 40 }, () => ({ Id: 121 }));
	const parameters = { ...getFax, settings: { concurrency: 4 } };
	await n8n.run(oneNode(parameters, items.slice(0, 1), { credentials }), 'Start');
	await emulator.control('DELETE', 'journal');
	await emulator.control('POST', 'tokens/revoke', { client_id: emulator.clientId });
	const execution = await n8n.run(oneNode(parameters, items, { credentials }), 'Start');
	assert.equal(execution.status, 'success');
	assert.equal(execution.outputs('3CX')[0].length, 40);
	assert.equal(await emulator.signIns(), 1);
});

test('Retry On Fail does not create twice what was created', async () => {
	const parameters = {
		resource: 'Contacts',
		operation: 'Create Contact',
		fields: { FirstName: '={{ $json.name }}', PhoneNumber: '+15550142' },
	};
	const rest = { credentials, retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };
	const execution = await n8n.run(oneNode(parameters, [{ name: 'Ada' }, {}], rest), 'Start');
	assert.equal(execution.status, 'error');
	assert.match(execution.failure('3CX').message, /FirstName/);
	assert.deepEqual(await emulator.requests(), ['POST /Contacts 201']);
});

test('an imported credential and workflow run headless, with exit code and output', async () => {
	const credential = {
		id: 'imported',
		name: 'Imported PBX',
		type: 'trunklineApi',
		data: emulator.credential,
	};
	const reference = { trunklineApi: { id: credential.id, name: credential.name } };
	const workflow = (id, Id) => {
		const { pinData: _none, ...rest } = oneNode({ ...getFax, Id }, [], { credentials: reference });
		return { ...rest, id, active: false };
	};
	const execute = (id) => home.command('execute', `--id=${id}`, '--rawOutput');
	await home.import('credentials', [credential]);
	await home.import('workflow', [workflow('there', 121), workflow('absent', 999999)]);
	const { code, stdout } = await execute('there');
	assert.equal(code, 0, stdout);
	const { resultData } = JSON.parse(stdout.slice(stdout.search(/^\{$/m))).data;
	assert.equal(resultData.runData['3CX'][0].data.main[0][0].json.Number, '888');
	const failed = await execute('absent');
	assert.equal(failed.code, 1);
	assert.match(failed.stdout, /No fax with Id 999999 on/);
});
