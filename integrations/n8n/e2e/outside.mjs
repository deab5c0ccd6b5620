import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';

const listen = (server) =>
	new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));

/** A web server that answers every request with one text and keeps what it received. */
export async function startWeb(answer) {
	const received = [];
	const server = createHttpServer(async (request, response) => {
		const pieces = [];
		for await (const piece of request) pieces.push(piece);
		const { method, url, headers } = request;
		received.push({ method, url, headers, body: Buffer.concat(pieces) });
		response.end(answer);
	});
	const port = await listen(server);
	return { url: `http://127.0.0.1:${port}`, received, stop: () => server.close() };
}

/** A mail server that takes every mail and keeps its text. */
export async function startMail() {
	const received = [];
	const server = createTcpServer((socket) => {
		let text = '';
		let isMail = false;
		socket.write('220 mail.example.com\r\n');
		socket.on('error', () => undefined);
		socket.on('data', (piece) => {
			text += piece;
			for (;;) {
				const end = isMail ? '\r\n.\r\n' : '\r\n';
				const at = text.indexOf(end);
				if (at === -1) return;
				const line = text.slice(0, at);
				text = text.slice(at + end.length);
				if (isMail) {
					received.push(line);
					isMail = false;
					socket.write('250 OK\r\n');
				} else if (line.startsWith('DATA')) {
					isMail = true;
					socket.write('354 Go on\r\n');
				} else socket.write(line.startsWith('QUIT') ? '221 Bye\r\n' : '250 OK\r\n');
			}
		});
	});
	const port = await listen(server);
	return { port, received, stop: () => server.close() };
}
