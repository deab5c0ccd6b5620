import { Failure } from './errors';

const API = '/xapi/v1';
const LONGEST = 16_384; // characters; servers take no more than that
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\ufffd]/u;

/**
 * Path and query, below the API, of the link to the next page that was found at `path`. Of a link only these two
 * count: the token goes to no other host than this PBX.
 *
 * @throws Failure if they lead out of the API, by dots however they are encoded, or can't be asked at all
 */
export function targetOfLink(path: string, link: string, server: string): string {
	if (link.length > LONGEST || UNPRINTABLE.test(link) || link.includes('\\')) {
		throw refused(server, "that can't be asked");
	}
	const base = `https://pbx.invalid${API}${path}`;
	if (!URL.canParse(link, base)) throw refused(server, "that can't be read");
	const url = new URL(link, base);
	const written = link.split(/[?#]/, 1)[0] ?? '';
	const isHidden = written.split('/').some((part) => part !== '.' && part !== '..' && climbs(part));
	if (!url.pathname.startsWith(`${API}/`) || isHidden || climbs(url.pathname)) {
		throw refused(server, 'that leads out of its API');
	}
	return url.pathname.slice(API.length) + url.search;
}

/**
 * Whether a path has a dot segment, or a slash that is not seen as one at first. Some servers decode twice, so it is
 * looked at after each decoding; what is not UTF-8 (`%c0%ae`) is a dot to some servers, too.
 */
function climbs(path: string): boolean {
	let text = path;
	for (;;) {
		if (UNPRINTABLE.test(text)) return true;
		const segments = text.replaceAll('\\', '/').split('/');
		if (segments.some((segment) => /^\.\.?(;|$)/.test(segment))) return true;
		let decoded: string;
		try {
			decoded = decodeURIComponent(text);
		} catch {
			return true;
		}
		if (decoded === text) return false;
		text = decoded;
	}
}

function refused(server: string, why: string): Failure {
	return new Failure(
		`${server} sent a link to the next page ${why}.`,
		'The node did not follow it. A proxy on the way may have changed it.',
		200,
	);
}
