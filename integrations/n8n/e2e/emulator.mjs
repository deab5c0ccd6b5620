import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';

const trunkline = fileURLToPath(new URL('../../../.venv/bin/trunkline', import.meta.url));

/** The client id of the tests' own requests. */
const TEST = 'test';

const API = '/xapi/v1';

/** What the node asks to find out whether its token lives. */
const SIGN_IN_CHECK = `${API}/Defs?$select=Id`;

/**
 * A stand-in 3CX on a free port of this machine.
 *
 * @param {string[]} options of `trunkline emulator`
 */
export async function startEmulator(...options) {
	const apiKey = randomBytes(16).toString('hex');
	const child = spawn(
		trunkline,
		['emulator', '--port', '0', '--client-id', 'n8n', '--api-key', apiKey, ...options],
		{ stdio: ['ignore', 'pipe', 'inherit'] },
	);
	const url = await new Promise((resolve, reject) => {
		let text = '';
		child.stdout.on('data', (piece) => {
			text += piece;
			const address = /answers at (\S+?)(?: |$)/m.exec(text);
			if (address !== null) resolve(address[1]);
		});
		child.once('exit', (code) => reject(new Error(`The emulator ended with ${code}: ${text}`)));
	});
	const emulator = new Emulator(child, url, apiKey);
	// The tests' own requests do not trust a self-signed certificate.
	if (url.startsWith('http:')) await emulator.signIn();
	return emulator;
}

class Emulator {
	clientId = 'n8n';
	#child;
	#token;

	constructor(child, url, apiKey) {
		this.#child = child;
		this.url = url;
		this.apiKey = apiKey;
	}

	/** What the credential "3CX API" stores. */
	get credential() {
		return { url: this.url, clientId: this.clientId, apiKey: this.apiKey };
	}

	/** Ask its controls, which the journal does not show: `control('POST', 'reset')`. */
	async control(method, path, body) {
		const response = await fetch(`${this.url}/_emulator/${path}`, {
			method,
			headers: {
				'X-Trunkline-Emulator': '1',
				...(typeof body === 'string' ? { 'Content-Type': 'text/plain' } : {}),
			},
			...(body === undefined
				? {}
				: { body: typeof body === 'string' ? body : JSON.stringify(body) }),
		});
		const text = await response.text();
		if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
		return text === '' ? undefined : JSON.parse(text);
	}

	/** What n8n requested since the journal was emptied, but for what belongs to a sign-in: `DELETE /Fax(121) 204`. */
	async requests() {
		const { entries } = await this.control('GET', 'journal');
		return entries
			.filter(({ client_id, path, status }) => {
				const isSignIn = status === 401 || path === SIGN_IN_CHECK;
				return client_id !== TEST && path.startsWith(API) && !isSignIn;
			})
			.map(({ method, path, status }) => {
				const target = decodeURIComponent(path.slice(API.length));
				return `${method} ${target} ${status}`;
			});
	}

	/** How often n8n signed in since the journal was emptied. */
	async signIns() {
		const { entries } = await this.control('GET', 'journal');
		return entries.filter((entry) => entry.path === '/connect/token').length;
	}

	/** Sign in for `ask`, under a client of its own, so that the node keeps its token. */
	async signIn() {
		const apiKey = randomBytes(16).toString('hex');
		const client = { client_id: TEST, api_key: apiKey, roles: ['system_owners'] };
		await this.control('POST', 'clients', client);
		const form = { grant_type: 'client_credentials', client_id: TEST, client_secret: apiKey };
		const answer = await fetch(`${this.url}/connect/token`, {
			method: 'POST',
			body: new URLSearchParams(form),
		});
		this.#token = (await answer.json()).access_token;
		await this.control('DELETE', 'journal');
	}

	/** Send a request of the test's own: `ask('GET', '/Fax(121)')`. */
	async ask(method, path, body, headers = {}) {
		const response = await fetch(`${this.url}/xapi/v1${path}`, {
			method,
			headers: {
				Authorization: `Bearer ${this.#token}`,
				...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
				...headers,
			},
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		const text = await response.text();
		return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
	}

	async stop() {
		if (this.#child.exitCode !== null) return;
		const ended = new Promise((resolve) => this.#child.once('exit', resolve));
		this.#child.kill();
		await ended;
	}
}
