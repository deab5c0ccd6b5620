import type { IDataObject } from 'n8n-workflow';

import { findAction } from '../../engine/catalog';
import type { OptionName } from '../../engine/catalog';
import { Refused } from '../../engine/errors';
import type { Connection } from '../../engine/http';
import { rows } from '../../engine/pages';
import { bind } from '../../engine/request';
import { withoutSecrets } from '../../engine/secrets';
import { lackedBy } from '../../engine/versions';

export type Row = Record<string, unknown>;

/** An action's rows, page by page, for as long as the caller goes on. `action` is an id such as `trunks.list`. */
export function read(
	pbx: Connection,
	action: string,
	options: Partial<Record<OptionName, unknown>> = {},
	parameters: Record<string, unknown> = {},
): AsyncGenerator<Row> {
	const found = findAction(action);
	if (found === undefined) throw new Refused(`The catalog has no action ${action}.`);
	const lacked = lackedBy(found, pbx.version);
	if (lacked !== undefined) throw new Refused(lacked);
	return rows(pbx, bind(found, { parameters, options }));
}

/** All rows of an action that has few. */
export async function readAll(
	pbx: Connection,
	action: string,
	options: Partial<Record<OptionName, unknown>> = {},
): Promise<Row[]> {
	const found: Row[] = [];
	for await (const row of read(pbx, action, options)) found.push(row);
	return found;
}

/** A row as an item of the output: with the name of its event, and without secrets. */
export function eventOf(event: string, row: Row): IDataObject {
	return { event, ...(withoutSecrets(row) as IDataObject) };
}

/** A field of a row as text; "" where the PBX left it out. */
export function text(row: Row, field: string): string {
	const value = row[field];
	return value === undefined || value === null ? '' : String(value);
}
