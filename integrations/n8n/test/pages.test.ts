/* eslint-disable @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findAction, type OptionName } from '../engine/catalog';
import { Failure } from '../engine/errors';
import type { ApiResponse, Connection } from '../engine/http';
import { targetOfLink } from '../engine/links';
import { countOf, firstPage, rows } from '../engine/pages';
import type { Call } from '../engine/request';

/** A PBX that answers by the options of each request: what was asked, in order, is in `asked`. */
class Scripted implements Connection {
	readonly server = 'pbx.example.com';
	readonly version = undefined;
	readonly asked: string[] = [];
	readonly askedVersion = async () => await Promise.resolve(undefined);

	constructor(
		private readonly answer: (options: Readonly<Record<string, string>>, target: string) => unknown,
	) {}

	async send(request: { target: string }): Promise<ApiResponse> {
		const query = request.target.split('?')[1] ?? '';
		this.asked.push(decodeURIComponent(query));
		const options = Object.fromEntries(
			query.split('&').map((part) => part.replace('$', '').split('=').map(decodeURIComponent)),
		) as Record<string, string>;
		const answer = this.answer(options, request.target);
		const status = isRefusal(answer) ? 400 : 200;
		const headers = { 'content-type': 'application/json', 'x-3cx-version': '20.0.10' };
		return { status, headers, body: JSON.stringify(answer) };
	}

	async stream(): Promise<never> {
		throw new Error('A list is not streamed.');
	}
}

const LINK = 'https://pbx.example.com/xapi/v1/Fax?$skiptoken=1';

test('pages are asked for until the end', async (t) => {
	const full = ids(100);
	const cases: [string, Options, unknown[], string[]][] = [
		['an empty list is one page', {}, [of()], ['$top=100']],
		['a short page ends', {}, [of(1, 2)], ['$top=100']],
		['a full page is followed', {}, [of(...full), of(101)], ['$top=100', '$top=100&$skip=100']],
		['an empty page ends', {}, [of(...full), of()], ['$top=100', '$top=100&$skip=100']],
		['top in one page', { top: '5' }, [of(1, 2, 3, 4, 5)], ['$top=5']],
		['top above what there is', { top: '5' }, [of(1, 2)], ['$top=5']],
		[
			'top over two pages',
			{ top: '150' },
			[of(...full), of(...ids(50, 101))],
			['$top=100', '$top=50&$skip=100'],
		],
		['top of exactly a page needs no second', { top: '100' }, [of(...full)], ['$top=100']],
		[
			'skip comes first',
			{ skip: '30' },
			[of(...full), of(101)],
			['$top=100&$skip=30', '$top=100&$skip=130'],
		],
		[
			'a link is followed though its page is short',
			{},
			[of(1).to(LINK), of(2)],
			['$top=100', '$skiptoken=1'],
		],
		[
			'links are followed one after the other',
			{},
			[of(1).to(LINK), of(2).to(`${LINK}2`), of(3)],
			['$top=100', '$skiptoken=1', '$skiptoken=12'],
		],
		['an empty page behind a link ends', {}, [of(1).to(LINK), of()], ['$top=100', '$skiptoken=1']],
		['a link on an empty page is not followed', {}, [of().to(LINK)], ['$top=100']],
		['no link is followed once top is reached', { top: '2' }, [of(1, 2).to(LINK)], ['$top=2']],
		['a page larger than asked for is cut', { top: '2' }, [of(1, 2, 3)], ['$top=2']],
		['other options go along', { filter: 'Id gt 3' }, [of(4)], ['$filter=Id gt 3&$top=100']],
	];
	for (const [name, options, pages, asked] of cases) {
		await t.test(name, async () => {
			const left = [...pages];
			const pbx = new Scripted(() => left.shift() ?? assert.fail('A further page was asked for.'));
			const found = await all(pbx, call('List Fax', options));
			assert.deepEqual(pbx.asked.map(sorted), asked.map(sorted));
			assert.equal(left.length, 0);
			const most = Number(options.top ?? Infinity);
			const there = pages.flatMap((page) => (page as Page).value.map((row) => row.Id));
			assert.deepEqual(found, there.slice(0, most));
		});
	}
});

test('a list of any size is read completely, in order, and not beyond the limit', async () => {
	for (const size of [0, 1, 99, 100, 101, 250]) {
		for (const limit of [0, 1, 100, 150, Infinity]) {
			for (const skip of [0, 30]) {
				const pbx = paged(size);
				const options: Options = skip === 0 ? {} : { skip: String(skip) };
				const found = await all(pbx, call('List Fax', options), limit);
				assert.deepEqual(found, ids(size).slice(skip, skip + limit), `${size}, ${limit}, ${skip}`);
				assert.ok(pbx.asked.length <= Math.floor(size / 100) + 1);
			}
		}
	}
});

