import { sleepWithAbort, type IHttpRequestOptions } from 'n8n-workflow';

import { baseAddress, serverOf } from './address';
import { Failure, SignInRefused, Unreachable } from './errors';
import { retryAfter } from './failures';
import { headersOf } from './headers';
import type { ApiRequest, ApiResponse, Connection, FilePart, StreamedResponse } from './http';
import { noAnswer, NoAnswer, tooLate, UNKNOWN } from './network';
import { isFromPbx, mayBeFromPbx } from './origin';
import { readCredentials, renewed, renewedAfter403, type ConnectionContext } from './renewal';
import { LEAST, type Credentials } from './tokens';
import { isVersion, statedVersion } from './versions';

export type { ConnectionContext };

export interface ConnectionOptions {
	/** Milliseconds that an answer may take; of a streamed one, that may pass without a byte of it. */
	readonly timeout?: number;
}

type Answer = ApiResponse | StreamedResponse;

const TIMEOUT = 60_000;
/** How many tokens one request may find dead; each time another process may have been faster. */
const ROUNDS = 6;
const TRIES = 3;
/** Milliseconds before a second try, about; they double with each try. */
const DELAY = 250;
/** Milliseconds that `Retry-After` is respected for, at most. */
const LONGEST_DELAY = 20_000;
/** How often requests may be sent again: a tenth of all in the long run, so that a PBX in trouble is spared. */
const RETRIES = 20;
const LONGEST_ANSWER = 64 * 2 ** 20;
const AGAIN_LATER = new Set([429, 502, 503, 504]);

/** The versions that PBXs named to this process, by address. */
const named = new Map<string, string>();

/**
 * The PBX of the node's credential. Nothing is sent yet.
 *
 * @throws Refused for an address that is none, and for a version that can't be read
 */
export async function connect(
	context: ConnectionContext,
	options: ConnectionOptions = {},
): Promise<Connection> {
	return new SignedIn(context, await readCredentials(context), options.timeout ?? TIMEOUT);
}

class SignedIn implements Connection {
	readonly server: string;

	version: string | undefined;

	private readonly address: string;

	private readonly cancelled: AbortSignal | undefined;

	private retries = RETRIES;

	private asking: Promise<void> | undefined;

	private wasAsked = false;

	constructor(
		private readonly context: ConnectionContext,
		private credentials: Credentials,
		private readonly timeout: number,
	) {
		this.address = baseAddress(credentials.url);
		this.server = serverOf(this.address);
		this.version = statedVersion(credentials.version) ?? named.get(this.address);
		this.cancelled =
			'getExecutionCancelSignal' in context ? context.getExecutionCancelSignal() : undefined;
	}

	async askedVersion(): Promise<string | undefined> {
		if (this.credentials.version === '' && !this.wasAsked) {
			this.asking ??= this.ask().finally(() => {
				this.asking = undefined;
			});
			await this.asking;
		}
		return this.version;
	}

	async send(request: ApiRequest): Promise<ApiResponse> {
		return await this.untilAnswered(request, async (credentials) => {
			const deadline = AbortSignal.timeout(this.timeout);
			const answer = await this.exchange(request, credentials, deadline);
			return { ...answer, body: await this.textOf(request, answer, deadline) };
		});
	}

	async stream(request: ApiRequest): Promise<StreamedResponse> {
		// Compressed, it would not be the stream of the socket, whose silence can be noticed.
		const headers = { ...request.headers, 'Accept-Encoding': 'identity' };
		const asked = { ...request, headers };
		return await this.untilAnswered(asked, async (credentials) => {
			const answer = await this.exchange(asked, credentials);
			const { body } = answer;
			if (isOfSocket(body)) {
				body.setTimeout(this.timeout, () => {
					const what = `${this.server} sent nothing for ${this.timeout / 1000} s.`;
					body.destroy(new Unreachable(what, 'Try again.', request.method !== 'GET'));
				});
			}
			return answer;
		});
	}

