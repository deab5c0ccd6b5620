// What n8n checks of a published package, before it is published: the files of the tarball, their size, and n8n's scan
// over the sources and over what is packed. `npm run build` comes first.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
	analyzePackage,
	SOURCE_FILE_PATTERNS,
} from '@n8n/scan-community-package/scanner/scanner.mjs';

const LARGEST = 1024 * 1024;
const NEEDED =
	/^(dist\/(credentials|engine|nodes)\/.+\.(js|json|svg)|package\.json|README\.md|LICENSE)$/;

const failures = [];
const folder = mkdtempSync(join(tmpdir(), 'n8n-nodes-trunkline-'));
try {
	const [packed] = JSON.parse(
		execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { encoding: 'utf8' }),
	);
	const paths = packed.files.map((file) => file.path);
	for (const path of paths.filter((each) => !NEEDED.test(each))) {
		failures.push(`${path} is in the package, and nobody needs it there.`);
	}
	const { n8n } = JSON.parse(readFileSync('package.json', 'utf8'));
	for (const path of [...n8n.credentials, ...n8n.nodes].filter((each) => !paths.includes(each))) {
		failures.push(`package.json names ${path}, and the package lacks it.`);
	}
	if (packed.size > LARGEST) failures.push(`The package has ${packed.size} bytes.`);

	execFileSync('tar', ['-xzf', join(folder, packed.filename), '-C', folder]);
	for (const [where, patterns] of [
		[process.cwd(), SOURCE_FILE_PATTERNS],
		[join(folder, 'package'), ['**/*.js', 'package.json']],
	]) {
		const result = await analyzePackage(where, patterns);
		if (!result.passed) failures.push(`${where}: ${result.message}\n${result.details ?? ''}`);
	}
	console.log(`${packed.filename}: ${paths.length} files, ${packed.size} bytes packed`);
} finally {
	rmSync(folder, { recursive: true });
}
for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