test('the smaller of limit and top counts', async () => {
	assert.equal((await all(paged(50), call('List Fax', { top: '3' }), 5)).length, 3);
	assert.equal((await all(paged(50), call('List Fax', { top: '5' }), 3)).length, 3);
});

test('a page that is too large is asked for again, as large as the PBX allows', async () => {
	const pbx = paged(70, { most: 30 });
	assert.equal((await all(pbx, call('List Fax'))).length, 70);
	assert.deepEqual(
		pbx.asked.map((query) => /\$top=(\d+)/.exec(query)?.[1]),
		['100', '30', '30', '30'],
	);
	await all(pbx, call('List Fax'));
	assert.match(pbx.asked[4] ?? '', /\$top=30/, 'the limit is not learned');
});

test('a page is halved where the refusal names no limit', async () => {
	const pbx = paged(60, { most: 30, says: 'The value of Top is not allowed.' });
	assert.equal((await all(pbx, call('List Fax'))).length, 60);
	assert.deepEqual(
		pbx.asked.map((query) => /\$top=(\d+)/.exec(query)?.[1]),
		['100', '50', '25', '25', '25'],
	);
});

test('a refusal for another reason is not asked again', async () => {
	const pbx = new Scripted(() => refusal('Could not find a property named X.'));
	await assert.rejects(all(pbx, call('List Fax', { filter: 'X eq 1' })), Failure);
	assert.equal(pbx.asked.length, 1);
});

test('a PBX that refuses each size ends at a page of one', async () => {
	const pbx = new Scripted(() => refusal('Top is not allowed.'));
	await assert.rejects(all(pbx, call('List Fax')), Failure);
	assert.equal(pbx.asked.at(-1), '$top=1');
});

test('a PBX that knows no $skip is not asked for ever', async (t) => {
	for (const size of [1, 40, 99, 250]) {
		for (const link of [undefined, LINK]) {
			await t.test(
				`${size} rows, ${link === undefined ? 'no link' : 'a link to the page itself'}`,
				async () => {
					const pbx = new Scripted(() => of(...ids(size)).to(link));
					assert.deepEqual(await all(pbx, call('List Fax')), ids(size));
				},
			);
		}
	}
	await t.test('100 rows may be all or not', async () => {
		const pbx = new Scripted(() => of(...ids(100)));
		await assert.rejects(all(pbx, call('List Fax')), /gives the first 100 rows again/);
	});
});

test('links that lead in a circle end', async () => {
	let n = 0;
	const pbx = new Scripted((_, target) =>
		of(++n).to(target.includes('a=1') ? '/xapi/v1/Fax?a=2' : '/xapi/v1/Fax?a=1'),
	);
	await assert.rejects(all(pbx, call('List Fax')), /lead in a circle/);
	assert.ok(pbx.asked.length < 6);
});

test('a row that somebody else pushes over the border of a page comes once', async () => {
	const pbx = new Scripted(({ skip }) =>
		skip === undefined ? of(...ids(100)) : of(100, 101, 102),
	);
	assert.deepEqual(await all(pbx, call('List Fax')), ids(102));
});

test('plain values of a list are rows with a value', async () => {
	const pbx = new Scripted(() => ({ value: ['de', 'en'] }));
	const found: unknown[] = [];
	for await (const row of rows(pbx, call('Get Duplicated Emails'))) found.push(row);
	assert.deepEqual(found, [{ value: 'de' }, { value: 'en' }]);
});

test('an action that knows no $top is asked once, and the limit cuts what comes', async () => {
	const pbx = new Scripted(() => of(...ids(300)));
	assert.equal((await all(pbx, call('Retreive Peers By Numbers'), 7)).length, 7);
	assert.deepEqual(pbx.asked, ['']);
});

test('an answer that is not a list is a failure', async () => {
	for (const answer of [{}, { value: 1 }, { value: [1] }, [1]]) {
		await assert.rejects(all(new Scripted(() => answer), call('List Fax')), /a 3CX does not send/);
	}
});

test('the PBX counts without sending rows', async () => {
	const pbx = new Scripted(() => ({ value: [], '@odata.count': '123' }));
	assert.equal(await countOf(pbx, call('List Fax', { filter: 'Id gt 3', select: 'Id' })), 123);
	assert.deepEqual(pbx.asked.map(sorted), ['$count=true&$filter=Id gt 3&$top=0']);
	await assert.rejects(countOf(new Scripted(() => of()), call('List Fax')), /did not count/);
});

