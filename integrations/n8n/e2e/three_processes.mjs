import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startEmulator } from './emulator.mjs';
import { Home, NODE, packPackage } from './n8n.mjs';

/**
 * Three n8n processes on one database use one credential against a PBX that keeps only the newest token alive:
 * `node three_processes.mjs`. The token is revoked twice. Ends with 1 if an item is lost, or above ten sign-ins.
 */

const PROCESSES = 3;
const ITEMS = 400;
const MOST_SIGN_INS = 10;

/** A workflow that reads one fax for each of its items, and counts what failed. */
function workflow(id) {
	const place = { typeVersion: 1, position: [0, 0] };
	const items = Array.from({ length: ITEMS }, (_, item) => ({ item }));
	return {
		id,
		name: id,
		active: false,
		settings: {},
		nodes: [
			{
				...place,
				id: 'start',
				name: 'Start',
				type: 'n8n-nodes-base.manualTrigger',
				parameters: {},
			},
			{
				...place,
				typeVersion: 3.4,
				id: 'list',
				name: 'List',
				type: 'n8n-nodes-base.set',
				parameters: { mode: 'raw', jsonOutput: JSON.stringify({ items }), options: {} },
			},
			{
				...place,
				id: 'items',
				name: 'Items',
				type: 'n8n-nodes-base.splitOut',
				parameters: { fieldToSplitOut: 'items', options: {} },
			},
			{
				...place,
				id: 'node',
				name: '3CX',
				type: NODE,
				parameters: {
					resource: 'Fax',
					operation: 'Get Fax',
					Id: 121,
					settings: { concurrency: 4 },
				},
				credentials: { trunklineApi: { id: 'pbx', name: 'PBX' } },
				onError: 'continueRegularOutput',
			},
		],
		connections: {
			Start: { main: [[{ node: 'List', type: 'main', index: 0 }]] },
			List: { main: [[{ node: 'Items', type: 'main', index: 0 }]] },
			Items: { main: [[{ node: '3CX', type: 'main', index: 0 }]] },
		},
	};
}

/** Waits until the PBX has answered so many reads. */
async function untilAnswered(emulator, count) {
	for (;;) {
		const { entries } = await emulator.control('GET', 'journal?limit=100000&operation=GetFax');
		if (entries.filter(({ status }) => status === 200).length >= count) return;
		await sleep(100);
	}
}

const home = new Home(packPackage());
const emulator = await startEmulator('--variant', 'latency=0.05', '--variant', 'jitter=0.05');
const folder = mkdtempSync(join(tmpdir(), 'trunkline-three-'));
const imported = async (kind, content) => {
	const file = join(folder, `${kind}.json`);
	writeFileSync(file, JSON.stringify(content));
	await home.command(`import:${kind}`, `--input=${file}`);
};
try {
	const data = emulator.credential;
	await imported('credentials', [{ id: 'pbx', name: 'PBX', type: 'trunklineApi', data }]);
	const ids = Array.from({ length: PROCESSES }, (_, index) => `process${index + 1}`);
	await imported('workflow', ids.map(workflow));
	const running = Promise.all(
		ids.map((id) => home.command('execute', `--id=${id}`, '--rawOutput')),
	);
	const all = PROCESSES * ITEMS;
	for (const part of [1 / 3, 2 / 3]) {
		await Promise.race([untilAnswered(emulator, all * part), running]);
		await emulator.control('POST', 'tokens/revoke', { client_id: emulator.clientId });
	}
	let answered = 0;
	for (const { stdout } of await running) {
		const result = JSON.parse(stdout.slice(stdout.search(/^\{/m)));
		const [items] = result.data.resultData.runData['3CX'].at(-1).data.main;
		answered += items.filter(({ json }) => json.Id === 121).length;
		const failed = items.find(({ json }) => json.Id !== 121);
		if (failed !== undefined) console.log(JSON.stringify(failed.json));
	}
	const { entries } = await emulator.control('GET', 'journal?limit=100000');
	const signIns = entries.filter(({ path }) => path === '/connect/token').length;
	console.log(
		`${all} items, ${all - answered} lost, ${signIns} sign-ins (at most ${MOST_SIGN_INS})`,
	);
	if (answered !== all || signIns > MOST_SIGN_INS) process.exitCode = 1;
} finally {
	await emulator.stop();
	home.remove();
	rmSync(folder, { recursive: true });
}
