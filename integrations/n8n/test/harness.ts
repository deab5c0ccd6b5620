/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, @typescript-eslint/no-require-imports -- n8n never runs a test */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type * as DI from '@n8n/di';
import {
	BinaryDataService,
	ExecuteContext,
	ExecutionLifecycleHooks,
	ExternalSecretsProxy,
	LoadOptionsContext,
	PollContext,
	RoutingNode,
	TriggerContext,
	WorkflowExecute,
} from 'n8n-core';
import {
	createEmptyRunExecutionData,
	ICredentialsHelper,
	NodeHelpers,
	Workflow,
	type IAuthenticateGeneric,
	type IBinaryData,
	type IConnections,
	type ICredentialDataDecryptedObject,
	type ICredentials,
	type ICredentialType,
	type IDataObject,
	type IHttpRequestHelper,
	type IHttpRequestOptions,
	type ILoadOptionsFunctions,
	type INode,
	type INodeCredentialsDetails,
	type INodeExecutionData,
	type INodeListSearchResult,
	type INodeParameters,
	type INodeProperties,
	type INodeType,
	type INodeTypes,
	type IPinData,
	type IPollFunctions,
	type IRequestOptionsSimplified,
	type IRun,
	type ITriggerFunctions,
	type ITriggerResponse,
	type IWorkflowExecuteAdditionalData,
	type WorkflowExecuteMode,
} from 'n8n-workflow';

import { TrunklineApi } from '../credentials/TrunklineApi.credentials';
import type { Emulator } from './emulator';

export { startEmulator, type Emulator, type Entry } from './emulator';

// n8n-core has a version of its own of this, beside the one that other packages have.
const { Container } = createRequire(require.resolve('n8n-core'))('@n8n/di') as typeof DI;

// n8n-core keeps settings and binary data in this folder.
const home = mkdtempSync(path.join(tmpdir(), 'n8n-nodes-trunkline-'));
process.env.N8N_USER_FOLDER = home;
process.env.N8N_ENCRYPTION_KEY = 'key-for-tests';
process.env.N8N_LOG_LEVEL = 'silent';
process.once('exit', () => rmSync(home, { recursive: true, force: true }));

/** What a node is run with. */
export interface Setting {
	emulator: Emulator;
	/** The class under test; the action node, if none is given. */
	type?: INodeType;
	/** What the credential has instead of the emulator's address, client id and key. The same values share a token. */
	credentials?: Partial<ICredentialDataDecryptedObject>;
}

export interface ExecuteSetting extends Setting {
	/** One empty item, if none are given. */
	items?: INodeExecutionData[];
	onError?: INode['onError'];
	retryOnFail?: boolean;
	maxTries?: number;
	/** When this resolves, the user stops the run. */
	cancelled?: Promise<unknown>;
}

export interface Executed {
	/** The node's outputs: `output[0]` is the regular one, `output[1]` that of errors. */
	output: INodeExecutionData[][];
	/** What stopped the run. */
	error?: ExecutedError;
	run: IRun;
}

/** An error as n8n keeps it: a plain object with the fields of NodeApiError or NodeOperationError. */
export interface ExecutedError {
	name: string;
	message: string;
	description?: string | null;
	httpCode?: string | null;
	context?: IDataObject;
}

/** Runs a node in a workflow of two, after one that gives its items. */
export async function execute(
	parameters: INodeParameters,
	setting: ExecuteSetting,
): Promise<Executed> {
	await ready();
	const { items = [{ json: {} }], onError, retryOnFail, maxTries, cancelled } = setting;
	const node: INode = {
		...nodeOf(setting, parameters),
		...(onError === undefined ? {} : { onError }),
		...(retryOnFail === undefined ? {} : { retryOnFail, waitBetweenTries: 1 }),
		...(maxTries === undefined ? {} : { maxTries }),
	};
	const start: INode = { ...PLACE, id: 'items', name: 'Items', type: 'items', parameters: {} };
	const workflow = new Workflow({
		id: 'workflow',
		nodes: [start, node],
		connections: { Items: { main: [[{ node: node.name, type: 'main', index: 0 }]] } },
		active: false,
		nodeTypes: new NodeTypes([source(items), typeOf(setting)]),
		settings: { executionOrder: 'v1' },
	});
	const running = new WorkflowExecute(additionalData('manual'), 'manual').run({
		workflow,
		startNode: start,
	});
	void cancelled?.then(() => running.cancel());
	const run = await running;
	const { runData, error } = run.data.resultData;
	const output = (runData[node.name]?.at(-1)?.data?.main ?? []).map((found) => found ?? []);
	return { output, run, ...(error === undefined ? {} : { error: error as ExecutedError }) };
}

