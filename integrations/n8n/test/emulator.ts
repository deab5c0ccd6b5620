/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-dangerous-functions, @n8n/community-nodes/no-hardcoded-secrets -- n8n never runs a test */
import { spawn } from 'node:child_process';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';

/** What the emulator notes of a request, in the order in which the requests took effect. */
export interface Entry {
	id: number;
	method: string;
	/** Path and query. */
	path: string;
	/** 0 where no answer went out. */
	status: number;
	client_id: string | null;
	/** 3CX's operationId, such as `DeleteFax`; null for a sign-in. */
	operation: string | null;
	/** Whether it changed something, also where its answer was lost. */
	effect: boolean;
	fault: string | null;
}

/** A 3CX that answers as a real one does: a process of its own, at a free port of this machine. */
export interface Emulator {
	readonly url: string;
	readonly clientId: string;
	readonly apiKey: string;
	/** All requests since the start, or since `forget`. */
	journal(): Promise<Entry[]>;
	/** Empties the journal. */
	forget(): Promise<void>;
	/** Adds faults in short text, such as `reset-after:times=1@DELETE`. */
	fault(...rules: string[]): Promise<void>;
	/** Removes all faults. */
	heal(): Promise<void>;
	/** Sets variants, such as `{ etags: 'weak' }`. */
	vary(variants: Record<string, unknown>): Promise<void>;
	/** Ends all tokens, as another sign-in with the same client id does. */
	revoke(): Promise<void>;
	/** Goes back to its first data, with an empty journal. */
	reset(): Promise<void>;
	/** Anything else at `/_emulator`: emulator/docs/faults.md. */
	control(method: string, path: string, body?: unknown): Promise<unknown>;
	stop(): Promise<void>;
}

const REPOSITORY = path.resolve(__dirname, '../../../..');
const CLIENT_ID = 'n8n';
const API_KEY = 'key-of-the-emulator-that-n8n-has';

/**
 * Starts an emulator. `args` are those of `trunkline emulator`; port, client id and API key are chosen here.
 * Several tests may share one: start it in `before`, stop it in `after`.
 */
export async function startEmulator(args: string[] = []): Promise<Emulator> {
	const child = spawn(
		path.join(REPOSITORY, '.venv/bin/trunkline'),
		['emulator', '--port', '0', '--client-id', CLIENT_ID, '--api-key', API_KEY, ...args],
		{ stdio: ['ignore', 'pipe', 'pipe'] },
	);
	const end = () => child.kill('SIGKILL');
	process.once('exit', end);
	const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
	let errors = '';
	child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
	const url = await new Promise<string>((resolve, reject) => {
		let stated = '';
		child.stdout.setEncoding('utf8').on('data', (text: string) => {
			stated += text;
			const match = /TRUNKLINE_URL=(\S+)\n/.exec(stated);
			if (match?.[1] !== undefined) resolve(match[1]);
		});
		child.once('error', reject);
		void ended.then(() => reject(new Error(`The emulator did not start: ${stated}${errors}`)));
	});
	const control = async (method: string, target: string, body?: unknown) =>
		await ask(method, `${url}/_emulator/${target}`, body);
	return {
		url,
		clientId: CLIENT_ID,
		apiKey: API_KEY,
		journal: async () => {
			const { entries } = (await control('GET', 'journal?limit=100000')) as { entries: Entry[] };
			return entries;
		},
		forget: async () => void (await control('DELETE', 'journal')),
		fault: async (...rules) => {
			for (const rule of rules) await control('POST', 'faults', rule);
		},
		heal: async () => void (await control('DELETE', 'faults')),
		vary: async (variants) => void (await control('PATCH', 'variants', variants)),
		revoke: async () => void (await control('POST', 'tokens/revoke', {})),
		reset: async () => void (await control('POST', 'reset')),
		control,
		stop: async () => {
			process.removeListener('exit', end);
			child.kill('SIGTERM');
			await ended;
		},
	};
}

/** A request to `/_emulator`: text is sent as it is, anything else as JSON. */
async function ask(method: string, url: string, body?: unknown): Promise<unknown> {
	const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
	const type = typeof body === 'string' ? 'text/plain' : 'application/json';
	const { request } = url.startsWith('https:') ? https : http;
	const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
		const headers = {
			'X-Trunkline-Emulator': '1',
			'Content-Type': type,
			'Content-Length': Buffer.byteLength(text),
		};
		// No kept connection: the emulator closes one after five idle seconds, maybe just when it is used again.
		const options = { method, headers, rejectUnauthorized: false, agent: false as const };
		const asked = request(url, options, (response) => {
			let got = '';
			response.setEncoding('utf8').on('data', (piece: string) => (got += piece));
			response.on('end', () => resolve({ status: response.statusCode ?? 0, body: got }));
			response.on('error', reject);
		});
		asked.on('error', reject);
		asked.end(text);
	});
	if (answer.status >= 400) throw new Error(`${method} ${url}: ${answer.status} ${answer.body}`);
	return answer.body === '' ? undefined : (JSON.parse(answer.body) as unknown);
}
