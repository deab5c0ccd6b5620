import { pageOf, type Page as PageAnswer } from './answers';
import { answerType, catalog, type OptionName } from './catalog';
import { Failure } from './errors';
import type { ApiResponse, Connection } from './http';
import { targetOfLink } from './links';
import { isObject } from './origin';
import { requestOf, type Call } from './request';

/** Reading a list page by page: a PBX gives at most 100 rows at a time and rarely says that there are more. */

type Options = Partial<Record<OptionName, string>>;
type Wanted = Options | string;

/** One page, a plain value of it as `{value: …}`; `total` is what `count` asked for. */
export type Page = Pick<PageAnswer, 'rows' | 'total'>;

const PAGE_ROWS = 100;
const TOP_LIMIT = /limit of '(\d+)' for Top/;

/**
 * These reports take $top and $skip before $filter, count only the page, and end at 20,000 rows. So a short page
 * says nothing about the end where the call filters.
 */
const FILTERED_AFTER_PAGING = new Set([
	'report_call_log_data.get_call_log_data',
	'report_call_log_data.get_old_call_log_data',
]);
const REPORT_PAGE_ROWS = 2_000;
const REPORT_MOST_ROWS = 20_000;

/** How many rows a PBX gives at a time: less than 100 once it has refused. */
const learned = new WeakMap<Connection, number>();

/**
 * The rows of a list, from as many pages as there are, in the PBX's order.
 *
 * @param limit the most rows to give; nothing is asked for beyond it
 * @throws Failure for an answer that refuses or is not a list, and where the PBX pages in a circle
 */
export async function* rows(
	connection: Connection,
	call: Call,
	limit = Infinity,
): AsyncGenerator<Record<string, unknown>> {
	for await (const page of pages(connection, call, limit)) {
		yield* page.rows;
	}
}

/** How many rows a list has, counted by the PBX. @throws Failure if it does not count */
export async function countOf(connection: Connection, call: Call): Promise<number> {
	const { filter, search } = call.options;
	const options: Options = { top: '0', count: 'true' };
	if (filter !== undefined) options.filter = filter;
	if (search !== undefined) options.search = search;
	const { total } = await new Listing(connection, call).fetch(options);
	if (total === undefined) {
		throw new Failure(
			`${connection.server} did not count the rows of ${call.action.operation}.`,
			'Read all rows and count them.',
			200,
		);
	}
	return total;
}

/**
 * As {@link rows}, page by page. A list without $top is never taken for the whole: it is always paged, unless its
 * action does not know $top. `top` among the call's options is a total, as `limit` is.
 *
 * A row that the page before had is left out, since whoever inserts while we read moves rows back over the border.
 * A PBX that gives the same page again would do so for ever: if its link led there, $skip is tried; if that does
 * nothing, it is a Failure, unless the page was all there is.
 */
export async function* pages(
	connection: Connection,
	call: Call,
	limit = Infinity,
): AsyncGenerator<Page> {
	const listing = new Listing(connection, call);
	const { options } = call;
	let left = Math.min(limit, options.top === undefined ? Infinity : Number(options.top));
	if (!(call.action.query ?? []).includes('top')) {
		const page = await listing.fetch(options);
		yield left < page.rows.length ? { ...page, rows: page.rows.slice(0, left) } : page;
		return;
	}
	if (left <= 0) {
		if (options.count === 'true') yield await listing.fetch({ ...options, top: '0' });
		return;
	}
	let skip = Number(options.skip ?? '0');
	let link: string | undefined;
	let followsLinks = true;
	const followed = new Set<string>();
	let before = new Set<string>();
	let last = '';
	while (left > 0) {
		const wantedRows = listing.filtersAfterPaging
			? listing.pageRows
			: Math.min(listing.pageRows, left);
		const wanted: Wanted = link ?? withPage(options, wantedRows, skip);
		const page = await listing.tryFetch(wanted, wantedRows);
		if (page === undefined) continue;
		const got = page.rows.length;
		const keys = listing.keysOf(page.rows);
		const text = JSON.stringify(page.rows);
		const isAgain =
			got > 0 &&
			(keys === undefined
				? text === last && new Set(page.rows.map((row) => JSON.stringify(row))).size === got
				: keys.every((key) => before.has(key)));
		if (isAgain) {
			if (link === undefined) {
				if (got !== wantedRows) return;
				throw new Failure(
					`${connection.server} gives the first ${got} rows again when it is asked for more.`,
					'It does not know $skip. Filter the list so that it is shorter than that.',
					200,
				);
			}
			link = undefined;
			followsLinks = false;
			continue;
		}
		skip += listing.filtersAfterPaging ? wantedRows : got;
		const cameBy: string | undefined = link;
		link = followsLinks ? page.nextLink : undefined;
		if (link !== undefined && got > 0 && link !== cameBy && followed.has(link)) {
			throw new Failure(
				`The links of ${connection.server} from page to page lead in a circle.`,
				'Filter the list so that it is shorter.',
				200,
			);
		}
		if (link !== undefined) followed.add(link);
		last = text;
		const fresh =
			keys === undefined ? page.rows : page.rows.filter((_, i) => !before.has(keys[i] ?? ''));
		before = new Set(keys);
		const given = fresh.slice(0, left);
		left -= given.length;
		yield { rows: given, total: page.total };
		if (left > 0 && listing.isCutAt(skip)) {
			throw new Failure(
				`${connection.server} gives at most ${REPORT_MOST_ROWS} rows of ${call.action.operation}, and there may be more.`,
				'Ask for shorter periods, one after the other. A limit takes what there is.',
				200,
			);
		}
		if (listing.filtersAfterPaging) {
			if (left > 0 && got < wantedRows && !(await listing.hasMore(skip))) return;
		} else if (got === 0 || (link === undefined && got < wantedRows)) {
			return;
		}
	}
}

