/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/no-dangerous-functions -- n8n never runs a test */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { OptionName } from '../engine/catalog';
import type { Given } from '../engine/request';

/** One call of an action, and the request that the Python client sends for it; see tools/n8n_examples.py. */
export interface Example {
	id: string;
	operation: string;
	given: {
		parameters: Record<string, unknown>;
		options?: Partial<Record<OptionName, unknown>>;
		body?: Record<string, unknown>;
		ifMatch?: string;
		file?: { fileName: string; content: string };
	};
	request: { method: string; target: string; headers: Record<string, string>; body?: unknown };
}

/** An example of each action, made by Python now. */
export function examplesFromPython(): Example[] {
	const repository = resolve(__dirname, '../../../..');
	const folder = mkdtempSync(join(tmpdir(), 'n8n-examples-'));
	try {
		const file = join(folder, 'examples.json');
		const python = join(repository, '.venv/bin/python');
		execFileSync(python, [join(repository, 'tools/n8n_examples.py'), file]);
		return readExamples(file);
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** The examples that Python has written to a file. */
export function readExamples(file: string): Example[] {
	return JSON.parse(readFileSync(file, 'utf8')) as Example[];
}

/** What an example gives, as the engine takes it. */
export function givenOf({ given }: Example): Given {
	const { file, ...rest } = given;
	if (file === undefined) return rest;
	const content = Buffer.from(file.content, 'base64');
	return {
		...rest,
		file: { field: 'file', fileName: file.fileName, mimeType: 'application/octet-stream', content },
	};
}
