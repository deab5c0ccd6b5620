import {
	ExpressionParser,
	type IDataObject,
	type IExecuteFunctions,
	type INode,
	type NodeParameterValueType,
} from 'n8n-workflow';

import {
	catalog,
	fieldsOf,
	findAction,
	parseType,
	type Action,
	type OptionName,
} from '../../engine/catalog';
import { conditionText, type Condition } from '../../engine/conditions';
import { Refused } from '../../engine/errors';
import { instantText, moment } from '../../engine/moments';
import type { Given } from '../../engine/request';
import { rowType } from './entities';
import { messageOf } from './errors';
import { displayWords } from './words';

const NOTHING_SENT = 'Nothing was sent for this item.';

/**
 * Query options of workflows that were made with another node for 3CX, whose operations have the same names.
 * If they were dropped, such a workflow would get all rows instead of some, and perhaps delete them.
 */
export const EARLIER_OPTIONS = [
	'$expand',
	'$filter',
	'$orderby',
	'$search',
	'$select',
	'$skip',
	'$top',
] as const;

/** What the collection Settings has for an item. */
export interface Settings {
	/** The entity as it was read earlier, where it must not have changed. */
	readonly earlier: Record<string, unknown> | undefined;
	readonly missingIsFine: boolean;
	readonly showsSecrets: boolean;
}

/** The action that the user has chosen. @throws Refused for one that an older version had */
export function chosenAction(context: IExecuteFunctions): Action {
	const operation = String(context.getNodeParameter('operation', 0));
	const action = findAction(operation);
	if (action !== undefined) return action;
	throw new Refused(
		`3CX ${catalog.version} has no operation ${operation}.`,
		'Choose another one in the node. Nothing was sent.',
		'operation',
	);
}

/** The node's parameters, evaluated item by item. An expression that gives nothing is refused, also within a text. */
export class Parameters {
	private readonly node: INode;
	private readonly zone: string;

	constructor(
		private readonly context: IExecuteFunctions,
		readonly action: Action,
	) {
		this.node = context.getNode();
		this.zone = context.getTimezone();
	}