/** A workflow as people import it. */
export interface Template {
	name: string;
	nodes: INode[];
	connections: IConnections;
}

/**
 * Runs a whole workflow from its trigger. The nodes of `types` are real and use the emulator; every other one must have its
 * output in `pinned`, by name, as n8n's editor pins it.
 */
export async function executeWorkflow(
	template: Template,
	setting: { emulator: Emulator; types: INodeType[]; start: string; pinned: IPinData },
): Promise<{ items: (name: string) => INodeExecutionData[][]; error?: ExecutedError }> {
	await ready();
	const own = new NodeTypes(setting.types);
	const nodes = template.nodes.map((node) => ({
		...node,
		type: node.type.replace('n8n-nodes-trunkline.', ''),
		...(node.credentials === undefined
			? {}
			: { credentials: { trunklineApi: credentialOf(setting) } }),
	}));
	const others = new Set(nodes.map(({ type }) => type).filter((type) => type.includes('.')));
	for (const type of others) own.add(type, source([]));
	const workflow = new Workflow({
		id: 'workflow',
		nodes,
		connections: template.connections,
		active: false,
		nodeTypes: own,
		settings: { executionOrder: 'v1' },
	});
	const startNode = workflow.getNode(setting.start);
	if (startNode === null) throw new Error(`${template.name} has no node ${setting.start}`);
	const run = await new WorkflowExecute(additionalData('manual'), 'manual').run({
		workflow,
		startNode,
		pinData: setting.pinned,
	});
	const { runData, error } = run.data.resultData;
	const items = (name: string) =>
		(runData[name]?.at(-1)?.data?.main ?? []).map((found) => found ?? []);
	return { items, ...(error === undefined ? {} : { error: error as ExecutedError }) };
}

export interface TriggerSetting extends Setting {
	/** The node's static data, which n8n keeps in its database; changed in place. */
	staticData?: IDataObject;
	/** `manual` where the user tries the trigger in the editor. */
	mode?: WorkflowExecuteMode;
}

/** Polls once, as n8n does at activation and then each minute. */
export async function poll(
	type: INodeType,
	parameters: INodeParameters,
	setting: TriggerSetting,
): Promise<INodeExecutionData[][] | null> {
	const { mode = 'trigger', staticData = {} } = setting;
	const { workflow, node } = await alone({ ...setting, type }, parameters, staticData);
	const context = new PollContext(workflow, node, additionalData(mode), mode, 'activate');
	const found = (await type.poll?.call(context as IPollFunctions)) ?? null;
	Object.assign(staticData, savedData(workflow, node));
	return found;
}

/**
 * Starts a trigger that listens; `onItems` gets what it emits, `onError` what made it give up.
 * Call `closeFunction` of what it returns.
 */
export async function listen(
	type: INodeType,
	parameters: INodeParameters,
	setting: TriggerSetting & {
		onItems: (items: INodeExecutionData[][]) => void;
		onError?: (error: Error) => void;
		/** Gets what it reported as a failed execution, while it goes on. */
		onFailure?: (error: Error) => void;
	},
): Promise<ITriggerResponse> {
	const { mode = 'trigger', staticData = {}, onItems, onError, onFailure } = setting;
	const { workflow, node } = await alone({ ...setting, type }, parameters, staticData);
	const context = new TriggerContext(
		workflow,
		node,
		additionalData(mode),
		mode,
		'activate',
		(items) => {
			Object.assign(staticData, savedData(workflow, node));
			onItems(items);
		},
		(error) => {
			if (onError === undefined) throw error;
			onError(error);
		},
		(error) => {
			if (onFailure === undefined) throw error;
			onFailure(error);
		},
	);
	const response = await type.trigger?.call(context as ITriggerFunctions);
	if (response === undefined) throw new Error(`${type.description.name} has no trigger`);
	return response;
}

/** The node's static data as n8n's database has them. */
function savedData(workflow: Workflow, node: INode): IDataObject {
	return JSON.parse(JSON.stringify(workflow.getStaticData('node', node))) as IDataObject;
}

/** Opens a list in the editor: one of the node's `methods.listSearch`. */
export async function lookUp(
	method: string,
	parameters: INodeParameters,
	setting: Setting & { filter?: string; paginationToken?: string },
): Promise<INodeListSearchResult> {
	const { workflow, node } = await alone(setting, parameters, {});
	const data = additionalData('internal');
	data.currentNodeParameters = node.parameters;
	const context = new LoadOptionsContext(workflow, node, data, '');
	const search = typeOf(setting).methods?.listSearch?.[method];
	if (search === undefined) throw new Error(`The node has no listSearch ${method}`);
	return await search.call(
		context as ILoadOptionsFunctions,
		setting.filter,
		setting.paginationToken,
	);
}

