/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- n8n never runs a test */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkedBody } from '../engine/body';
import { catalog, findAction } from '../engine/catalog';
import { Refused } from '../engine/errors';
import { isSecret, isSecretPath, MASK, withoutSecrets } from '../engine/secrets';

interface Table {
	readonly secret: readonly string[];
	readonly not_secret: readonly string[];
	readonly values: ReadonlyArray<{ given: unknown; left_out: unknown; type?: string }>;
}

const FILE = join(__dirname, '../../../../tests/cases/secrets.json');
const table = JSON.parse(readFileSync(FILE, 'utf8')) as Table;

for (const name of table.secret) {
	test(`${name} says that it is a secret`, () => {
		assert.ok(isSecret(name));
		assert.deepEqual(withoutSecrets({ [name]: 'hush', Id: 1 }), { Id: 1 });
		assert.deepEqual(withoutSecrets([{ Name: name, Value: 'hush' }]), [{ Name: name }]);
	});
}

for (const name of table.not_secret) {
	test(`${name} only looks like a secret`, () => {
		assert.equal(isSecret(name), false);
		assert.deepEqual(withoutSecrets({ [name]: 'x' }), { [name]: 'x' });
	});
}

for (const { given, left_out: expected, type } of table.values) {
	test(`leaves the secrets out of ${JSON.stringify(given).slice(0, 80)}`, () => {
		const before = structuredClone(given);
		assert.deepEqual(withoutSecrets(given, type), expected);
		assert.deepEqual(given, before);
	});
}

test('every password that 3CX conceals is in a field known as secret', () => {
	const fields = Object.values(catalog.types).flatMap((type) => Object.entries(type.fields ?? {}));
	const concealed = fields.filter(([, spec]) => spec.startsWith('Pbx.ConcealedPassword'));
	assert.ok(concealed.length > 0);
	assert.deepEqual(
		concealed.filter(([name]) => !isSecret(name)),
		[],
	);
});

test('tells the path into a secret from others', () => {
	assert.ok(isSecretPath('Trunks[0].AuthPassword.Value'));
	assert.equal(isSecretPath('Groups[0].Name'), false);
});

test('an entity without its secrets is sent back without touching them, or refused', () => {
	const update = findAction('users.update');
	assert.ok(update);
	const phones = [{ Id: 3, ProvisioningLinkExt: 'https://pbx.example.com/x' }];
	const user = { Id: 7, FirstName: 'Ada', AuthPassword: 'hush' };
	assert.deepEqual(checkedBody(update, withoutSecrets(user)), { Id: 7, FirstName: 'Ada' });
	assert.throws(
		() => checkedBody(update, withoutSecrets({ ...user, Phones: phones })),
		(error) =>
			error instanceof Refused &&
			error.message.startsWith(`Phones[0].ProvisioningLinkExt of Update User is masked (${MASK})`),
	);
});
