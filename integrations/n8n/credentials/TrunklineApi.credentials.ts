import type {
	IAuthenticateGeneric,
	ICredentialDataDecryptedObject,
	ICredentialTestRequest,
	ICredentialType,
	Icon,
	IHttpRequestHelper,
	INodeProperties,
} from 'n8n-workflow';

import { liveToken, type Credentials } from '../engine/tokens';

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
			placeholder: 'https://pbx.example.com',
			description: 'The address of the 3CX, with its port if it is not 443',
		},
		{
			displayName: 'Client ID',
			name: 'clientId',
			type: 'string',
			default: '',
			required: true,
			description: 'The client ID of the API client (Admin console, Integrations, API)',
		},
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			description: 'The API key, which the 3CX shows once, when the client is made',
		},
		{
			displayName: 'Ignore TLS Issues',
			name: 'ignoreTls',
			type: 'boolean',
			default: false,
			description:
				'Whether to connect even where the certificate cannot be verified, such as a self-signed one. Whoever sits between n8n and the PBX can then read the API key.',
		},
		{
			displayName: 'Version',
			name: 'version',
			type: 'string',
			default: '',
			placeholder: '20.0.10',
			description: 'The version of the 3CX. Left empty, it is taken from the answers of the 3CX.',
		},
		{
			displayName: 'Access Token',
			name: 'accessToken',
			type: 'hidden',
			typeOptions: { expirable: true, password: true },
			default: '',
		},
	];

	async preAuthentication(this: IHttpRequestHelper, credentials: ICredentialDataDecryptedObject) {
		return { accessToken: await liveToken(this.helpers, credentials as unknown as Credentials) };
	}

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { headers: { Authorization: '=Bearer {{$credentials.accessToken}}' } },
	};

	test: ICredentialTestRequest = {
		request: {
			baseURL: '={{$credentials.url}}',
			url: '/xapi/v1/Defs?$select=Id',
			skipSslCertificateValidation: '={{$credentials.ignoreTls}}' as unknown as boolean,
		},
	};
}