/** Presses the Test button of the credential, as n8n's credentials-tester does. */
export async function testCredential(
	setting: Setting,
): Promise<{ status: 'OK' | 'Error'; message: string }> {
	await ready();
	const { request, rules = [] } = new TrunklineApi().test;
	const data = additionalData('internal');
	const details = credentialOf(setting);
	const node: INode = {
		...PLACE,
		id: 'temp',
		name: 'Temp-Node',
		type: 'n8n-nodes-base.noOp',
		parameters: {},
		credentials: { trunklineApi: details },
	};
	const type: INodeType = {
		description: {
			...source([]).description,
			name: node.type,
			credentials: [{ name: 'trunklineApi', required: true }],
			properties: [
				{ displayName: 'Temp', name: 'temp', type: 'string', default: '', routing: { request } },
			],
		},
	};
	const workflow = new Workflow({
		nodes: [node],
		connections: {},
		active: false,
		nodeTypes: new NodeTypes([type]),
	});
	const context = new ExecuteContext(
		workflow,
		node,
		data,
		'internal',
		createEmptyRunExecutionData(),
		0,
		[],
		{ main: [[{ json: {} }]] },
		{ node, data: {}, source: null },
		[],
	);
	const decrypted = {
		...{ id: details.id ?? '', name: details.name, type: 'trunklineApi' },
		data: await data.credentialsHelper.getDecrypted(data, details, 'trunklineApi', 'internal'),
	};
	let answer: INodeExecutionData[][] | undefined;
	try {
		answer = await new RoutingNode(context, type, decrypted).runNode();
	} catch (error) {
		const { message, cause } = error as Error & {
			cause?: { code?: string; response?: { statusText: string } };
		};
		return { status: 'Error', message: cause?.response?.statusText ?? cause?.code ?? message };
	}
	for (const rule of rules) {
		if (rule.type !== 'responseSuccessBody') continue;
		const { key, value, message } = rule.properties;
		if (answer?.[0]?.[0]?.json[key] === value) return { status: 'Error', message };
	}
	return { status: 'OK', message: 'Connection successful!' };
}

/** The content of a file that a node put into n8n's store. */
export async function contentOf(file: IBinaryData): Promise<Buffer> {
	return await Container.get(BinaryDataService).getAsBuffer(file);
}

/** What n8n's database has of a credential. */
export function storedCredential(setting: Setting): ICredentialDataDecryptedObject {
	const { id } = credentialOf(setting);
	return database.get(id ?? '') ?? {};
}

const PLACE = { typeVersion: 1, position: [0, 0] as [number, number] };
const database = new Map<string, ICredentialDataDecryptedObject>();
const credentialTypes: Record<string, ICredentialType> = { trunklineApi: new TrunklineApi() };

function credentialOf({ emulator, credentials }: Setting): INodeCredentialsDetails {
	const data = {
		url: emulator.url,
		clientId: emulator.clientId,
		apiKey: emulator.apiKey,
		...credentials,
	};
	const id = createHash('sha256').update(JSON.stringify(data)).digest('hex');
	if (!database.has(id)) database.set(id, data);
	return { id, name: '3CX' };
}

function typeOf({ type }: Setting): INodeType {
	if (type !== undefined) return type;
	const { Trunkline } = require('../nodes/Trunkline/Trunkline.node') as {
		Trunkline: new () => INodeType;
	};
	return new Trunkline();
}

function nodeOf(setting: Setting, parameters: INodeParameters): INode {
	const { name, defaults } = typeOf(setting).description;
	return {
		...PLACE,
		id: 'node',
		name: defaults.name ?? name,
		type: name,
		parameters,
		credentials: { trunklineApi: credentialOf(setting) },
	};
}

async function alone(setting: Setting, parameters: INodeParameters, staticData: IDataObject) {
	await ready();
	const node = nodeOf(setting, parameters);
	const workflow = new Workflow({
		id: 'workflow',
		nodes: [node],
		connections: {},
		active: true,
		nodeTypes: new NodeTypes([typeOf(setting)]),
		staticData: { [`node:${node.name}`]: structuredClone(staticData) },
	});
	return { workflow, node };
}

let initialised: Promise<void> | undefined;

async function ready(): Promise<void> {
	initialised ??= Container.get(BinaryDataService).init();
	await initialised;
}

class NodeTypes implements INodeTypes {
	private readonly types: Map<string, INodeType>;

	constructor(types: INodeType[]) {
		this.types = new Map(types.map((type) => [type.description.name, type]));
	}

	add(name: string, type: INodeType): void {
		this.types.set(name, type);
	}

	getByName(name: string): INodeType {
		const found = this.types.get(name);
		if (found === undefined) throw new Error(`No node type ${name}`);
		return found;
	}