	/** How many items are worked on at once, 1 to 4. */
	get concurrency(): number {
		const value = this.collection('settings', 0).concurrency ?? 1;
		if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 4) return Number(value);
		throw new Refused(
			'Items at Once must be a whole number from 1 to 4.',
			'Nothing was sent.',
			'settings',
		);
	}

	/** Whether the user has ticked Allow Deletes by Agents. An expression does not count: a model may have filled it in. */
	get allowsDeletes(): boolean {
		return this.node.parameters.allowDeletes === true;
	}

	/** @throws Refused for a value that can't be right */
	settings(item: number): Settings {
		const given = this.collection('settings', item);
		const earlier = given.onlyIfUnchanged;
		return {
			earlier:
				earlier === undefined || earlier === ''
					? undefined
					: asObject(earlier, 'Only If Unchanged'),
			missingIsFine: given.missingIsFine === true,
			showsSecrets: this.showsSecrets,
		};
	}

	/** Whether the user has ticked Show Secrets; as with deletes, an expression does not count. */
	private get showsSecrets(): boolean {
		const { settings } = this.node.parameters;
		const isGiven = typeof settings === 'object' && settings !== null && 'showSecrets' in settings;
		return isGiven && settings.showSecrets === true;
	}

	/** What the item fills the action's parameters with, but for a file. @throws Refused */
	given(item: number): Given {
		const given: Given = {
			parameters: this.arguments(item),
			options: this.options(item),
			zone: this.zone,
		};
		if (this.action.ifMatch) given.ifMatch = this.value('If-Match', item) ?? '';
		const body = this.body(item);
		if (body !== undefined) given.body = body;
		return given;
	}

	/** The most rows to return; Infinity for all. @throws Refused */
	limit(item: number): number {
		if (this.value('returnAll', item) === true) return Infinity;
		const given = this.value('limit', item) ?? Infinity; // hidden where the PBX does not page
		const limit = typeof given === 'string' && /^\s*\d+\s*$/.test(given) ? Number(given) : given;
		if (limit === Infinity || (Number.isInteger(limit) && Number(limit) >= 1)) return Number(limit);
		throw new Refused('Limit must be a whole number of at least 1.', NOTHING_SENT, 'limit');
	}

	/** Whether only the number of rows is wanted. */
	countsOnly(item: number): boolean {
		return this.collection('options', item).count === true;
	}

	/** The name of the binary field for a file. @throws Refused */
	binaryProperty(item: number): string {
		const name = this.value('binaryProperty', item);
		if (typeof name === 'string' && name !== '') return name;
		throw new Refused('The name of the binary field is empty.', NOTHING_SENT, 'binaryProperty');
	}

	private arguments(item: number): Record<string, unknown> {
		const found: Record<string, unknown> = {};
		for (const name of Object.keys(this.action.params ?? {})) {
			const value = this.value(name, item);
			const mayBeLeftOut = this.action.defaults?.[name] !== undefined;
			if (value === undefined || (value === '' && mayBeLeftOut)) continue;
			found[name] = value;
		}
		return found;
	}

	private options(item: number): Partial<Record<OptionName, unknown>> {
		if (this.action.query === undefined) return {};
		const options = Object.entries(this.collection('options', item));
		const given = options.filter(([name, value]) => name !== 'count' && !isEmpty(value));
		const found: Partial<Record<OptionName, unknown>> = Object.fromEntries([
			...this.earlierOptions(item),
			...given,
		]);
		const conditions = this.conditions(item);
		if (conditions !== '') {
			found.filter =
				found.filter === undefined ? conditions : `(${found.filter}) and (${conditions})`;
		}
		return found;
	}

	private earlierOptions(item: number): Array<[string, unknown]> {
		const found = EARLIER_OPTIONS.map((name): [string, unknown] => {
			const value = this.value(name, item) ?? '';
			const isList = typeof value === 'string' && value.startsWith('[');
			const plain = isList ? fromJson(value, name) : value;
			return [name.slice(1), Array.isArray(plain) ? plain.filter((each) => each !== null) : plain];
		});
		// An option of 0 was not given, as that node had it.
		return found.filter(([, value]) => !isEmpty(value) && value !== 0);
	}

	private conditions(item: number): string {
		const rows = this.collection('conditions', item).condition;
		const type = rowType(this.action);
		if (!Array.isArray(rows) || rows.length === 0 || type === undefined) return '';
		const conditions = rows.map(asCondition);
		const match = this.value('match', item) === 'any' ? 'any' : 'all';
		return conditionText(type, conditions, match, { now: Date.now(), zone: this.zone });
	}

	private body(item: number): Record<string, unknown> | undefined {
		const { action } = this;
		if (action.body === undefined || action.kind === 'upload') return undefined;
		switch (this.value('bodyMode', item)) {
			case 'item': {
				// n8n makes empty items where a node before has no output.
				const json = this.context.getInputData()[item]?.json ?? {};
				return Object.keys(json).length === 0 ? undefined : json;
			}
			case 'json':
				return asObject(this.value('bodyJson', item) ?? '{}', 'JSON');
		}
		const fields = this.fields(item);
		if (Object.keys(fields).length > 0) return fields;
		return action.kind === 'create' && !action.needsBody ? {} : undefined;
	}

	/** The fields that were set. Empty text in a field that holds no text means that it is not. */
	private fields(item: number): Record<string, unknown> {
		const specs = fieldsOf(this.action.body);
		const found: Record<string, unknown> = {};
		for (const [name, value] of Object.entries(this.collection('fields', item))) {
			const type = parseType(specs[name] ?? 'String');
			if (value === '' && (type.name !== 'String' || type.collection)) continue;
			const isNested = type.collection || catalog.types[type.name] !== undefined;
			if (typeof value !== 'string') found[name] = value;
			else if (isNested) found[name] = fromJson(value, name);
			else found[name] = type.name === 'DateTimeOffset' ? this.inZone(value) : value;
		}
		return found;
	}

	/** A time as n8n's picker writes it, without a zone, is one of the workflow's zone. */
	private inZone(text: string): string {
		if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/.test(text)) return text;
		return instantText(moment(text, this.zone, Date.now())) ?? text;
	}

	private collection(name: string, item: number): IDataObject {
		const value = this.value(name, item) ?? {};
		return typeof value === 'object' && !Array.isArray(value) ? (value as IDataObject) : {};
	}

	/** A parameter for an item; undefined only where the operation has none of that name. */
	private value(name: string, item: number): unknown {
		const raw = this.node.parameters[name];
		if (raw === undefined) return undefined;
		const value: unknown = this.context.getNodeParameter(name, item);
		this.check(raw, value, name, item);
		return isLocator(value) ? value.value : value;
	}

	/** Refuse what n8n lets pass: expressions that give nothing, alone or within a text. */
	private check(raw: NodeParameterValueType, value: unknown, name: string, item: number): void {
		if (typeof raw === 'string') {
			if (raw.startsWith('=')) this.checkText(raw.slice(1), value, name, item);
			return;
		}
		if (typeof raw !== 'object' || raw === null) return;
		for (const [key, inner] of Object.entries(raw as object)) {
			const found = (value as Record<string, unknown> | undefined)?.[key];
			const path = '__rl' in raw ? name : placeOf(name, key, Array.isArray(raw));
			if (path !== name || key === 'value')
				this.check(inner as NodeParameterValueType, found, path, item);
		}
	}

	private checkText(text: string, value: unknown, name: string, item: number): void {
		const label = labelOf(name);
		if (value === undefined) {
			throw new Refused(
				`${label} is missing: ${shortened(text)} is undefined.`,
				`Check what the input calls that field. ${NOTHING_SENT}`,
				name,
			);
		}
		const parts = ExpressionParser.splitExpression(text);
		const codes = parts.filter((part) => part.type === 'code');
		if (!parts.some((part) => part.type === 'text' && part.text !== '') && codes.length < 2) return;
		for (const code of codes) {
			const source = ExpressionParser.joinExpression([code]);
			const part: unknown = this.context.evaluateExpression(source, item);
			if (part === undefined) {
				throw new Refused(
					`${label} is incomplete: ${shortened(source)} is undefined.`,
					`Check what the input calls that field. ${NOTHING_SENT}`,
					name,
				);
			}
			if (isPlainObject(part)) {
				throw new Refused(
					`${label} has ${shortened(source)} within a text, which is an object.`,
					`Name one of its fields, or write JSON.stringify(…). ${NOTHING_SENT}`,
					name,
				);
			}
		}
	}
}

