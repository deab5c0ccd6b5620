// DateTime and Duration, with the methods of Luxon's that people use in n8n.

// ── time zones: tables of transitions that the host loads ────────────────────────────────────────
const zones = new Map();
let missingZone = null; // the host looks here after each run, loads it and runs again
const addZone = (name, starts, offsets) => { zones.set(name, [starts, offsets]); };
const MINUTE = 60000, HOUR = 3600000, DAY = 86400000;

function offsetAt(zone, ts) {
  if (zone === "UTC") return 0;
  const fixed = /^UTC([+-])(0?\d|1\d|2[0-3])(?::?([0-5]\d))?$/.exec(zone);
  if (fixed) return (fixed[1] === "-" ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3] ?? 0));
  const table = zones.get(zone);
  if (table === undefined) {
    missingZone = zone;
    throw new RangeError(`there is no zone ${zone}`);
  }
  const [starts, offsets] = table;
  let low = 0, high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= ts) low = middle + 1; else high = middle;
  }
  return offsets[low];
}

// Local time to UTC: in a gap the clock goes forward, in an overlap the offset that was before stays if it can.
function toInstant(local, zone, guess) {
  let instant = local - guess * MINUTE;
  const second = offsetAt(zone, instant);
  if (second === guess) return instant;
  instant -= (second - guess) * MINUTE;
  const third = offsetAt(zone, instant);
  return third === second ? instant : local - Math.min(second, third) * MINUTE;
}

function utc(year, month, day, hour = 0, minute = 0, second = 0, milli = 0) {
  const date = new Date(0);
  const midnight = date.setUTCFullYear(year, month - 1, day); // Date.UTC takes the year 70 for 1970
  return (Math.abs(year) > 275760 ? NaN : midnight) + hour * HOUR + minute * MINUTE + second * 1000 + milli;
}

const daysInMonth = (year, month) => new Date(utc(year, month + 1, 0)).getUTCDate();

