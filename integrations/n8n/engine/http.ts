import type { Method } from './catalog';

/** A file to send as the one part of a multipart body. */
export interface FilePart {
	readonly field: string;
	readonly fileName: string;
	readonly mimeType: string;
	readonly content: Buffer;
}

/** One request. `target` is path and query below `/xapi/v1`, already encoded. */
export interface ApiRequest {
	readonly method: Method;
	readonly target: string;
	readonly headers: Readonly<Record<string, string>>;
	/** JSON text, or a file. */
	readonly body?: string | FilePart;
}

/** An answer in memory. Header names are in lower case. */
export interface ApiResponse {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
}

/** An answer whose body is still to be read. */
export interface StreamedResponse {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: NodeJS.ReadableStream;
}

/** A signed-in way to one PBX. Redirects are not followed, so that no other host gets the token. */
export interface Connection {
	/** The PBX as messages name it: host, and port where it is not 443. */
	readonly server: string;
	/** The version of the PBX: what the credential says, or what its last answer to this process named. */
	readonly version: string | undefined;
	/**
	 * The version that the credential says, else the one that the PBX has now, for which it is asked once.
	 * @throws Unreachable, SignInRefused
	 */
	askedVersion(): Promise<string | undefined>;
	/** @throws Unreachable, SignInRefused */
	send(request: ApiRequest): Promise<ApiResponse>;
	/** @throws Unreachable, SignInRefused */
	stream(request: ApiRequest): Promise<StreamedResponse>;
}
