import { catalog, fieldsOf, parseType } from './catalog';

/**
 * What PBXs have answered to this process that no published file has: fields of types, values of enums. Late builds
 * have more than the newest published file. What a PBX has answered can be sent back; what neither a file nor a PBX
 * knows is a slip of the pen.
 */

const MOST = 10_000; // a PBX that makes up names does not fill the memory
const seen = new Set<string>();

/** Of each field of a type, the type or enum that it leads to; undefined for plain values. */
const shapes = new Map<string, ReadonlyMap<string, string | undefined>>();

/** Whether some PBX has answered this field of a type, or this value of an enum. */
export function wasAnswered(owner: string, name: string): boolean {
	return seen.has(`${owner} ${name}`);
}

/** Note what an object of a type has that the catalog lacks, at any depth. */
export function noteUnknown(typeName: string, object: unknown): void {
	if (typeof object !== 'object' || object === null) return;
	const shape = shapeOf(typeName);
	for (const [name, value] of Object.entries(object)) {
		if (!shape.has(name)) {
			if (!name.includes('@')) note(typeName, name);
			continue;
		}
		const owner = shape.get(name);
		if (owner === undefined) continue;
		for (const each of Array.isArray(value) ? value : [value]) {
			if (owner in catalog.types) noteUnknown(owner, each);
			else if (typeof each === 'string') noteMembers(owner, each);
		}
	}
}

function shapeOf(typeName: string): ReadonlyMap<string, string | undefined> {
	let shape = shapes.get(typeName);
	if (shape === undefined) {
		shape = new Map(
			Object.entries(fieldsOf(typeName)).map(([name, spec]) => {
				const owner = parseType(spec).name;
				return [name, owner in catalog.types || owner in catalog.enums ? owner : undefined];
			}),
		);
		shapes.set(typeName, shape);
	}
	return shape;
}

function noteMembers(enumName: string, text: string): void {
	const members = catalog.enums[enumName]?.values ?? [];
	for (const part of members.includes(text) ? [] : text.split(',')) {
		if (!members.includes(part.trim())) note(enumName, part.trim());
	}
}

function note(owner: string, name: string): void {
	if (seen.size < MOST) seen.add(`${owner} ${name}`);
}
