import type { IDisplayOptions, INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import {
	answerKind,
	catalog,
	fieldsOf,
	parseType,
	type Action,
	type OptionName,
	type TypeSpec,
} from '../../engine/catalog';
import { isSecret } from '../../engine/secrets';
import { listAction, reader } from './entities';
import { EARLIER_OPTIONS } from './parameters';
import { allowsAgents, toolDescription } from './tools';
import { asDescription, displayWords, sentenceCase } from './words';

/**
 * What the node shows, made from the catalog when n8n loads it. Names and defaults stand in users' workflows (a value
 * that is equal to its default is not even stored), so none of them may ever change.
 */
export function properties(): INodeProperties[] {
	return [
		resourceProperty(),
		...operationProperties(),
		...agentProperties(),
		...parameterProperties(),
		...listProperties(),
		...bodyProperties(),
		...fileProperties(),
		settingsProperty(),
	];
}

const { actions } = catalog;

function operationsWhere(test: (action: Action) => boolean): string[] {
	return actions.filter(test).map((action) => action.operation);
}

function shownFor(operation: string[]): IDisplayOptions {
	return { show: { operation } };
}

function byName<T extends { name: string }>(options: T[]): T[] {
	return options.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function byDisplayName(options: INodeProperties[]): INodeProperties[] {
	return options.sort((a, b) => (a.displayName < b.displayName ? -1 : 1));
}

function resourceProperty(): INodeProperties {
	const names = [...new Set(actions.map((action) => action.resource))];
	return {
		displayName: 'Resource',
		name: 'resource',
		type: 'options',
		noDataExpression: true,
		options: byName(names.map((name) => ({ name, value: name }))),
		default: 'Users',
	};
}

function operationProperties(): INodeProperties[] {
	const byResource = new Map<string, Action[]>();
	for (const action of actions) {
		byResource.set(action.resource, [...(byResource.get(action.resource) ?? []), action]);
	}
	const first = ([action]: Action[]) => action?.operation ?? '';
	return [...byResource].map(([resource, own]) => ({
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: [resource] } },
		options: byName(
			own.map((action) => ({
				name: action.operation,
				value: action.operation,
				description: asDescription(describedAction(action)),
				action: sentenceCase(action.operation),
			})),
		),
		default: first(own),
	}));
}

function describedAction(action: Action): string {
	const since = action.since === undefined ? '' : ` From version ${action.since} on.`;
	const each = answerKind(action) === 'list' ? ' Runs once for each input item.' : '';
	return `${action.does}${each}${since}`;
}

/** Properties that several operations share, gathered by what they look like. */
class Shared {
	private readonly found = new Map<string, { property: INodeProperties; operations: string[] }>();

	add(property: INodeProperties, operation: string): void {
		const looks = JSON.stringify(property);
		const known = this.found.get(looks);
		if (known === undefined) this.found.set(looks, { property, operations: [operation] });
		else known.operations.push(operation);
	}

	all(): INodeProperties[] {
		return [...this.found.values()].map(({ property, operations }) => ({
			...property,
			displayOptions: shownFor(operations),
		}));
	}
}

function parameterProperties(): INodeProperties[] {
	const required = new Shared();
	const optional = new Shared();
	for (const action of actions) {
		for (const name of Object.keys(action.params ?? {})) {
			const isOptional = action.defaults?.[name] !== undefined;
			(isOptional ? optional : required).add(parameterProperty(action, name), action.operation);
		}
	}
	return [...required.all(), ...optional.all(), ifMatchProperty()];
}

function parameterProperty(action: Action, name: string): INodeProperties {
	const type = parseType(action.params?.[name] ?? 'String');
	if (action.keys?.includes(name)) return keyProperty(action, name, type);
	const base = { displayName: displayWords(name), name };
	const means = action.means?.[name] ?? '';
	const fallback = action.defaults?.[name];
	if (fallback === undefined) {
		const shape = input(type);
		const description = shape.type === 'boolean' ? whether(means, name) : asDescription(means);
		const required = !type.nullable && name !== 'after'; // its empty text begins at the first
		return { ...base, ...shape, required, ...(description === '' ? {} : { description }) };
	}
	const [value, meaning] = fallback;
	const meant = meaning === 'null' ? 'nothing' : meaning;
	const description = asDescription(`${means} If it is empty: ${meant}.`.trim());
	if (typeof value === 'boolean')
		return { ...base, type: 'boolean', default: value, description: whether(means, name) };
	if (typeof value === 'number') return { ...base, type: 'number', default: value, description };
	if (type.name === 'DateTimeOffset')
		return { ...base, type: 'dateTime', default: '', description };
	return { ...base, type: 'string', default: '', description };
}