/** The options of a first page, as a PBX without odd limits is asked for it. */
export function firstPage(call: Call, limit = Infinity): Options {
	if (!(call.action.query ?? []).includes('top')) return call.options;
	const top = call.options.top === undefined ? Infinity : Number(call.options.top);
	return withPage(call.options, Math.min(limit, top, PAGE_ROWS), Number(call.options.skip ?? '0'));
}

/** One reading of a list from one PBX. */
class Listing {
	readonly filtersAfterPaging: boolean;
	private readonly key: readonly string[];
	private rowLimit = REPORT_PAGE_ROWS;

	constructor(
		private readonly connection: Connection,
		private readonly call: Call,
	) {
		const { action, options } = call;
		this.filtersAfterPaging =
			FILTERED_AFTER_PAGING.has(action.id) && (options.filter ?? options.search) !== undefined;
		this.key = catalog.types[answerType(action)?.name ?? '']?.key ?? [];
	}

	/** How many rows to ask for at a time. */
	get pageRows(): number {
		return this.filtersAfterPaging ? this.rowLimit : (learned.get(this.connection) ?? PAGE_ROWS);
	}

	async fetch(wanted: Wanted): Promise<PageAnswer> {
		return this.read(await this.ask(wanted));
	}

	/** As `fetch`; undefined where the page was too large for this PBX and a smaller one is to be asked for. */
	async tryFetch(wanted: Wanted, wantedRows: number): Promise<PageAnswer | undefined> {
		const response = await this.ask(wanted);
		const smaller = smallerPage(response, wantedRows);
		if (smaller === undefined) return this.read(response);
		if (this.filtersAfterPaging) this.rowLimit = smaller;
		else learned.set(this.connection, smaller);
		return undefined;
	}

	/** Whether the report ends here whatever it holds. */
	isCutAt(skip: number): boolean {
		return FILTERED_AFTER_PAGING.has(this.call.action.id) && skip >= REPORT_MOST_ROWS;
	}

	/** Whether the unfiltered report has a row at this place. */
	async hasMore(skip: number): Promise<boolean> {
		const unfiltered = { ...this.call.options };
		delete unfiltered.filter;
		delete unfiltered.search;
		return (await this.fetch(withPage(unfiltered, 1, skip))).rows.length > 0;
	}

	/** The keys of rows as text; undefined where some row lacks one, or has something there that can be no key. */
	keysOf(found: PageAnswer['rows']): string[] | undefined {
		if (this.key.length === 0) return undefined;
		const keys: string[] = [];
		for (const row of found) {
			const values = this.key.map((name) => row[name]);
			if (!values.every((v) => typeof v === 'string' || typeof v === 'number')) return undefined;
			keys.push(JSON.stringify(values));
		}
		return keys;
	}

	private async ask(wanted: Wanted): Promise<ApiResponse> {
		const { call, connection } = this;
		if (typeof wanted !== 'string') return await connection.send(requestOf(call, wanted));
		const target = targetOfLink(call.path, wanted, connection.server);
		return await connection.send({ ...requestOf(call, {}), target });
	}

	private read(response: ApiResponse): PageAnswer {
		const { action, path, values } = this.call;
		const page = pageOf({ action, path, values, server: this.connection.server }, response);
		return FILTERED_AFTER_PAGING.has(action.id) ? { ...page, total: undefined } : page;
	}
}

/** The rows to ask for after a refusal of the page's size: the limit that it names, else half. */
function smallerPage(response: ApiResponse, asked: number): number | undefined {
	if (response.status !== 400 || asked <= 1) return undefined;
	const reason = refusalIn(response.body);
	const limit = TOP_LIMIT.exec(reason)?.[1];
	if (limit === undefined && !reason.toLowerCase().includes('top')) return undefined;
	const rows = limit === undefined ? Math.floor(asked / 2) : Number(limit);
	return Math.max(1, Math.min(rows, asked - 1));
}

/** The message of an OData error; "" for a body that is none. */
function refusalIn(body: string): string {
	try {
		const document: unknown = JSON.parse(body);
		const error = isObject(document) ? document.error : undefined;
		return isObject(error) && typeof error.message === 'string' ? error.message : '';
	} catch {
		return '';
	}
}

function withPage(options: Options, top: number, skip: number): Options {
	return { ...options, top: String(top), ...(skip > 0 ? { skip: String(skip) } : {}) };
}
