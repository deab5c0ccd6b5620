import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The newest n8n that Node.js 20 runs. */
const VERSION = '2.8.4';

/** Where n8n is, or will be: 2.3 GB. */
export const n8nFolder = process.env.N8N_DIR ?? join(root, '.cache', 'n8n', VERSION);

// Two packages that n8n depends on are not on npm in the versions that it names.
const MANIFEST = {
	private: true,
	overrides: { linkedom: '0.18.14', xlsx: '0.18.5' },
};

/** Install n8n unless it is there. It takes about four minutes, a C++ compiler and Node's headers. */
export function installN8n() {
	const sqlite = join(n8nFolder, 'node_modules/sqlite3');
	if (existsSync(join(sqlite, 'build/Release/node_sqlite3.node'))) return;
	console.error(`Installing n8n ${VERSION} in ${n8nFolder}`);
	mkdirSync(n8nFolder, { recursive: true });
	writeFileSync(join(n8nFolder, 'package.json'), JSON.stringify(MANIFEST));
	const stdio = ['ignore', 2, 2];
	const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
	execFileSync('npm', ['install', `n8n@${VERSION}`, ...flags], { cwd: n8nFolder, stdio });
	const headers = existsSync('/usr/include/node') ? ['--nodedir=/usr'] : [];
	const build = ['--no-install', 'node-gyp', 'rebuild', '-j', '2', ...headers];
	execFileSync('npx', build, { cwd: sqlite, stdio });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) installN8n();
