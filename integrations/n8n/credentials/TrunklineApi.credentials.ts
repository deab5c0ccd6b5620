import {
	UserError,
	type IAuthenticateGeneric,
	type ICredentialDataDecryptedObject,
	type ICredentialTestRequest,
	type ICredentialType,
	type IDataObject,
	type IHttpRequestHelper,
	type INodeProperties,
	type Icon,
} from 'n8n-workflow';

import { baseAddress, serverOf } from '../engine/address';
import { valueOf } from '../engine/answers';
import { findAction } from '../engine/catalog';
import { Refused } from '../engine/errors';
import { mayBeFromPbx } from '../engine/origin';
import { credentialsOf, isKept, leastAnswer, liveToken, type Credentials } from '../engine/tokens';
import { statedVersion } from '../engine/versions';

/** The address as `baseAddress` gives it: what people paste may have a page behind it, or no scheme before it. */
const ADDRESS =
	'={{ $credentials.url.trim().replace(/^(?!https?:\\/\\/)/i, "https://").replace(/^([^:]+:\\/\\/[^\\/?#]+).*$/, "$1") }}';

/** A client at one 3CX. n8n keeps its access token, so that all its processes share the one that lives. */
export class TrunklineApi implements ICredentialType {
	name = 'trunklineApi';

	displayName = '3CX API';

	icon: Icon = {
		light: 'file:../nodes/Trunkline/trunkline.svg',
		dark: 'file:../nodes/Trunkline/trunkline.dark.svg',
	};

	documentationUrl = 'https://github.com/trunkline/trunkline/tree/main/integrations/n8n#readme';

	properties: INodeProperties[] = [
		{
			displayName: 'Address',
			name: 'url',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'https://pbx.example.com:5001',
			description:
				'The address of the 3CX, as in the browser. The port is 443 if 3CX hosts it, else mostly 5001.',
		},
		{
			displayName: 'Client ID',
			name: 'clientId',
			type: 'string',
			default: '',
			required: true,
			description:
				'From the Admin console of the 3CX: Integrations, API. The client needs the role System Admin, or System Owner for reports, recordings and chats, and 3CX Configuration API Access.',
		},
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			description: 'The 3CX shows it once, when the client is created',
		},
		{
			displayName: 'Ignore TLS Issues',
			name: 'ignoreTls',
			type: 'boolean',
			default: false,
			description:
				"Whether to connect even if the certificate of the 3CX can't be verified, as a self-signed one can't. Whoever is on the way to the 3CX can then read the API key.",
		},
		{
			displayName: 'Version',
			name: 'version',
			type: 'string',
			default: '',
			placeholder: '20.0.10',
			description:
				'The version of the 3CX, if it does not name it itself. Operations that it lacks are refused before anything is sent.',
		},
		{
			displayName: 'Access Token',
			name: 'accessToken',
			type: 'hidden',
			typeOptions: { expirable: true, password: true },
			default: '',
		},
	];

	/** n8n calls it where there is no token yet, where one was answered with 401, and to test the credential. */
	async preAuthentication(
		this: IHttpRequestHelper,
		credentials: ICredentialDataDecryptedObject,
	): Promise<IDataObject> {
		try {
			const read = credentialsOf(credentials);
			statedVersion(read.version);
			const accessToken = await liveToken(this.helpers, read);
			if (!isKept(read)) await checkAnswer(this.helpers, { ...read, accessToken });
			return { accessToken };
		} catch (error) {
			if (!(error instanceof UserError)) throw error;
			// The test of a credential shows the message alone. Without a status: n8n has words of its own for those.
			throw new UserError(`${error.message} ${error.description ?? ''}`.trim(), { cause: error });
		}
	}

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { headers: { Authorization: '=Bearer {{$credentials.accessToken}}' } },
	};

	test: ICredentialTestRequest = {
		request: {
			baseURL: ADDRESS,
			url: '/xapi/v1/Defs?$select=Id',
			disableFollowRedirect: true,
			// n8n puts words of its own in place of any message about a status.
			ignoreHttpStatusErrors: true,
			skipSslCertificateValidation: '={{ $credentials.ignoreTls }}' as unknown as boolean,
		},
		rules: [
			{
				type: 'responseSuccessBody',
				properties: {
					// Every answer of the API has it, and no refusal.
					key: '@odata.context',
					value: undefined,
					message:
						'The 3CX accepts the API key, but not what this client asks for. Its role must be System Admin or System Owner, and not one of the department "System Wide"; the licence must be 8SC+ Enterprise or AI, and valid; the 3CX must be of version 20 or later.',
				},
			},
		],
	};
}

/**
 * The rules of a test see neither the status nor the headers of an answer. So whatever does not come from a lack of
 * rights is explained here, and what remains for the rule is that lack.
 *
 * @throws Failure, Unreachable
 */
async function checkAnswer(
	helpers: IHttpRequestHelper['helpers'],
	credentials: Credentials,
): Promise<void> {
	const response = await leastAnswer(helpers, credentials);
	if (response.status === 403 && mayBeFromPbx(response)) return;
	const action = findAction('defs.get');
	if (action === undefined) throw new Refused('The catalog has no action defs.get.');
	const server = serverOf(baseAddress(credentials.url));
	valueOf(
		{ action: { ...action, operation: 'a first request' }, path: '/Defs', values: {}, server },
		response,
	);
}
