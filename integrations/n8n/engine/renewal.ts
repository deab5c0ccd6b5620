import {
	sleep,
	type ICredentialDataDecryptedObject,
	type IExecuteFunctions,
	type IHttpRequestOptions,
	type ILoadOptionsFunctions,
	type IPollFunctions,
	type ITriggerFunctions,
} from 'n8n-workflow';

import { baseAddress } from './address';
import { NoAnswer } from './network';
import {
	credentialsOf,
	keeping,
	LEAST,
	liveToken,
	noteDead,
	statusOf,
	type Credentials,
} from './tokens';

export type ConnectionContext =
	| IExecuteFunctions
	| ILoadOptionsFunctions
	| IPollFunctions
	| ITriggerFunctions;

export const CREDENTIAL = 'trunklineApi';

const STORE_TIMEOUT = 60_000;
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
	await signInInstead(context, dead);
}

async function renewIfDead(
	context: ConnectionContext,
	denied: Credentials,
	state: State,
): Promise<void> {
	if ((await statusOf(context.helpers, denied).catch(throwNotSent)) === 403) {
		noteDead(denied);
		await signInInstead(context, denied);
	}
	const { accessToken } = await readCredentials(context);
	state.denied = { token: accessToken, until: Date.now() + DENIAL_LASTS };
}

async function signInInstead(context: ConnectionContext, dead: Credentials): Promise<void> {
	await liveToken(context.helpers, dead, true).catch(throwNotSent);
	await store(context, dead);
}

/**
 * Lets n8n keep the token that this process has. n8n asks the credential for it before a request without one,
 * and stores it; the outcome of that request shows with the next one.
 */
async function store(context: ConnectionContext, dead: Credentials): Promise<void> {
	const { url, ignoreTls } = dead;
	const data = await context.getCredentials<ICredentialDataDecryptedObject>(CREDENTIAL);
	const options: IHttpRequestOptions = {
		method: 'GET',
		url: `${baseAddress(url)}/xapi/v1${LEAST}`,
		disableFollowRedirect: true,
		skipSslCertificateValidation: ignoreTls,
		timeout: STORE_TIMEOUT,
	};
	const withoutToken = { ...data, accessToken: '' };
	try {
		await keeping(dead, async () => {
			await context.helpers.httpRequestWithAuthentication.call(context, CREDENTIAL, options, {
				credentialsDecrypted: { id: '', name: '', type: CREDENTIAL, data: withoutToken },
			});
		});
	} catch {
		return;
	}
}

/** What waits for a token was not sent, whatever became of the request for the token. */
function throwNotSent(error: unknown): never {
	if (!(error instanceof NoAnswer)) throw error;
	throw new NoAnswer(error.message, error.description ?? '', false, error.passing);
}
