import type { IDataObject, ITriggerFunctions } from 'n8n-workflow';
import { sleepWithAbort } from 'n8n-workflow';

import { connect } from '../../engine/connection';
import { Failure, SignInRefused } from '../../engine/errors';
import type { Connection } from '../../engine/http';
import { explained, messageOf } from '../TrunklineTrigger/explained';
import { readAll } from '../TrunklineTrigger/read';
import type { Row } from '../TrunklineTrigger/read';
import { HOUR } from '../TrunklineTrigger/seen';
import { crossings, queuesOf } from '../TrunklineTrigger/waiting';
import type { Queue } from '../TrunklineTrigger/waiting';
import { CallTracker } from './tracker';

/** Pauses in milliseconds. */
const LONGEST = 60_000;
/** After a refused sign-in: more of them get the address blocked. */
const REFUSED = 15 * 60_000;
/** After an answer that only a change of rights or licence makes better. */
const FORBIDDEN = 5 * 60_000;
/** How long the list of queues is good for. */
const QUEUES = 5 * 60_000;
/** Looks that fail one after another before the user hears of it. */
const PATIENCE = 3;
/** The most rows of one page: more come in several answers. */
const PAGE = 100;

/** What a user chose in the node's parameters. */
export interface LiveSettings {
	readonly events: readonly string[];
	/** Milliseconds between two looks. */
	readonly interval: number;
	/** Numbers of callers or callees to look at; all where empty. */
	readonly numbers: readonly string[];
	readonly threshold: number;
	/** Numbers of the queues to count; all where empty. */
	readonly queues: readonly string[];
}

/** What the static data of the workflow hold. */
interface Kept {
	readonly server: string;
	/** When it was kept, in milliseconds since 1970. */
	readonly at: number;
	readonly calls: IDataObject;
	readonly waiting: IDataObject;
}

interface Reading {
	readonly pbx: Connection;
	readonly calls: Row[];
}

/** Looks at the calls in progress again and again, through outages, until it is stopped. */
export class Loop {
	private stopped = false;
	private pause: AbortController | undefined;
	private pbx: Connection | undefined;
	private tracker: CallTracker | undefined;
	private waiting: IDataObject | undefined;
	private queues: Queue[] = [];
	private queuesReadAt = -Infinity;
	private failures = 0;
	private first: Reading | undefined;

	constructor(
		private readonly context: ITriggerFunctions,
		private readonly settings: LiveSettings,
	) {}

	/** Look after a pause, again and again. Never throws: what goes wrong is reported, and the pauses grow. */
	async run(first: number): Promise<void> {
		await this.rest(first);
		while (!this.stopped) {
			let pause = this.settings.interval;
			try {
				await this.look();
				if (this.failures > 0)
					this.context.logger.info('The PBX of the live trigger answers again.');
				this.failures = 0;
			} catch (error) {
				if (this.stopped) return;
				pause = this.failed(error);
			}
			await this.rest(pause);
		}
	}

	stop(): void {
		this.stopped = true;
		this.pause?.abort();
	}

	/**
	 * Read the calls for the first look, of which `run` gives the events: n8n takes none before the trigger is there.
	 * @throws Refused, Failure, Unreachable, SignInRefused
	 */
	async check(): Promise<void> {
		this.first = await this.read(new Date());
	}

	/** Look once, and emit what happened since the last look. */
	private async look(): Promise<void> {
		const now = new Date();
		const { pbx, calls } = this.first ?? (await this.read(now));
		this.first = undefined;
		if (this.stopped) return;
		const tracker = (this.tracker ??= this.remembered(pbx, now));
		const changes = tracker.update(calls, this.queues, now, calls.length < PAGE);
		const counted = this.queues.filter(
			({ number }) => this.settings.queues.length === 0 || this.settings.queues.includes(number),
		);
		const crossed = crossings(calls, counted, this.settings.threshold, false, this.waiting);
		this.waiting = crossed.state;
		this.keep(pbx, now);
		for (const event of [...changes, ...crossed.events]) {
			if (!this.settings.events.includes(String(event.event))) continue;
			this.context.emit([[{ json: event }]]);
		}
	}

	private async read(now: Date): Promise<Reading> {
		const pbx = (this.pbx ??= await connect(this.context));
		await this.readQueues(pbx, now);
		return { pbx, calls: await readAll(pbx, 'active_calls.list') };
	}

	/** Begin with the calls that were in progress before a restart, unless that is long ago. */
	private remembered(pbx: Connection, now: Date): CallTracker {
		const kept = this.context.getWorkflowStaticData('node').kept as unknown as Kept | undefined;
		const fits = kept?.server === pbx.server && now.getTime() - kept.at < HOUR;
		this.waiting = fits ? kept.waiting : undefined;
		return new CallTracker(fits ? kept.calls : undefined, this.settings.numbers);
	}

	private keep(pbx: Connection, now: Date): void {
		const kept: Kept = {
			server: pbx.server,
			at: now.getTime(),
			calls: this.tracker?.kept ?? {},
			waiting: this.waiting ?? {},
		};
		this.context.getWorkflowStaticData('node').kept = kept;
	}

	private async readQueues(pbx: Connection, now: Date): Promise<void> {
		if (now.getTime() - this.queuesReadAt < QUEUES) return;
		this.queues = await queuesOf(pbx, []);
		this.queuesReadAt = now.getTime();
	}

	/** Take note of a look that failed; the pause before the next one. */
	private failed(error: unknown): number {
		this.pbx = undefined;
		this.failures += 1;
		this.context.logger.warn(`The live trigger could not look at the calls: ${messageOf(error)}`);
		const hopeless =
			error instanceof SignInRefused || (error instanceof Failure && error.status === 403);
		const isTest = this.context.getMode() === 'manual';
		if (this.failures === (hopeless || isTest ? 1 : PATIENCE)) this.report(error);
		if (isTest) this.stop();
		if (error instanceof SignInRefused) return REFUSED;
		if (hopeless) return FORBIDDEN;
		return Math.min(this.settings.interval * 2 ** Math.min(this.failures, 10), LONGEST);
	}

	/** Show an outage among the executions, once. The loop goes on, so n8n must not end the trigger for it. */
	private report(error: unknown): void {
		const found = explained(this.context.getNode(), error);
		if (this.context.getMode() !== 'manual') {
			const next = 'The trigger keeps trying, with longer pauses.';
			found.description = `${found.description ?? ''} ${next}`.trim();
		}
		// Older versions of n8n lack it; there the log alone tells.
		this.context.saveFailedExecution?.(found);
	}

	private async rest(milliseconds: number): Promise<void> {
		if (this.stopped) return;
		// One controller for each pause: on a shared one each pause would leave a listener behind.
		this.pause = new AbortController();
		try {
			await sleepWithAbort(milliseconds, this.pause.signal);
		} catch {
			// Stopped: the loop ends by itself.
		}
	}
}
