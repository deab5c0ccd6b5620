/** The headers of an answer as one text each, under names in lower case. */
export function headersOf(given: Readonly<Record<string, unknown>>): Record<string, string> {
	return Object.fromEntries(
		Object.entries(given)
			.filter(([, value]) => value !== undefined && value !== null)
			.map(([name, value]) => [name.toLowerCase(), [value].flat().join(', ')]),
	);
}
