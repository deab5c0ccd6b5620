import type { Emulator } from './emulator';

/** A call over the first trunk, or between two extensions, as the emulator keeps it. Times are milliseconds. */
export interface PlayedCall {
	from?: string;
	to?: string;
	/** The queue that it came through, or in which it waited to the end where `to` is not given. */
	queue?: string;
	began: number;
	/** Milliseconds until somebody took it; never where not given. */
	rang?: number;
	/** Milliseconds from beginning to end. */
	lasted: number;
}

interface Snapshot {
	state: { changes: unknown[] };
	clock_skew: number;
}

/** Plays calls on an emulator with the seed `empty`: writes its call log, and the calls in progress. */
export class Switchboard {
	private readonly ended: unknown[] = [];
	private readonly other: unknown[] = [];

	constructor(private readonly emulator: Emulator) {}

	/** Calls that are over are in the log from now on, in the order in which they are given. */
	end(...calls: PlayedCall[]): void {
		for (const call of calls) {
			this.ended.push({ ...underWay(call), ended: iso(call.began + call.lasted) });
		}
	}

	/** A row of any set: `row('Trunks', 1, {...})`. */
	row(set: string, key: number, content: object | null): void {
		this.other.push([set, key, false, content]);
	}

	/** Show the PBX all that was played so far. `skew` sets its clock, in seconds from this machine's. */
	async play(skew = 0): Promise<void> {
		const snapshot = (await this.emulator.control('GET', 'snapshot')) as Snapshot;
		snapshot.state.changes = [['', 'calls made', false, this.ended], ...this.other];
		snapshot.clock_skew = skew;
		await this.emulator.control('PUT', 'snapshot', snapshot);
	}
}

function underWay({ from = '+15550100', to, queue, began, rang }: PlayedCall): object {
	const callee = to ?? queue ?? '100';
	return {
		caller: party(from),
		callee: to === undefined && queue !== undefined ? waitingRoom(queue) : party(callee),
		began: iso(began),
		established: rang === undefined ? null : iso(began + rang),
		queue: to !== undefined && queue !== undefined ? waitingRoom(queue) : null,
		did: '',
		rule: '',
	};
}

function party(number: string): string[] {
	return number.startsWith('+')
		? ['External', '10000', number, 'Example SIP']
		: ['Extension', number, number, `Extension ${number}`];
}

function waitingRoom(number: string): string[] {
	return ['Queue', number, number, `Queue ${number}`];
}

function iso(time: number): string {
	return new Date(time).toISOString().replace('Z', '+00:00');
}
