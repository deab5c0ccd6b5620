/* eslint-disable @n8n/community-nodes/no-restricted-globals -- n8n never runs a test */
import { findAction } from '../engine/catalog';
import { bind, requestOf } from '../engine/request';
import { givenOf, readExamples } from './examples';

/** node print_requests.js FILE: print the requests of the engine for the examples in a file, as one JSON list. */

const requests = readExamples(process.argv[2] ?? '').map((example) => {
	const action = findAction(example.id);
	if (action === undefined) throw new Error(`The catalog has no ${example.id}.`);
	const { method, target, headers, body } = requestOf(bind(action, givenOf(example)));
	return { id: example.id, method, target, headers, body: typeof body === 'string' ? body : null };
});
process.stdout.write(JSON.stringify(requests));
