import { execFileSync, spawn } from 'node:child_process';
import {
	appendFileSync,
	closeSync,
	mkdirSync,
	mkdtempSync,
	openSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { installN8n, n8nFolder } from './install.mjs';

const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const command = join(n8nFolder, 'node_modules/n8n/bin/n8n');

export const OWNER = {
	email: 'owner@example.com',
	password: 'Owner-0123456789',
	firstName: 'Test',
	lastName: 'Owner',
};

/** What the names of our types in n8n begin with. */
export const PACKAGE = 'n8n-nodes-trunkline';
export const NODE = `${PACKAGE}.trunkline`;

let archive = process.env.TRUNKLINE_PACKAGE;

/** Build the package, once, and pack it as npm publishes it; the path of the archive. */
export function packPackage() {
	if (archive !== undefined) return archive;
	const options = { cwd: packageFolder, encoding: 'utf8', stdio: ['ignore', 'pipe', 2] };
	execFileSync('npx', ['--no-install', 'n8n-node', 'build'], options);
	const folder = mkdtempSync(join(tmpdir(), 'trunkline-pack-'));
	const pack = ['pack', '--json', '--pack-destination', folder];
	const [packed] = JSON.parse(execFileSync('npm', pack, options));
	archive = join(folder, packed.filename);
	return archive;
}

export async function freePort() {
	const server = createServer();
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address();
	await new Promise((resolve) => server.close(resolve));
	return port;
}

/** The folder of one n8n: its database, its settings, and the package installed as n8n's own page does it. */
export class Home {
	#environment;

	/** @param {string | undefined} archive what `packPackage` gave; without it n8n has only its own nodes */
	constructor(archive) {
		installN8n();
		this.folder = mkdtempSync(join(tmpdir(), 'trunkline-n8n-'));
		this.log = join(this.folder, 'n8n.log');
		const modules = join(this.folder, '.n8n/nodes/node_modules');
		mkdirSync(modules, { recursive: true });
		if (archive !== undefined) {
			const target = join(modules, PACKAGE);
			mkdirSync(target);
			execFileSync('tar', ['-xzf', archive, '-C', target, '--strip-components=1']);
		}
	}

	/** A home has one broker's port and one encryption key, so that every process can read the credentials. */
	async environment() {
		this.#environment ??= {
			...process.env,
			N8N_USER_FOLDER: this.folder,
			N8N_ENCRYPTION_KEY: 'only-for-this-test',
			N8N_RUNNERS_BROKER_PORT: String(await freePort()),
			N8N_DIAGNOSTICS_ENABLED: 'false',
			N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
			N8N_VERIFIED_PACKAGES_ENABLED: 'false',
			N8N_TEMPLATES_ENABLED: 'false',
			N8N_PERSONALIZATION_ENABLED: 'false',
			N8N_SECURE_COOKIE: 'false',
			N8N_LOG_LEVEL: 'info',
			N8N_LOG_OUTPUT: 'console',
			GENERIC_TIMEZONE: 'Europe/London',
		};
		return this.#environment;
	}

	/**
	 * Run a command of n8n: `execute --id=… --rawOutput`.
	 *
	 * @returns {Promise<{code: number, stdout: string}>}
	 */
	async command(...words) {
		const child = spawn(process.execPath, [command, ...words], {
			env: { ...(await this.environment()), N8N_RUNNERS_BROKER_PORT: String(await freePort()) },
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		let stdout = '';
		child.stdout.on('data', (piece) => (stdout += piece));
		child.stderr.on('data', (piece) => appendFileSync(this.log, piece));
		const code = await new Promise((resolve) => child.once('close', resolve));
		appendFileSync(this.log, stdout);
		return { code, stdout };
	}

	/** Import workflows or credentials, the latter in plain, as a file. */
	async import(what, entries) {
		const input = join(this.folder, `${what}.json`);
		writeFileSync(input, JSON.stringify(entries));
		const { code, stdout } = await this.command(`import:${what}`, `--input=${input}`);
		if (code !== 0) throw new Error(stdout);
	}

	/** Start n8n, as `n8n start` does, and wait until it says that its editor can be used. */
	async start() {
		const port = await freePort();
		const log = openSync(this.log, 'w');
		const child = spawn(process.execPath, [command, 'start'], {
			env: {
				...(await this.environment()),
				N8N_PORT: String(port),
				N8N_LISTEN_ADDRESS: '127.0.0.1',
				N8N_HOST: '127.0.0.1',
			},
			stdio: ['ignore', log, log],
		});
		closeSync(log);
		process.once('exit', () => child.kill('SIGKILL'));
		while (!readFileSync(this.log, 'utf8').includes('Editor is now accessible')) {
			if (child.exitCode !== null) throw new Error(readFileSync(this.log, 'utf8'));
			await sleep(100);
		}
		return new N8n(child, `http://127.0.0.1:${port}`);
	}

	remove() {
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** A started n8n, used through the API that its editor uses. */
class N8n {
	#child;
	#cookie = '';
	#flatted = createRequire(join(n8nFolder, 'node_modules/n8n/package.json'))('flatted');

	constructor(child, url) {
		this.#child = child;
		this.url = url;
		this.pid = child.pid;
	}

	/** Make the owner's account, and sign in. */
	async setUp() {
		await this.ask('POST', '/owner/setup', OWNER);
	}

	/** Sign in where there is an owner. */
	async signIn() {
		const { email, password } = OWNER;
		await this.ask('POST', '/login', { emailOrLdapLoginId: email, password });
	}

	/** Ask n8n's own API. @returns the answer's `data` */
	async ask(method, path, body) {
		const response = await fetch(`${this.url}/rest${path}`, {
			method,
			headers: {
				Cookie: this.#cookie,
				'browser-id': 'test',
				...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
			},
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		for (const cookie of response.headers.getSetCookie())
			if (cookie.startsWith('n8n-auth=')) this.#cookie = cookie.split(';')[0];
		const text = await response.text();
		if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
		const answer = JSON.parse(text);
		return 'data' in answer ? answer.data : answer;
	}

	/** Store a credential. @returns what a node refers to it by */
	async addCredential(name, data, type = 'trunklineApi') {
		const { id } = await this.ask('POST', '/credentials', { name, type, data });
		return { [type]: { id, name } };
	}

	/** Press the Test button of a stored credential. @returns {Promise<{status: string, message: string}>} */
	async testCredential(reference) {
		const [[type, { id }]] = Object.entries(reference);
		const stored = await this.ask('GET', `/credentials/${id}?includeData=true`);
		return this.ask('POST', '/credentials/test', {
			credentials: { id, name: stored.name, type, data: stored.data },
		});
	}

	addWorkflow(workflow) {
		return this.ask('POST', '/workflows', { settings: {}, active: false, ...workflow });
	}

	/**
	 * Run a workflow by hand from one of its triggers and wait for its end.
	 *
	 * @param {string} trigger the name of the node that it starts from
	 * @returns the execution: `status`, `error`, and `outputs(name)`
	 */
	async run(workflow, trigger) {
		const saved = await this.addWorkflow(workflow);
		const { executionId } = await this.ask('POST', `/workflows/${saved.id}/run`, {
			workflowData: saved,
			triggerToStartFrom: { name: trigger },
		});
		if (executionId === undefined) throw new Error(`${saved.name} waits for a webhook.`);
		return this.ended(executionId);
	}

	/** Wait for the end of an execution. */
	async ended(id) {
		for (let round = 0; round < 2400; round++) {
			const execution = await this.ask('GET', `/executions/${id}`);
			if (!['new', 'running', 'waiting'].includes(execution.status))
				return new Execution(execution, this.#flatted.parse(execution.data).resultData);
			await sleep(25);
		}
		throw new Error(`Execution ${id} does not end.`);
	}

	/** Publish a workflow, so that its triggers run. */
	activate({ id, versionId }) {
		return this.ask('POST', `/workflows/${id}/activate`, { versionId });
	}

	/** The executions of a workflow so far, the oldest first. */
	async executions(workflowId) {
		const filter = encodeURIComponent(JSON.stringify({ workflowId }));
		const { results } = await this.ask('GET', `/executions?filter=${filter}`);
		return Promise.all(results.map(({ id }) => this.ended(id)).reverse());
	}

	/** What the editor loads about nodes. */
	async nodeTypes() {
		const response = await fetch(`${this.url}/types/nodes.json`, {
			headers: { Cookie: this.#cookie },
		});
		return response.text();
	}

	async stop() {
		if (this.#child.exitCode !== null) return;
		const ended = new Promise((resolve) => this.#child.once('exit', resolve));
		this.#child.kill();
		await ended;
	}
}

class Execution {
	#runs;

	constructor(execution, result) {
		this.id = execution.id;
		this.status = execution.status;
		this.error = result.error;
		this.#runs = result.runData;
	}

	/** The names of the nodes that ran. */
	get ran() {
		return Object.keys(this.#runs);
	}

	/** The items that a node gave, by output. */
	outputs(name) {
		const run = this.#runs[name]?.at(-1);
		return (run?.data?.main ?? []).map((items) => items ?? []);
	}

	/** How long a node took, in milliseconds. */
	milliseconds(name) {
		return this.#runs[name]?.at(-1)?.executionTime;
	}

	/** The error of a node that stopped the workflow. */
	failure(name) {
		return this.#runs[name]?.at(-1)?.error;
	}
}

/** A workflow of a manual trigger, which gives `items`, and one node after it. */
export function oneNode(parameters, items, rest = {}) {
	return {
		name: parameters.operation,
		nodes: [
			{
				id: 'start',
				name: 'Start',
				type: 'n8n-nodes-base.manualTrigger',
				typeVersion: 1,
				position: [0, 0],
				parameters: {},
			},
			{
				id: 'node',
				name: '3CX',
				type: NODE,
				typeVersion: 1,
				position: [220, 0],
				parameters,
				...rest,
			},
		],
		connections: { Start: { main: [[{ node: '3CX', type: 'main', index: 0 }]] } },
		pinData: { Start: items.map((json) => ({ json })) },
	};
}