// ── units ────────────────────────────────────────────────────────────────────────────────────────
const UNITS = ["years", "quarters", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds"];
const MILLIS = { weeks: 7 * DAY, days: DAY, hours: HOUR, minutes: MINUTE, seconds: 1000, milliseconds: 1 };
const CASUAL = { ...MILLIS, years: 365 * DAY, quarters: 91 * DAY, months: 30 * DAY };
// Of the Gregorian calendar: an estimate by it is off by one or two, whatever the span.
const MEAN = { years: 365.2425 * DAY, quarters: 91.310625 * DAY, months: 30.436875 * DAY };
const SHORT = { y: "years", d: "days", h: "hours", s: "seconds", ms: "milliseconds", w: "weeks" };

function unitOf(name) {
  const given = String(name);
  const unit = SHORT[given] ?? (given.toLowerCase().endsWith("s") ? given.toLowerCase() : `${given.toLowerCase()}s`);
  if (!UNITS.includes(unit)) throw new RangeError(`there is no unit ${given}; write days, hours or the like`);
  return unit;
}

function amounts(amount, unit) {
  if (amount instanceof Duration) return amount.toObject();
  if (typeof amount === "object" && amount !== null) {
    return Object.fromEntries(Object.entries(amount).map(([name, count]) => [unitOf(name), finite(count, name)]));
  }
  return { [unit === undefined ? "milliseconds" : unitOf(unit)]: finite(amount, "the amount") };
}

function finite(count, name) {
  const number = ["number", "string", "bigint"].includes(typeof count) ? Number(count) : NaN;
  if ((typeof count === "string" && count.trim() === "") || !Number.isFinite(number)) throw new RangeError(`${name} is ${String(count)}, no number`);
  return number;
}

function aNumber(value, name) {
  return typeof value === "number" ? finite(value, name) : finite(NaN, `${name} ${JSON.stringify(value) ?? String(value)}`);
}

// ── Duration ─────────────────────────────────────────────────────────────────────────────────────
class Duration {
  #parts;
  constructor(parts) { this.#parts = parts; }
  static fromObject(parts) { return new Duration(amounts(parts)); }
  static fromMillis(count) { return new Duration({ milliseconds: finite(count, "the amount") }); }
  static fromISO(text) {
    const found = /^(-)?P(?:([\d.]+)Y)?(?:([\d.]+)M)?(?:([\d.]+)W)?(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/.exec(text);
    if (!found) throw new RangeError(`${text} is not an ISO duration such as PT1M30S`);
    const names = ["years", "months", "weeks", "days", "hours", "minutes", "seconds"];
    const parts = {};
    names.forEach((name, at) => {
      if (found[at + 2] !== undefined) parts[name] = Number(found[at + 2]) * (found[1] ? -1 : 1);
    });
    return new Duration(parts);
  }
  as(unit) { return this.toMillis() / CASUAL[unitOf(unit)]; }
  toMillis() { return Object.entries(this.#parts).reduce((sum, [unit, count]) => sum + count * CASUAL[unit], 0); }
  toObject() { return { ...this.#parts }; }
  toISO() {
    const { years = 0, quarters = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0, milliseconds = 0 } = this.#parts;
    const write = (count, letter) => (count ? `${count}${letter}` : "");
    const date = write(years, "Y") + write(months + quarters * 3, "M") + write(weeks, "W") + write(days, "D");
    const time = write(hours, "H") + write(minutes, "M") + write(Math.round(seconds * 1000 + milliseconds) / 1000, "S");
    return `P${date}${time ? `T${time}` : ""}${date || time ? "" : "T0S"}`;
  }
  toString() { return this.toISO(); }
  toJSON() { return this.toISO(); }
  valueOf() { return this.toMillis(); }
}
for (const unit of UNITS) {
  Object.defineProperty(Duration.prototype, unit, { get() { return this.toObject()[unit] ?? 0; }, configurable: true });
}

// ── DateTime ─────────────────────────────────────────────────────────────────────────────────────
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
let clock = 0, home = "UTC"; // the host sets both before each run
const pad = (number, width) => (number < 0 ? "-" : "") + String(Math.abs(number)).padStart(width, "0");

function offsetText(minutes, colon = ":") {
  const whole = Math.abs(Math.trunc(minutes));
  return `${minutes < 0 ? "-" : "+"}${pad(Math.floor(whole / 60), 2)}${colon}${pad(whole % 60, 2)}`;
}

function zoneOf(options) {
  const zone = typeof options === "object" && options !== null ? options.zone : options;
  if (Number.isInteger(zone)) return zoneOf(zone === 0 ? "UTC" : `UTC${offsetText(zone)}`);
  if (zone === undefined || zone === null || zone === "local" || zone === "system" || zone === "default") return home;
  const name = /^(utc|gmt|z|etc\/utc)$/i.test(zone) ? "UTC" : String(zone).replace(/^utc(?=[+-])/i, "UTC");
  offsetAt(name, 0);
  return name;
}

const RANGES = { month: [1, 12], day: [1, 31], hour: [0, 23], minute: [0, 59], second: [0, 59], millisecond: [0, 999] };

// Why these parts are not a date, if they are none: JavaScript would count a 13th month into the next year.
function partsProblem(parts, year, month) {
  for (const [name, value] of parts) {
    const unit = name.replace(/^the /, "").replace(/s$/, "");
    if (typeof value !== "number" || !Number.isInteger(value)) return `${name} is ${typeof value === "string" ? JSON.stringify(value) : String(value)}, not a whole number`;
    const [least, most] = RANGES[unit] ?? [-Infinity, Infinity];
    const last = unit === "day" && Number.isFinite(daysInMonth(year, month)) ? daysInMonth(year, month) : most;
    if (value < least || value > last) return `${name} is ${value}`;
  }
  return undefined;
}

class DateTime {
  #ts; #zone; #offset; #date; #why;
  constructor(ts, zone, why) {
    this.#ts = ts;
    this.#zone = zone;
    this.#why = why ?? (Number.isFinite(ts) && Math.abs(ts) <= 8.64e15 ? undefined : "it is out of range");
    if (this.#why === undefined) {
      this.#offset = offsetAt(zone, ts);
      this.#date = new Date(ts + this.#offset * MINUTE);
    }
  }
  // A date that is none may be asked whether it is valid, and for nothing else.
  get #d() {
    if (this.#why !== undefined) throw new RangeError(`this is not a date: ${this.#why}`);
    return this.#date;
  }
  get isValid() { return this.#why === undefined; }
  get invalidReason() { return this.#why ?? null; }

  static now() { return new DateTime(clock, home); }
  static local(...parts) { return DateTime.#of(parts, home); }
  static utc(...parts) { return DateTime.#of(parts, "UTC"); }
  static #of(parts, zone) {
    const [year, month = 1, day = 1, ...time] = parts;
    const names = ["the year", "the month", "the day", "the hour", "the minute", "the second", "the millisecond"];
    const wrong = partsProblem(parts.map((part, at) => [names[at] ?? "a part too many", part]), year, month);
    if (wrong) return new DateTime(NaN, zone, wrong);
    return parts.length ? new DateTime(toInstant(utc(year, month, day, ...time), zone, offsetAt(zone, clock)), zone) : new DateTime(clock, zone);
  }
  static fromMillis(ts, options) { return new DateTime(aNumber(ts, "the time"), zoneOf(options)); }
  static fromSeconds(count, options) { return new DateTime(aNumber(count, "the time") * 1000, zoneOf(options)); }
  static fromJSDate(date, options) { return new DateTime(date.getTime(), zoneOf(options)); }
  static fromObject(parts, options) {
    const zone = zoneOf(options), now = new DateTime(clock, zone);
    const given = Object.fromEntries(Object.entries(parts).map(([name, value]) => [unitOf(name), finite(value, name)]));
    const units = Object.entries(parts).map(([name, value]) => [name.toLowerCase(), Number(value)]);
    const wrong = partsProblem(units, given.years ?? now.year, given.months ?? (given.years === undefined ? now.month : 1));
    if (wrong) return new DateTime(NaN, zone, wrong);
    const biggest = ["years", "months", "days", "hours", "minutes", "seconds", "milliseconds"].find((unit) => unit in given);
    return now.startOf(biggest ?? "milliseconds").set(parts);
  }
  static fromISO(text, options) {
    const zone = zoneOf(options);
    if (/^T?\d\d:\d\d/.test(text)) return DateTime.fromISO(`${new DateTime(clock, zone).toISODate()}T${text.replace("T", "")}`, options);
    const found = /^([+-]\d{6}|\d{4})(?:-?(?:W(\d\d)(?:-?(\d))?|(\d\d)(?:-?(\d\d))?|(\d{3})))?(?:T(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,30}))?)?)?(?:(Z)|([+-]\d\d)(?::?(\d\d))?)?)?$/i.exec(typeof text === "string" ? text.trim() : "");
    const invalid = new DateTime(NaN, zone, `${JSON.stringify(text) ?? text} is not an ISO date`);
    if (!found) return invalid;
    const [, year, week, weekday, month, day, ordinal, hour = 0, minute = 0, second = 0, fraction = "", z, offsetHour, offsetMinute = 0] = found;
    const [y, mo, d, h, mi, s] = [year, month ?? 1, day ?? 1, hour, minute, second].map(Number);
    const late = h === 24 && mi === 0 && s === 0 && Number(fraction || 0) === 0;
    if (mo < 1 || mo > 12 || d < 1 || d > daysInMonth(y, mo) || (h > 23 && !late) || mi > 59 || s > 59) return invalid;
    if (Math.abs(Number(offsetHour ?? 0)) > 23 || Number(offsetMinute) > 59) return invalid;
    let local = utc(y, mo, d, h, mi, s, Math.trunc(Number(`0.${fraction || 0}`) * 1000 + 1e-9));
    if (ordinal !== undefined) {
      if (Number(ordinal) < 1 || Number(ordinal) > (daysInMonth(y, 2) === 29 ? 366 : 365)) return invalid;
      local += (Number(ordinal) - 1) * DAY;
    }
    if (week !== undefined) {
      const fourth = utc(y, 1, 4), shift = (new Date(fourth).getUTCDay() + 6) % 7;
      const dayOf = Number(weekday ?? 1);
      const weeks = new DateTime(utc(y, 12, 28), "UTC").weekNumber; // 28 December is in a year's last week
      if (Number(week) < 1 || Number(week) > weeks || dayOf < 1 || dayOf > 7) return invalid;
      local += fourth - utc(y, 1, 1) + ((Number(week) - 1) * 7 + dayOf - 1 - shift) * DAY;
    }
    if (z === undefined && offsetHour === undefined) return new DateTime(toInstant(local, zone, offsetAt(zone, clock)), zone);
    const sign = offsetHour?.startsWith("-") ? -1 : 1;
    const minutes = z ? 0 : sign * (Math.abs(Number(offsetHour)) * 60 + Number(offsetMinute));
    const kept = typeof options === "object" && options !== null && options.setZone;
    return new DateTime(local - minutes * MINUTE, kept ? (minutes ? `UTC${offsetText(minutes)}` : "UTC") : zone);
  }
  static fromSQL(text, options) { return DateTime.fromISO(String(text).trim().replace(" ", "T"), options); }
  static fromFormat(text, format, options) {
    const zone = zoneOf(options), order = [];
    const patterns = { yyyy: "\\d{4}", yy: "\\d\\d", MMMM: MONTHS.join("|"), MMM: MONTHS.map((m) => m.slice(0, 3)).join("|"), MM: "\\d\\d", M: "\\d\\d?", dd: "\\d\\d", d: "\\d\\d?", HH: "\\d\\d", H: "\\d\\d?", hh: "\\d\\d", h: "\\d\\d?", mm: "\\d\\d", m: "\\d\\d?", ss: "\\d\\d", s: "\\d\\d?", SSS: "\\d{3}", a: "[AaPp][Mm]", ZZ: "[+-]\\d\\d:\\d\\d", ZZZ: "[+-]\\d{4}", EEE: WEEKDAYS.map((w) => w.slice(0, 3)).join("|"), EEEE: WEEKDAYS.join("|"), X: "-?\\d+", x: "-?\\d+" };
    const pattern = tokens(format).map(([token, literal]) => {
      if (literal !== undefined) return literal.replace(/[.*+?^${}()|[\]\\\/]/g, "\\$&");
      if (!Object.hasOwn(patterns, token)) throw new RangeError(`fromFormat knows no token ${token}`);
      order.push(token);
      return `(${patterns[token]})`;
    }).join("");
    const found = new RegExp(`^${pattern}$`, "i").exec(String(text));
    const invalid = new DateTime(NaN, zone, `${JSON.stringify(text) ?? text} is not written as ${format}`);
    if (!found) return invalid;
    const got = {};
    order.forEach((token, at) => { got[token] = found[at + 1]; });
    if (got.x !== undefined || got.X !== undefined) return new DateTime(Number(got.x ?? got.X * 1000), zone);
    const pick = (...names) => names.map((name) => got[name]).find((value) => value !== undefined);
    const named = (value) => MONTHS.findIndex((m) => m.slice(0, 3).toLowerCase() === value.slice(0, 3).toLowerCase()) + 1;
    const today = new DateTime(clock, zone);
    // What is bigger than all that is given is today's, as in Luxon.
    const hasYear = pick("yyyy", "yy") !== undefined, hasMonth = pick("MMMM", "MMM", "MM", "M") !== undefined;
    const year = got.yy === undefined ? Number(got.yyyy ?? today.year) : Number(got.yy) + (Number(got.yy) > 60 ? 1900 : 2000);
    const anyMonth = pick("MMMM", "MMM"), month = anyMonth ? named(anyMonth) : Number(pick("MM", "M") ?? (hasYear ? 1 : today.month));
    const day = Number(pick("dd", "d") ?? (hasYear || hasMonth ? 1 : today.day));
    let hour = Number(pick("HH", "H", "hh", "h") ?? 0);
    if (got.a !== undefined) hour = (hour % 12) + (/p/i.test(got.a) ? 12 : 0);
    const minute = Number(pick("mm", "m") ?? 0), second = Number(pick("ss", "s") ?? 0);
    const weekday = pick("EEEE", "EEE")?.slice(0, 3).toLowerCase();
    const wrongDay = weekday !== undefined && WEEKDAYS[(new Date(utc(year, month, day)).getUTCDay() + 6) % 7].slice(0, 3).toLowerCase() !== weekday;
    const hour12 = got.a === undefined ? 1 : Number(pick("hh", "h") ?? 1);
    if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month) || wrongDay || hour12 < 1 || hour12 > 12 || hour > (minute || second || Number(got.SSS ?? 0) ? 23 : 24) || minute > 59 || second > 59) return invalid;
    const local = utc(year, month, day, hour, minute, second, Number(got.SSS ?? 0));
    const offset = pick("ZZ", "ZZZ");
    if (offset === undefined) return new DateTime(toInstant(local, zone, offsetAt(zone, clock)), zone);
    const digits = offset.replace(":", "");
    if (Number(digits.slice(1, 3)) > 23 || Number(digits.slice(3)) > 59) return invalid;
    return new DateTime(local - (digits[0] === "-" ? -1 : 1) * (Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3))) * MINUTE, zone);
  }
  static isDateTime(value) { return typeof value === "object" && value !== null && #ts in value; }
  static min(...all) { return all.reduce((a, b) => (b < a ? b : a)); }
  static max(...all) { return all.reduce((a, b) => (b > a ? b : a)); }

  get year() { return this.#d.getUTCFullYear(); }
  get month() { return this.#d.getUTCMonth() + 1; }
  get day() { return this.#d.getUTCDate(); }
  get hour() { return this.#d.getUTCHours(); }
  get minute() { return this.#d.getUTCMinutes(); }
  get second() { return this.#d.getUTCSeconds(); }
  get millisecond() { return this.#d.getUTCMilliseconds(); }
  get weekday() { return this.#d.getUTCDay() || 7; }
  get quarter() { return Math.ceil(this.month / 3); }
  get ordinal() { return Math.round((utc(this.year, this.month, this.day) - utc(this.year, 1, 1)) / DAY) + 1; }
  get weekYear() { return new Date(this.#thursday).getUTCFullYear(); }
  get weekNumber() { return Math.floor((this.#thursday - utc(this.weekYear, 1, 1)) / (7 * DAY)) + 1; }
  get #thursday() { return utc(this.year, this.month, this.day) + (4 - this.weekday) * DAY; }
  get daysInMonth() { return daysInMonth(this.year, this.month); }
  get isInLeapYear() { return daysInMonth(this.year, 2) === 29; }
  get isWeekend() { return this.weekday > 5; }
  get zoneName() { return this.#zone; }
  get offset() { this.#d; return this.#offset; }
  get monthLong() { return MONTHS[this.month - 1]; }
  get monthShort() { return this.monthLong.slice(0, 3); }
  get weekdayLong() { return WEEKDAYS[this.weekday - 1]; }
  get weekdayShort() { return this.weekdayLong.slice(0, 3); }
  get ts() { return this.toMillis(); }

  plus(amount, unit) { return this.#moved(amounts(amount, unit), 1); }
  minus(amount, unit) { return this.#moved(amounts(amount, unit), -1); }
  #moved(parts, sign) {
    const n = (unit) => sign * (parts[unit] ?? 0);
    const months = this.month - 1 + Math.trunc(n("months")) + Math.trunc(n("quarters")) * 3;
    const year = this.year + Math.trunc(n("years")) + Math.floor(months / 12), month = (((months % 12) + 12) % 12) + 1;
    const days = Math.trunc(n("days")) + Math.trunc(n("weeks")) * 7;
    let ts = this.#ts;
    if (year !== this.year || month !== this.month || days !== 0) {
      const day = Math.min(this.day, daysInMonth(year, month)) + days;
      ts = toInstant(utc(year, month, day, this.hour, this.minute, this.second, this.millisecond), this.#zone, this.#offset);
    }
    let rest = n("hours") * HOUR + n("minutes") * MINUTE + n("seconds") * 1000 + n("milliseconds");
    for (const unit of ["years", "quarters", "months", "weeks", "days"]) rest += (n(unit) - Math.trunc(n(unit))) * CASUAL[unit];
    return new DateTime(ts + Math.round(rest), this.#zone);
  }
  set(parts) {
    const given = {};
    for (const [name, value] of Object.entries(parts)) {
      given[name.toLowerCase() === "weekday" || name.toLowerCase() === "ordinal" ? name.toLowerCase() : unitOf(name)] = finite(value, name);
    }
    for (const unit of ["quarters", "weeks"]) if (unit in given) throw new RangeError(`set knows no ${unit}`);
    const year = given.years ?? this.year, month = given.months ?? this.month;
    let day = given.days ?? Math.min(this.day, daysInMonth(year, month));
    if (given.weekday !== undefined) day += given.weekday - this.weekday;
    const start = given.ordinal === undefined ? utc(year, month, day) : utc(year, 1, given.ordinal);
    const local = start + (given.hours ?? this.hour) * HOUR + (given.minutes ?? this.minute) * MINUTE + (given.seconds ?? this.second) * 1000 + (given.milliseconds ?? this.millisecond);
    return new DateTime(toInstant(local, this.#zone, this.#offset), this.#zone);
  }
  startOf(name) {
    const unit = unitOf(name), at = UNITS.indexOf(unit);
    const month = unit === "years" ? 1 : unit === "quarters" ? (this.quarter - 1) * 3 + 1 : this.month;
    let day = at <= UNITS.indexOf("months") ? 1 : this.day;
    if (unit === "weeks") day -= this.weekday - 1;
    const keep = (part, value) => (at >= UNITS.indexOf(part) ? value : 0);
    const local = utc(this.year, month, day, keep("hours", this.hour), keep("minutes", this.minute), keep("seconds", this.second), keep("milliseconds", this.millisecond));
    return new DateTime(toInstant(local, this.#zone, this.#offset), this.#zone);
  }
  endOf(unit) { return this.startOf(unit).plus({ [unitOf(unit)]: 1 }).startOf(unit).minus(1); }
  setZone(zone, options) {
    const name = zoneOf(zone);
    if (!options?.keepLocalTime) return new DateTime((this.#d, this.#ts), name);
    return new DateTime(toInstant(this.#d.getTime(), name, offsetAt(name, this.#ts)), name);
  }
  toUTC() { return this.setZone("UTC"); }
  toLocal() { return this.setZone(home); }

  diff(other, unit = "milliseconds") {
    const to = dated(other);
    const units = [...new Set((Array.isArray(unit) ? unit : [unit]).map(unitOf))].sort((a, b) => UNITS.indexOf(a) - UNITS.indexOf(b));
    const end = this.setZone(to.zoneName), sign = end < to ? -1 : 1;
    const [from, until] = sign < 0 ? [end, to] : [to, end];
    const parts = {};
    let cursor = from;
    units.forEach((name, at) => {
      const last = at === units.length - 1;
      let count = Math.floor((until - cursor) / (MEAN[name] ?? CASUAL[name]));
      if (UNITS.indexOf(name) <= UNITS.indexOf("days")) {
        while (cursor.plus({ [name]: count }) > until) count -= 1;
        while (cursor.plus({ [name]: count + 1 }) <= until) count += 1;
        const low = cursor.plus({ [name]: count });
        parts[name] = sign * (last && until > low ? count + (until - low) / (cursor.plus({ [name]: count + 1 }) - low) : count);
        cursor = low;
      } else {
        parts[name] = sign * (last ? (until - cursor) / MILLIS[name] : count);
        cursor = cursor.plus({ [name]: count });
      }
    });
    return new Duration(parts);
  }
  diffNow(unit) { return this.diff(DateTime.now(), unit); }
  diffTo(other = DateTime.now(), unit = "days") {
    const difference = this.diff(dated(other), unit);
    return Array.isArray(unit) ? difference.toObject() : difference.as(unit);
  }
  diffToNow(unit = "days") { return this.diffTo(DateTime.now(), unit); }
  hasSame(given, unit) {
    const other = dated(given);
    return +this.startOf(unit) <= +other && +other <= +this.endOf(unit);
  }
  equals(other) { return DateTime.isDateTime(other) && +this === +other && this.zoneName === other.zoneName; }
  isBetween(from, to) {
    const one = dated(from), two = dated(to);
    return one < two ? one < this && this < two : two < this && this < one;
  }

  toMillis() { this.#d; return this.#ts; }
  toSeconds() { return this.toMillis() / 1000; }
  toUnixInteger() { return Math.floor(this.toSeconds()); }
  toJSDate() { return new Date(this.toMillis()); }
  toObject() {
    const { year, month, day, hour, minute, second, millisecond } = this;
    return { year, month, day, hour, minute, second, millisecond };
  }
  toISODate() {
    const year = this.year;
    return `${year < 0 || year > 9999 ? (year < 0 ? "-" : "+") + pad(Math.abs(year), 6) : pad(year, 4)}-${pad(this.month, 2)}-${pad(this.day, 2)}`;
  }
  toISOTime(options) {
    const fraction = options?.suppressMilliseconds && this.millisecond === 0 ? "" : `.${pad(this.millisecond, 3)}`;
    const zone = options?.includeOffset === false ? "" : this.#zone === "UTC" ? "Z" : offsetText(this.offset);
    return `${pad(this.hour, 2)}:${pad(this.minute, 2)}:${pad(this.second, 2)}${fraction}${zone}`;
  }
  toISO(options) { return `${this.toISODate()}T${this.toISOTime(options)}`; }
  toFormat(format) {
    const hour12 = this.hour % 12 || 12;
    const write = {
      y: () => this.year, yy: () => pad(this.year % 100, 2), yyyy: () => pad(this.year, 4),
      M: () => this.month, MM: () => pad(this.month, 2), MMM: () => this.monthShort, MMMM: () => this.monthLong,
      L: () => this.month, LL: () => pad(this.month, 2), LLL: () => this.monthShort, LLLL: () => this.monthLong,
      d: () => this.day, dd: () => pad(this.day, 2), o: () => this.ordinal, ooo: () => pad(this.ordinal, 3),
      H: () => this.hour, HH: () => pad(this.hour, 2), h: () => hour12, hh: () => pad(hour12, 2),
      m: () => this.minute, mm: () => pad(this.minute, 2), s: () => this.second, ss: () => pad(this.second, 2),
      S: () => this.millisecond, SSS: () => pad(this.millisecond, 3), a: () => (this.hour < 12 ? "AM" : "PM"),
      E: () => this.weekday, EEE: () => this.weekdayShort, EEEE: () => this.weekdayLong,
      c: () => this.weekday, ccc: () => this.weekdayShort, cccc: () => this.weekdayLong,
      W: () => this.weekNumber, WW: () => pad(this.weekNumber, 2), kkkk: () => pad(this.weekYear, 4), q: () => this.quarter,
      ZZ: () => offsetText(this.offset), ZZZ: () => offsetText(this.offset, ""), z: () => this.zoneName,
      X: () => this.toUnixInteger(), x: () => this.toMillis(),
      D: () => this.toFormat("M/d/yyyy"), DD: () => this.toFormat("MMM d, yyyy"), DDD: () => this.toFormat("MMMM d, yyyy"),
      DDDD: () => this.toFormat("EEEE, MMMM d, yyyy"), t: () => this.toFormat("h:mm a"), tt: () => this.toFormat("h:mm:ss a"),
      T: () => this.toFormat("HH:mm"), TT: () => this.toFormat("HH:mm:ss"),
    };
    return tokens(format).map(([token, literal]) => {
      if (literal !== undefined) return literal;
      if (!Object.hasOwn(write, token)) throw new RangeError(`toFormat knows no token ${token}; put text into single quotes`);
      return String(write[token]());
    }).join("");
  }
  format(format = "yyyy-MM-dd") { return this.toFormat(format); }
  toSQLDate() { return this.toISODate(); }
  toSQL() { return this.toFormat(this.#zone === "UTC" ? "yyyy-MM-dd HH:mm:ss.SSS 'Z'" : "yyyy-MM-dd HH:mm:ss.SSS ZZ"); }
  toHTTP() { return this.toUTC().toFormat("EEE, dd MMM yyyy HH:mm:ss 'GMT'"); }
  toRFC2822() { return this.toFormat("EEE, dd MMM yyyy HH:mm:ss ZZZ"); }
  toString() { return this.toISO(); }
  toJSON() { return this.toISO(); }
  valueOf() { return this.toMillis(); }
  toInt() { return this.toMillis(); }
  toDateTime() { return this; }
}

const dated = (value) => (DateTime.isDateTime(value) ? value : value instanceof Date ? DateTime.fromJSDate(value) : DateTime.fromISO(value));

// A format cut into [token] and [, literal]; text in single quotes is literal.
function tokens(format) {
  const cut = /'([^']*)'|([A-Za-z])\2*|[^A-Za-z']+/g;
  return [...String(format).matchAll(cut)].map((found) =>
    found[2] !== undefined ? [found[0]] : [undefined, found[1] === undefined ? found[0] : found[1]]);
}

const extend = (owner, name, value) => Object.defineProperty(owner, name, { value, writable: true, configurable: true });
extend(globalThis, "DateTime", DateTime);
extend(globalThis, "Duration", Duration);
