import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { openEditor } from './browser.mjs';
import { startEmulator } from './emulator.mjs';
import { Home, oneNode, packPackage } from './n8n.mjs';

/** Make the pictures of the README in n8n's own editor: `node pictures.mjs`. */

const folder = fileURLToPath(new URL('../docs/', import.meta.url));
const LIMIT = 150_000;

mkdirSync(folder, { recursive: true });
const emulator = await startEmulator();
const home = new Home(packPackage());
const n8n = await home.start();
await n8n.setUp();
const credentials = await n8n.addCredential('Example PBX', emulator.credential);
const editor = await openEditor(n8n);
const { page } = editor;

/** Close what lies over the picture, wait until nothing moves, and take it. */
async function picture(name, part = page) {
	for (const note of await page.locator('.el-notification__closeBtn').all()) await note.click();
	await page.mouse.move(0, 0);
	await page.waitForTimeout(1500);
	const path = `${folder}${name}.png`;
	await part.screenshot({ path, animations: 'disabled' });
	const { size } = statSync(path);
	console.log(`${path}: ${size} bytes`);
	if (size > LIMIT) throw new Error(`${path} has more than ${LIMIT} bytes.`);
}

await editor.newWorkflow();
await editor.search('3cx');
await editor.nodeInList('3CX (Trunkline)').click();
await editor.nodeInList('Delete fax').scrollIntoViewIfNeeded();
await picture('panel');

const fax = oneNode(
	{
		resource: 'Fax',
		operation: 'Delete Fax',
		Id: { __rl: true, mode: 'id', value: '={{ $json.Id }}' },
	},
	[
		{ Id: 122, Number: '889' },
		{ Id: 123, Number: '890' },
		{ Id: 124, Number: '891' },
	],
	{ credentials },
);
await editor.openNode(await n8n.addWorkflow(fax), 'node');
await editor.execute();
await picture('delete-fax');

const users = oneNode(
	{
		resource: 'Users',
		operation: 'List User',
		conditions: {
			condition: [
				{ field: 'Number', operator: 'startsWith', value: '1' },
				{ field: 'Enabled', operator: 'equals', value: 'true' },
			],
		},
		options: { select: ['Number', 'FirstName', 'LastName', 'EmailAddress'], orderby: 'Number' },
	},
	[{}],
	{ credentials },
);
await editor.openNode(await n8n.addWorkflow(users), 'node');
await editor.execute();
await picture('list-users');

await page.getByTestId('credential-edit-button').click();
await page.getByText('Connection tested successfully').waitFor();
// The reader's PBX has a name; the emulator's address would only puzzle.
await page
	.getByTestId('parameter-input-url')
	.locator('input')
	.evaluate((input) => (input.value = 'https://pbx.example.com'));
await picture('credential', page.getByTestId('editCredential-modal'));

await editor.close();
await n8n.stop();
await emulator.stop();
home.remove();