	getByNameAndVersion(name: string): INodeType {
		return this.getByName(name);
	}

	getKnownTypes(): IDataObject {
		return {};
	}
}

/** A node that gives the items of a test. */
function source(items: INodeExecutionData[]): INodeType {
	return {
		description: {
			displayName: 'Items',
			name: 'items',
			group: [],
			version: 1,
			description: '',
			defaults: { name: 'Items' },
			inputs: [],
			outputs: ['main'],
			properties: [],
		},
		execute: async () => [items],
	};
}

function additionalData(mode: WorkflowExecuteMode): IWorkflowExecuteAdditionalData {
	const unused = async (): Promise<never> => {
		throw new Error('Not part of these tests');
	};
	const address = 'http://n8n.example.com';
	return {
		credentialsHelper: new CredentialsHelper(),
		externalSecretsProxy: Container.get(ExternalSecretsProxy),
		executeWorkflow: unused,
		getRunExecutionData: unused,
		startRunnerTask: unused,
		executionId: 'execution',
		currentNodeExecutionIndex: 0,
		restApiUrl: `${address}/rest`,
		instanceBaseUrl: address,
		formWaitingBaseUrl: `${address}/form-waiting`,
		webhookBaseUrl: `${address}/webhook`,
		webhookWaitingBaseUrl: `${address}/webhook-waiting`,
		webhookTestBaseUrl: `${address}/webhook-test`,
		variables: {},
		logAiEvent: () => {},
		hooks: new ExecutionLifecycleHooks(mode, 'execution', {
			id: 'workflow',
			name: 'Workflow',
			active: false,
			isArchived: false,
			createdAt: new Date(0),
			updatedAt: new Date(0),
			activeVersionId: null,
			nodes: [],
			connections: {},
		}),
	};
}

/** n8n's handling of credentials (its credentials-helper), with a Map for its database. */
class CredentialsHelper extends ICredentialsHelper {
	getParentTypes(): string[] {
		return [];
	}

	getCredentialsProperties(type: string): INodeProperties[] {
		return credentialTypes[type]?.properties ?? [];
	}

	async getDecrypted(
		_data: IWorkflowExecuteAdditionalData,
		{ id }: INodeCredentialsDetails,
		type: string,
	): Promise<ICredentialDataDecryptedObject> {
		const properties = this.getCredentialsProperties(type);
		const stored = structuredClone(database.get(id ?? '') ?? {}) as INodeParameters;
		const found = NodeHelpers.getNodeParameters(properties, stored, true, false, null, null);
		return (found ?? {}) as ICredentialDataDecryptedObject;
	}

	async authenticate(
		credentials: ICredentialDataDecryptedObject,
		type: string,
		options: IHttpRequestOptions | IRequestOptionsSimplified,
		workflow: Workflow,
		node: INode,
	): Promise<IHttpRequestOptions> {
		const { properties } = credentialTypes[type]?.authenticate as IAuthenticateGeneric;
		const headers: IDataObject = { ...options.headers };
		for (const [name, value] of Object.entries(properties.headers ?? {})) {
			const keys = { $credentials: credentials };
			const text = workflow.expression.getSimpleParameterValue(
				node,
				value as string,
				'internal',
				keys,
				undefined,
				'',
			);
			headers[name] = String(text ?? '');
		}
		return { ...options, headers } as IHttpRequestOptions;
	}

	async preAuthentication(
		helpers: IHttpRequestHelper,
		credentials: ICredentialDataDecryptedObject,
		type: string,
		node: INode,
		expired: boolean,
	): Promise<ICredentialDataDecryptedObject | undefined> {
		const found = credentialTypes[type];
		const name = found?.properties.find(({ typeOptions }) => typeOptions?.expirable)?.name ?? '';
		if (found?.preAuthentication === undefined) return undefined;
		const isTest = node.parameters.temp === '' && node.type === 'n8n-nodes-base.noOp';
		if (credentials[name] !== '' && !expired && !isTest) return undefined;
		const fresh = await found.preAuthentication.call(helpers, credentials);
		Object.assign(credentials, fresh);
		const details = node.credentials?.[type];
		if (details !== undefined) await this.updateCredentials(details, type, credentials);
		return credentials;
	}

	async updateCredentials(
		{ id }: INodeCredentialsDetails,
		_type: string,
		data: ICredentialDataDecryptedObject,
	): Promise<void> {
		database.set(id ?? '', structuredClone(data));
	}

	async getCredentials(): Promise<ICredentials> {
		throw new Error('Not part of these tests');
	}

	async updateCredentialsOauthTokenData(): Promise<void> {
		throw new Error('Not part of these tests');
	}
}
