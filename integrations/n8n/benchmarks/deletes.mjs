// 1,000 deletes at 20 ms round trip: this node, one item at a time and four at once, beside n8n's HTTP Request node.
//
//   npx tsc -p test && N8N_DIR=/path/to/an/n8n node benchmarks/deletes.mjs
//
// ITEMS is another number of items. N8N_DIR is a folder with n8n in node_modules; without it the HTTP Request node is left out. It reports, and judges
// nothing: times depend on the machine.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

const ITEMS = Number(process.env.ITEMS ?? 1_000);
const AT_ONCE = 4;
const require = createRequire(import.meta.url);
const { execute } = require('../.test/test/harness.js');
const { N8N_DIR } = process.env;

const pbx = spawn(process.execPath, [path.join(import.meta.dirname, 'slow_pbx.mjs')], {
	stdio: ['ignore', 'pipe', 'inherit'],
});
const [port] = await once(pbx.stdout, 'data');
const emulator = { url: `http://127.0.0.1:${Number(port)}`, clientId: 'n8n', apiKey: 'key' };
const items = Array.from({ length: ITEMS }, (_, n) => ({ json: { Id: n + 1 } }));

const bare = await timed(async () => {
	const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
	const left = [...items];
	const work = async () => {
		for (let item = left.pop(); item !== undefined; item = left.pop()) {
			await bareDelete(agent, item.json.Id);
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, work));
	agent.destroy();
});
report(`${AT_ONCE} at once, Node's http alone`, bare);

await execute(deletes(), { emulator, items: items.slice(0, 10) }); // signs in, and is compiled
const four = await timed(async () => await checked(deletes({ concurrency: AT_ONCE })));
report(
	`Trunkline, ${AT_ONCE} at once`,
	four,
	`${(bare.seconds / four.seconds).toFixed(2)} of what ${AT_ONCE} at once allow`,
);
const one = await timed(async () => await checked(deletes()));
report('Trunkline, one after another', one);

if (N8N_DIR === undefined) {
	console.log('HTTP Request: left out, since N8N_DIR is not set');
} else {
	const type = httpRequestNode();
	const parameters = {
		method: 'DELETE',
		url: `=${emulator.url}/xapi/v1/Fax({{ $json.Id }})`,
		authentication: 'none',
		sendHeaders: true,
		headerParameters: { parameters: [{ name: 'Authorization', value: 'Bearer token' }] },
		options: {},
	};
	// As the node runs within Loop Over Items, a batch of one.
	const single = await timed(async () => {
		for (const item of items) {
			const { error } = await execute(parameters, { emulator, type, items: [item] });
			if (error !== undefined) throw new Error(error.message);
		}
	});
	report(
		'HTTP Request, one after another',
		single,
		`${(single.seconds / four.seconds).toFixed(1)} times as long as Trunkline`,
	);
}
pbx.kill();
process.exit();

function deletes(settings = {}) {
	return { resource: 'Fax', operation: 'Delete Fax', Id: '={{ $json.Id }}', settings };
}

async function checked(parameters) {
	const { output, error } = await execute(parameters, { emulator, items });
	if (error !== undefined || output[0]?.length !== ITEMS)
		throw new Error(error?.message ?? 'Items are missing');
}

function bareDelete(agent, id) {
	return new Promise((resolve, reject) => {
		const request = http.request(
			`${emulator.url}/xapi/v1/Fax(${id})`,
			{ method: 'DELETE', agent },
			(response) => response.resume().on('end', resolve),
		);
		request.on('error', reject).end();
	});
}

function httpRequestNode() {
	const folder = path.resolve(N8N_DIR, 'node_modules/n8n-nodes-base/dist/nodes/HttpRequest');
	const { HttpRequest } = require(path.join(folder, 'HttpRequest.node.js'));
	const node = new HttpRequest();
	const type = node.getNodeType(4.2);
	// The harness has version 1 of each type.
	return Object.assign(Object.create(type), { description: { ...type.description, version: 1 } });
}

async function timed(run) {
	const before = process.cpuUsage();
	const start = performance.now();
	await run();
	const seconds = (performance.now() - start) / 1_000;
	const { user, system } = process.cpuUsage(before);
	return { seconds, busy: (user + system) / 1_000_000 };
}

/** `busy` is the CPU time of this process: where that is near the time, the machine is what limits. */
function report(what, { seconds, busy }, more = '') {
	const figures = `${seconds.toFixed(2).padStart(7)} s, CPU ${busy.toFixed(2).padStart(6)} s`;
	console.log(`${what.padEnd(36)} ${figures}  ${more}`);
}
