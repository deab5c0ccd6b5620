import { randomBytes } from 'crypto';
import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { Asked } from './answers';
import { Failure, Refused, Unreachable } from './errors';
import { brokenAnswer, explain } from './failures';
import type { ApiResponse, Connection, FilePart, StreamedResponse } from './http';
import { isObject, isWebPage, mediaType } from './origin';
import { requestOf, type Call } from './request';

/** Files: recordings, reports and backups that a PBX sends, prompts that it takes. */

type Headers = Readonly<Record<string, string>>;
type Content = Parameters<IExecuteFunctions['helpers']['prepareBinaryData']>[0];

const SUFFIXES: Readonly<Record<string, string>> = {
	'application/json': '.json',
	'application/pdf': '.pdf',
	'application/xml': '.xml',
	'application/zip': '.zip',
	'audio/mpeg': '.mp3',
	'audio/wav': '.wav',
	'audio/x-wav': '.wav',
	'text/csv': '.csv',
	'text/plain': '.txt',
	'text/xml': '.xml',
};
const UNFIT = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069<>:"/\\|?*]/gu;
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;
const LONGEST_NAME = 200; // bytes; what is put beside it must fit into the 255 of common file systems
const LARGEST_ERROR = 1_048_576; // bytes of an answer that is not a file
const LARGEST_JSON = 67_108_864; // bytes; no policy or report of a PBX is larger
const BROKEN = /^(ECONNRESET|EPIPE|ETIMEDOUT|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE|HPE_.*|Z_.*)$/;

/**
 * Ask for a file and put it, as it comes, into n8n's store for binary data.
 *
 * @param property the binary property of the item that gets the file
 * @returns one item: `json` says what the file is called, its type and its size in bytes, `binary` has it. A PBX that
 * answers with an OData document instead gives its value as `json`.
 * @throws Failure for an error, a web page or nothing instead of the file, Unreachable for a file that breaks off
 */
export async function download(
	connection: Connection,
	call: Call,
	context: IExecuteFunctions,
	itemIndex: number,
	property: string,
): Promise<INodeExecutionData> {
	const { action, path, values } = call;
	const asked: Asked = { action, path, values, server: connection.server };
	const pairedItem = { item: itemIndex };
	const response = await connection.stream(requestOf(call));
	if (!isFile(response)) throw noFile(asked, await inMemory(response, LARGEST_ERROR));
	const mimeType = mediaType(response.headers);
	let content = response.body as Content; // a Readable, by n8n's own types
	if (mimeType === 'application/json') {
		const whole = await inMemory(response, LARGEST_JSON);
		if (whole.body.length > LARGEST_JSON) {
			throw new Failure(
				`${asked.server} sent more than ${LARGEST_JSON / 1_048_576} MB of JSON.`,
				'Ask for less: a shorter period, or a filter.',
				response.status,
			);
		}
		const document = odataIn(whole.body);
		if (document !== undefined) return { json: document, pairedItem };
		content = Buffer.from(whole.body);
	}
	const name = safeName(asked, response.headers);
	const data = await context.helpers
		.prepareBinaryData(content, name, mimeType || 'application/octet-stream')
		.catch((error: unknown) =>
			Promise.reject(
				isCutOff(error)
					? new Unreachable(
							`${asked.server} broke off while it sent ${name}.`,
							'A proxy may have closed the connection. Run the node again.',
							false,
						)
					: error,
			),
		);
	const json: IDataObject = { fileName: data.fileName ?? name, mimeType: data.mimeType };
	if (data.bytes !== undefined) json.fileSize = data.bytes;
	return { json, binary: { [property]: data }, pairedItem };
}

/**
 * The file that an item carries in a binary property, ready to be uploaded.
 *
 * @throws Refused for an item without such a file, and for a file without content
 */
export async function filePart(
	context: IExecuteFunctions,
	itemIndex: number,
	property: string,
	field = 'file',
): Promise<FilePart> {
	const files = context.getInputData()[itemIndex]?.binary ?? {};
	const about = files[property];
	if (about === undefined) {
		const there = Object.keys(files);
		throw new Refused(
			`The item has no file ${shown(property)} in its binary data; it has ${there.length === 0 ? 'none' : there.join(', ')}.`,
			'Name the binary field that a node before this one put the file into. Nothing was sent.',
			'binaryProperty',
		);
	}
	const content = await context.helpers.getBinaryDataBuffer(itemIndex, property);
	if (content.length === 0) {
		throw new Refused(
			`The file in the binary field ${shown(property)} is empty.`,
			'Check the node that made it. Nothing was sent.',
			'binaryProperty',
		);
	}
	const suffix = about.fileExtension === undefined ? '' : `.${about.fileExtension}`;
	const fileName = lastPart(about.fileName ?? '') || `${property}${suffix}`;
	return { field, fileName, mimeType: about.mimeType, content };
}

/**
 * A form with one file, as the body of a request and the Content-Type that goes with it.
 *
 * The name is written as browsers write it (WHATWG, multipart/form-data), since the Admin console is one: UTF-8, with
 * only quotes and line breaks escaped.
 */