test('the call log is filtered after it is paged, and read completely all the same', async () => {
	const stored = ids(5_000);
	const answer = ({ top, skip, filter }: Readonly<Record<string, string>>) => {
		const page = stored.slice(Number(skip ?? 0), Number(skip ?? 0) + Number(top));
		return of(...(filter === undefined ? page : page.filter((id) => id % 1_000 === 0)));
	};
	const log = call('Get Call Log Data', { filter: "Status eq 'Unanswered'" });
	const pbx = new Scripted(answer);
	assert.deepEqual(await all(pbx, log), [1_000, 2_000, 3_000, 4_000, 5_000]);
	const limited = new Scripted(answer);
	assert.deepEqual(await all(limited, log, 2), [1_000, 2_000]);
	assert.equal(limited.asked.length, 1);
});

test('the call log says so where it may be cut', async () => {
	const pbx = paged(20_000);
	await assert.rejects(all(pbx, call('Get Call Log Data')), /at most 20000 rows .* may be more/);
	assert.equal((await all(paged(20_000), call('Get Call Log Data'), 20_000)).length, 20_000);
	assert.equal((await all(paged(19_950), call('Get Call Log Data'))).length, 19_950);
});

test('the first page is asked for as large as a PBX allows', () => {
	assert.deepEqual(firstPage(call('List Fax')), { top: '100' });
	assert.deepEqual(firstPage(call('List Fax', { skip: '3' }), 50), { top: '50', skip: '3' });
	assert.deepEqual(firstPage(call('Retreive Peers By Numbers')), {});
});

test('of a link to the next page only path and query count', (t) => {
	const followed: [string, string][] = [
		[LINK, '/Fax?$skiptoken=1'],
		['https://evil.example.net/xapi/v1/Fax?$skip=2', '/Fax?$skip=2'],
		['/xapi/v1/Fax?$skip=2', '/Fax?$skip=2'],
		['Fax?$skip=2', '/Fax?$skip=2'],
		['?$skip=2', '/Fax?$skip=2'],
		['Fax(1)/../Fax?$skip=2', '/Fax?$skip=2'],
	];
	for (const [link, target] of followed)
		assert.equal(targetOfLink('/Fax', link, 'pbx'), target, link);
	const refused = [
		'https://pbx.example.com/connect/token',
		'/xapi/v1/../../connect/token',
		'/xapi/v1/%2e%2e/x',
		'/xapi/v1/%252e%252e/x',
		'/xapi/v1/..%2Fx',
		'/xapi/v1/..;/x',
		'/xapi/v1/%c0%ae%c0%ae/x',
		'/xapi/v1/a\\b',
		'/xapi/v1/a\nb',
		'/xapi/v10/Fax',
		'http://[bad',
		`/xapi/v1/Fax?${'a'.repeat(20_000)}`,
	];
	for (const link of refused) {
		assert.throws(() => targetOfLink('/Fax', link, 'pbx'), Failure, link);
	}
	t.diagnostic(`${refused.length} links refused`);
});

type Options = Partial<Record<OptionName, string>>;

interface Page {
	value: { Id: number }[];
	'@odata.nextLink'?: string;
	to(link: string | undefined): Page;
}

function of(...found: number[]): Page {
	const page: Page = {
		value: found.map((Id) => ({ Id })),
		to(link) {
			if (link !== undefined) page['@odata.nextLink'] = link;
			return page;
		},
	};
	return page;
}

function ids(count: number, first = 1): number[] {
	return Array.from({ length: count }, (_, n) => first + n);
}

function refusal(message: string): { error: { code: string; message: string } } {
	return { error: { code: '', message } };
}

function isRefusal(answer: unknown): boolean {
	return typeof answer === 'object' && answer !== null && 'error' in answer;
}

/** A PBX with rows 1, 2, 3 … that gives at most `most` at a time. */
function paged(size: number, { most = 100, says = '' } = {}): Scripted {
	const reason = says || `The limit of '${most}' for Top query has been exceeded.`;
	return new Scripted(({ top, skip }) => {
		if (Number(top) > most) return refusal(reason);
		return of(...ids(size).slice(Number(skip ?? 0), Number(skip ?? 0) + Number(top)));
	});
}

function call(operation: string, options: Options = {}): Call {
	const action = findAction(operation);
	assert.ok(action, operation);
	return { action, path: action.path, values: {}, options };
}

async function all(pbx: Connection, wanted: Call, limit?: number): Promise<unknown[]> {
	const found: unknown[] = [];
	for await (const row of rows(pbx, wanted, limit)) found.push(row.Id);
	return found;
}

function sorted(query: string): string {
	return query.split('&').sort().join('&');
}