/** n8n begins the description of every switch with "Whether". */
function whether(means: string, name: string): string {
	const text = asDescription(means);
	if (text === '') return `Whether ${displayWords(name).toLowerCase()} is on`;
	return text.startsWith('Whether')
		? text
		: `Whether this is on: ${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

function keyProperty(action: Action, name: string, type: TypeSpec): INodeProperties {
	const words = displayWords(name);
	const list = listAction(action);
	const byValue = {
		displayName: name === 'Id' ? 'By ID' : `By ${words}`,
		name: 'id',
		type: 'string' as const,
		placeholder: type.name === 'Int32' ? 'e.g. 42' : `e.g. ${exampleKey(name, type)}`,
	};
	const fromList = {
		displayName: 'From List',
		name: 'list',
		type: 'list' as const,
		typeOptions: { searchListMethod: 'searchKeys', searchable: true },
	};
	return {
		displayName: words,
		name,
		type: 'resourceLocator',
		required: true,
		default: { mode: list === undefined ? 'id' : 'list', value: '' },
		modes: list === undefined ? [byValue] : [fromList, byValue],
		description: asDescription(
			action.means?.[name] ?? `The ${words} of what the operation is about`,
		),
	};
}

function exampleKey(name: string, type: TypeSpec): string {
	if (type.name === 'Guid') return '5f2b6a3e-6c1d-4a1e-9a55-0d8f6f1c2b3a';
	const examples: Record<string, string> = { Link: 'sales', Number: '100', Name: 'reception' };
	return examples[name] ?? 'the value that the list shows';
}

function ifMatchProperty(): INodeProperties {
	return {
		displayName: 'If Match',
		name: 'If-Match',
		type: 'string',
		default: '',
		description:
			'The ETag that the entity must still have. Leave it empty unless the PBX sends <code>@odata.etag</code>; Only If Unchanged in Settings works with every PBX.',
		displayOptions: shownFor(operationsWhere((action) => action.ifMatch === true)),
	};
}

/** The part of a property that depends on the type alone. */
function input(
	type: TypeSpec,
): Pick<INodeProperties, 'type' | 'default'> & Partial<INodeProperties> {
	const values = catalog.enums[type.name];
	if (values !== undefined) {
		const options = byName(values.values.map((value) => ({ name: displayWords(value), value })));
		if (type.collection || values.flags) return { type: 'multiOptions', options, default: [] };
		return { type: 'options', options, default: options[0]?.value ?? '' };
	}
	if (type.collection) {
		if (type.name === 'String') {
			return { type: 'string', typeOptions: { multipleValues: true }, default: [] };
		}
		if (type.name === 'Int32') {
			return { type: 'number', typeOptions: { multipleValues: true }, default: [] };
		}
		return { type: 'json', default: '[]', placeholder: `[${JSON.stringify(example(type.name))}]` };
	}
	switch (type.name) {
		case 'Boolean':
			return { type: 'boolean', default: false };
		case 'Byte':
		case 'Double':
		case 'Decimal':
		case 'Int16':
		case 'Int32':
		case 'Int64':
			return { type: 'number', default: 0 };
		case 'DateTimeOffset':
			return { type: 'dateTime', default: '' };
		case 'Duration':
			return { type: 'string', default: '', placeholder: 'e.g. PT1M30S' };
		case 'String':
		case 'Guid':
		case 'Date':
		case 'TimeOfDay':
			return { type: 'string', default: '' };
		default:
			return { type: 'json', default: '{}', placeholder: JSON.stringify(example(type.name)) };
	}
}

/** An object of a type as somebody might write it, with a few of its plain fields. */
function example(typeName: string): Record<string, unknown> {
	const fields = Object.entries(catalog.types[typeName]?.fields ?? {});
	const plain = fields.filter(([, spec]) => {
		const type = parseType(spec);
		return !type.collection && (type.name in SAMPLES || type.name in catalog.enums);
	});
	return Object.fromEntries(
		plain.slice(0, 3).map(([name, spec]) => {
			const type = parseType(spec).name;
			return [name, catalog.enums[type]?.values[0] ?? SAMPLES[type]];
		}),
	);
}

const SAMPLES: Readonly<Record<string, unknown>> = {
	Boolean: true,
	DateTimeOffset: '2026-01-31T09:00:00Z',
	Double: 1.5,
	Duration: 'PT1M30S',
	Int32: 1,
	Int64: 1,
	String: '…',
};

function listProperties(): INodeProperties[] {
	const pages = operationsWhere(
		(action) => answerKind(action) === 'list' && action.query?.includes('top') === true,
	);
	const filtered = operationsWhere((action) => action.query?.includes('filter') === true);
	return [
		{
			displayName: 'Return All',
			name: 'returnAll',
			type: 'boolean',
			default: false,
			description: 'Whether to return all results or only up to a given limit',
			displayOptions: shownFor(pages),
		},
		{
			displayName: 'Limit',
			name: 'limit',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 50,
			description: 'Max number of results to return',
			displayOptions: { show: { operation: pages, returnAll: [false] } },
		},
		{
			displayName: 'Conditions',
			name: 'conditions',
			type: 'fixedCollection',
			typeOptions: { multipleValues: true },
			placeholder: 'Add Condition',
			default: {},
			description: 'What a row must meet to be returned',
			options: [{ displayName: 'Condition', name: 'condition', values: conditionValues() }],
			displayOptions: shownFor(filtered),
		},
		{
			displayName: 'Match',
			name: 'match',
			type: 'options',
			options: [
				{ name: 'All Conditions', value: 'all' },
				{ name: 'Any Condition', value: 'any' },
			],
			default: 'all',
			description: 'Whether a row must meet all conditions or any of them',
			displayOptions: shownFor(filtered),
		},
		{
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add Option',
			default: {},
			options: byDisplayName(
				Object.entries(OPTIONS).map(([name, option]) => optionProperty(name, option)),
			),
			displayOptions: shownFor(operationsWhere((action) => action.query !== undefined)),
		},
		...EARLIER_OPTIONS.map((name) => ({
			displayName: displayWords(name.slice(1)),
			name,
			type: 'hidden' as const,
			default: '',
			displayOptions: shownFor(
				operationsWhere((action) => action.query?.includes(optionOf(name)) === true),
			),
		})),
	];
}

function conditionValues(): INodeProperties[] {
	return [
		{
			displayName: 'Field Name or ID',
			name: 'field',
			type: 'options',
			typeOptions: { loadOptionsMethod: 'rowFields', loadOptionsDependsOn: ['operation'] },
			default: '',
			description:
				'The field to compare. Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
		},
		{
			displayName: 'Operator',
			name: 'operator',
			type: 'options',
			options: OPERATORS,
			default: 'equals',
		},
		{
			displayName: 'Value',
			name: 'value',
			type: 'string',
			default: '',
			displayOptions: { hide: { operator: ['isEmpty', 'isNotEmpty'] } },
		},
	];
}

const OPERATORS: INodePropertyOptions[] = [
	{ name: 'Contains', value: 'contains' },
	{ name: 'Ends With', value: 'endsWith' },
	{ name: 'Equals', value: 'equals' },
	{ name: 'Greater Than', value: 'greater' },
	{ name: 'Greater Than or Equal', value: 'greaterOrEqual' },
	{ name: 'Is Empty', value: 'isEmpty' },
	{ name: 'Is Not Empty', value: 'isNotEmpty' },
	{ name: 'Less Than', value: 'less' },
	{ name: 'Less Than or Equal', value: 'lessOrEqual' },
	{ name: 'Not Equals', value: 'notEquals' },
	{ name: 'Starts With', value: 'startsWith' },
];

type OptionProperty = Omit<INodeProperties, 'name'>;

const OPTIONS: Readonly<Record<OptionName, OptionProperty>> = {
	filter: {
		displayName: 'Filter',
		type: 'string',
		default: '',
		placeholder: "e.g. startswith(Number,'1') and Enabled eq true",
		description: 'An OData expression that a row must meet, besides the conditions',
	},
	search: {
		displayName: 'Search',
		type: 'string',
		default: '',
		placeholder: 'e.g. reception',
		description: 'Text to look for, in the fields that the PBX searches',
	},
	orderby: {
		displayName: 'Order By',
		type: 'string',
		default: '',
		placeholder: 'e.g. Number desc',
		description:
			'Fields to sort by, separated by commas, each with <code>desc</code> for the other direction',
	},
	select: {
		displayName: 'Select Names or IDs',
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'rowFields', loadOptionsDependsOn: ['operation'] },
		default: [],
		description:
			'The fields to return; all if none is chosen. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	expand: {
		displayName: 'Expand Names or IDs',
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'rowRelations', loadOptionsDependsOn: ['operation'] },
		default: [],
		description:
			'Related entities to return within each result. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	top: {
		displayName: 'Rows',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 1000,
		description: 'Max number of rows in the file',
	},
	skip: {
		displayName: 'Skip',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 0,
		description: 'How many results to leave out at the beginning',
	},
	count: {
		displayName: 'Count Only',
		type: 'boolean',
		default: false,
		description: 'Whether to return only how many results there are, as <code>count</code>',
	},
};

function optionOf(name: string): OptionName {
	return name.slice(1) as OptionName;
}

function optionProperty(name: string, option: OptionProperty): INodeProperties {
	const kind = { top: 'file', count: 'list' }[name]; // for lists, Limit stands for top
	const operations = operationsWhere(
		(action) =>
			action.query?.includes(name as OptionName) === true &&
			(kind === undefined || answerKind(action) === kind),
	);
	return { ...option, name, displayOptions: { show: { '/operation': operations } } };
}

function hasBody(action: Action): boolean {
	return action.body !== undefined && action.kind !== 'upload';
}

function bodyProperties(): INodeProperties[] {
	const shared = new Shared();
	for (const action of actions.filter(hasBody))
		shared.add(fieldsProperty(action), action.operation);
	const operation = operationsWhere(hasBody);
	return [
		{
			displayName: 'Body',
			name: 'bodyMode',
			type: 'options',
			options: [
				{
					name: 'Fields',
					value: 'fields',
					description: 'Set each field; only what is set is sent',
				},
				{
					name: 'Input Item',
					value: 'item',
					description:
						'Send the JSON of the input item, such as one that was read before and changed',
				},
				{ name: 'JSON', value: 'json', description: 'Write the body as JSON' },
			],
			default: 'fields',
			description: 'Where the data to send comes from',
			displayOptions: shownFor(operation),
		},
		...shared.all().map((property) => ({
			...property,
			displayOptions: { show: { ...property.displayOptions?.show, bodyMode: ['fields'] } },
		})),
		{
			displayName: 'JSON',
			name: 'bodyJson',
			type: 'json',
			default: '{}',
			description: "A JSON object with 3CX's names of the fields",
			displayOptions: { show: { operation, bodyMode: ['json'] } },
		},
	];
}

function fieldsProperty(action: Action): INodeProperties {
	const means = typeof action.body === 'string' ? catalog.types[action.body]?.means : action.means;
	const isChange = action.kind === 'update';
	return {
		displayName: 'Fields',
		name: 'fields',
		type: 'collection',
		placeholder: 'Add Field',
		default: {},
		options: byDisplayName(
			Object.entries(fieldsOf(action.body)).map(([name, spec]) =>
				fieldProperty(name, parseType(spec), means?.[name] ?? '', isChange),
			),
		),
	};
}

function fieldProperty(
	name: string,
	type: TypeSpec,
	means: string,
	isChange: boolean,
): INodeProperties {
	const shape = input(type);
	const isReplaced = isChange && type.collection && !/\b(?:replaced|only to read)\b/.test(means);
	const text = `${means}${isReplaced ? ' The whole list is replaced.' : ''}`.trim();
	const description = shape.type === 'boolean' ? whether(means, name) : asDescription(text);
	const typeOptions =
		isSecret(name) && shape.type === 'string'
			? { ...shape.typeOptions, password: true }
			: shape.typeOptions;
	return {
		displayName: displayWords(name),
		name,
		...shape,
		...(typeOptions === undefined ? {} : { typeOptions }),
		...(description === '' ? {} : { description }),
	};
}

function fileProperties(): INodeProperties[] {
	return [
		{
			displayName: 'Put Output File in Field',
			name: 'binaryProperty',
			type: 'string',
			default: 'data',
			required: true,
			hint: 'The name of the output binary field to put the file in',
			displayOptions: shownFor(operationsWhere((action) => answerKind(action) === 'file')),
		},
		{
			displayName: 'Input Binary Field',
			name: 'binaryProperty',
			type: 'string',
			default: 'data',
			required: true,
			hint: 'The name of the input binary field that has the file to upload',
			displayOptions: shownFor(operationsWhere((action) => action.kind === 'upload')),
		},
	];
}

/** n8n takes `toolDescription` for what the agent reads, and adds none of its own where a node has it. */
function agentProperties(): INodeProperties[] {
	return [
		...actions.filter(allowsAgents).map((action) => ({
			displayName: 'Description',
			name: 'toolDescription',
			type: 'string' as const,
			typeOptions: { rows: 4 },
			required: true,
			default: toolDescription(action),
			description: 'What the agent reads to decide when to use this tool',
			displayOptions: { show: { '@tool': [true], operation: [action.operation] } },
		})),
		{
			displayName: 'Allow Deletes by Agents',
			name: 'allowDeletes',
			type: 'boolean',
			noDataExpression: true, // or n8n lets the model fill it in
			default: false,
			description:
				'Whether an agent may run this operation, which deletes something or cuts off calls, phones or people',
			displayOptions: {
				show: { '@tool': [true], operation: operationsWhere((action) => action.asks === true) },
			},
		},
		{
			displayName: 'Agents can’t work with files. Choose another operation.',
			name: 'noFilesForAgents',
			type: 'notice',
			default: '',
			displayOptions: {
				show: { '@tool': [true], operation: operationsWhere((action) => !allowsAgents(action)) },
			},
		},
	];
}

function settingsProperty(): INodeProperties {
	const checks = operationsWhere((action) => reader(action) !== undefined);
	const deletes = operationsWhere((action) => action.kind === 'delete');
	const answers = operationsWhere((action) => !['none', 'file'].includes(answerKind(action)));
	return {
		displayName: 'Settings',
		name: 'settings',
		type: 'collection',
		placeholder: 'Add Setting',
		default: {},
		options: [
			{
				displayName: 'Items at Once',
				name: 'concurrency',
				type: 'number',
				typeOptions: { minValue: 1, maxValue: 4 },
				default: 1,
				description: 'How many items to work on at the same time, 1 to 4',
			},
			{
				displayName: 'Missing Is Fine',
				name: 'missingIsFine',
				type: 'boolean',
				default: true,
				description: 'Whether to count an item as done if the PBX has nothing to delete any more',
				displayOptions: { show: { '/operation': deletes } },
			},
			{
				displayName: 'Only If Unchanged',
				name: 'onlyIfUnchanged',
				type: 'json',
				default: '={{ $json }}',
				description:
					'The entity as it was read earlier, with nothing of your own in it. It is read again first, and nothing is done if a field differs. Only fields that the item has are compared; what changes by itself, such as <code>IsRegistered</code>, is not.',
				displayOptions: { show: { '/operation': checks } },
			},
			{
				displayName: 'Show Secrets',
				name: 'showSecrets',
				type: 'boolean',
				noDataExpression: true,
				default: false,
				description: 'Whether to return passwords, PINs and keys too, which are left out otherwise',
				displayOptions: { show: { '/operation': answers } },
			},
		],
	};
}
