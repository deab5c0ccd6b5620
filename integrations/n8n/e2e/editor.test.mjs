import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { openEditor } from './browser.mjs';
import { emulator, n8n } from './started.mjs';

const editor = await openEditor(n8n);
after(() => editor.close());

test('a user finds the node by "3cx", picks a fax from the list and deletes it', async () => {
	await emulator.control('POST', 'reset');
	await editor.newWorkflow();
	await editor.search('3cx');
	await editor.nodeInList('3CX (Trunkline)').click();
	await editor.nodeInList('Delete fax').click();
	await editor.parameter('operation').waitFor();
	await editor.chooseCredential('Example PBX');
	await editor.chooseKey('Id', /889/);
	await emulator.control('DELETE', 'journal');
	await editor.execute();
	await editor.outputShows('122');
	assert.deepEqual(await emulator.requests(), ['DELETE /Fax(122) 204']);
});
