import { createHash } from 'crypto';
import type { ICredentialDataDecryptedObject, IHttpRequestHelper } from 'n8n-workflow';

import { baseAddress, serverOf } from './address';
import { Failure, Refused, SignInRefused } from './errors';
import type { ApiResponse } from './http';
import { headersOf } from './headers';
import { noAnswer } from './network';
import { isWebPage, objectIn } from './origin';

/** What the credential holds. */
export interface Credentials {
	/** As it was pasted. */
	readonly url: string;
	readonly clientId: string;
	readonly apiKey: string;
	/** Whether certificates are not verified. */
	readonly ignoreTls: boolean;
	/** The version of the PBX; empty where it is to be learned. */
	readonly version: string;
	/** Empty before the first sign-in. */
	readonly accessToken: string;
}

type Helpers = IHttpRequestHelper['helpers'];

/** What this process knows of the tokens of one client at one PBX. */
interface Known {
	newest?: string;
	/** When `newest` was given, in milliseconds. */
	since: number;
	pending?: Promise<string>;
	/** Tokens that `newest`, or one of another process, has replaced. */
	readonly older: Set<string>;
	/** How many let n8n keep `newest` at the moment. */
	keeping: number;
	refused?: { readonly error: SignInRefused; readonly until: number };
}

/** What everybody may ask who may ask anything, below /xapi/v1. */
export const LEAST = '/Defs?$select=Id';
const SIGN_IN_TIMEOUT = 60_000;
/** For so long refused credentials are not tried again: repeated failures can get an address blocked. */
const REFUSAL_LASTS = 60_000;
/** For so long a token is taken for alive without asking. */
const YOUNG = 10_000;
const LONGEST_KEY = 4096;
const OLDER_KEPT = 100;

const known = new Map<string, Known>();

/** The credential that n8n decrypted; a field that is not there is empty. */
export function credentialsOf(data: ICredentialDataDecryptedObject): Credentials {
	const text = (name: string) => (typeof data[name] === 'string' ? data[name] : '');
	return {
		url: text('url'),
		clientId: text('clientId').trim(),
		apiKey: text('apiKey').trim(),
		ignoreTls: data.ignoreTls === true,
		version: text('version').trim(),
		accessToken: text('accessToken'),
	};
}

/**
 * A token that lives. A 3CX keeps only the newest token of a client alive, so all that need one at the same
 * time share one sign-in, and the credential's own token is given back if it turns out to live.
 *
 * @param isDead whether the PBX has just refused the credential's own token
 * @throws Refused, SignInRefused, Unreachable, or Failure where the PBX signs nobody in at the moment
 */
export async function liveToken(
	helpers: Helpers,
	credentials: Credentials,
	isDead = false,
): Promise<string> {
	const entry = knownOf(credentials);
	entry.pending ??= found(helpers, credentials, entry, isDead).finally(() => {
		delete entry.pending;
	});
	return await entry.pending;
}

/** Notes that the credential's token is dead, and any that this process fetched before it, too. */
export function noteDead(credentials: Credentials): void {
	const entry = knownOf(credentials);
	retire(entry, credentials.accessToken);
	if (entry.newest !== undefined) retire(entry, entry.newest);
	delete entry.newest;
}

/** Does what lets n8n keep the token that this process has. */
export async function keeping(credentials: Credentials, work: () => Promise<void>): Promise<void> {
	const entry = knownOf(credentials);
	entry.keeping += 1;
	try {
		await work();
	} finally {
		entry.keeping -= 1;
	}
}

/** Whether n8n asks for a token only to keep it: whoever needs it finds out what it is good for. */
export function isKept(credentials: Credentials): boolean {
	return knownOf(credentials).keeping > 0;
}

/**
 * What the PBX answers to the credential's token, where it is asked for the least there is.
 *
 * @throws Unreachable
 */
export async function leastAnswer(
	helpers: Helpers,
	credentials: Credentials,
): Promise<ApiResponse> {
	return await ask(helpers, credentials, {
		method: 'GET',
		url: `${baseAddress(credentials.url)}/xapi/v1${LEAST}`,
		headers: { Authorization: `Bearer ${credentials.accessToken}` },
	});
}

/** The status of `leastAnswer`. */
export async function statusOf(helpers: Helpers, credentials: Credentials): Promise<number> {
	return (await leastAnswer(helpers, credentials)).status;
}

function knownOf(credentials: Credentials): Known {
	const { clientId, apiKey } = credentials;
	const identity = JSON.stringify([baseAddress(credentials.url), clientId, apiKey]);
	const key = createHash('sha256').update(identity).digest('hex');
	const entry = known.get(key) ?? { since: 0, older: new Set(), keeping: 0 };
	known.set(key, entry);
	return entry;
}

function retire(entry: Known, token: string): void {
	entry.older.add(token);
	const [oldest] = entry.older;
	if (entry.older.size > OLDER_KEPT && oldest !== undefined) entry.older.delete(oldest);
}

