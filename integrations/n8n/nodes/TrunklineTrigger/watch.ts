import type { IDataObject } from 'n8n-workflow';

import type { Connection } from '../../engine/http';

/** What a user chose in the node's parameters. */
export interface Settings {
	/** How many callers may wait in a queue before it is an event. */
	readonly threshold: number;
	/** Numbers of queues to look at; all where empty. */
	readonly queues: readonly string[];
	/** Types of entries in the event log. */
	readonly types: readonly string[];
	/** Whether calls between extensions count too. */
	readonly internal: boolean;
	/** Whether the end of a state is an event too, such as a trunk that is registered again. */
	readonly recovery: boolean;
	/** Minutes for which a call must be over before it counts as missed. */
	readonly settle: number;
}

/** What came of one look: the events since the last one, oldest first, and what the next look must know. */
export interface Look {
	readonly events: IDataObject[];
	/** Plain JSON, as n8n keeps it in the static data of the workflow. */
	readonly state: IDataObject;
}

/** One kind of event of the polling trigger. */
export interface Watch {
	/**
	 * Look once. Without an earlier state there are no events: the look only remembers what is there.
	 * @throws Refused, Failure, Unreachable, SignInRefused; the earlier state then stays the valid one.
	 */
	look(
		pbx: Connection,
		settings: Settings,
		earlier: IDataObject | undefined,
		now: Date,
	): Promise<Look>;
	/** The latest event as an example for a test in the editor; undefined where there was none yet. */
	latest(pbx: Connection, settings: Settings, now: Date): Promise<IDataObject | undefined>;
}
