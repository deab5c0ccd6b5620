// The door through which the worker runs an expression. At its end everything that expressions can reach is frozen, so
// that one context serves many items and no item finds what another left.
// ── running an expression ────────────────────────────────────────────────────────────────────────
const parse = JSON.parse, stringify = JSON.stringify, Compiled = Function;
let shared = [], sharedText = ""; // all items, frozen: they are the same for every item of a run

const frozen = (value) => {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
};
const setItems = (text) => { shared = frozen(parse(text)); };

// JSON has null for these, which would be sent as if it were meant.
function checked(name, value) {
  if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError(`${name === "" ? "the value" : `${name} in the value`} is ${value}`);
  if (value === null && this[name] instanceof Date) throw new RangeError(`${name === "" ? "the value" : `${name} in the value`} is not a date`);
  return value;
}

const names = ["$json", "$item", "$itemIndex", "$binary", "$now", "$today", "$env", "$vars", "$items", "$input"];

// `uses` says which names the source mentions, so that a small expression costs little. `new Compiled` keeps what is
// between the braces from closing our own function.
function compile(source, uses, called) {
  new Compiled(`"use strict"; return [\n${source}\n]`); // else `a); b(` would close our parenthesis
  const body = new Compiled(...names, `"use strict"; return (\n${source}\n)`);
  const mentioned = uses.split(","), has = (name) => mentioned.includes(name);
  return (text, index, now, zone, outside) => {
    clock = now;
    home = zone;
    missingZone = null;
    const item = text === "" ? {} : parse(text), given = outside === "" ? {} : parse(outside);
    const $items = !has("$items") ? undefined : called ? (node) => (node === undefined ? [...shared] : refuse(`$items('…') ${OTHER_NODE}`)) : shared;
    const $input = !has("$input") ? undefined : {
      all: () => [...shared], first: () => shared[0], last: () => shared[shared.length - 1], item,
    };
    const value = body.call(
      undefined, item.json, item, index, item.binary ?? {},
      has("$now") ? DateTime.now() : undefined, has("$today") ? DateTime.now().startOf("day") : undefined,
      has("$env") ? environment(given.env) : undefined, has("$vars") ? variables(given.vars) : undefined, $items, $input,
    );
    if (value === undefined || typeof value === "function") return "undefined";
    if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError(`the value is ${value}`);
    if (value instanceof Promise) throw new TypeError("the value is a promise, and nothing waits for it");
    if (typeof value === "bigint") return value.toString();
    return (typeof value === "object" && value !== null ? stringify(value, checked) : stringify(value)) ?? "undefined";
  };
}

function environment(allowed) {
  return new Proxy(Object.freeze(allowed), {
    get(all, name) {
      if (typeof name === "symbol") return undefined;
      if (!Object.hasOwn(all, name)) throw new RangeError(`$env.${name} was not allowed; allow it with --allow-env ${name}, or allow_env=["${name}"]`);
      if (all[name] === null) throw new RangeError(`$env.${name} is allowed, but the environment has no ${name}`);
      return all[name];
    },
  });
}

// A variable that nobody set is a slip: as undefined it could turn a condition round and let everything through.
function variables(set) {
  return new Proxy(Object.freeze(set), {
    get(all, name) {
      if (typeof name === "symbol" || Object.hasOwn(all, name)) return all[name];
      throw new RangeError(`$vars.${name} is not set; set it with --var ${name}=VALUE, or variables={"${name}": …}`);
    },
  });
}

// ── what is taken away, bounded and frozen ───────────────────────────────────────────────────────
// They could wait for ever, run later, or tell one item's run from another's.
for (const name of ["eval", "Atomics", "SharedArrayBuffer", "WeakRef", "FinalizationRegistry", "queueMicrotask", "performance"]) {
  delete globalThis[name];
}
delete Object.prototype.__proto__; // a field that an item lacks is undefined, whatever its name

// Native loops over a made-up length can't be interrupted from outside.
const LONGEST = 1e7;
for (const owner of [Array.prototype, Object.getPrototypeOf(Int8Array.prototype)]) {
  for (const name of Object.getOwnPropertyNames(owner)) {
    const native = Object.getOwnPropertyDescriptor(owner, name).value;
    if (typeof native !== "function" || name === "constructor" || name === "fill") continue;
    extend(owner, name, { [name](...given) {
      if (this !== null && this !== undefined && this.length > LONGEST) throw new RangeError(`${name} got a list of more than ${LONGEST} elements`);
      return Reflect.apply(native, this, given);
    } }[name]);
  }
}

// A frozen prototype would forbid `own.toString = …` on every object; as accessors these names can be given anew.
const ERRORS = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError];
for (const owner of [Object.prototype, ...ERRORS.map((kind) => kind.prototype)]) {
  for (const name of Object.getOwnPropertyNames(owner)) {
    const { value, configurable, get } = Object.getOwnPropertyDescriptor(owner, name);
    if (get !== undefined || !configurable) continue;
    Object.defineProperty(owner, name, {
      get() { return value; },
      set(given) {
        if (this === owner) throw new TypeError(`${name} is read-only`);
        Object.defineProperty(this, name, { value: given, writable: true, enumerable: true, configurable: true });
      },
      enumerable: false, configurable: false,
    });
  }
}

const seen = new Set();
const walk = (value) => {
  if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return;
  seen.add(value);
  Object.freeze(value);
  walk(Object.getPrototypeOf(value));
  for (const key of Reflect.ownKeys(value)) {
    const found = Object.getOwnPropertyDescriptor(value, key);
    walk(found.value);
    walk(found.get);
    walk(found.set);
  }
};
// Some intrinsics have no name and are reached by syntax alone.
for (const hidden of [
  async () => {}, function* () {}, async function* () {}, (function* () {})(), (async function* () {})(), [][Symbol.iterator](),
  ""[Symbol.iterator](), new Map()[Symbol.iterator](), new Set()[Symbol.iterator](), "".matchAll(/x/g),
  [].values().map((x) => x), Iterator.from({ next() { return { done: true }; } }), (function () { return arguments; })(),
]) walk(Object.getPrototypeOf(hidden));
walk(globalThis);

const doors = { compile, setItems, addZone, missingZone: () => missingZone };
return (door, ...given) => doors[door](...given);
