import type {
	IDataObject,
	ILoadOptionsFunctions,
	INodeListSearchResult,
	INodePropertyOptions,
} from 'n8n-workflow';

import { valueOf } from '../../engine/answers';
import { catalog, findAction, parseType, type Action } from '../../engine/catalog';
import { conditionText, type Condition } from '../../engine/conditions';
import { connect } from '../../engine/connection';
import { bind, requestOf } from '../../engine/request';
import { listAction, rowType } from './entities';
import { displayWords } from './words';

/** What the editor looks up: keys to pick from, on the PBX, and fields to choose, in the catalog. */

const PAGE_ROWS = 100;

/** By what people know an entity, the best first. */
const NAMES = [
	'Number',
	'DisplayName',
	'FirstName',
	'LastName',
	'Name',
	'RuleName',
	'PromptSetName',
	'CompanyName',
	'PhoneNumber',
	'CallerId',
	'IPAddrMask',
	'MAC',
	'Vendor',
	'Model',
	'Caller',
	'Callee',
	'ClientId',
	'FileName',
	'Filename',
	'Subject',
	'Description',
	'ExternalNumber',
	'AssignedUser',
];
const NAMES_SHOWN = 3;

/** Entities of the operation's set whose name, number or key has the text, a page at a time. */
export async function searchKeys(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	const action = currentAction(this);
	const list = action === undefined ? undefined : listAction(action);
	const [key] = action?.keys ?? [];
	const type = list === undefined ? undefined : rowType(list);
	if (list === undefined || key === undefined || type === undefined) return { results: [] };
	const names = namesOf(type).filter((name) => name !== key);
	const skip = Number(paginationToken ?? 0);
	const wanted = (filter ?? '').trim();
	const connection = await connect(this);
	const call = bind(list, {
		parameters: {},
		options: {
			select: [key, ...names],
			top: PAGE_ROWS,
			skip,
			...(wanted === ''
				? {}
				: { filter: conditionText(type, conditions(type, key, names, wanted), 'any') }),
		},
	});
	const response = await connection.send(requestOf(call));
	const found = valueOf(
		{ action: list, path: call.path, values: {}, server: connection.server },
		response,
	);
	const rows = Array.isArray(found) ? (found as IDataObject[]) : [];
	const results = rows.map((row) => ({
		name: labelOf(row, key, names),
		value: row[key] as string | number,
	}));
	return rows.length < PAGE_ROWS
		? { results }
		: { results, paginationToken: String(skip + rows.length) };
}

/** `100 · Ada Example`; a key that is text stands before what the entity is called. */
function labelOf(row: IDataObject, key: string, names: readonly string[]): string {
	const texts = names.map((name) => [name, row[name]] as const).filter(([, text]) => text !== '');
	const found = new Map(
		texts.filter((each): each is readonly [string, string] => typeof each[1] === 'string'),
	);
	const person =
		found.get('DisplayName') ?? [found.get('FirstName'), found.get('LastName')].join(' ').trim();
	const parts = [...found].map(([name, text]) => (PERSON.has(name) ? person : text));
	if (typeof row[key] === 'string') parts.unshift(row[key]);
	const label = [...new Set(parts)].slice(0, NAMES_SHOWN).join(' · ');
	return label === '' ? String(row[key]) : label;
}

const PERSON = new Set(['DisplayName', 'FirstName', 'LastName']);

function conditions(type: string, key: string, names: string[], text: string): Condition[] {
	const found: Condition[] = names.map((field) => ({ field, operator: 'contains', value: text }));
	const keyType = parseType(catalog.types[type]?.fields?.[key] ?? '').name;
	if (keyType === 'String') found.push({ field: key, operator: 'contains', value: text });
	if (keyType === 'Int32' && /^\d{1,9}$/.test(text))
		found.push({ field: key, operator: 'equals', value: text });
	return found;
}

/** The fields of a type that people know an entity by. */
function namesOf(type: string): string[] {
	const fields = catalog.types[type]?.fields ?? {};
	return NAMES.filter((name) => {
		const spec = fields[name];
		return spec !== undefined && parseType(spec).name === 'String';
	});
}

/** The fields of the operation's rows. */
export async function rowFields(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return fieldOptions(this, false);
}

/** What the operation's rows can be given with: related entities. */
export async function rowRelations(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return fieldOptions(this, true);
}

function fieldOptions(context: ILoadOptionsFunctions, navigation: boolean): INodePropertyOptions[] {
	const action = currentAction(context);
	const fields = catalog.types[(action && rowType(action)) ?? '']?.fields ?? {};
	return Object.entries(fields)
		.filter(([, spec]) => parseType(spec).navigation === navigation)
		.map(([name]) => ({ name: displayWords(name), value: name }))
		.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function currentAction(context: ILoadOptionsFunctions): Action | undefined {
	return findAction(String(context.getCurrentNodeParameter('operation')));
}
