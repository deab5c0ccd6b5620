import { readFileSync, statSync } from 'node:fs';

import { startEmulator } from './emulator.mjs';
import { Home, oneNode, packPackage } from './n8n.mjs';

/**
 * What the package costs and how fast it is, each beside its limit: `node figures.mjs`. Ends with 1 if a figure is over
 * its limit. Times are those of this machine, so run it on an idle one.
 */

const ROUNDS = 3;
const ITEMS = 1000;
const ROUND_TRIP = 0.02;

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Start n8n a few times. @returns medians: seconds until it is ready, its processor seconds, megabytes */
async function starts(home) {
	const found = { seconds: [], processor: [], megabytes: [] };
	for (let round = 0; round <= ROUNDS; round++) {
		const began = performance.now();
		const n8n = await home.start();
		const seconds = (performance.now() - began) / 1000;
		const stat = readFileSync(`/proc/${n8n.pid}/stat`, 'utf8').split(') ')[1].split(' ');
		const status = readFileSync(`/proc/${n8n.pid}/status`, 'utf8');
		await n8n.stop();
		if (round === 0) continue; // makes the database
		found.seconds.push(seconds);
		found.processor.push((Number(stat[11]) + Number(stat[12])) / 100);
		found.megabytes.push(Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024);
	}
	return Object.fromEntries(Object.entries(found).map(([name, all]) => [name, median(all)]));
}

async function nodeTypes(home) {
	const n8n = await home.start();
	await n8n.setUp();
	const text = await n8n.nodeTypes();
	await n8n.stop();
	return text.length;
}

/** Deletes in one execution, four at once by our node, one by one by the HTTP Request node. @returns seconds */
async function deletes(home) {
	const emulator = await startEmulator('--variant', `latency=${ROUND_TRIP}`);
	const n8n = await home.start();
	await n8n.signIn();
	const credentials = await n8n.addCredential('Example PBX', emulator.credential);
	const rows = Array.from({ length: ITEMS }, (_, index) => ({
		Id: 1000 + index,
		Number: String(1000 + index),
	}));
	const nodes = {
		ours: {
			parameters: {
				resource: 'Fax',
				operation: 'Delete Fax',
				Id: '={{ $json.Id }}',
				settings: { concurrency: 4 },
			},
			rest: { credentials },
		},
		http: {
			parameters: {
				operation: 'HTTP Request',
				method: 'DELETE',
				url: `=${emulator.url}/xapi/v1/Fax({{ $json.Id }})`,
				authentication: 'predefinedCredentialType',
				nodeCredentialType: 'trunklineApi',
				options: { batching: { batch: { batchSize: 1, batchInterval: 0 } } },
			},
			rest: { credentials, type: 'n8n-nodes-base.httpRequest', typeVersion: 4.2 },
		},
	};
	const seconds = {};
	for (const [name, { parameters, rest }] of Object.entries(nodes)) {
		await emulator.control('POST', 'seed', { rows: { Fax: rows } });
		const items = rows.map(({ Id }) => ({ Id }));
		const execution = await n8n.run(oneNode(parameters, items, rest), 'Start');
		const left = await emulator.ask('GET', '/Fax?$top=1');
		if (execution.status !== 'success' || left.body.value.length > 0)
			throw new Error(`${name}: ${execution.status} ${JSON.stringify(execution.error)}`);
		seconds[name] = execution.milliseconds('3CX') / 1000;
	}
	await n8n.stop();
	await emulator.stop();
	return seconds;
}

const archive = packPackage();
const plain = new Home(undefined);
const ours = new Home(archive);
const without = await starts(plain);
const together = await starts(ours);
const types = { without: await nodeTypes(plain), together: await nodeTypes(ours) };
const { ours: four, http } = await deletes(ours);
const ideal = (ITEMS / 4) * ROUND_TRIP;

const figures = [
	['the package, packed, in MB', statSync(archive).size / 1e6, 1],
	['what the editor loads for it, in MB', (types.together - types.without) / 1e6, 2],
	['n8n starts so much later, in s', together.seconds - without.seconds, 0.5],
	['  of that on the processor, in s', together.processor - without.processor, 0.5],
	['n8n then takes so much more, in MB', together.megabytes - without.megabytes, 60],
	[`${ITEMS} deletes at ${ROUND_TRIP * 1000} ms, 4 at once, in s`, four, ideal / 0.8],
	['  the same by HTTP Request, one by one: a third, in s', four, http / 3],
];
for (const [what, figure, limit] of figures) {
	const verdict = figure <= limit ? 'ok' : 'OVER';
	console.log(`${what.padEnd(56)} ${figure.toFixed(2)} (limit ${limit.toFixed(2)}) ${verdict}`);
	if (figure > limit) process.exitCode = 1;
}
plain.remove();
ours.remove();
