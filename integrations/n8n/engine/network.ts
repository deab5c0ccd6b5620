import { Unreachable } from './errors';

/** What a write that may have been processed leaves open. */
export const UNKNOWN =
	'It is not known whether the PBX carried it out: look before you send it again.';

const NO_CONNECTION = new Set([
	'ECONNREFUSED',
	'EHOSTUNREACH',
	'EHOSTDOWN',
	'ENETUNREACH',
	'ENETDOWN',
	'EADDRNOTAVAIL',
	'EACCES',
]);
const NO_NAME = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NONAME', 'ENODATA']);

/** Why no answer came. */
export class NoAnswer extends Unreachable {
	constructor(
		message: string,
		description: string,
		unknown: boolean,
		/** Whether it may help to ask again. */
		readonly passing: boolean,
	) {
		super(message, description, unknown);
	}
}

/**
 * What an error of n8n's HTTP helper means, in the user's terms. Its own message is not repeated, since n8n
 * replaces texts that hold the codes of Node.js.
 *
 * @param server the PBX as messages name it
 * @param milliseconds how long an answer was waited for
 */
export function noAnswer(server: string, error: unknown, milliseconds: number): NoAnswer {
	const { code, message } = causeOf(error);
	const notSent = (what: string, hint: string, passing = true) =>
		new NoAnswer(what, hint, false, passing);
	if (/CERT|SIGNATURE|ISSUER|SELF_SIGNED/.test(code)) {
		const what = `${server} showed a certificate that can't be verified (${certificate(code)}).`;
		return notSent(what, trust(code), false);
	}
	if (/^EPROTO$|SSL|TLS/.test(code) || message.includes('before secure TLS')) {
		const ports = '5000 and 5004 are, 443 and 5001 speak TLS';
		return notSent(`${server} speaks no TLS.`, `It may be a plain HTTP port: ${ports}.`, false);
	}
	if (NO_NAME.has(code))
		return notSent(`The name of ${server} can't be found.`, 'Check the address.');
	if (NO_CONNECTION.has(code)) {
		const why = code === 'ECONNREFUSED' ? 'it refuses the connection' : 'no way leads there';
		const ports = '443 hosted by 3CX, 5001 on premises, 5000 or 5004 plain HTTP';
		return notSent(
			`${server} can't be reached (${why}).`,
			`Check that the 3CX is up, and the port: ${ports}.`,
		);
	}
	if (code === 'ETIMEDOUT' && !/\b(read|write|timeout of)\b/.test(message)) {
		return notSent(
			`${server} did not accept a connection in time.`,
			'Check the address, and that no firewall drops the connection.',
		);
	}
	if (code === 'ECONNABORTED' || code === 'ETIMEDOUT') return tooLate(server, milliseconds);
	if (/^(HPE|Z)_/.test(code)) {
		const hint =
			'Check that the address is the 3CX itself; a proxy on the way may have spoiled it.';
		return new NoAnswer(`${server} sent an answer that can't be read.`, hint, true, false);
	}
	const what = `The connection to ${server} broke before the answer was complete.`;
	return new NoAnswer(what, AGAIN, true, true);
}

/** The time for an answer is over. */
export function tooLate(server: string, milliseconds: number): NoAnswer {
	return new NoAnswer(
		`${server} did not answer within ${milliseconds / 1000} s.`,
		AGAIN,
		true,
		true,
	);
}

const AGAIN = 'Try again; if it goes on, look at the PBX, and at what stands between it and n8n.';

/** The code and text of the error that is at the bottom of it; n8n and axios wrap what Node.js says. */
function causeOf(error: unknown): { code: string; message: string } {
	let [code, message] = ['', ''];
	for (let at: unknown = error; at instanceof Error; at = at.cause) {
		message = at.message === '' ? message : at.message;
		if ('code' in at && typeof at.code === 'string') code = at.code;
	}
	return { code, message };
}

function certificate(code: string): string {
	if (code.includes('EXPIRED')) return 'it has expired';
	if (code.includes('ALTNAME') || code.includes('HOSTNAME')) return 'it is for another name';
	if (code.includes('SELF_SIGNED')) return 'it is self-signed';
	return 'nobody that n8n trusts has signed it';
}

function trust(code: string): string {
	if (code.includes('EXPIRED')) return "Renew it on the 3CX, and check the clock of n8n's machine.";
	if (code.includes('ALTNAME') || code.includes('HOSTNAME')) {
		return "Use the name that the certificate is for: the 3CX's FQDN, not its IP address.";
	}
	return (
		'If the 3CX has a self-signed certificate, turn on Ignore TLS Issues in the credential, or start n8n ' +
		"with NODE_EXTRA_CA_CERTS, which names the file of the 3CX's own authority."
	);
}
