import { Refused } from './errors';

/** The address of a PBX as people paste it, in the one form that requests are built on: `https://host[:port]`. */
export function baseAddress(text: string): string {
	const given = text.trim();
	if (given === '')
		throw new Refused('The address of the PBX is missing.', 'Enter it in the credential.');
	const url = new URL(given.includes('://') ? given : `https://${given}`);
	return url.origin;
}

/** The PBX as messages name it: host, and port where it is not the scheme's own. */
export function serverOf(address: string): string {
	return new URL(address).host;
}
