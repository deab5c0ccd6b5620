import { randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Make the pictures of docs/guides/machines.md in Prefect's own page: `node integrations/prefect/pictures.mjs ADDRESS`.
 *
 * The address is what `trunkline fleet up` prints. The newest runs of `fleet-job` and `config-drift` are shown, so let
 * each run before. Chromium is the system's, or CHROMIUM names it; what drives it is that of the n8n package
 * (`npm ci` in integrations/n8n/e2e).
 */

const { chromium } = createRequire(new URL('../n8n/e2e/package.json', import.meta.url))('playwright-core');
const [address] = process.argv.slice(2);
const folder = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));
const LIMIT = 150_000;
const PATIENCE = 120_000;
const SETTLED = Number(process.env.SETTLED ?? 5_000);
const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
	(path) => path !== undefined && existsSync(path),
);

/** Ask Prefect's server, which wants a token of each client that writes, and a filter is written. */
async function ask(path, body) {
	const client = randomUUID();
	const { token } = await (await fetch(`${address}/api/csrf-token?client=${client}`)).json();
	const headers = { 'Content-Type': 'application/json', 'Prefect-Csrf-Client': client, 'Prefect-Csrf-Token': token };
	const answer = await fetch(`${address}/api${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
	if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
	return answer.json();
}

async function newestRun(flow) {
	const wanted = { flows: { name: { any_: [flow] } }, sort: 'START_TIME_DESC', limit: 1 };
	const [run] = await ask('/flow_runs/filter', wanted);
	if (run === undefined) throw new Error(`Let ${flow} run first.`);
	return run;
}

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1100, height: 760 }, colorScheme: 'light' });
page.setDefaultTimeout(PATIENCE);

/** Open a page, wait until it shows what it is for and nothing moves, and take its picture. */
async function picture(name, path, shows, height) {
	await page.setViewportSize({ width: 1100, height });
	await page.goto(address + path, { timeout: PATIENCE });
	await page.getByText(shows).first().waitFor();
	await page.mouse.move(0, 0);
	await page.waitForTimeout(SETTLED); // the page asks again and again, so it is never idle
	const file = `${folder}machines-${name}.png`;
	await page.screenshot({ path: file, animations: 'disabled' });
	const { size } = statSync(file);
	console.log(`${file}: ${size} bytes`);
	if (size > LIMIT) throw new Error(`${file} has more than ${LIMIT} bytes.`);
}

const job = await newestRun('fleet-job');
const drift = await newestRun('config-drift');
await picture('form', `/deployments/deployment/${job.deployment_id}/run`, 'items_file', 900);
await picture('run', `/runs/flow-run/${job.id}`, /Worker .* submitting/, 1000);
for (const [name, run] of [['job', job], ['drift', drift]]) {
	const [artifact] = await ask('/artifacts/filter', {
		artifacts: { flow_run_id: { any_: [run.id] }, type: { any_: ['markdown'] } },
		sort: 'UPDATED_DESC',
		limit: 1,
	});
	await picture(`${name}-table`, `/artifacts/artifact/${artifact.id}`, 'PBX', 810);
}
await browser.close();
