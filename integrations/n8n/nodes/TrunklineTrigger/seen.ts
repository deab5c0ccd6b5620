import { createHash } from 'crypto';

import type { IDataObject } from 'n8n-workflow';

export const HOUR = 3_600_000;
/** Characters that stand for one id: 48 bits, so that two of 20,000 ids are alike once in a million years. */
const WIDTH = 8;
const MOST = 20_000;

/**
 * The ids that were seen, by the hour in which what they name began. Bounded: the oldest hours go first, and
 * `from` says since when all ids are known. What began earlier than that can't be judged.
 */
export class Seen {
	private readonly marks = new Set<string>();

	private constructor(
		/** Milliseconds since 1970. */
		private start: number,
		private readonly hours: Map<number, string>,
	) {
		for (const marks of hours.values()) {
			for (let at = 0; at < marks.length; at += WIDTH) this.marks.add(marks.slice(at, at + WIDTH));
		}
	}

	/** Nothing is seen yet of what began at `from` or later. */
	static since(from: number): Seen {
		return new Seen(from, new Map());
	}

	/** What `toJSON` wrote. */
	static of(kept: IDataObject): Seen {
		const hours = Object.entries((kept.hours ?? {}) as Record<string, string>);
		return new Seen(
			Number(kept.from),
			new Map(hours.map(([hour, marks]) => [Number(hour), marks])),
		);
	}

	get from(): number {
		return this.start;
	}

	has(id: string): boolean {
		return this.marks.has(mark(id));
	}

	/** Take note of an id; false if it was known, or began before all that is known. */
	add(id: string, began: number): boolean {
		const own = mark(id);
		if (began < this.start || this.marks.has(own)) return false;
		this.marks.add(own);
		const hour = Math.floor(began / HOUR);
		this.hours.set(hour, (this.hours.get(hour) ?? '') + own);
		return true;
	}

	/** Forget what began before `time`, and the oldest hours beyond the bound. */
	forget(time: number): void {
		for (const hour of [...this.hours.keys()].sort((one, other) => one - other)) {
			if ((hour + 1) * HOUR > time && this.marks.size <= MOST) break;
			const gone = this.hours.get(hour) ?? '';
			for (let at = 0; at < gone.length; at += WIDTH) this.marks.delete(gone.slice(at, at + WIDTH));
			this.hours.delete(hour);
			this.start = Math.max(this.start, (hour + 1) * HOUR);
		}
	}

	toJSON(): IDataObject {
		return { from: this.start, hours: Object.fromEntries(this.hours) };
	}
}

function mark(id: string): string {
	return createHash('sha256').update(id).digest('base64').slice(0, WIDTH);
}