	/**
	 * Sends a request until it has an answer that counts. A GET is sent again after a lost connection, 429, 502,
	 * 503 and 504. A DELETE likewise, and a 404 of the PBX then means that an earlier try had worked. Any other
	 * write is sent again only where no connection was made: no status proves that it was not carried out.
	 */
	private async untilAnswered<A extends Answer>(
		request: ApiRequest,
		send: (credentials: Credentials) => Promise<A>,
	): Promise<A> {
		const isRepeatable = request.method === 'GET' || request.method === 'DELETE';
		let perhapsDone = false;
		for (let attempt = 1; ; attempt++) {
			let wait: number | undefined;
			try {
				const answer = await this.withLiveToken(send);
				if (perhapsDone && request.method === 'DELETE' && isMissing(answer)) {
					return { ...answer, status: 204, body: '' };
				}
				wait = isRepeatable ? delayBefore(answer, attempt) : undefined;
				if (wait === undefined || !this.mayTryAgain(attempt)) {
					if (answer.status < 500) this.retries = Math.min(RETRIES, this.retries + 0.1);
					return answer;
				}
				discard(answer);
				perhapsDone = true;
			} catch (error) {
				if (!(error instanceof NoAnswer)) throw afterwards(request, error, perhapsDone);
				perhapsDone ||= error.unknown;
				const isSafe = isRepeatable || !error.unknown;
				if (!error.passing || !isSafe || !this.mayTryAgain(attempt)) {
					throw explained(request, error, perhapsDone, attempt);
				}
				wait = delay(attempt);
			}
			await sleepWithAbort(wait, this.cancelled);
		}
	}

	private mayTryAgain(attempt: number): boolean {
		if (attempt >= TRIES || this.retries < 1) return false;
		this.retries -= 1;
		return true;
	}

	private async withLiveToken<A extends Answer>(
		send: (credentials: Credentials) => Promise<A>,
	): Promise<A> {
		let wasDenied = false;
		for (let round = 0; ; round++) {
			const { credentials } = this;
			if (credentials.accessToken !== '') {
				const answer = await send(credentials);
				this.learn(answer.headers['x-3cx-version']);
				if (!mayMeanDeadToken(answer) || round >= ROUNDS) return answer;
				if (answer.status === 403) {
					const other = wasDenied ? undefined : await renewedAfter403(this.context, credentials);
					if (other === undefined) return answer;
					wasDenied = true;
					this.credentials = other;
				}
				discard(answer);
			} else if (round >= ROUNDS) {
				throw new SignInRefused(
					`n8n did not keep an access token of ${this.server}.`,
					'Open the credential, and save it again.',
				);
			}
			if (this.credentials === credentials) {
				this.credentials = await renewed(this.context, credentials, round);
			}
		}
	}

	private async exchange(
		request: ApiRequest,
		credentials: Credentials,
		deadline?: AbortSignal,
	): Promise<StreamedResponse> {
		const signals = [this.cancelled, deadline].filter((signal) => signal !== undefined);
		const given = Object.entries(request.headers).filter(([, value]) => value !== '');
		const options: IHttpRequestOptions = {
			method: request.method,
			url: `${this.address}/xapi/v1${request.target}`,
			headers: {
				...Object.fromEntries(given),
				Authorization: `Bearer ${credentials.accessToken}`,
			},
			encoding: 'stream',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
			skipSslCertificateValidation: credentials.ignoreTls,
			timeout: this.timeout,
			abortSignal: AbortSignal.any(signals),
		};
		if (typeof request.body === 'string') options.body = request.body;
		else if (request.body !== undefined) options.body = multipart(request.body);
		try {
			const { statusCode, headers, body } = (await this.context.helpers.httpRequest(options)) as {
				statusCode: number;
				headers: Record<string, unknown>;
				body: NodeJS.ReadableStream;
			};
			return { status: statusCode, headers: headersOf(headers), body };
		} catch (error) {
			throw this.lost(error, deadline);
		}
	}

