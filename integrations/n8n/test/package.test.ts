/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import type { INodeType, INodeTypeDescription } from 'n8n-workflow';

const ROOT = join(__dirname, '..', '..');

interface Manifest {
	name: string;
	dependencies?: object;
	peerDependencies: object;
	scripts: Record<string, string>;
	n8n: { nodes: string[]; credentials: string[] };
}

interface Codex {
	node: string;
	alias: string[];
	categories: string[];
	resources: Record<string, { url: string }[]>;
}

function read<T>(path: string): T {
	return JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as T;
}

const manifest = read<Manifest>('package.json');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

test('the package brings nothing along and runs nothing when it is installed', () => {
	assert.equal(manifest.dependencies, undefined);
	assert.deepEqual(manifest.peerDependencies, { 'n8n-workflow': '*' });
	const hooks = /^(pre|post)?(install|prepare|prepack|postpack|uninstall)$/;
	assert.deepEqual(
		Object.keys(manifest.scripts).filter((name) => hooks.test(name)),
		[],
	);
});

test('every node in the folder is one of the package, and the other way round', () => {
	const folders = readdirSync(join(ROOT, 'nodes'), { withFileTypes: true });
	const names = folders.filter((each) => each.isDirectory()).map((each) => each.name);
	assert.deepEqual(
		[...manifest.n8n.nodes].sort(),
		names.map((name) => `dist/nodes/${name}/${name}.node.js`).sort(),
	);
});

for (const path of manifest.n8n.nodes.map((each) => each.replace(/^dist\//, ''))) {
	const codex = read<Codex>(path.replace('.js', '.json'));
	const name = basename(path, '.node.js');

	async function description(): Promise<INodeTypeDescription> {
		const loaded = (await import(join(ROOT, '.test', path))) as Record<string, new () => INodeType>;
		const NodeClass = loaded[name];
		assert.ok(NodeClass, `${path} has no class ${name}`);
		return new NodeClass().description;
	}

	test(`${name}: its codex file has the name of its type`, async () => {
		assert.equal(codex.node, `${manifest.name}.${(await description()).name}`);
	});

	test(`${name}: people find it by 3CX and by PBX`, () => {
		assert.ok(codex.alias.includes('3CX') && codex.alias.includes('PBX'));
		assert.deepEqual(codex.categories, ['Communication']);
	});

	test(`${name}: its links lead to headings of the README`, () => {
		const anchors = [...README.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
			(heading ?? '')
				.toLowerCase()
				.replace(/[^\w\- ]/g, '')
				.replaceAll(' ', '-'),
		);
		for (const { url } of Object.values(codex.resources).flat()) {
			assert.ok(anchors.includes(url.split('#')[1] ?? ''), url);
		}
	});

	test(`${name}: it has an icon for each theme`, async () => {
		const { icon } = await description();
		assert.ok(typeof icon === 'object');
		assert.notEqual(icon.light, icon.dark);
		for (const each of [icon.light, icon.dark]) {
			assert.ok(existsSync(join(ROOT, dirname(path), each.replace('file:', ''))), each);
		}
	});
}
