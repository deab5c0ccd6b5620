import { existsSync } from 'node:fs';

import { chromium, selectors } from 'playwright-core';

import { OWNER } from './n8n.mjs';

const PLACES = [
	process.env.CHROMIUM,
	'/usr/bin/chromium',
	'/usr/bin/chromium-browser',
	'/usr/bin/google-chrome',
];

/** Whether pictures can be made here; if not, install Chromium, or name one in the variable CHROMIUM. */
export const chromiumPath = PLACES.find((path) => path !== undefined && existsSync(path));

// n8n's own.
selectors.setTestIdAttribute('data-test-id');

/** Open n8n's editor as its owner. @returns {Promise<Editor>} */
export async function openEditor(n8n) {
	const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
	const page = await browser.newPage({
		viewport: { width: 1280, height: 800 },
		colorScheme: 'light',
	});
	page.setDefaultTimeout(120_000);
	await page.goto(`${n8n.url}/signin`);
	await page.locator('input[autocomplete=email]').fill(OWNER.email);
	await page.locator('input[type=password]').fill(OWNER.password);
	await page.getByRole('button', { name: 'Sign in' }).click();
	await page.waitForURL((url) => !url.pathname.startsWith('/signin'));
	return new Editor(browser, page, n8n.url);
}

/** The editor as a user sees it. */
class Editor {
	constructor(browser, page, url) {
		this.browser = browser;
		this.page = page;
		this.url = url;
	}

	close() {
		return this.browser.close();
	}
}
