import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { isMissing, valueOf } from '../../engine/answers';
import { answerKind, answerType, fieldsOf, type Action } from '../../engine/catalog';
import { Refused, Unreachable } from '../../engine/errors';
import { download, filePart } from '../../engine/files';
import type { Connection } from '../../engine/http';
import { countOf, rows } from '../../engine/pages';
import { bind, requestOf, type Call, type Given } from '../../engine/request';
import { withoutSecrets } from '../../engine/secrets';
import { lackedBy } from '../../engine/versions';
import type { Parameters, Settings } from './parameters';
import { ifUnchanged } from './unchanged';

/** One item: its parameters are checked, the request is sent, and the answer becomes items. */
export class ItemRun {
	constructor(
		private readonly context: IExecuteFunctions,
		private readonly connection: Connection,
		private readonly action: Action,
		private readonly parameters: Parameters,
	) {}

	/** @throws Refused for what can't be right, with nothing sent; Failure, Unreachable, SignInRefused */
	async run(item: number): Promise<INodeExecutionData[]> {
		const { action, connection, context, parameters } = this;
		const settings = parameters.settings(item);
		const call = bind(action, await this.given(item));
		await this.checkVersion();
		switch (answerKind(action)) {
			case 'list':
				return await this.list(item, call, settings);
			case 'file': {
				const property = parameters.binaryProperty(item);
				const found = await download(connection, call, context, item, property);
				return [{ ...found, json: this.shown(found.json, settings) }]; // the PBX may answer with JSON
			}
			default:
				return [asItem(item, this.shown(await this.answer(call, settings), settings))];
		}
	}

	private async given(item: number): Promise<Given> {
		const given = this.parameters.given(item);
		if (this.action.kind !== 'upload') return given;
		const [field] = Object.keys(fieldsOf(this.action.body));
		const file = await filePart(this.context, item, this.parameters.binaryProperty(item), field);
		return { ...given, file };
	}

	private async checkVersion(): Promise<void> {
		const { action, connection } = this;
		if (action.since === undefined) return;
		const isKnown = connection.version !== undefined;
		if (isKnown && lackedBy(action, connection.version) === undefined) return;
		// The PBX may have been updated since it named its version.
		const lack = lackedBy(action, await connection.askedVersion());
		if (lack !== undefined) throw new Refused(lack, 'The operation was not sent.', 'operation');
	}

	private async list(item: number, call: Call, settings: Settings): Promise<INodeExecutionData[]> {
		if (this.parameters.countsOnly(item)) {
			return [asItem(item, { count: await countOf(this.connection, call) })];
		}
		const found: INodeExecutionData[] = [];
		for await (const row of rows(this.connection, call, this.parameters.limit(item))) {
			found.push(asItem(item, this.shown(row as IDataObject, settings)));
		}
		// The workflow goes on after a change whose answer lists only what went wrong.
		const isDone = found.length === 0 && call.action.method !== 'GET';
		return isDone ? [asItem(item, asJson(call, undefined))] : found;
	}

	private async answer(call: Call, settings: Settings): Promise<IDataObject> {
		const { earlier, missingIsFine } = settings;
		return await this.sent(call, earlier).catch((error: unknown) => {
			const isGone = call.action.kind === 'delete' && missingIsFine && isMissing(error);
			if (!isGone) throw error;
			return { ...asJson(call, undefined), missing: true };
		});
	}

	private async sent(call: Call, earlier: Settings['earlier']): Promise<IDataObject> {
		const sent = earlier === undefined ? call : await ifUnchanged(this.connection, call, earlier);
		return asJson(
			call,
			await (call.action.kind === 'delete' ? this.delete(sent) : this.send(sent)),
		);
	}

	/** A deletion whose answer was lost is sent again; if the PBX then has nothing to delete, it is done. */
	private async delete(call: Call): Promise<unknown> {
		return await this.send(call).catch(async (lost: unknown) => {
			if (!(lost instanceof Unreachable && lost.unknown)) throw lost;
			return await this.send(call).catch((error: unknown) => {
				if (!isMissing(error)) throw error;
			});
		});
	}

	private async send(call: Call): Promise<unknown> {
		const { action, path, values } = call;
		const response = await this.connection.send(requestOf(call));
		return valueOf({ action, path, values, server: this.connection.server }, response);
	}

	private shown(json: IDataObject, settings: Settings): IDataObject {
		return settings.showsSecrets ? json : withoutSecrets(json, answerType(this.action)?.name);
	}
}

function asItem(item: number, json: IDataObject): INodeExecutionData {
	return { json, pairedItem: { item } };
}

/** An answer as the JSON of an item. Without one it says that it was done, and on what. */
function asJson(call: Call, answer: unknown): IDataObject {
	if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) {
		return answer as IDataObject;
	}
	if (answer !== undefined && answer !== null) return { value: answer as IDataObject };
	const { action, values } = call;
	const keys = Object.fromEntries((action.keys ?? []).map((name) => [name, values[name]]));
	const deleted = action.kind === 'delete' ? { deleted: true } : {};
	return { ...deleted, success: true, ...keys } as IDataObject;
}