/** A parameter as the editor shows it: `settings.onlyIfUnchanged` → `Only If Unchanged`. */
function labelOf(path: string): string {
	const condition = /^conditions\.condition\[(\d+)\]\.(\w+)$/.exec(path);
	if (condition !== null) {
		return `${displayWords(condition[2] ?? '')} of condition ${Number(condition[1]) + 1}`;
	}
	if (path === 'bodyJson') return 'JSON';
	return displayWords(path.replace(/^(?:fields|options|settings)\./, ''));
}

function placeOf(name: string, key: string, isList: boolean): string {
	return isList ? `${name}[${key}]` : `${name}.${key}`;
}

function isLocator(value: unknown): value is { value: unknown } {
	return typeof value === 'object' && value !== null && '__rl' in value && 'value' in value;
}

function isPlainObject(value: unknown): boolean {
	return (
		typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
	);
}

function isEmpty(value: unknown): boolean {
	return value === '' || value === null || (Array.isArray(value) && value.length === 0);
}

function shortened(text: string): string {
	return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function asCondition(row: unknown): Condition {
	const { field, operator, value } = row as Partial<Condition>;
	if (typeof field !== 'string' || field === '') {
		throw new Refused(
			'A condition has no field.',
			`Choose one, or delete the condition. ${NOTHING_SENT}`,
			'conditions',
		);
	}
	return { field, operator: operator ?? 'equals', value };
}

function asObject(value: unknown, label: string): Record<string, unknown> {
	const found = typeof value === 'string' ? fromJson(value, label) : value;
	if (typeof found === 'object' && found !== null && !Array.isArray(found)) {
		return found as Record<string, unknown>;
	}
	throw new Refused(`${label} must be an object.`, NOTHING_SENT, label);
}

function fromJson(text: string, label: string): unknown {
	let reason = '';
	try {
		return JSON.parse(text) as unknown;
	} catch (error) {
		reason = messageOf(error);
	}
	throw new Refused(`${label} is not valid JSON: ${reason}.`, NOTHING_SENT, label);
}