async function found(
	helpers: Helpers,
	credentials: Credentials,
	entry: Known,
	isDead: boolean,
): Promise<string> {
	const { accessToken } = credentials;
	if (entry.refused !== undefined && Date.now() < entry.refused.until) throw entry.refused.error;
	const { newest } = entry;
	// Any other token that failed comes from another process, and is newer than ours.
	const isOlder = accessToken === '' || entry.older.has(accessToken);
	if (newest !== undefined && isOlder) {
		const isYoung = Date.now() - entry.since < YOUNG;
		const current = { ...credentials, accessToken: newest };
		if (isYoung || (await statusOf(helpers, current)) !== 401) return newest;
	}
	// The test of a credential asks for a token though there is one, and n8n does after any 401.
	const mayLive = !isOlder && !isDead;
	if (mayLive && (await statusOf(helpers, credentials)) !== 401) return accessToken;
	const token = await signIn(helpers, credentials, entry);
	if (entry.newest !== undefined) retire(entry, entry.newest);
	if (accessToken !== '') retire(entry, accessToken);
	entry.newest = token;
	entry.since = Date.now();
	return token;
}

async function signIn(helpers: Helpers, credentials: Credentials, entry: Known): Promise<string> {
	const { clientId, apiKey } = checked(credentials);
	const address = baseAddress(credentials.url);
	const server = serverOf(address);
	const response = await ask(helpers, credentials, {
		method: 'POST',
		url: `${address}/connect/token`,
		headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
		body: new URLSearchParams({
			client_id: clientId,
			client_secret: apiKey,
			grant_type: 'client_credentials',
		}).toString(),
	});
	if ([400, 401, 403].includes(response.status)) {
		const error = refusal(server, credentials, response);
		entry.refused = { error, until: Date.now() + REFUSAL_LASTS };
		throw error;
	}
	const token = objectIn(response)?.access_token;
	if (
		response.status === 200 &&
		typeof token === 'string' &&
		/^[\x21-\x7e]{1,16384}$/.test(token)
	) {
		delete entry.refused;
		return token;
	}
	throw unusable(server, response);
}

/** @throws Refused for what a PBX would refuse, since it remembers failures. */
function checked(credentials: Credentials): Credentials {
	const { clientId, apiKey } = credentials;
	const where = 'Copy it again: Admin console, Integrations, API. Nothing was sent.';
	if (clientId === '') throw new Refused('The client ID is missing.', where);
	if (/\p{C}/u.test(clientId))
		throw new Refused('The client ID is not a text that can be sent.', where);
	if (apiKey === '') throw new Refused('The API key is missing.', where);
	const odd = /[^\x20-\x7e]/u.exec(apiKey)?.[0].codePointAt(0);
	if (odd !== undefined) {
		const code = odd.toString(16).toUpperCase().padStart(4, '0');
		const what = `has a character in it that no API key has (U+${code})`;
		throw new Refused(`The API key of client '${clientId}' ${what}.`, where);
	}
	if (apiKey.length > LONGEST_KEY) {
		throw new Refused(`The API key of client '${clientId}' is longer than any API key.`, where);
	}
	return credentials;
}

function refusal(server: string, credentials: Credentials, response: ApiResponse): SignInRefused {
	const { clientId, apiKey } = credentials;
	const answer = objectIn(response);
	const stated = answer?.error_description ?? answer?.error;
	const reason =
		typeof stated === 'string'
			? ` (${stated.replaceAll(apiKey, '…').replace(/[\s\p{C}]+/gu, ' ')})`
			: '';
	const blocked =
		response.status === 403
			? "A 403 may also mean that the PBX blocks the address of n8n's machine: look at its IP blacklist. "
			: '';
	return new SignInRefused(
		`${server} refused to sign in client '${clientId}'${reason}.`,
		'Check the client ID and the API key (Admin console, Integrations, API). ' +
			`${blocked}It is not tried again for a minute: repeated failures can get this address blocked.`,
	);
}

function unusable(server: string, response: ApiResponse): Failure {
	const { status, headers } = response;
	if (status === 429 || status >= 500) {
		const after = headers['retry-after'];
		const when = /^\d{1,5}$/.test(after ?? '') ? `after ${after} seconds` : 'in a moment';
		return status === 429
			? new Failure(`${server} asks to slow down (sign-in).`, `Try again ${when}.`, status)
			: new Failure(
					`${server} failed at sign-in with status ${status}.`,
					`Try again ${when}; the 3CX's web server must be up.`,
					status,
				);
	}
	if (status >= 300 && status < 400) {
		return new Failure(
			`${server} redirects the sign-in (${status}), which is not followed.`,
			'Use the address that the 3CX itself answers at; plain http is often redirected to https.',
			status,
		);
	}
	const what = isWebPage(response) ? 'a web page' : 'something that is no 3CX answer';
	return new Failure(
		`${server} answered the sign-in with ${what} (${status}).`,
		'Check that the address is the 3CX itself (such as https://pbx.example.com:5001), not a proxy or portal.',
		status,
	);
}

interface Asked {
	method: 'GET' | 'POST';
	url: string;
	headers: Record<string, string>;
	body?: string;
}

async function ask(helpers: Helpers, credentials: Credentials, asked: Asked): Promise<ApiResponse> {
	try {
		const response = (await helpers.httpRequest({
			...asked,
			encoding: 'text',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
			skipSslCertificateValidation: credentials.ignoreTls,
			timeout: SIGN_IN_TIMEOUT,
		})) as { statusCode: number; headers: Record<string, unknown>; body: unknown };
		const { statusCode: status, headers, body } = response;
		return { status, headers: headersOf(headers), body: typeof body === 'string' ? body : '' };
	} catch (error) {
		const server = serverOf(baseAddress(credentials.url));
		throw noAnswer(server, error, SIGN_IN_TIMEOUT);
	}
}
