/** Milliseconds since 1970 of a time in UTC or with an offset; NaN for anything else. */
export function moment(time: string): number {
	return Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`);
}

const DURATION = /^P(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/;

/** An ISO 8601 duration such as `PT1M12.5S`; 0 for anything else. */
export function milliseconds(duration: string): number {
	const [, days, hours, minutes, seconds] = DURATION.exec(duration) ?? [];
	const whole = Number(days ?? 0) * 24 + Number(hours ?? 0);
	return ((whole * 60 + Number(minutes ?? 0)) * 60 + Number(seconds ?? 0)) * 1000;
}
