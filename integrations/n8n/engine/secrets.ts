/**
 * Which fields hold secrets, and values without them. Users, phones and trunks come with passwords and PINs, and an
 * answer ends in a log of executions or in front of a language model.
 */

/** What stands for a secret in what Trunkline's command line shows. */
export const MASK = '••••••';

const ANY_CASE = new RegExp(
	[
		'passw(?:or)?d|passphrase|passcode|pwd$|secret|api[ _-]?key|token$',
		'^VMPIN$|^PinNumber$',
		'AuthID$|^SIPID$|Session_?id$',
		'PrivateKey|private_key|^TranscribeKey|RpsKey',
		'(?:access|licen[cs]e|shared|signing|master|encryption)_?key$',
		'^GbJson$|CodeVerifier$',
		'Prov(?:ision(?:ing)?)?Link|ConfigurationLink|FinalizeURL$|^Webhook$',
		'^(?:proxy-)?authorization$|^(?:set-)?cookie$',
	].join('|'),
	'i',
);
const THIS_CASE = /(?:^|[^A-Z])(?:PIN|Pin)$|(?:^|_)pin$|^Json$/;

/** Where a secret stands that is an object of its own, or a row with a name beside it. */
const HELD = ['Value', 'Contents'];
/** Where that name stands. */
const NAMES = ['Name', 'Key'];
/** What is left of a row with a name and a value where only the name was left out: its value may be anything. */
const NAMELESS = new Set([...HELD, 'Id', 'Description']);

/** Whether a field of that name holds a secret. */
export function isSecret(name: string): boolean {
	return ANY_CASE.test(name) || THIS_CASE.test(name);
}

/** Whether `Trunks[0].AuthPassword.Value` leads to or into a secret field. */
export function isSecretPath(path: string): boolean {
	return path.split(/[.[\]]+/).some(isSecret);
}

/** Whether a value is a masked secret, or a text with one in it. */
export function isMasked(value: unknown): boolean {
	return typeof value === 'string' && value.includes(MASK);
}

/**
 * A value without what stands in its secret fields, at any depth. A field that says nothing (null, empty, true or
 * false) stays. Within a list a secret becomes `MASK`: 3CX replaces a list as a whole, so a field that is left out
 * would be erased if the list is sent back, and a mask is refused.
 */
export function withoutSecrets<T>(value: T): T {
	const inList = false;
	return (
		Array.isArray(value) ? value.map((each) => cleaned(each, inList)) : cleaned(value, inList)
	) as T;
}

function cleaned(value: unknown, inList: boolean): unknown {
	if (Array.isArray(value)) return value.map((each) => cleaned(each, true));
	if (!isObject(value)) return value;
	const held = holdsSecret(value) ? HELD : [];
	return Object.fromEntries(
		Object.entries(value).flatMap(([name, inner]) => {
			if (!held.includes(name) && !isSecret(name)) return [[name, cleaned(inner, inList)]];
			const left = harmless(inner, inList);
			return left === undefined ? [] : [[name, left]];
		}),
	);
}

/** What may be shown of a secret field, which some versions have as an object; undefined if that is nothing. */
function harmless(value: unknown, inList: boolean): unknown {
	if (value === null || value === '' || typeof value === 'boolean') return value;
	if (Array.isArray(value)) return value.map((each) => harmless(each, true));
	if (!isObject(value)) return inList ? MASK : undefined;
	const left = Object.entries(value)
		.map(([name, inner]) => [name, harmless(inner, inList)] as const)
		.filter(([, inner]) => inner !== undefined);
	return left.length === 0 ? undefined : Object.fromEntries(left);
}

/** Whether an object is a secret, or a parameter, choice or variable that is called like one. */
function holdsSecret(value: Record<string, unknown>): boolean {
	if (!('Value' in value) && !('Contents' in value)) return false;
	if ('Concealed' in value) return true;
	const names = NAMES.filter((name) => name in value);
	if (names.length > 0) return names.some((name) => isSecret(String(value[name])));
	// A template of a CRM is the one thing that is nothing but a value; a PBX names its type.
	return (
		Object.keys(value).every((name) => NAMELESS.has(name) || name.startsWith('@odata.')) &&
		!String(value['@odata.context']).includes('CrmTemplateSource')
	);
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}
