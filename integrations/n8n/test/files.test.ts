/* eslint-disable @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { IDataObject, INodeExecutionData, INodeParameters } from 'n8n-workflow';
import type { Asked } from '../engine/answers';
import { findAction } from '../engine/catalog';
import { multipart, safeName, sentName } from '../engine/files';
import { contentOf, execute, startEmulator, type Executed, type ExecuteSetting } from './harness';
import { wireTo, type Wire } from './wire';

let wire: Wire;

before(async () => {
	wire = await wireTo(await startEmulator());
});
after(async () => await wire.stop());
beforeEach(() => {
	wire.instead(undefined);
	wire.clear();
});

test('the name of a file is taken from its headers, without folders', () => {
	const cases: [string, string | undefined][] = [
		['attachment; filename="call.wav"', 'call.wav'],
		['attachment; filename=call.wav', 'call.wav'],
		["attachment; filename*=UTF-8''na%C3%AFve%20call.wav", 'naïve call.wav'],
		['attachment; filename="x.wav"; filename*=UTF-8\'\'y.wav', 'y.wav'],
		["attachment; filename*=UTF-8''y.wav; filename=x.wav", 'y.wav'],
		["attachment; FileName*=utf-8'en'y.wav", 'y.wav'],
		['attachment; filename="a \\"b\\".wav"', 'a "b".wav'],
		['attachment; filename="a;b=c.wav"; size=3', 'a;b=c.wav'],
		[Buffer.from('attachment; filename="Anrufe März.csv"').toString('latin1'), 'Anrufe März.csv'],
		[Buffer.from('attachment; filename="M\xe4rz.csv"', 'latin1').toString('latin1'), 'März.csv'],
		['attachment; filename*0="long "; filename*1="name.wav"', 'long name.wav'],
		["attachment; filename*0*=UTF-8''na%C3%AF; filename*1*=ve.wav", 'naïve.wav'],
		["attachment; filename*=iso-8859-1''M%E4rz.csv", 'März.csv'],
		['attachment', undefined],
		['', undefined],
		['attachment; filename=""', undefined],
		['attachment; filename="../../etc/passwd"', 'passwd'],
		['attachment; filename=/etc/passwd', 'passwd'],
		['attachment; filename="..\\\\..\\\\windows\\\\win.ini"', 'win.ini'],
		["attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", 'passwd'],
		['attachment; filename="a/"', undefined],
		['attachment; filename=".."', undefined],
		['attachment; filename="reports/.."', undefined],
		['attachment; filename="."', undefined],
		["attachment; filename*=idna''a.wav", undefined],
		['attachment; filename="x.wav"; filename*=idna\'\'a.wav', 'x.wav'],
		["attachment; filename*=undefined''a.wav", undefined],
		["attachment; filename*=a\0b''a.wav", undefined],
		[`attachment; filename*${'9'.repeat(5000)}=a`, undefined],
	];
	for (const [header, name] of cases) {
		assert.equal(sentName({ 'content-disposition': header }), name, header);
	}
});

test('a name is fit for any system', () => {
	const cases: [string, string][] = [
		['call.wav', 'call.wav'],
		['.profile', 'profile'],
		['con.wav', '_con.wav'],
		['a:b?.wav', 'a_b_.wav'],
		['a\u202egpj.wav', 'a_gpj.wav'],
		[' .. ', 'download_recording-42.wav'],
		['???', 'download_recording-42.wav'],
		[`${'é'.repeat(200)}.wav`, `${'é'.repeat(98)}.wav`],
		[`${'🙂'.repeat(60)}`, '🙂'.repeat(50)],
	];
	for (const [sent, name] of cases) {
		const encoded = `attachment; filename*=UTF-8''${encodeURIComponent(sent)}`;
		assert.equal(
			safeName(asked(), { 'content-disposition': encoded, 'content-type': 'audio/x-wav' }),
			name,
		);
	}
});

test('a file without a name is called by what was asked for', () => {
	assert.equal(
		safeName(asked(), { 'content-type': 'audio/x-wav; x=y' }),
		'download_recording-42.wav',
	);
	assert.equal(safeName(asked({ recId: '../a b' }), {}), 'download_recording-.._a_b');
});

test('a prompt goes as a form with one file, its content untouched', () => {
	const content = Buffer.from([0, 1, 2, 13, 10, 255]);
	const { contentType, body } = multipart({
		field: 'file',
		fileName: 'Ans"age\r\nö.wav',
		mimeType: 'audio/wav',
		content,
	});
	const boundary = /^multipart\/form-data; boundary=([0-9a-f]{32})$/.exec(contentType)?.[1];
	assert.ok(boundary !== undefined);
	const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="Ans%22age%0D%0Aö.wav"\r\nContent-Type: application/octet-stream\r\n\r\n`;
	assert.deepEqual(
		body,
		Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]),
	);
});

test('a recording comes with its name, type and size, byte for byte', async () => {
	const content = `RIFF${'\u0000ab\r\n'.repeat(30_000)}`;
	wire.instead(({ target }) =>
		target.includes('DownloadRecording') ? answer('audio/x-wav', content, 'call 1.wav') : undefined,
	);
	const { output } = await download('Download Recording', { recId: 42 });
	const item = output[0]?.[0];
	assert.deepEqual(item?.json, {
		fileName: 'call 1.wav',
		mimeType: 'audio/x-wav',
		fileSize: content.length,
	});
	assert.deepEqual(item?.pairedItem, { item: 0 });
	assert.equal(item?.binary?.data?.fileExtension, 'wav');
	assert.equal(await textOf(item), content);
});

test('a report of the PBX is a CSV, in the binary field that the user names', async () => {
	const { output } = await download('Download Call Log', {
		periodFrom: '2026-01-01T00:00:00Z',
		periodTo: '2026-12-31T00:00:00Z',
		binaryProperty: 'report',
	});
	const item = output[0]?.[0];
	assert.equal(item?.binary?.report?.mimeType, 'text/csv');
	assert.match(String(item?.binary?.report?.fileName), /\.csv$/);
	assert.match(await textOf(item, 'report'), /,/);
});

test('what comes instead of a file is a failure that says what it was', async (t) => {
	const cases: [string, Parameters<typeof answer>, RegExp][] = [
		['nothing', ['', '', undefined, 204], /sent no file for Download Recording \(204\)/],
		['a web page', ['text/html', '<html>Sign in</html>'], /web page/],
		[
			'an error of 3CX',
			[
				'application/json',
				JSON.stringify({ error: { code: '', message: 'WARNINGS.XAPI.FILE_NOT_FOUND' } }),
				undefined,
				400,
			],
			/file/i,
		],
		['an error without a body', ['', '', undefined, 404], /404|No |not/],
	];
	for (const [name, given, message] of cases) {
		await t.test(name, async () => {
			wire.instead(({ target }) => (target.includes('Download') ? answer(...given) : undefined));
			const { error, output } = await download('Download Recording', { recId: 42 });
			assert.match(error?.message ?? '', message);
			assert.equal(output[0]?.length ?? 0, 0);
		});
	}
});

test('a file that breaks off is a failure, not half a file', async () => {
	wire.instead(({ target }) =>
		target.includes('Download')
			? { ...answer('audio/x-wav', 'RIFF'.repeat(1000), 'call.wav'), breaks: true }
			: undefined,
	);
	const { error } = await download('Download Recording', { recId: 42 });
	assert.match(error?.message ?? '', /broke off while it sent call\.wav/);
});

test('JSON is a file if it is one, and a value if it is an answer', async () => {
	const policy = '{"Version":"2012-10-17"}';
	wire.instead(({ target }) =>
		target.includes('Policy') ? answer('application/json', policy) : undefined,
	);
	const operation = 'Generate Iam Policy File';
	const file = await download(operation, {});
	assert.equal(await textOf(file.output[0]?.[0]), policy);
	const odata = JSON.stringify({ '@odata.context': 'https://pbx/xapi/v1/$metadata#X', value: [1] });
	wire.instead(({ target }) =>
		target.includes('Policy') ? answer('application/json', odata) : undefined,
	);
	const value = await download(operation, {});
	assert.deepEqual(value.output[0]?.[0]?.json, { value: [1] });
	assert.equal(value.output[0]?.[0]?.binary, undefined);
});

test('a prompt is uploaded from the binary field that the user names', async () => {
	const content = Buffer.from('RIFF\u0000\u0001\r\n--x');
	const items = [
		{
			json: {},
			binary: {
				sound: {
					data: content.toString('base64'),
					mimeType: 'audio/wav',
					fileName: '../up/hello.wav',
				},
			},
		},
	];
	const { output } = await upload({ binaryProperty: 'sound' }, items);
	assert.equal(output[0]?.[0]?.json.success, true);
	const [sent] = wire.sent.filter(({ target }) => target.endsWith('/customPrompts'));
	assert.equal(sent?.method, 'POST');
	assert.ok(sent.body.includes(content));
	assert.ok(sent.body.includes('name="file"; filename="hello.wav"'));
	const { output: listed } = await execute(
		{ resource: 'Custom Prompts', operation: 'List Custom Prompt', returnAll: true },
		{ emulator: wire },
	);
	assert.ok(listed[0]?.some(({ json }) => json.Filename === 'hello.wav'));
});

test('an item without the file is refused, and nothing is sent', async () => {
	await upload({}, [{ json: {}, binary: { a: { data: 'AAAA', mimeType: 'audio/wav' } } }]);
	wire.clear();
	const other = await upload({}, [{ json: {}, binary: { a: { data: 'AAAA', mimeType: 'x/y' } } }]);
	assert.match(other.error?.message ?? '', /no file 'data' in its binary data; it has a/);
	const none = await upload({}, [{ json: {} }]);
	assert.match(none.error?.message ?? '', /it has none/);
	const empty = await upload({}, [{ json: {}, binary: { data: { data: '', mimeType: 'x/y' } } }]);
	assert.match(empty.error?.message ?? '', /is empty/);
	assert.deepEqual(wire.sent, []);
});

async function download(operation: string, parameters: IDataObject): Promise<Executed> {
	const action = findAction(operation);
	assert.ok(action, operation);
	return await execute({ resource: action.resource, operation, ...parameters } as INodeParameters, {
		emulator: wire,
	});
}

async function upload(parameters: IDataObject, items: ExecuteSetting['items'] & object) {
	return await execute(
		{
			resource: 'Custom Prompts',
			operation: 'Upload Custom Prompt',
			...parameters,
		} as INodeParameters,
		{ emulator: wire, items },
	);
}

function answer(type: string, body: string, name?: string, status = 200) {
	const headers: Record<string, string> = { 'x-3cx-version': '20.0.10.100' };
	if (type !== '') headers['content-type'] = type;
	if (name !== undefined) headers['content-disposition'] = `attachment; filename="${name}"`;
	return { status, headers, body };
}

async function textOf(item: INodeExecutionData | undefined, property = 'data'): Promise<string> {
	const file = item?.binary?.[property];
	assert.ok(file);
	return String(await contentOf(file));
}

function asked(values: Record<string, unknown> = { recId: 42 }): Asked {
	const action = findAction('recordings.download_recording');
	assert.ok(action);
	return { action, path: '', values, server: 'pbx.example.com' };
}
