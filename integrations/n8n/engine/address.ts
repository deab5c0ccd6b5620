import { Refused } from './errors';

const EXAMPLES = 'It should look like https://pbx.example.com or https://pbx.example.com:5001.';
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zs}\p{Zl}\p{Zp}]/u;
const NUMBER = /^([0-9]+|0x[0-9a-f]*)$/;
const IPV4 = /^(?:(?:0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])(?:\.(?!$)|$)){4}$/;
const ASCII = /^[\0-\x7f]*$/;
const ASCII_LABEL = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/;
const INTERNATIONAL_LABEL = /^[-\p{Ll}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}]+$/u;
// What stands behind the host where somebody copied it from a browser or from 3CX's documentation.
const PAGE = /^\/?(xapi(\/v1)?\/?|(webclient\/?)?(#\/[A-Za-z0-9_/-]*)?)$/;
// The longest label and the longest name of DNS (RFC 1035).
const LABEL = 63;
const NAME = 253;

/**
 * The address of a PBX as `https://host[:port]`. Whatever people paste is taken: with `/xapi/v1` or a page of
 * the console behind it, without a scheme, with spaces around it.
 *
 * @throws Refused for what no request can be sent to. The message repeats scheme, host and port only: whatever
 * else stands in an address may be a secret.
 */
export function baseAddress(text: string): string {
	const given = text.trim();
	if (given === '') {
		throw new Refused(
			'The address of the PBX is missing.',
			`Enter it in the credential. ${EXAMPLES}`,
		);
	}
	const whole = given.includes('://') ? given : `https://${given}`;
	if (whole.includes('@')) {
		throw new Refused('The address of the PBX has a user name or password in it.', EXAMPLES);
	}
	const [, scheme = '', authority = '', rest = ''] =
		/^([^]*?):\/\/([^/?#\\]*)([^]*)$/.exec(whole) ?? [];
	const typed = given.includes('://') ? `${scheme}://${authority}` : authority;
	const shown = [...typed].slice(0, 100).map(printable).join('') || 'What was given';
	const refuse = (problem: string) => new Refused(`${shown} is ${problem}.`, EXAMPLES);
	const not = (problem: string) => refuse(`not an address of a PBX: ${problem}`);
	if (UNSEEN.test(whole)) throw not("it has a space or a character that can't be seen in it");
	if (whole.includes('\\')) throw not('it has a backslash in it');
	const { host, port, problem } = placeOf(authority);
	if (problem !== undefined) throw not(problem);
	const protocol = scheme.toLowerCase();
	if (protocol !== 'http' && protocol !== 'https') throw not('it must start with https://');
	if (!PAGE.test(rest)) {
		throw refuse('the address of a PBX only without what follows the host and port');
	}
	return new URL(`${protocol}://${host}${port}`).origin;
}

function printable(character: string): string {
	if (/[\x20-\x7e\p{L}\p{M}\p{N}]/u.test(character)) return character;
	return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}

/** The PBX as messages name it: host, and port where it is not that of the scheme. */
export function serverOf(address: string): string {
	return new URL(address).host;
}

interface Place {
	host: string;
	/** With its colon, or empty. */
	port: string;
	problem?: string;
}

function placeOf(authority: string): Place {
	const [, name = '', digits] = /^(.*?)(?::([^:\]]*))?$/.exec(authority) ?? [];
	const bracketed = name.startsWith('[') && name.endsWith(']');
	if (!bracketed && /[[\]]/.test(name)) return failed("its brackets don't enclose an IPv6 address");
	if (!bracketed && name.includes(':')) {
		return failed('an IPv6 address needs brackets, as in https://[2001:db8::1]:5001');
	}
	if (digits !== undefined && digits !== '') {
		const number = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : 0;
		if (number < 1 || number > 65535) return failed('its port is not a number from 1 to 65535');
	}
	const port = digits ? `:${digits}` : '';
	if (bracketed) return { port, ...ipv6(name) };
	return { port, ...named(name) };
}

function failed(problem: string): Place {
	return { host: '', port: '', problem };
}

function ipv6(host: string): { host: string; problem?: string } {
	if (host.includes('%')) {
		return failed("an IPv6 address with a zone (%eth0) can't be used; use the PBX's name");
	}
	const read = hostnameOf(host);
	return read === undefined
		? failed('what stands in its brackets is not an IPv6 address')
		: { host: read };
}

function named(text: string): { host: string; problem?: string } {
	if (text === '') return failed('it has no host');
	if (text.includes('%')) return failed('its host has a % in it');
	// What Unicode holds for the same: full-width letters and dots, capitals, composed characters.
	const name = text
		.toLowerCase()
		.normalize('NFKC')
		.toLowerCase()
		.normalize('NFKC')
		.replace(/。/g, '.');
	const labels = name.replace(/\.$/, '').split('.');
	if (NUMBER.test(labels.at(-1) ?? '')) {
		return IPV4.test(name)
			? { host: name }
			: failed('its host ends in a number, but is not four numbers from 0 to 255');
	}
	if (labels.includes('')) return failed('its host has nothing between two dots');
	for (const label of labels) {
		if (ASCII.test(label)) {
			if (label.length > LABEL)
				return failed(`a part of its host has more than ${LABEL} characters`);
			if (!ASCII_LABEL.test(label))
				return failed('its host has a character in it that no name has');
		} else if (!INTERNATIONAL_LABEL.test(label)) {
			return failed("a part of its host can't be an international name (RFC 5891)");
		}
	}
	const host = hostnameOf(name);
	if (host === undefined) {
		return failed("a part of its host can't be an international name (RFC 5891)");
	}
	if (host.split('.').some((label) => label.length > LABEL)) {
		return failed(`a part of its host has more than ${LABEL} characters in its ASCII form`);
	}
	return host.length > NAME ? failed(`its host has more than ${NAME} characters`) : { host };
}

function hostnameOf(host: string): string | undefined {
	return URL.canParse(`https://${host}`) ? new URL(`https://${host}`).hostname : undefined;
}
