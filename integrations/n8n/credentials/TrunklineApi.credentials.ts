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

import { credentialsOf, liveToken } from '../engine/tokens';

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
			return { accessToken: await liveToken(this.helpers, credentialsOf(credentials)) };
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
			skipSslCertificateValidation: '={{ $credentials.ignoreTls }}' as unknown as boolean,
		},
		rules: [
			{
				type: 'responseCode',
				properties: {
					value: 403,
					message:
						'The 3CX accepts the API key, but lets this client do nothing (403). Its role must be System Admin or System Owner, and not in the department "System Wide", or the licence lacks the API: it needs 8SC+ Enterprise or AI, and must not have expired.',
				},
			},
			{
				type: 'responseCode',
				properties: {
					value: 404,
					message:
						'The API key is accepted, but there is no Configuration API at this address (404). It needs a 3CX of version 20 or later; check the address and its port.',
				},
			},
			{
				type: 'responseCode',
				properties: {
					value: 401,
					message:
						'The 3CX does not accept the token that it has just given (401). Something else may sign in with the same client ID all the time: use a client of its own for n8n.',
				},
			},
		],
	};
}
