import {
	sleep,
	type ICredentialDataDecryptedObject,
	type IExecuteFunctions,
	type IHttpRequestOptions,
	type ILoadOptionsFunctions,
	type IPollFunctions,
	type ITriggerFunctions,
} from 'n8n-workflow';

import { baseAddress, serverOf } from './address';
import { Failure, Refused, SignInRefused } from './errors';
import { noAnswer, NoAnswer } from './network';
import { credentialsOf, noteDead, type Credentials } from './tokens';

export type ConnectionContext =
	| IExecuteFunctions
	| ILoadOptionsFunctions
	| IPollFunctions
	| ITriggerFunctions;

export const CREDENTIAL = 'trunklineApi';

const PROBE_TIMEOUT = 60_000;
/** The longest pause before the first renewal; processes that share a credential so don't meet. */
const SPREAD = 500;
/** For so long a 403 means a lack of rights, once the token was seen to live or a new one did not help. */
const DENIAL_LASTS = 120_000;

/** What this process does about one credential of n8n. */
interface State {
	renewing?: Promise<void>;
	denied?: { readonly token: string; readonly until: number };
}

const states = new Map<string, State>();

/** The credential as n8n's database has it now: another process may have renewed its token. */
export async function readCredentials(context: ConnectionContext): Promise<Credentials> {
	return credentialsOf(await context.getCredentials<ICredentialDataDecryptedObject>(CREDENTIAL));
}

/**
 * The credential with another token than one that the PBX takes no longer. Of all that need one at the same
 * time one renews it, through n8n, which keeps the token for all its processes.
 *
 * @param round how often this was asked for the same request; the pauses grow with it
 * @throws Refused, SignInRefused, Unreachable, Failure
 */
export async function renewed(
	context: ConnectionContext,
	dead: Credentials,
	round: number,
): Promise<Credentials> {
	const current = await readCredentials(context);
	if (isOther(current, dead)) return current;
	const state = stateOf(context, dead);
	state.renewing ??= renew(context, dead, round).finally(() => {
		delete state.renewing;
	});
	await state.renewing;
	return await readCredentials(context);
}

/**
 * The credential with another token, where a 403 does not mean that the client lacks a right: a 3CX may answer
 * a dead token so, too. undefined where it does mean that.
 *
 * @throws as `renewed`
 */
export async function renewedAfter403(
	context: ConnectionContext,
	denied: Credentials,
): Promise<Credentials | undefined> {
	const current = await readCredentials(context);
	if (isOther(current, denied)) return current;
	const state = stateOf(context, denied);
	if (isDenied(state, denied)) return undefined;
	state.renewing ??= renewIfDead(context, denied, state).finally(() => {
		delete state.renewing;
	});
	await state.renewing;
	const after = await readCredentials(context);
	return isOther(after, denied) ? after : undefined;
}

function isOther(current: Credentials, dead: Credentials): boolean {
	return current.accessToken !== '' && current.accessToken !== dead.accessToken;
}

function isDenied({ denied }: State, { accessToken }: Credentials): boolean {
	return denied !== undefined && denied.token === accessToken && Date.now() < denied.until;
}

function stateOf(context: ConnectionContext, credentials: Credentials): State {
	const id = context.getNode().credentials?.[CREDENTIAL]?.id;
	const key = id ?? JSON.stringify([credentials.url, credentials.clientId]);
	const state = states.get(key) ?? {};
	states.set(key, state);
	return state;
}

async function renew(context: ConnectionContext, dead: Credentials, round: number): Promise<void> {
	if (dead.accessToken !== '') {
		await sleep(Math.random() * SPREAD * (round + 1));
		if (isOther(await readCredentials(context), dead)) return;
	}
	await probe(context, dead);
}

async function renewIfDead(
	context: ConnectionContext,
	denied: Credentials,
	state: State,
): Promise<void> {
	if ((await probe(context, denied)) === 403) {
		noteDead(denied);
		const data = await context.getCredentials<ICredentialDataDecryptedObject>(CREDENTIAL);
		await probe(context, denied, { ...data, accessToken: '' });
	}
	const { accessToken } = await readCredentials(context);
	state.denied = { token: accessToken, until: Date.now() + DENIAL_LASTS };
}

/**
 * Asks the PBX for the least there is, and returns the status. n8n signs in before it where the token is empty,
 * and after a 401, and stores the new token.
 *
 * @param data stands in for what n8n's database has
 */
async function probe(
	context: ConnectionContext,
	{ url, ignoreTls }: Credentials,
	data?: ICredentialDataDecryptedObject,
): Promise<number> {
	const address = baseAddress(url);
	const options: IHttpRequestOptions = {
		method: 'GET',
		url: `${address}/xapi/v1/Defs?$select=Id`,
		returnFullResponse: true,
		disableFollowRedirect: true,
		skipSslCertificateValidation: ignoreTls,
		timeout: PROBE_TIMEOUT,
	};
	const instead = data && { credentialsDecrypted: { id: '', name: '', type: CREDENTIAL, data } };
	try {
		const response = (await context.helpers.httpRequestWithAuthentication.call(
			context,
			CREDENTIAL,
			options,
			instead,
		)) as { statusCode: number };
		return response.statusCode;
	} catch (error) {
		const status = statusOf(error);
		if (status !== undefined) return status;
		const own = ownOf(error) ?? noAnswer(serverOf(address), error, PROBE_TIMEOUT);
		throw own instanceof NoAnswer ? notSent(own) : own;
	}
}

/** What waits for a token was not sent. */
function notSent({ message, description, passing }: NoAnswer): NoAnswer {
	return new NoAnswer(message, description ?? '', false, passing);
}

/** Our own error, which n8n wraps in errors of its own. */
function ownOf(error: unknown): Error | undefined {
	for (let at = error; at instanceof Error; at = at.cause) {
		const isOwn = [Refused, SignInRefused, NoAnswer, Failure].some((kind) => at instanceof kind);
		if (isOwn) return at;
	}
	return undefined;
}

/** The status that n8n's error is about. */
function statusOf(error: unknown): number | undefined {
	for (let at = error; at instanceof Error; at = at.cause) {
		const { response } = at as { response?: { status?: unknown } };
		if (typeof response?.status === 'number') return response.status;
	}
	return undefined;
}
