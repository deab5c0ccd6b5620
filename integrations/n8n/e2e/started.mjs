import { after } from 'node:test';

import { startEmulator } from './emulator.mjs';
import { Home, packPackage } from './n8n.mjs';

/**
 * One n8n with the packed package, and one emulated PBX, for all tests of a process: n8n takes ten seconds to
 * start in a fresh home.
 */
export const emulator = await startEmulator();
export const home = new Home(packPackage());
export const n8n = await home.start();
await n8n.setUp();

/** The credential of the emulated PBX, as a node refers to it. */
export const credentials = await n8n.addCredential('Example PBX', emulator.credential);

after(async () => {
	await n8n.stop();
	await emulator.stop();
	home.remove();
});