export function multipart(part: FilePart): { contentType: string; body: Buffer } {
	const boundary = randomBytes(16).toString('hex'); // so random that no file has it
	const escaped = { '"': '%22', '\r': '%0D', '\n': '%0A' } as const;
	const fileName = part.fileName.replace(/["\r\n]/g, (c) => escaped[c as keyof typeof escaped]);
	const head =
		`--${boundary}\r\n` +
		`Content-Disposition: form-data; name="${part.field}"; filename="${fileName}"\r\n` +
		'Content-Type: application/octet-stream\r\n\r\n';
	return {
		contentType: `multipart/form-data; boundary=${boundary}`,
		body: Buffer.concat([Buffer.from(head), part.content, Buffer.from(`\r\n--${boundary}--\r\n`)]),
	};
}

/** The name a file was sent under, without any folder; the extended form first (RFC 6266). Undefined without one. */
export function sentName(headers: Headers): string | undefined {
	const parameters = parametersOf(headers['content-disposition'] ?? '');
	const names = [extendedName(parameters), parameters.get('filename')];
	return names.map((name) => lastPart(name ?? '')).find((name) => name !== '');
}

/**
 * A name for the file that any system takes: the one that the PBX sent, made harmless. Where nothing of it is left,
 * the operation, its keys and the type make one.
 */
export function safeName(asked: Asked, headers: Headers): string {
	const verb = asked.action.id.split('.').pop() ?? 'file';
	const words = [verb, ...Object.values(asked.values).map(String)].join('-');
	const own = words.replace(/[^\p{L}\p{N}_.-]+/gu, '_') + (SUFFIXES[mediaType(headers)] ?? '');
	return harmless(sentName(headers) ?? '', own);
}

/**
 * A name that somebody else has given, fit for a file on any system: no folder, nothing that steers a terminal or turns
 * letters round, nothing that Windows reserves, no leading dot, not too long.
 */
function harmless(given: string, otherwise: string): string {
	let name = given.replace(UNFIT, '_').replace(/^[ .]+|[ .]+$/g, '');
	if (/^_*$/.test(name)) name = otherwise;
	const dot = name.lastIndexOf('.');
	if (Buffer.byteLength(name) > LONGEST_NAME) {
		const ending = dot >= 0 && name.length - dot <= 11 ? name.slice(dot) : '';
		const kept = [...(ending === '' ? name : name.slice(0, dot))];
		while (Buffer.byteLength(kept.join('')) + Buffer.byteLength(ending) > LONGEST_NAME) kept.pop();
		name = kept.join('') + ending;
	}
	return DEVICES.test(name) ? `_${name}` : name;
}

/** Whether the answer is a file, by status and headers alone: 3CX's published files say JSON for all of them. */
function isFile(response: StreamedResponse): boolean {
	const { status } = response;
	if (status < 200 || status > 299 || status === 204 || status === 205) return false;
	return mediaType(response.headers) !== 'text/html';
}

function noFile(asked: Asked, response: ApiResponse): Failure {
	if (response.status < 200 || response.status > 299) return explain(asked, response);
	if (isWebPage(response)) return brokenAnswer(asked, response);
	return new Failure(
		`${asked.server} sent no file for ${asked.action.operation} (${response.status}).`,
		'Check that there is something to download.',
		response.status,
	);
}

/** The document of an OData answer, without its context; undefined for a file that happens to be JSON. */
function odataIn(body: string): IDataObject | undefined {
	try {
		const document: unknown = JSON.parse(body);
		if (!isObject(document) || !('@odata.context' in document)) return undefined;
		const found = { ...document } as IDataObject;
		delete found['@odata.context'];
		return found;
	} catch {
		return undefined;
	}
}

async function inMemory(response: StreamedResponse, most: number): Promise<ApiResponse> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of response.body) {
		const bytes = Buffer.from(chunk);
		size += bytes.length;
		chunks.push(bytes);
		if (size > most) break; // leaving the loop ends the stream
	}
	return {
		status: response.status,
		headers: response.headers,
		body: Buffer.concat(chunks).toString(),
	};
}

/** Whether a connection ended before the file did. */
function isCutOff(error: unknown): boolean {
	if (!(error instanceof Error)) return false;
	return error.message === 'aborted' || BROKEN.test('code' in error ? String(error.code) : '');
}

/** The last part of a path of any system; "" where that is not a name. */
function lastPart(path: string): string {
	const name = path.replaceAll('\\', '/').split('/').pop() ?? '';
	return name === '.' || name === '..' ? '' : name;
}

const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/g;

/** The parameters of a header by their names in lower case; the first of each name counts. */
function parametersOf(header: string): Map<string, string> {
	const found = new Map<string, string>();
	for (const [, name = '', quoted, plain = ''] of header.matchAll(PARAMETER)) {
		const value = quoted === undefined ? plain.trim() : quoted.replace(/\\(["\\])/g, '$1');
		if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), inUtf8(value));
	}
	return found;
}

/** Headers are read byte by byte, and some servers send names in UTF-8. */
function inUtf8(value: string): string {
	try {
		return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'));
	} catch {
		return value;
	}
}

/** `filename*=UTF-8''na%C3%AFve.wav`, also in numbered pieces (RFC 5987, RFC 2231). */
function extendedName(parameters: Map<string, string>): string | undefined {
	const whole = parameters.get('filename*');
	if (whole !== undefined) return decoded(whole);
	let name = '';
	let charset = '';
	for (let n = 0; ; n++) {
		const encoded = parameters.get(`filename*${n}*`);
		const piece = encoded ?? parameters.get(`filename*${n}`);
		if (piece === undefined) return n === 0 ? undefined : name;
		if (n === 0 && encoded !== undefined) charset = encoded.slice(0, encoded.indexOf("'"));
		const text = encoded === undefined ? piece : decoded(n === 0 ? piece : `${charset}''${piece}`);
		if (text === undefined) return undefined;
		name += text;
	}
}

function decoded(value: string): string | undefined {
	const match = /^([^']*)'[^']*'(.*)$/s.exec(value);
	const [, charset = '', text = ''] = match ?? [];
	if (match === null) return undefined;
	const bytes = Buffer.from(
		text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
		'latin1',
	);
	try {
		return new TextDecoder(charset || 'us-ascii').decode(bytes);
	} catch {
		return undefined; // a character set that nobody knows
	}
}

function shown(name: string): string {
	return `'${name}'`;
}
