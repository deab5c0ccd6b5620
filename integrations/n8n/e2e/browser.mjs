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

	/** Begin a workflow that is started by hand. */
	async newWorkflow() {
		await this.page.goto(`${this.url}/workflow/new`);
		await this.page.getByTestId('canvas-plus-button').click();
		await this.nodeInList('Trigger manually').click();
		await this.page.getByTestId('canvas-trigger-node').waitFor();
	}

	/** Type words into the search for nodes. */
	async search(words) {
		await this.page.getByTestId('canvas-wrapper').click({ position: { x: 200, y: 120 } });
		await this.page.keyboard.press('Tab');
		await this.page.getByTestId('node-creator-search-bar').fill(words);
	}

	/** A node, or an action of a node, as the list beside the canvas shows it. */
	nodeInList(name) {
		return this.page.getByTestId('node-creator').getByText(name, { exact: true });
	}

	/** Open the form of a node of a saved workflow. */
	async openNode(workflow, node) {
		await this.page.goto(`${this.url}/workflow/${workflow.id}/${node}`);
		await this.parameter('operation').waitFor();
	}

	/** The input of a parameter, by its name. */
	parameter(name) {
		return this.page.getByTestId(`parameter-input-${name}`);
	}

	async chooseCredential(name) {
		await this.page.getByTestId('node-credentials-select').locator('input').click();
		await this.page.locator('.el-select-dropdown__item:visible').filter({ hasText: name }).click();
	}

	/** Pick a key by the words that its list shows. */
	async chooseKey(name, words) {
		await this.page.getByTestId(`resource-locator-${name}`).getByTestId('rlc-input').click();
		await this.page.getByTestId('rlc-item').filter({ hasText: words }).click();
	}

	/** Execute the node whose form is open, and wait for its output. */
	async execute() {
		await this.page.getByTestId('node-execute-button').click();
		await this.page
			.getByTestId('output-panel')
			.getByText(/\d items?|ERROR|Problem/)
			.first()
			.waitFor();
	}

	/** Wait until the output of the node whose form is open has a text. */
	async outputShows(text) {
		await this.page.getByTestId('output-panel').getByText(text).first().waitFor();
	}

	close() {
		return this.browser.close();
	}
}
