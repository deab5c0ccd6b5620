// n8n's functions, written after its documentation and what it answers (tests/node/n8n_answers.json): methods of text,
// numbers, lists, objects, truth values and dates, and functions such as $ifEmpty. What has no place here says what to use.

const refuse = (what) => { throw new RangeError(what); };
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isBlank = (value) => value === undefined || value === null || value === "";
const hasNothing = (value) =>
  isBlank(value) || (typeof value === "object" && !(value instanceof Date) && !DateTime.isDateTime(value) && Object.keys(value).length === 0);

// ── text ─────────────────────────────────────────────────────────────────────────────────────────
const HOST = String.raw`[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+`;
const LABELS = String.raw`(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}`;
const EMAIL = new RegExp(String.raw`^[^\s@<>()[\]"]*[^\s@<>()[\]".]@${LABELS}\s*$`);
const EMAIL_WITHIN = new RegExp(String.raw`[^\s@<>()[\]".,;:]+(?:\.[^\s@<>()[\]".,;:]+)*@${LABELS}`);
const ADDRESS = /^(?:([a-z][a-z0-9+.-]*):)?\/\/(?:[^/\s@]*@)?([A-Za-z0-9._-]+)(?::\d+)?([/?#]\S*)?$/i;
const URL_WITHIN = /(?:https?|ftp):\/\/(?:localhost|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)(?::\d+)?(?:[/?#]\S*)?/i;
const SMALL_WORDS = new Set(("a an and as at because but by en for if in nor of on only or over per so than that the to up upon v vs via when with without yet").split(" "));
const PLAIN_LETTERS = { ß: "ss", æ: "ae", Æ: "AE", œ: "oe", Œ: "OE", ø: "o", Ø: "O", ł: "l", Ł: "L", đ: "d", Đ: "D", ð: "d", Ð: "D", þ: "th", Þ: "TH", ı: "i", "’": "'", "‘": "'", "“": "\"", "”": "\"", "–": "-", "—": "-", "…": "..." };
const capital = (word) => word.slice(0, 1).toUpperCase() + word.slice(1);

function titleWord(word, edge) {
  const bare = word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
  if (/\p{Ll}.*\p{Lu}|[^\s.]\.[^\s.]/u.test(bare) || (!edge && SMALL_WORDS.has(bare))) return word;
  return word.replace(/^[^\p{L}\p{N}]*\p{L}/u, (letter) => letter.toUpperCase());
}
function titleCase(text) {
  const words = text.split(/(\s+)/), last = words.findLastIndex((word) => word.trim() !== "");
  const first = words.findIndex((word) => word.trim() !== "");
  return words.map((word, at) => word.split("-").map((part, n, parts) =>
    titleWord(part, (at === first && n === 0) || (at === last && n === parts.length - 1))).join("-")).join("");
}

function asNumber(text, number, what) {
  return Number.isNaN(number) ? refuse(`${JSON.stringify(text)} is not ${what}`) : number;
}

const MONTH_NAMES = MONTHS.map((name) => name.slice(0, 3)).join("|");
const MAIL_DATE = new RegExp(`^(?:[A-Za-z]{3,9},? )?(\\d{1,2})[ -](${MONTH_NAMES})[ -](\\d{4}) (\\d\\d:\\d\\d(?::\\d\\d)?) (GMT|UTC|Z|[+-]\\d{4})$`);

function dateOf(text, format) {
  const given = text.trim();
  if (format !== undefined) {
    if (["ms", "s", "us", "excel"].includes(format)) return dateOfNumber(asNumber(text, given === "" ? NaN : Number(given), "a number"), format);
    return DateTime.fromFormat(given, format);
  }
  const mail = MAIL_DATE.exec(given);
  if (mail) {
    const [, day, month, year, time, zone] = mail;
    const number = MONTHS.findIndex((name) => name.startsWith(month)) + 1;
    return DateTime.fromISO(`${year}-${pad(number, 2)}-${pad(Number(day), 2)}T${time}${/\d/.test(zone) ? zone : "Z"}`, { setZone: true });
  }
  const date = DateTime.fromSQL(given, { setZone: true });
  return date.isValid ? date : refuse(`${JSON.stringify(text)} is not a date of ISO 8601, SQL or a mail's; give its format: .toDateTime('dd.MM.yyyy')`);
}

function dateOfNumber(number, format = "ms") {
  if (format === "ms") return DateTime.fromMillis(number);
  if (format === "s") return DateTime.fromSeconds(number);
  if (format === "us") return DateTime.fromMillis(Math.trunc(number / 1000));
  if (format === "excel") return DateTime.fromMillis(Math.round((number - 25569) * DAY));
  return refuse(`toDateTime knows no format ${format}; for a number it is ms, s, us or excel`);
}

const ofText = {
  extractEmail() { return EMAIL_WITHIN.exec(this)?.[0]; },
  extractDomain() {
    if (EMAIL.test(this)) return this.trim().slice(this.lastIndexOf("@") + 1);
    const address = ADDRESS.exec(/^[a-z][a-z0-9+.-]*:\/\/|^\/\//i.test(this) ? this : `//${this}`);
    const scheme = /:\/\//.test(this);
    return address && (scheme || /^(?:[A-Za-z0-9_-]+\.)+(?:[A-Za-z]{2,}|\d{1,3}\.\d{1,3})$/.test(address[2])) ? address[2] : undefined;
  },
  extractUrl() { return URL_WITHIN.exec(this)?.[0]; },
  extractUrlPath() {
    const address = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+([^?#]*)/i.exec(this.trim());
    return address ? address[1].replace(/ /g, "%20") || "/" : undefined;
  },
  isEmail() { return EMAIL.test(this); },
  isDomain() { return new RegExp(`^(?:localhost|${HOST})(?::\\d+)?(?:[/?#]\\S*)?$`).test(this) && !/\d+\.\d+$/.test(this.replace(/^(\d+\.){3}\d+$/, "")); },
  isUrl() { return new RegExp(`^${URL_WITHIN.source}$`, "i").test(this); },
  isNumeric() { return this !== "" && !/\s/.test(this) && !Number.isNaN(Number(this)); },
  isEmpty() { return this.length === 0; },
  isNotEmpty() { return this.length > 0; },
  toInt(radix) { return asNumber(this, parseInt(this, radix), "a whole number"); },
  toFloat() { return /^[^.]*\d,\d/.test(this) ? refuse(`${JSON.stringify(this)} has a comma; a decimal number needs a point`) : asNumber(this, parseFloat(this), "a number"); },
  toNumber() { return asNumber(this, this.trim() === "" ? NaN : Number(this), "a number"); },
  toBoolean() { return !["", "false", "0", "no"].includes(this.toLowerCase()); },
  toTitleCase() { return titleCase(String(this)); },
  toSentenceCase() { return this.toLowerCase().replace(/(^|[.!?])(\P{L}*)(\p{L})/gu, (_, end, between, letter) => end + between + letter.toUpperCase()); },
  toSnakeCase() { return this.toLowerCase().replace(/[ -]/g, "_").replace(/[^\p{L}\p{M}\p{N}\p{Sc}_\s]|\$/gu, ""); },
  quote(mark = "\"") { return mark + this.replace(/\\/g, "\\\\").replaceAll(mark, `\\${mark}`) + mark; },
  removeTags() { return this.replace(/<[^>]*>/g, ""); },
  replaceSpecialChars() {
    const plain = this.normalize("NFD").replace(/\p{M}/gu, "").replace(/[^\x00-\x7f]/g, (letter) => PLAIN_LETTERS[letter] ?? letter);
    const other = /[^\x00-\x7f]/u.exec(plain);
    return other ? refuse(`replaceSpecialChars knows no ASCII for ${other[0]}; replace it yourself`) : plain;
  },
  urlEncode(all = false) { return all ? encodeURI(this) : encodeURIComponent(this); },
  urlDecode(all = false) { return all ? decodeURI(this) : decodeURIComponent(this); },
  base64Encode() { return base64(bytesOf(this)); },
  base64Decode() { return textOf(unbase64(this)); },
  hash(algorithm = "md5") { return hashed(this, algorithm); },
  toJsonString() { return JSON.stringify(this); },
  parseJson() { return JSON.parse(this); },
  toDateTime(format) { return dateOf(String(this), format); },
  toDate() { return dateOf(String(this)).toJSDate(); },
};
ofText.toWholeNumber = ofText.toInt;
ofText.toDecimalNumber = ofText.toFloat;

// ── bytes and hashes ─────────────────────────────────────────────────────────────────────────────
function bytesOf(text) {
  const bytes = [];
  for (const letter of String(text)) {
    const code = letter.codePointAt(0);
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return bytes;
}
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
function base64(bytes) {
  const letters = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const three = (bytes[at] << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0), left = bytes.length - at;
    letters.push(BASE64[three >> 18], BASE64[(three >> 12) & 63], left > 1 ? BASE64[(three >> 6) & 63] : "=", left > 2 ? BASE64[three & 63] : "=");
  }
  return letters.join("");
}
function unbase64(text) {
  const letters = text.replace(/\s/g, "").replace(/-/g, "+").replace(/_/g, "/").replace(/={1,2}$/, "");
  if (!/^[A-Za-z0-9+/]*$/.test(letters) || letters.length % 4 === 1) refuse("this text is not base64");
  const bytes = [];
  let bits = 0, count = 0;
  for (const letter of letters) {
    bits = ((bits << 6) | BASE64.indexOf(letter)) & 0xffff;
    count += 6;
    if (count >= 8) bytes.push((bits >> (count -= 8)) & 255);
  }
  return bytes;
}
function textOf(bytes) {
  try { return decodeURIComponent(bytes.map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")); }
  catch { return refuse("what the base64 holds is not text in UTF-8"); }
}

const PRIMES = [];
for (let n = 2; PRIMES.length < 80; n++) if (PRIMES.every((prime) => n % prime)) PRIMES.push(n);
// The first 64 bits of the fraction of a root, exactly: Newton's method in whole numbers (FIPS 180-4, sections 4.2 and 5.3).
function rootBits(prime, degree) {
  const wanted = BigInt(prime) << BigInt(64 * degree), d = BigInt(degree);
  let root = 1n << 72n;
  for (;;) {
    const next = ((d - 1n) * root + wanted / root ** (d - 1n)) / d;
    if (next >= root) return root & 0xffffffffffffffffn;
    root = next;
  }
}
const high = (bits) => Number(bits >> 32n) | 0;
let roundBits = null; // worked out when the first hash is asked for
const rounds = () => (roundBits ??= PRIMES.map((prime) => rootBits(prime, 3)));

function padded(bytes, block, littleEndian) {
  const size = block === 128 ? 16 : 8, all = [...bytes, 0x80];
  while (all.length % block !== block - size) all.push(0);
  const length = BigInt(bytes.length) * 8n, end = [];
  for (let at = 0; at < size; at++) end.push(Number((length >> BigInt(8 * at)) & 255n));
  return all.concat(littleEndian ? end : end.reverse());
}
const hex = (number) => (number >>> 0).toString(16).padStart(8, "0");
const left = (number, by) => (number << by) | (number >>> (32 - by));
const wordAt = (bytes, at) => (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];

function md5(bytes) {
  const all = padded(bytes, 64, true), shifts = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let start = 0; start < all.length; start += 64) {
    let [a, b, c, d] = state;
    for (let n = 0; n < 64; n++) {
      const round = n >> 4;
      const mixed = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round];
      const place = start + 4 * ([n, 5 * n + 1, 3 * n + 5, 7 * n][round] % 16);
      const word = (all[place + 3] << 24) | (all[place + 2] << 16) | (all[place + 1] << 8) | all[place];
      const sum = (a + mixed + word + Math.floor(Math.abs(Math.sin(n + 1)) * 2 ** 32)) | 0;
      [a, d, c, b] = [d, c, b, (b + left(sum, shifts[round][n % 4])) | 0];
    }
    [a, b, c, d].forEach((value, at) => { state[at] = (state[at] + value) | 0; });
  }
  return state.map((word) => hex(((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24))).join("");
}

function sha1(bytes) {
  const all = padded(bytes, 64), state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0], words = [];
  for (let start = 0; start < all.length; start += 64) {
    let [a, b, c, d, e] = state;
    for (let n = 0; n < 80; n++) {
      words[n] = n < 16 ? wordAt(all, start + 4 * n) : left(words[n - 3] ^ words[n - 8] ^ words[n - 14] ^ words[n - 16], 1);
      const [mixed, constant] = n < 20 ? [(b & c) | (~b & d), 0x5a827999] : n < 40 ? [b ^ c ^ d, 0x6ed9eba1]
        : n < 60 ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc] : [b ^ c ^ d, 0xca62c1d6];
      [e, d, c, b, a] = [d, c, left(b, 30), a, (left(a, 5) + mixed + e + constant + words[n]) | 0];
    }
    [a, b, c, d, e].forEach((value, at) => { state[at] = (state[at] + value) | 0; });
  }
  return state.map(hex).join("");
}

// SHA-2 in both widths: 32 bits as numbers, 64 bits as BigInts.
function sha256(bytes, state) {
  const all = padded(bytes, 64), constants = rounds().slice(0, 64).map(high), words = [];
  const right = (number, by) => left(number, 32 - by);
  for (let start = 0; start < all.length; start += 64) {
    let [a, b, c, d, e, f, g, h] = state;
    for (let n = 0; n < 64; n++) {
      const x = words[n - 15], y = words[n - 2];
      words[n] = n < 16 ? wordAt(all, start + 4 * n)
        : (words[n - 16] + (right(x, 7) ^ right(x, 18) ^ (x >>> 3)) + words[n - 7] + (right(y, 17) ^ right(y, 19) ^ (y >>> 10))) | 0;
      const one = (h + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + ((e & f) ^ (~e & g)) + constants[n] + words[n]) | 0;
      const two = ((right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, at) => { state[at] = (state[at] + value) | 0; });
  }
  return state.map(hex).join("");
}
function sha512(bytes, state) {
  const all = padded(bytes, 128), constants = rounds(), words = [], fit = (number) => BigInt.asUintN(64, number);
  const right = (number, by) => fit((number >> by) | (number << (64n - by)));
  for (let start = 0; start < all.length; start += 128) {
    let [a, b, c, d, e, f, g, h] = state;
    for (let n = 0; n < 80; n++) {
      const x = words[n - 15], y = words[n - 2];
      words[n] = n < 16 ? (BigInt(wordAt(all, start + 8 * n) >>> 0) << 32n) | BigInt(wordAt(all, start + 8 * n + 4) >>> 0)
        : fit(words[n - 16] + (right(x, 1n) ^ right(x, 8n) ^ (x >> 7n)) + words[n - 7] + (right(y, 19n) ^ right(y, 61n) ^ (y >> 6n)));
      const one = fit(h + (right(e, 14n) ^ right(e, 18n) ^ right(e, 41n)) + ((e & f) ^ (fit(~e) & g)) + constants[n] + words[n]);
      const two = fit((right(a, 28n) ^ right(a, 34n) ^ right(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c)));
      [h, g, f, e, d, c, b, a] = [g, f, e, fit(d + one), c, b, a, fit(one + two)];
    }
    [a, b, c, d, e, f, g, h].forEach((value, at) => { state[at] = fit(state[at] + value); });
  }
  return state.map((word) => word.toString(16).padStart(16, "0")).join("");
}
const squareRoots = (from) => PRIMES.slice(from, from + 8).map((prime) => rootBits(prime, 2));
const HASHES = {
  md5, sha1, base64,
  sha224: (bytes) => sha256(bytes, squareRoots(8).map((bits) => Number(bits & 0xffffffffn) | 0)).slice(0, 56),
  sha256: (bytes) => sha256(bytes, squareRoots(0).map(high)),
  sha384: (bytes) => sha512(bytes, squareRoots(8)).slice(0, 96),
  sha512: (bytes) => sha512(bytes, squareRoots(0)),
};
function hashed(text, algorithm) {
  const name = String(algorithm).toLowerCase();
  return Object.hasOwn(HASHES, name) ? HASHES[name](bytesOf(text)) : refuse(`hash knows no ${algorithm}; it knows ${Object.keys(HASHES).join(", ")}`);
}

// ── numbers and truth values ─────────────────────────────────────────────────────────────────────
function whole(number, name) { return Number.isInteger(number) ? number : refuse(`${name} needs a whole number, not ${number}`); }

function formatted(number, locale = "en-US", options = {}) {
  const { minimumFractionDigits: least = 0, maximumFractionDigits: most = Math.max(3, least), ...others } = options;
  if (locale !== "en-US" || Object.keys(others).length) refuse("format writes numbers as en-US does, with minimumFractionDigits and maximumFractionDigits; write anything else yourself");
  if (!Number.isFinite(number)) refuse(`format got ${number}`);
  const digits = Math.abs(number) >= 1e21 ? `${BigInt(Math.abs(number))}` : Math.abs(number).toFixed(most);
  const [units, fraction = ""] = digits.split(".");
  let kept = fraction;
  while (kept.length > least && kept.endsWith("0")) kept = kept.slice(0, -1);
  const sign = number < 0 || Object.is(number, -0) ? "-" : "";
  return sign + units.replace(/\B(?=(\d{3})+$)/g, ",") + (kept ? `.${kept}` : "");
}

const ofNumber = {
  ceil() { return Math.ceil(this); },
  floor() { return Math.floor(this); },
  abs() { return Math.abs(this); },
  round(places = 0) { return Number(this.toFixed(places)); },
  format(locale, options) { return formatted(this, locale, options); },
  isInteger() { return Number.isInteger(this); },
  isEven() { return whole(this, "isEven") % 2 === 0; },
  isOdd() { return whole(this, "isOdd") % 2 !== 0; },
  toBoolean() { return this !== 0; },
  isEmpty() { return !this; }, // as in n8n; of any number but 0 it is false
  isNotEmpty() { return Boolean(this); },
  toInt() { return Math.round(this); },
  toFloat() { return this; },
  toDateTime(format) { return dateOfNumber(this, format); },
};
const asOne = { isEmpty() { return !this; }, isNotEmpty() { return this; },  toNumber() { return this ? 1 : 0; }, toInt() { return this ? 1 : 0; }, toFloat() { return this ? 1 : 0; }, toBoolean() { return this; } };

// ── lists ────────────────────────────────────────────────────────────────────────────────────────
// The same text for the same value, whatever the order of its fields.
function identity(value) {
  if (Array.isArray(value)) return `[${value.map(identity).join(",")}]`;
  if (DateTime.isDateTime(value) || value instanceof Date) return `date ${value.valueOf()}`;
  if (isObject(value)) return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${identity(value[name])}`).join(",")}}`;
  return typeof value === "string" ? JSON.stringify(value) : `${typeof value} ${String(value)}`;
}
function uniqueBy(list, key) {
  const known = new Set();
  return list.filter((element) => {
    const text = key(element);
    return known.has(text) ? false : known.add(text);
  });
}
function numbersOf(list, name) {
  return list.every((element) => typeof element === "number") ? list : refuse(`${name} needs a list of numbers`);
}
function identities(list, name) { return new Set((Array.isArray(list) ? list : refuse(`${name} needs another list`)).map(identity)); }
function some(list, name) { return list.length ? numbersOf(list, name) : refuse(`${name} of an empty list has no value`); }
function compacted(value) {
  if (Array.isArray(value)) return value.filter((element) => !hasNothing(element) && element !== "nil").map(compacted);
  if (!isObject(value) || DateTime.isDateTime(value) || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).filter(([, field]) => !hasNothing(field) && field !== "nil").map(([name, field]) => [name, compacted(field)]));
}

const ofList = {
  first() { return this[0]; },
  last() { return this[this.length - 1]; },
  isEmpty() { return this.length === 0; },
  isNotEmpty() { return this.length > 0; },
  unique(...names) { return uniqueBy(this, (element) => identity(names.length ? names.map((name) => element?.[name]) : element)); },
  pluck(...names) {
    if (!names.length) return [...this];
    return this.filter(isObject).map((element) => names.filter((name) => Object.hasOwn(element, name)).map((name) => element[name]))
      .filter((values) => values.length).map((values) => (values.length === 1 ? values[0] : values));
  },
  chunk(size) {
    if (!Number.isInteger(size) || size < 1) refuse(`chunk needs a whole number from 1, not ${size}`);
    return Array.from({ length: Math.ceil(this.length / size) }, (_, at) => this.slice(at * size, (at + 1) * size));
  },
  sum() { return numbersOf(this, "sum").reduce((total, number) => total + number, 0); },
  average() { return some(this, "average").reduce((total, number) => total + number, 0) / this.length; },
  min() { return some(this, "min").reduce((a, b) => Math.min(a, b)); },
  max() { return some(this, "max").reduce((a, b) => Math.max(a, b)); },
  compact() { return compacted(this); },
  randomItem() { return this[Math.floor(Math.random() * this.length)]; },
  union(other) { identities(other, "union"); return uniqueBy([...this, ...other], identity); },
  difference(other) { const theirs = identities(other, "difference"); return uniqueBy(this.filter((element) => !theirs.has(identity(element))), identity); },
  intersection(other) { const theirs = identities(other, "intersection"); return uniqueBy(this.filter((element) => theirs.has(identity(element))), identity); },
  append(...elements) { return [...this, ...elements]; },
  smartJoin(key, value) { return Object.fromEntries(this.filter((element) => isObject(element) && key in element && value in element).map((element) => [element[key], element[value]])); },
  renameKeys(...names) {
    if (!names.length || names.length % 2) refuse("renameKeys needs pairs of names: from, to");
    const to = new Map(Array.from({ length: names.length / 2 }, (_, at) => [names[2 * at], names[2 * at + 1]]));
    return this.map((element) => (isObject(element) ? Object.fromEntries(Object.entries(element).map(([name, field]) => [to.get(name) ?? name, field])) : element));
  },
  toJsonString() { return JSON.stringify(this); },
};
ofList.removeDuplicates = ofList.unique;

// ── objects ──────────────────────────────────────────────────────────────────────────────────────
// Their fields are data, which may be called keys or values: so their methods have symbols for names, and a call
// `.keys(` is compiled as `[$$.keys](` (javascript.py). A method that the value has itself comes first.
const needle = (text, name) => (typeof text === "string" && text !== "" ? text : refuse(`${name} needs text that is not empty`));
const fieldsOf = (object, keep) => Object.fromEntries(Object.entries(object).filter(keep));
const ofObject = {
  isEmpty: (object) => Object.keys(object).length === 0,
  isNotEmpty: (object) => Object.keys(object).length > 0,
  hasField: (object, name) => Object.hasOwn(object, name),
  removeField: (object, name) => fieldsOf(object, ([field]) => field !== name),
  removeFieldsContaining: (object, text) => fieldsOf(object, ([, value]) => !(typeof value === "string" && value.includes(needle(text, "removeFieldsContaining")))),
  keepFieldsContaining: (object, text) => fieldsOf(object, ([, value]) => typeof value === "string" && value.includes(needle(text, "keepFieldsContaining"))),
  compact: compacted,
  urlEncode: (object) => Object.entries(object).map((pair) => pair.map((part) =>
    encodeURIComponent(isObject(part) ? refuse("urlEncode needs fields that are not objects") : String(part)).replace(/[!'()~]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`).replace(/%20/g, "+")).join("=")).join("&"),
  keys: (object) => Object.keys(object),
  values: (object) => Object.values(object),
  toJsonString: (object) => JSON.stringify(object),
};
const methods = {};
for (const name of [...Object.keys(ofObject), "isWeekend"]) {
  methods[name] = Symbol(name);
  extend(Object.prototype, methods[name], { [name](...given) {
    const own = this[name];
    if (typeof own === "function") return Reflect.apply(own, this, given);
    if (DateTime.isDateTime(this) && (name === "isWeekend" || name === "isEmpty" || name === "isNotEmpty")) return name === "isWeekend" ? this.isWeekend : name === "isNotEmpty";
    if (!isObject(this) || this instanceof Date || name === "isWeekend") throw new TypeError("not a function");
    return ofObject[name](this, ...given);
  } }[name]);
}
extend(globalThis, "$$", methods);

// ── dates ────────────────────────────────────────────────────────────────────────────────────────
const PARTS = { week: "weekNumber", yearDayNumber: "ordinal" };
const ofDate = {
  beginningOf(unit = "week") { return this.startOf(unit); },
  endOfMonth() { return this.endOf("month"); },
  extract(part = "week") {
    const value = this[PARTS[part] ?? String(part).replace(/s$/, "")] ?? this[part];
    return typeof value === "number" ? value : refuse(`extract knows no ${part}`);
  },
  isDst() {
    const winter = Math.min(...[1, 7].map((month) => this.set({ month, day: 1 }).offset));
    return this.offset > winter;
  },
  isInLast(count = 0, unit = "minutes") { return this >= DateTime.now().minus(count, unit) && this <= DateTime.now(); },
};
for (const [name, method] of Object.entries(ofDate)) extend(DateTime.prototype, name, method);
for (const name of [...Object.keys(ofDate), "format", "plus", "minus", "isBetween", "diffTo", "diffToNow"]) {
  extend(Date.prototype, name, { [name](...given) {
    const value = DateTime.fromJSDate(this)[name](...given);
    return DateTime.isDateTime(value) ? value.toJSDate() : value;
  } }[name]);
}
extend(Date.prototype, "isEmpty", function isEmpty() { return false; });
extend(Date.prototype, "isNotEmpty", function isNotEmpty() { return true; });
extend(Date.prototype, "toDateTime", function toDateTime() { return DateTime.fromJSDate(this); });

// ── what has no place here ───────────────────────────────────────────────────────────────────────
const INSTEAD = {
  text: { removeMarkdown: "write what to remove with replace" },
  list: { merge: "write Object.assign({}, ...one, ...other)", mergeIntoObject: "write Object.assign({}, ...one, ...other)" },
};
const LOCALE = "depends on a locale, and templates have none; write toFormat('yyyy-MM-dd') for a date and format() for a number";
const OTHER_NODE = "is another node's, and there is none here; an item has what it was given: $json, $items, $input.first()";
const OF_WORKFLOW = "is a workflow's, and there is none here; give what you need with --var NAME=VALUE and write $vars.NAME";
const GLOBALS = {
  $: OTHER_NODE, $node: OTHER_NODE, $prevNode: OTHER_NODE, $data: "is not available here; write $json", $position: "is not available here; write $itemIndex",
  $workflow: OF_WORKFLOW, $execution: OF_WORKFLOW, $parameter: OF_WORKFLOW, $nodeVersion: OF_WORKFLOW, $nodeId: OF_WORKFLOW, $webhookId: OF_WORKFLOW, $self: OF_WORKFLOW,
  $getWorkflowStaticData: OF_WORKFLOW, $customData: OF_WORKFLOW, $agentInfo: OF_WORKFLOW, $tool: OF_WORKFLOW, $fromAI: OF_WORKFLOW,
  $secrets: "is not available here; allow a variable of the environment with --allow-env NAME and write $env.NAME",
  $jmespath: "is not available here; write map, filter and find, or --query on the command line",
  $jmesPath: "is not available here; write map, filter and find, or --query on the command line",
  $evaluateExpression: "is not available here; write the expression itself", $getPairedItem: OTHER_NODE,
  $request: "is not available here; every page of a list is fetched", $response: "is not available here; every page of a list is fetched", $pageCount: "is not available here; every page of a list is fetched",
};

for (const [owner, own] of [[String.prototype, ofText], [Number.prototype, ofNumber], [Boolean.prototype, asOne], [Array.prototype, ofList]]) {
  for (const [name, method] of Object.entries(own)) extend(owner, name, method);
}
const instead = (owner, name, what) => extend(owner, name, { [name]() { return refuse(`${name} ${what}`); } }[name]);
for (const [owner, own] of [[String.prototype, INSTEAD.text], [Array.prototype, INSTEAD.list]]) {
  for (const [name, what] of Object.entries(own)) instead(owner, name, `is not available here; ${what}`);
}
instead(DateTime.prototype, "toRelative", LOCALE);
for (const owner of [Number.prototype, Date.prototype, DateTime.prototype]) instead(owner, "toLocaleString", LOCALE);
for (const name of ["toLocaleDateString", "toLocaleTimeString"]) instead(Date.prototype, name, LOCALE);
for (const [name, what] of Object.entries(GLOBALS)) {
  const tell = () => refuse(`${name === "$" ? "$('…')" : name} ${what}`);
  extend(globalThis, name, new Proxy(() => {}, { get: tell, apply: tell, has: tell }));
}

// ── functions ────────────────────────────────────────────────────────────────────────────────────
function chosen(condition, value, otherwise = false) { return condition ? value : otherwise; }
function orElse(...given) {
  if (given.length !== 2) refuse("$ifEmpty needs two values: the value, and what stands for it if it is empty");
  return hasNothing(given[0]) ? given[1] : given[0];
}
for (const [name, value] of Object.entries({
  $if: chosen, $ifEmpty: orElse, $min: (...all) => Math.min(...all), $max: (...all) => Math.max(...all), $not: (value) => !value,
  $average: (...all) => ofList.average.call(all), $runIndex: 0,
})) extend(globalThis, name, value);
