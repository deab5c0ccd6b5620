/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Emulator } from './emulator';

/** One request as it was on the wire. Header names are in lower case. */
export interface Sent {
	method: string;
	/** Path and query. */
	target: string;
	headers: Readonly<Record<string, string | string[] | undefined>>;
	body: Buffer;
}

/** An answer that the wire gives in the PBX's place. */
export interface Instead {
	status: number;
	headers?: Record<string, string>;
	body?: string;
	/** Breaks the connection after the body, though more was announced. */
	breaks?: boolean;
}

/** An emulator whose requests are seen in transit, with their bodies and headers, which its journal leaves out. */
export interface Wire extends Emulator {
	/** What was sent below /xapi/v1 since the last `clear`. */
	readonly sent: Sent[];
	clear(): void;
	/** Answers in the PBX's place, where the function gives an answer. */
	instead(answer: ((sent: Sent) => Instead | undefined) | undefined): void;
	/** The most requests that were in transit at once. */
	atOnce(): number;
}

/** Puts a wire before an emulator; stopping it stops the emulator, too. */
export async function wireTo(emulator: Emulator): Promise<Wire> {
	const sent: Sent[] = [];
	let instead: ((sent: Sent) => Instead | undefined) | undefined;
	let now = 0;
	let most = 0;
	const server: Server = createServer((incoming, outgoing) => {
		const chunks: Buffer[] = [];
		most = Math.max(most, ++now);
		outgoing.on('close', () => now--);
		incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
		incoming.on('end', () => {
			const { method = '', url = '', headers } = incoming;
			const body = Buffer.concat(chunks);
			const one: Sent = { method, target: url, headers, body };
			if (url.startsWith('/xapi/v1/')) sent.push(one);
			const answer = url.startsWith('/xapi/v1/') ? instead?.(one) : undefined;
			if (answer !== undefined) {
				const length = Buffer.byteLength(answer.body ?? '') + (answer.breaks === true ? 100 : 0);
				outgoing.writeHead(answer.status, { ...answer.headers, 'content-length': length });
				outgoing.write(answer.body ?? '');
				if (answer.breaks === true) setTimeout(() => outgoing.destroy(), 20);
				else outgoing.end();
				return;
			}
			const { hostname, port } = new URL(emulator.url);
			const onward = forward({ hostname, port, method, path: url, headers }, (response) => {
				outgoing.writeHead(response.statusCode ?? 502, response.headers);
				response.pipe(outgoing);
			});
			onward.on('error', () => outgoing.destroy());
			onward.end(body);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	return {
		...emulator,
		url: `http://127.0.0.1:${port}`,
		sent,
		clear: () => {
			sent.length = 0;
			most = 0;
		},
		instead: (answer) => {
			instead = answer;
		},
		atOnce: () => most,
		stop: async () => {
			server.closeAllConnections();
			server.close();
			await emulator.stop();
		},
	};
}
