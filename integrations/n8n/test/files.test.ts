/* eslint-disable @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Asked } from '../engine/answers';
import { findAction } from '../engine/catalog';
import { multipart, safeName, sentName } from '../engine/files';

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

function asked(values: Record<string, unknown> = { recId: 42 }): Asked {
	const action = findAction('recordings.download_recording');
	assert.ok(action);
	return { action, path: '', values, server: 'pbx.example.com' };
}
