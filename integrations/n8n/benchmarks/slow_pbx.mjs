// A PBX that takes 20 ms for each request, in a process of its own: it prints its port.

import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';

const ROUND_TRIP = 20; // ms
const headers = { 'content-type': 'application/json', 'x-3cx-version': '20.0.10.100' };

const server = createServer(async (request, response) => {
	request.resume();
	if (request.url === '/connect/token') {
		response.writeHead(200, headers);
		response.end('{"token_type":"Bearer","access_token":"token","expires_in":3600}');
		return;
	}
	await setTimeout(ROUND_TRIP);
	if (request.method === 'DELETE')
		response.writeHead(204, { 'x-3cx-version': headers['x-3cx-version'] });
	else response.writeHead(200, headers).write('{"value":[]}');
	response.end();
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
