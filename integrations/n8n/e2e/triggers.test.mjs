import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { startEmulator } from './emulator.mjs';
import { Home, PACKAGE, packPackage } from './n8n.mjs';

// A home of its own, since n8n is stopped and started in between.
const emulator = await startEmulator();
const home = new Home(packPackage());
let n8n = await home.start();
await n8n.setUp();
const credentials = await n8n.addCredential('Example PBX', emulator.credential);

after(async () => {
	await n8n.stop();
	await emulator.stop();
	home.remove();
});

function triggered(name, type, parameters) {
	return n8n.addWorkflow({
		name,
		nodes: [
			{
				id: 'trigger',
				name: 'Trigger',
				type: `${PACKAGE}.${type}`,
				typeVersion: 1,
				position: [0, 0],
				parameters,
				credentials,
			},
			{
				id: 'after',
				name: 'After',
				type: 'n8n-nodes-base.noOp',
				typeVersion: 1,
				position: [220, 0],
				parameters: {},
			},
		],
		connections: { Trigger: { main: [[{ node: 'After', type: 'main', index: 0 }]] } },
	});
}

/** The items of all executions of a workflow, once there are so many; n8n polls once a minute. */
async function events(workflow, count) {
	for (let round = 0; round < 240; round++) {
		const executions = await n8n.executions(workflow.id);
		const items = executions.flatMap((execution) => execution.outputs('After').flat());
		if (items.length >= count) return items.map(({ json }) => json);
		await sleep(500);
	}
	throw new Error(`${workflow.name}: fewer than ${count} events.`);
}

async function rename(number, FirstName) {
	const found = await emulator.ask('GET', `/Users(Number='${number}')?$select=Id`);
	const changed = await emulator.ask('PATCH', `/Users(${found.body.Id})`, { FirstName });
	assert.equal(changed.status, 204);
}

/** A call from the first of two extensions to the second. @returns its Id */
async function call(from, destination) {
	const made = await emulator.ask('POST', '/Users/Pbx.MakeCall', { dn: from, destination });
	assert.ok(made.status < 300, JSON.stringify(made));
	const { body } = await emulator.ask('GET', '/ActiveCalls');
	return body.value.at(-1).Id;
}

const hangUp = (id) => emulator.ask('POST', `/ActiveCalls(${id})/Pbx.DropCall`, {});

test('events reach a started n8n once each, also those while it was down', async () => {
	const everyMinute = { pollTimes: { item: [{ mode: 'everyMinute' }] } };
	const changes = await triggered('Changes', 'trunklineTrigger', {
		...everyMinute,
		event: 'userChanged',
	});
	const ended = await triggered('Ended', 'trunklineTrigger', {
		...everyMinute,
		event: 'callEnded',
	});
	const live = await triggered('Live', 'trunklineLiveTrigger', {
		events: ['callStarted', 'callEnded'],
		options: { interval: 1 },
	});
	for (const workflow of [changes, ended, live]) await n8n.activate(workflow);

	const first = await call('101', '102');
	assert.deepEqual(
		(await events(live, 1)).map((event) => event.event),
		['callStarted'],
	);
	await hangUp(first);
	await rename('103', 'Renamed');
	assert.deepEqual(
		(await events(live, 2)).map((event) => event.event),
		['callStarted', 'callEnded'],
	);
	const [change] = await events(changes, 1);
	assert.equal(change.event, 'userChanged');
	assert.match(JSON.stringify(change), /"Number":"103"/);
	const legs = (await events(ended, 1)).length;

	await n8n.stop();
	await rename('104', 'Renamed While Away');
	await hangUp(await call('105', '106'));
	n8n = await home.start();
	await n8n.signIn();
	const numbers = (await events(changes, 2)).map((event) => JSON.stringify(event));
	assert.equal(numbers.length, 2);
	assert.match(numbers[1], /"Number":"104"/);
	assert.equal((await events(ended, 2 * legs)).length, 2 * legs);
});
