import { answerType, catalog, findAction, type Action } from '../../engine/catalog';

/** How actions on the same entities belong together. */

const lists = new Map(
	catalog.actions
		.filter((a) => a.kind === 'list' && a.params === undefined)
		.map((a) => [a.path, a]),
);

/** The action that lists what this one takes the key of; undefined where there is none. */
export function listAction(action: Action): Action | undefined {
	const [key, ...others] = action.keys ?? [];
	if (key === undefined || others.length > 0) return undefined;
	const list = lists.get(action.path.slice(0, action.path.indexOf('(')));
	return list !== undefined && action.params?.[key] !== undefined ? list : undefined;
}

/** The action that reads by key what this one changes or deletes; undefined if it does neither, or none does. */
export function reader(action: Action): Action | undefined {
	if (action.kind !== 'update' && action.kind !== 'delete') return undefined;
	if (action.keys === undefined) return undefined;
	return findAction(`${action.id.slice(0, action.id.lastIndexOf('.'))}.get`);
}

/** The type of an action's rows, or of the entity that it answers. */
export function rowType(action: Action): string | undefined {
	return answerType(action)?.name;
}
