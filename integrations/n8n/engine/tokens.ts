import { createHash } from 'crypto';
import type { IDataObject, IHttpRequestHelper } from 'n8n-workflow';

import { baseAddress, serverOf } from './address';
import { SignInRefused } from './errors';

/** What the credential holds. */
export interface Credentials {
	url: string;
	clientId: string;
	apiKey: string;
	ignoreTls: boolean;
	/** The version of the PBX, empty where it is to be learned. */
	version: string;
	accessToken: string;
}

interface Known {
	newest?: string;
	pending?: Promise<string>;
	older: Set<string>;
	refused?: { error: SignInRefused; until: number };
}

const known = new Map<string, Known>();

/** A token that lives, in place of the credential's, which is empty or has failed. */
export async function liveToken(
	helpers: IHttpRequestHelper['helpers'],
	credentials: Credentials,
): Promise<string> {
	const address = baseAddress(credentials.url);
	const key = createHash('sha256')
		.update(JSON.stringify([address, credentials.clientId, credentials.apiKey]))
		.digest('hex');
	const entry = known.get(key) ?? { older: new Set<string>() };
	known.set(key, entry);
	if (entry.refused !== undefined && Date.now() < entry.refused.until) throw entry.refused.error;
	if (entry.pending !== undefined) return await entry.pending;
	const failed = credentials.accessToken;
	if (entry.newest !== undefined && (failed === '' || entry.older.has(failed))) return entry.newest;
	entry.pending = signIn(helpers, credentials, address, entry).finally(() => {
		delete entry.pending;
	});
	return await entry.pending;
}

async function signIn(
	helpers: IHttpRequestHelper['helpers'],
	credentials: Credentials,
	address: string,
	entry: Known,
): Promise<string> {
	const form = new URLSearchParams({
		client_id: credentials.clientId,
		client_secret: credentials.apiKey,
		grant_type: 'client_credentials',
	});
	const response = (await helpers.httpRequest({
		method: 'POST',
		url: `${address}/connect/token`,
		headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
		body: form.toString(),
		returnFullResponse: true,
		ignoreHttpStatusErrors: true,
		disableFollowRedirect: true,
		skipSslCertificateValidation: credentials.ignoreTls,
		timeout: 60_000,
	})) as { statusCode: number; body: IDataObject };
	if ([400, 401, 403].includes(response.statusCode)) {
		const error = new SignInRefused(
			`${serverOf(address)} refused to sign in client '${credentials.clientId}'.`,
			'Check the client id and the API key (Admin console, Integrations, API).',
			response.statusCode,
		);
		entry.refused = { error, until: Date.now() + 60_000 };
		throw error;
	}
	const token = response.body.access_token;
	if (typeof token !== 'string') {
		throw new SignInRefused(
			'The sign-in was answered without an access token.',
			'Check the address.',
		);
	}
	if (entry.newest !== undefined) entry.older.add(entry.newest);
	entry.older.add(credentials.accessToken);
	entry.newest = token;
	return token;
}
