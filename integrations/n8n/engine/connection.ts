import type {
	IDataObject,
	IExecuteFunctions,
	ILoadOptionsFunctions,
	IN8nHttpFullResponse,
	IPollFunctions,
	ITriggerFunctions,
} from 'n8n-workflow';

import { baseAddress, serverOf } from './address';
import type { ApiRequest, ApiResponse, Connection, StreamedResponse } from './http';
import type { Credentials } from './tokens';

export const CREDENTIAL = 'trunklineApi';

export type ConnectionContext =
	| IExecuteFunctions
	| ILoadOptionsFunctions
	| IPollFunctions
	| ITriggerFunctions;

/** The PBX of the node's credential. Nothing is sent yet. */
export async function connect(context: ConnectionContext): Promise<Connection> {
	const credentials = await context.getCredentials<Credentials>(CREDENTIAL);
	return new SignedIn(context, credentials);
}

class SignedIn implements Connection {
	readonly server: string;

	version: string | undefined;

	private readonly address: string;

	constructor(
		private readonly context: ConnectionContext,
		private credentials: Credentials,
	) {
		this.address = baseAddress(credentials.url);
		this.server = serverOf(this.address);
		this.version = credentials.version === '' ? undefined : credentials.version;
	}

	async send(request: ApiRequest): Promise<ApiResponse> {
		const response = await this.ask(request, 'text');
		return { ...response, body: response.body as string };
	}

	async stream(request: ApiRequest): Promise<StreamedResponse> {
		const response = await this.ask(request, 'stream');
		return { ...response, body: response.body as NodeJS.ReadableStream };
	}

	private async ask(request: ApiRequest, encoding: 'text' | 'stream') {
		for (let round = 0; ; round++) {
			if (this.credentials.accessToken !== '') {
				const response = await this.once(request, encoding);
				if (response.status !== 401 || round === 6) return response;
			}
			await this.context.helpers.httpRequestWithAuthentication.call(this.context, CREDENTIAL, {
				url: `${this.address}/xapi/v1/Defs?$select=Id`,
				disableFollowRedirect: true,
				skipSslCertificateValidation: this.credentials.ignoreTls,
			});
			this.credentials = await this.context.getCredentials<Credentials>(CREDENTIAL);
		}
	}

	private async once(request: ApiRequest, encoding: 'text' | 'stream') {
		const { method, target, headers, body } = request;
		const sent: IDataObject = {
			...headers,
			Authorization: `Bearer ${this.credentials.accessToken}`,
		};
		const multipart = new FormData();
		if (typeof body === 'object') {
			multipart.append(
				body.field,
				new Blob([body.content], { type: body.mimeType }),
				body.fileName,
			);
		}
		const response = (await this.context.helpers.httpRequest({
			method,
			url: `${this.address}/xapi/v1${target}`,
			headers: sent,
			...(body === undefined ? {} : { body: typeof body === 'string' ? body : multipart }),
			encoding,
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
			skipSslCertificateValidation: this.credentials.ignoreTls,
		} as never)) as IN8nHttpFullResponse;
		const found = response.headers['x-3cx-version'];
		if (typeof found === 'string') this.version ??= found;
		return {
			status: response.statusCode,
			headers: response.headers as Record<string, string>,
			body: response.body as unknown,
		};
	}
}
