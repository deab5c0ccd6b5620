import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, beforeEach, test } from 'node:test';

import { startMail, startWeb } from './outside.mjs';
import { credentials, emulator, n8n } from './started.mjs';

const folder = new URL('../workflows/', import.meta.url);

const mail = await startMail();
const web = await startWeb(
	'192.0.2.44 # known\n203.0.113.40\n203.0.113.41 # scan\n\n198.51.100.1\n',
);
const secured = { user: 'n8n', password: 'for-this-test-only' };
const outside = {
	...(await n8n.addCredential(
		'Mail',
		{
			...secured,
			host: '127.0.0.1',
			port: mail.port,
			secure: false,
			disableStartTls: true,
			user: '',
			password: '',
		},
		'smtp',
	)),
	...(await n8n.addCredential('Storage', secured, 'httpBasicAuth')),
	...(await n8n.addCredential(
		'CRM',
		{ name: 'X-Key', value: 'for-this-test-only' },
		'httpHeaderAuth',
	)),
};

const ran = new Set();

after(() => {
	mail.stop();
	web.stop();
});

beforeEach(async () => {
	await emulator.control('DELETE', 'faults');
	await emulator.control('POST', 'reset');
	mail.received.length = 0;
	web.received.length = 0;
});

/**
 * Run one of the package's workflows from its trigger, against servers of this machine.
 *
 * @param {object} [item] what its trigger gives, where that needs somebody else
 */
async function run(name, item) {
	ran.add(name);
	const text = readFileSync(new URL(name, folder), 'utf8');
	const workflow = JSON.parse(
		text.replaceAll(/https:\/\/(feeds|chat|storage)\.example\.com/g, web.url),
	);
	const stored = { ...credentials, ...outside };
	for (const node of workflow.nodes) {
		for (const type of Object.keys(node.credentials ?? {})) node.credentials[type] = stored[type];
		if (node.type === 'n8n-nodes-base.wait') node.parameters = { amount: 0, unit: 'seconds' };
	}
	const isTarget = new Set(
		Object.values(workflow.connections).flatMap(({ main }) => main.flat().map(({ node }) => node)),
	);
	const trigger = workflow.nodes.find(
		({ name, type }) => !isTarget.has(name) && !type.endsWith('stickyNote'),
	);
	if (item !== undefined) workflow.pinData = { [trigger.name]: [{ json: item }] };
	const execution = await n8n.run(workflow, trigger.name);
	assert.equal(execution.status, 'success', JSON.stringify(execution.error));
	return execution;
}

const rows = async (path) => (await emulator.ask('GET', path)).body.value;

test('blocklist-feed.json blocks the new addresses of a feed', async () => {
	await run('blocklist-feed.json');
	const addresses = (await rows('/Blocklist?$top=100')).map((row) => row.IPAddrMask);
	assert.ok(addresses.includes('203.0.113.40') && addresses.includes('203.0.113.41'));
	assert.ok(!addresses.includes('198.51.100.1'));
	const writes = (await emulator.requests()).filter((request) => !request.startsWith('GET'));
	assert.deepEqual(writes, ['POST /Blocklist 201', 'POST /Blocklist 201']);
});

test('contact-sync.json changes the contact that is there, and creates the other', async () => {
	const person = (phone) => ({
		body: {
			phone,
			firstName: 'Ada',
			lastName: "O'Example",
			company: 'Example',
			email: 'ada@example.com',
		},
	});
	const [known] = await rows('/Contacts?$top=1');
	await run('contact-sync.json', person(known.PhoneNumber));
	await run('contact-sync.json', person('+15550142'));
	const writes = (await emulator.requests()).filter((request) => !request.startsWith('GET'));
	assert.deepEqual(writes, [`PATCH /Contacts(${known.Id}) 204`, 'POST /Contacts 201']);
	const [made] = await rows(`/Contacts?$filter=PhoneNumber eq '%2B15550142'`);
	assert.equal(made.LastName, "O'Example");
});

test('fax-cleanup.json deletes the faxes that nobody used', async () => {
	const before = await rows('/Fax?$top=100');
	await run('fax-cleanup.json');
	const left = new Set((await rows('/Fax?$top=100')).map((fax) => fax.Id));
	const deletes = (await emulator.requests()).filter((request) => request.startsWith('DELETE'));
	assert.ok(deletes.length > 0);
	const gone = before.filter((fax) => !left.has(fax.Id));
	assert.deepEqual(
		deletes,
		gone.map((fax) => `DELETE /Fax(${fax.Id}) 204`),
	);
	assert.ok(gone.every((fax) => !fax.FaxServer));
});

test('missed-calls.json posts to the chat', async () => {
	await run('missed-calls.json', {
		event: 'missedCall',
		StartTime: '2026-06-15T09:00:00Z',
		SourceCallerId: '+15550142',
		SourceDisplayName: 'Ada Example',
		queues: ['800'],
		rang: ['101', '102'],
	});
	const [post] = web.received;
	assert.equal(post.method, 'POST');
	assert.match(
		JSON.parse(post.body).text,
		/^Missed call from Ada Example \(\+15550142\) at 2026-06-15.*, for 800, 101, 102$/,
	);
});

test('new-starter.json creates the extension and sends the mail', async () => {
	await run('new-starter.json', {
		'First name': 'Ada',
		'Last name': 'Example',
		Email: 'ada@example.com',
		Extension: '177',
		Department: (await rows('/Groups?$top=1'))[0].Name,
	});
	const user = await emulator.ask('GET', "/Users(Number='177')");
	assert.equal(user.body.FirstName, 'Ada');
	const writes = (await emulator.requests()).filter((request) => !request.startsWith('GET'));
	assert.equal(writes.length, 2);
	assert.match(writes[1], /^POST \/Users\(\d+\)\/Pbx\.SendWelcomeEmail 20/);
});

test('nightly-backup.json makes a backup, and mails where there is none', async () => {
	await run('nightly-backup.json');
	assert.ok((await rows('/Backups')).some((backup) => backup.FileName.startsWith('n8n-')));
	assert.deepEqual(mail.received, []);
	await emulator.control('POST', 'faults', '403@POST /Backups*');
	await run('nightly-backup.json');
	assert.equal(mail.received.length, 1);
	assert.match(mail.received[0], /no backup last night/);
});

test('recordings-to-storage.json stores the file', async () => {
	await run('recordings-to-storage.json');
	const [put] = web.received;
	assert.equal(put.method, 'PUT');
	assert.match(put.url, /^\/recordings\/20\d\d-\d\d-\d\d-\d+\.wav$/);
	assert.equal(put.body.subarray(0, 4).toString(), 'RIFF');
});

test('weekly-report.json mails a table and the CSV', async () => {
	await run('weekly-report.json');
	assert.equal(mail.received.length, 1);
	assert.match(mail.received[0], /text\/csv/);
	assert.match(mail.received[0], /<table>/);
});

test('every workflow of the package was run', () => {
	assert.deepEqual(
		[...ran].sort(),
		readdirSync(folder)
			.filter((name) => name.endsWith('.json'))
			.sort(),
	);
});
