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

/** The one type that is nothing but a value, the text of a CRM's template. */
const ONLY_VALUE = 'Pbx.CrmTemplateSource';

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
 * An entity, or rows, without the secrets. A secret field of the entity's own is left out; it stays as it is where it
 * says nothing (null, empty, true or false). Within an object or a list in it a secret becomes `MASK`: 3CX takes
 * those as a whole, so a field that is left out would be erased if the entity is sent back, and a mask is refused.
 * `typeName` is the type of the entity, where it is known.
 */
export function withoutSecrets<T>(value: T, typeName?: string): T {
	return (
		Array.isArray(value) ? value.map((each) => bare(each, typeName)) : bare(value, typeName)
	) as T;
}

function bare(value: unknown, typeName: string | undefined): unknown {
	if (!isObject(value) || Array.isArray(value)) return masked(value);
	const held = typeName !== ONLY_VALUE && holdsSecret(value) ? HELD : [];
	const fields = Object.entries(value).filter(
		([name, inner]) => !((held.includes(name) || isSecret(name)) && saysSomething(inner)),
	);
	return Object.fromEntries(fields.map(([name, inner]) => [name, masked(inner)]));
}

function masked(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(masked);
	if (!isObject(value)) return value;
	const held = holdsSecret(value) ? HELD : [];
	return Object.fromEntries(
		Object.entries(value).map(([name, inner]) => [
			name,
			held.includes(name) || isSecret(name) ? hidden(inner) : masked(inner),
		]),
	);
}

/** All in a secret field, which some versions have as an object. */
function hidden(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(hidden);
	if (!isObject(value)) return saysSomething(value) ? MASK : value;
	return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, hidden(inner)]));
}

function saysSomething(value: unknown): boolean {
	if (isObject(value)) return Object.values(value).some(saysSomething);
	return value !== null && value !== undefined && value !== '' && typeof value !== 'boolean';
}

/** Whether an object is a secret, or a parameter, choice or variable that is called like one. */
function holdsSecret(value: Record<string, unknown>): boolean {
	if (!('Value' in value) && !('Contents' in value)) return false;
	if ('Concealed' in value) return true;
	const names = NAMES.filter((name) => name in value);
	if (names.length > 0) return names.some((name) => isSecret(String(value[name])));
	return Object.keys(value).every((name) => NAMELESS.has(name) || name.startsWith('@odata.'));
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}
