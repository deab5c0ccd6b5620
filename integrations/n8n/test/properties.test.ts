/* eslint-disable @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
	NodeHelpers,
	type INode,
	type INodeParameters,
	type INodeProperties,
	type INodePropertyCollection,
	type INodePropertyOptions,
} from 'n8n-workflow';

import { catalog, type Action } from '../engine/catalog';
import { Trunkline } from '../nodes/Trunkline/Trunkline.node';

const { description } = new Trunkline();
const { properties } = description;
const tool = { ...description, name: 'trunklineTool' };

type Option = INodeProperties | INodePropertyOptions | INodePropertyCollection;

const isProperty = (option: Option): option is INodeProperties => 'type' in option;
const isGroup = (option: Option): option is INodePropertyCollection => 'values' in option;

/** All properties, also those within others, each with the path to it. */
function* everyProperty(
	within: INodeProperties[] = properties,
	path = '',
): Generator<[string, INodeProperties]> {
	for (const property of within) {
		const operations =
			property.displayOptions?.show?.operation ?? property.displayOptions?.show?.resource;
		const place = `${path}${property.name}${operations === undefined ? '' : ` of ${String(operations[0])}`}`;
		yield [place, property];
		for (const option of property.options ?? []) {
			if (isGroup(option)) yield* everyProperty(option.values, `${place} > `);
			else if (isProperty(option)) yield* everyProperty([option], `${place} > `);
		}
	}
}

const choices = (property: INodeProperties): INodePropertyOptions[] =>
	(property.options ?? []).filter((o): o is INodePropertyOptions => 'value' in o);

/** What the editor shows for an operation. */
function shownFor(
	action: Action,
	more: INodeParameters = {},
	type = description,
): INodeProperties[] {
	const parameters: INodeParameters = {
		resource: action.resource,
		operation: action.operation,
		returnAll: false,
		bodyMode: 'fields',
		...more,
	};
	const node: INode = {
		id: 'node',
		name: '3CX',
		type: type.name,
		typeVersion: 1,
		position: [0, 0],
		parameters,
	};
	return properties.filter((p) => NodeHelpers.displayParameter(parameters, p, node, type));
}

function failing(test: (property: INodeProperties) => boolean): string[] {
	return [...everyProperty()].filter(([, property]) => !test(property)).map(([place]) => place);
}

const SMALL = new Set([
	'a',
	'an',
	'and',
	'as',
	'at',
	'by',
	'for',
	'from',
	'in',
	'of',
	'on',
	'or',
	'the',
	'to',
	'with',
]);

