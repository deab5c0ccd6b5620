import data from './catalog.json';

/**
 * What a PBX can be asked: the newest version's actions, types and enums. The data is generated from the
 * catalog of the Python package (tools/n8n_catalog.py), so nothing here lists operations by hand.
 */

export type Kind =
	| 'list'
	| 'get'
	| 'create'
	| 'update'
	| 'delete'
	| 'function'
	| 'action'
	| 'upload';
export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
export type AnswerKind = 'list' | 'entity' | 'value' | 'file' | 'none';
export type OptionName =
	| 'filter'
	| 'search'
	| 'orderby'
	| 'select'
	| 'expand'
	| 'top'
	| 'skip'
	| 'count';

/** What stands in for a parameter of a function that is left out: a value, and what it means in words. */
export type Default = readonly [value: string | number | boolean | null, meaning: string];

export interface Action {
	/** `fax.delete`, the name in Python and on the command line. */
	readonly id: string;
	/** The name in n8n's Resource list: `Fax`. */
	readonly resource: string;
	/** The name in n8n's Operation list, unique over all resources: `Delete Fax`. */
	readonly operation: string;
	/** What one entity is called: `fax`. */
	readonly noun: string;
	readonly kind: Kind;
	readonly method: Method;
	/** `/Fax({Id})`. */
	readonly path: string;
	/** Keys and function arguments by name, in the order of the path, with their type specs. */
	readonly params?: Readonly<Record<string, string>>;
	/** The parameters that are keys of an entity, not arguments of a function. */
	readonly keys?: readonly string[];
	/** Of the parameters that may be left out. */
	readonly defaults?: Readonly<Record<string, Default>>;
	readonly query?: readonly OptionName[];
	/** The name of a type, or the fields of an object of its own with their type specs. */
	readonly body?: string | Readonly<Record<string, string>>;
	/** Whether a call without any body is refused. */
	readonly needsBody?: boolean;
	/** `list Pbx.Fax`, `entity Pbx.Fax?`, `value Boolean`, `file`, `file Pbx.X` or `none`. */
	readonly answer: string;
	/** Whether If-Match may be sent with it. */
	readonly ifMatch?: boolean;
	/** The version that had it first; not there where every published version has it. */
	readonly since?: string;
	/** The role that a client needs; not there where System Admin is enough. */
	readonly role?: string;
	/** Whether it deletes, or cuts off calls, phones or people. */
	readonly asks?: boolean;
	/** One sentence: what it does. */
	readonly does: string;
	/** When it is needed and what follows from it, where that is not plain. */
	readonly when?: string;
	/** What its parameters and the fields of its own body mean. */
	readonly means?: Readonly<Record<string, string>>;
}

/** An entity type (it has `key`) or a complex type (it has none), with inherited fields. */
export interface ObjectType {
	readonly key?: readonly string[];
	readonly open?: boolean;
	/** Type specs by field: `Int32`, `String(12)?`, `[Pbx.UserGroup]`, `Pbx.Peer? nav`. */
	readonly fields?: Readonly<Record<string, string>>;
	readonly means?: Readonly<Record<string, string>>;
}

export interface EnumType {
	readonly values: readonly string[];
	/** Whether several values at once are allowed: `A,B`. */
	readonly flags?: boolean;
}

/** What one of 3CX's codes means, as a clause in which `{field}` may stand, and what to do next. */
export interface Code {
	readonly means: string;
	readonly next: string;
	readonly action?: string;
}

export interface EntitySet {
	readonly resource: string;
	readonly key: Readonly<Record<string, string>>;
}

interface Catalog {
	readonly version: string;
	readonly actions: readonly Action[];
	readonly types: Readonly<Record<string, ObjectType>>;
	readonly enums: Readonly<Record<string, EnumType>>;
	readonly keys: Readonly<Record<string, EntitySet>>;
	readonly codes: Readonly<Record<string, Code>>;
}

/** A parsed type spec; `name` is the item's type for a collection. */
export interface TypeSpec {
	readonly name: string;
	readonly collection: boolean;
	readonly nullable: boolean;
	readonly maxLength: number | undefined;
	/** Whether it is a navigation property, which comes only with $expand. */
	readonly navigation: boolean;
}

export const catalog = data as unknown as Catalog;

const byOperation = new Map(catalog.actions.map((action) => [action.operation, action]));
const byId = new Map(catalog.actions.map((action) => [action.id, action]));

/** The action of an operation's name in n8n (`Delete Fax`), or of an id (`fax.delete`). */
export function findAction(name: string): Action | undefined {
	return byOperation.get(name) ?? byId.get(name);
}

const SPEC = /^(\[)?([\w.]+?)(?:\((\d+)\))?\]?(\?)?( nav)?$/;
const parsed = new Map<string, TypeSpec>();

/** Read a type spec such as `[String(12)]?`. */
export function parseType(spec: string): TypeSpec {
	const known = parsed.get(spec);
	if (known !== undefined) return known;
	const match = SPEC.exec(spec);
	const type: TypeSpec = {
		name: match?.[2] ?? spec,
		collection: match?.[1] !== undefined,
		nullable: match?.[4] !== undefined,
		maxLength: match?.[3] === undefined ? undefined : Number(match[3]),
		navigation: match?.[5] !== undefined,
	};
	parsed.set(spec, type);
	return type;
}

/** The fields of a body or type, by name. */
export function fieldsOf(
	body: string | Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
	if (body === undefined) return {};
	return typeof body === 'string' ? (catalog.types[body]?.fields ?? {}) : body;
}

/** What kind of answer an action gives. */
export function answerKind(action: Action): AnswerKind {
	return action.answer.split(' ', 1)[0] as AnswerKind;
}

/** The type of the entity, the value or a row; of a file, of the rows that it holds, where known. */
export function answerType(action: Action): TypeSpec | undefined {
	const spec = action.answer.slice(answerKind(action).length + 1);
	return spec === '' ? undefined : parseType(spec);
}