	private async textOf(
		{ method }: ApiRequest,
		{ status, body }: StreamedResponse,
		deadline: AbortSignal,
	): Promise<string> {
		const pieces: Buffer[] = [];
		let size = 0;
		try {
			for await (const piece of body) {
				pieces.push(Buffer.from(piece));
				size += piece.length;
				if (size > LONGEST_ANSWER) break;
			}
		} catch (error) {
			throw this.lost(error, deadline);
		}
		if (size > LONGEST_ANSWER) {
			throw new Failure(
				`${this.server} sent an answer of more than ${LONGEST_ANSWER / 2 ** 20} MB; the rest was not read.`,
				'Ask for less: a lower limit, fewer fields, a filter.',
				status,
				{},
				method !== 'GET',
			);
		}
		return Buffer.concat(pieces).toString();
	}

	private lost(error: unknown, deadline: AbortSignal | undefined): NoAnswer {
		if (this.cancelled?.aborted === true) {
			const what = `The run was stopped before ${this.server} answered.`;
			return new NoAnswer(what, '', true, false);
		}
		if (deadline?.aborted === true) return tooLate(this.server, this.timeout);
		return noAnswer(this.server, error, this.timeout);
	}

	/** The version is learned from any answer. */
	private async ask(): Promise<void> {
		await this.send({ method: 'GET', target: LEAST, headers: {} });
		this.wasAsked = true;
	}

	private learn(version: string | undefined): void {
		if (this.credentials.version !== '' || version === undefined || !isVersion(version)) return;
		this.version = version;
		named.set(this.address, version);
	}
}

/** The stream of a socket, not one that decompresses it. */
interface OfSocket extends NodeJS.ReadableStream {
	setTimeout(milliseconds: number, callback: () => void): unknown;
	destroy(error: Error): unknown;
}

function isOfSocket(body: NodeJS.ReadableStream): body is OfSocket {
	return 'setTimeout' in body && 'destroy' in body;
}

function multipart(part: FilePart): FormData {
	const form = new FormData();
	form.append(part.field, new Blob([part.content], { type: part.mimeType }), part.fileName);
	return form;
}

function asResponse(answer: Answer): ApiResponse {
	const { status, headers, body } = answer;
	return { status, headers, body: typeof body === 'string' ? body : '' };
}

function mayMeanDeadToken(answer: Answer): boolean {
	return (answer.status === 401 || answer.status === 403) && mayBeFromPbx(asResponse(answer));
}

function isMissing(answer: Answer): boolean {
	return answer.status === 404 && isFromPbx(asResponse(answer));
}

function discard({ body }: Answer): void {
	if (typeof body !== 'string') body.resume();
}

/** Milliseconds before an answered request may be sent again; undefined if it may not. */
function delayBefore({ status, headers }: Answer, attempt: number): number | undefined {
	if (!AGAIN_LATER.has(status)) return undefined;
	const asked = retryAfter(headers);
	if (asked === undefined) return delay(attempt);
	return asked * 1000 <= LONGEST_DELAY ? asked * 1000 : undefined;
}

function delay(attempt: number): number {
	return Math.random() * Math.min(LONGEST_DELAY, DELAY * 2 ** attempt);
}

/** What the user must know of a request without an answer. */
function explained(
	{ method }: ApiRequest,
	error: NoAnswer,
	perhapsDone: boolean,
	attempts: number,
): Unreachable {
	const tries = attempts === 1 ? '.' : ` (${attempts} attempts).`;
	const message = error.message.replace(/\.$/, tries);
	if (method !== 'GET' && perhapsDone) return new Unreachable(message, UNKNOWN, true);
	return new Unreachable(message, error.description ?? '', perhapsDone);
}

/** An error of the sign-in before another try of a write that may have been carried out already. */
function afterwards({ method }: ApiRequest, error: unknown, perhapsDone: boolean): unknown {
	if (!perhapsDone || method === 'GET' || !(error instanceof Error)) return error;
	return new Unreachable(error.message, UNKNOWN, true);
}