function isTitle(text: string): boolean {
	const words = text.split(' ');
	return words.every((word, i) => /^[A-Z0-9/(]/.test(word) || (i > 0 && SMALL.has(word)));
}

describe('the wording of the node', () => {
	it('has names in title case', () => {
		assert.deepEqual(
			failing((p) => p.type === 'notice' || isTitle(p.displayName)),
			[],
		);
	});

	it('has no name that begins or ends with a space or ends with a period', () => {
		const isPlain = (text: string) =>
			text === text.trim() && !text.endsWith('.') && !text.includes('  ');
		assert.deepEqual(
			failing((p) => p.type === 'notice' || isPlain(p.displayName)),
			[],
		);
		assert.deepEqual(
			failing((p) => choices(p).every(({ name }) => isPlain(name) && name !== '')),
			[],
		);
	});

	it('begins what a switch does with Whether', () => {
		assert.deepEqual(
			failing((p) => p.type !== 'boolean' || p.description?.startsWith('Whether ') === true),
			[],
		);
	});

	it('ends a description of several sentences with a period, and one of a single sentence without', () => {
		const isRight = (text: string | undefined) => {
			if (text === undefined) return true;
			if (text === '' || text !== text.trim() || /[`\n]| {2}/.test(text)) return false;
			return /[.!?] \S/.test(text) ? /[.!?>]$/.test(text) : !text.endsWith('.');
		};
		assert.deepEqual(
			failing((p) => isRight(p.description)),
			[],
		);
		assert.deepEqual(
			failing((p) => choices(p).every((option) => isRight(option.description))),
			[],
		);
	});

	it('begins descriptions with a capital', () => {
		assert.deepEqual(
			failing((p) => p.description === undefined || !/^[a-z]/.test(p.description)),
			[],
		);
	});

	it('names operations as the node does, not as the command line', () => {
		const isCommand = (text = '') => /<code>[a-z-]+ [a-z-]+<\/code>|trunkline [a-z]/.test(text);
		assert.deepEqual(
			failing(
				(p) => !isCommand(p.description) && !choices(p).some((o) => isCommand(o.description)),
			),
			[],
		);
	});

	it('says n8n’s words for Return All and Limit', () => {
		const all = properties.find(({ name }) => name === 'returnAll');
		const limit = properties.find(
			({ name, type, default: d }) => name === 'limit' && type === 'number' && d === 50,
		);
		assert.equal(all?.description, 'Whether to return all results or only up to a given limit');
		assert.equal(limit?.description, 'Max number of results to return');
		assert.deepEqual(limit?.typeOptions, { minValue: 1 });
	});
});

describe('the choices of the node', () => {
	it('are sorted by name', () => {
		const unsorted = failing((p) => {
			const names = choices(p).map(({ name }) => name);
			return (
				p.name === 'bodyMode' || names.every((name, i) => i === 0 || (names[i - 1] ?? '') < name)
			);
		});
		assert.deepEqual(unsorted, []);
	});

	it('have values of their own', () => {
		assert.deepEqual(
			failing((p) => new Set(choices(p).map(({ value }) => value)).size === choices(p).length),
			[],
		);
	});

	it('have the default among them', () => {
		const isFine = (p: INodeProperties) => {
			if (p.type !== 'options' || p.typeOptions?.loadOptionsMethod !== undefined) return true;
			return choices(p).some(({ value }) => value === p.default);
		};
		assert.deepEqual(failing(isFine), []);
	});

	it('are not made by an expression where they decide what is shown', () => {
		const deciding = properties.filter(({ name }) => ['resource', 'operation'].includes(name));
		assert.ok(deciding.every(({ noDataExpression }) => noDataExpression === true));
	});

	it('name every operation once, with what it does and an action for the node panel', () => {
		const options = properties.filter(({ name }) => name === 'operation').flatMap(choices);
		assert.deepEqual(
			options.map(({ value }) => value).sort(),
			catalog.actions.map(({ operation }) => operation).sort(),
		);
		const longest = 64 - ' in 3CX'.length; // a tool's name is made of both, and models take no longer one
		assert.deepEqual(
			options.filter(({ action, description: d }) => !action || action.length > longest || !d),
			[],
		);
	});

	it('have the names of the five pages of the old node', () => {
		const pages = [
			['Fax', 'Delete Fax'],
			['Device Infos', 'Delete Device Info'],
			['Contacts', 'Delete Contact'],
			['Blocklist', 'Delete Blocklist Addr'],
			['Website Links', 'Delete Weblink'],
		];
		for (const [resource = '', operation = ''] of pages) {
			const list = properties.find(
				(p) => p.name === 'operation' && p.displayOptions?.show?.resource?.includes(resource),
			);
			assert.ok(
				list && choices(list).some(({ value }) => value === operation),
				`${resource}: ${operation}`,
			);
		}
	});
});

describe('what is shown for an operation', () => {
	it('has no name twice', () => {
		const double = catalog.actions.flatMap((action) => {
			const names = shownFor(action).map(({ name }) => name);
			return names
				.filter((name, i) => names.indexOf(name) !== i)
				.map((name) => `${action.operation}: ${name}`);
		});
		assert.deepEqual(double, []);
	});

	it('has all its parameters', () => {
		const missing = catalog.actions.flatMap((action) => {
			const names = new Set(shownFor(action).map(({ name }) => name));
			return Object.keys(action.params ?? {})
				.filter((name) => !names.has(name))
				.map((name) => `${action.operation}: ${name}`);
		});
		assert.deepEqual(missing, []);
	});

	it('has If Match where 3CX takes it, and nowhere else', () => {
		const wrong = catalog.actions.filter((action) => {
			const isShown = shownFor(action).some(({ name }) => name === 'If-Match');
			return isShown !== (action.ifMatch === true);
		});
		assert.deepEqual(wrong, []);
	});

	it('has a body in one way at a time', () => {
		const names = (action: Action, bodyMode: string) =>
			shownFor(action, { bodyMode })
				.map(({ name }) => name)
				.filter((n) => /^(fields|bodyJson)$/.test(n));
		for (const action of catalog.actions) {
			const has = action.body !== undefined && action.kind !== 'upload';
			assert.deepEqual(names(action, 'fields'), has ? ['fields'] : [], action.operation);
			assert.deepEqual(names(action, 'json'), has ? ['bodyJson'] : [], action.operation);
			assert.deepEqual(names(action, 'item'), [], action.operation);
		}
	});

	it('has Limit only without Return All', () => {
		const list = catalog.actions.find(({ id }) => id === 'users.list');
		assert.ok(list);
		const has = (returnAll: boolean) =>
			shownFor(list, { returnAll }).some(({ name }) => name === 'limit');
		assert.deepEqual([has(false), has(true)], [true, false]);
	});

	it('has Allow Deletes by Agents in the tool alone, for what deletes or cuts off', () => {
		const has = (action: Action, type = description) =>
			shownFor(action, {}, type).some(({ name }) => name === 'allowDeletes');
		for (const action of catalog.actions) {
			assert.equal(has(action), false, action.operation);
			assert.equal(has(action, tool), action.asks === true, action.operation);
		}
	});
});

describe('what an agent reads', () => {
	const texts = catalog.actions.flatMap((action) =>
		shownFor(action, {}, tool)
			.filter(({ name }) => name === 'toolDescription')
			.map((property) => [action.operation, String(property.default)] as const),
	);

	it('describes each operation that it may use, once', () => {
		const usable = catalog.actions.filter(
			({ kind, answer }) => kind !== 'upload' && !/^file/.test(answer),
		);
		assert.deepEqual(
			texts.map(([operation]) => operation),
			usable.map(({ operation }) => operation),
		);
		const node = catalog.actions.flatMap((action) => shownFor(action)).map(({ name }) => name);
		assert.equal(node.includes('toolDescription'), false);
	});

	it('says what happens, where a key comes from, and when to ask first', () => {
		assert.equal(
			new Map(texts).get('Delete Fax'),
			'Delete a fax by its Id. Faxes sent to its number are no longer received. Needs the Id of the fax, which List Fax gives. Ask the user first: this deletes something or cuts off calls, phones or people.',
		);
	});

	it('is short plain text that ends as a sentence does', () => {
		assert.deepEqual(
			texts.filter(
				([, text]) => text.length > 600 || /[`<]|trunkline| {2}/.test(text) || !/[.!?]$/.test(text),
			),
			[],
		);
	});
});

describe('the size of the node', () => {
	it('is at most 1 MB in the editor, with the tool that n8n makes of it at most 2 MB', () => {
		const own = Buffer.byteLength(JSON.stringify(description));
		assert.ok(own < 1_000_000, String(own));
	});
});
