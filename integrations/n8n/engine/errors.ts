import { UserError } from 'n8n-workflow';

/** What every error of the engine says: what happened (`message`) and what to do next (`description`). */
abstract class Explained extends UserError {
	constructor(message: string, description: string) {
		super(message, { description });
		this.name = new.target.name;
	}
}

/** A value that can't be right. Nothing was sent. */
export class Refused extends Explained {
	constructor(
		message: string,
		description = '',
		/** The field that it is about, as n8n shows it. */
		readonly parameter?: string,
	) {
		super(message, description);
	}
}

/** An answer of the PBX, or of something in front of it, that says no. */
export class Failure extends Explained {
	constructor(
		message: string,
		description: string,
		readonly status: number,
		/** 3CX's codes by field, such as `{"EmailAddress": "WARNINGS.XAPI.ALREADY_IN_USE"}`. */
		readonly codes: Readonly<Record<string, string>> = {},
		/** Whether nobody knows if the PBX carried it out. */
		readonly unknown = false,
		/** Whether the PBX itself answered, not a gateway, proxy or portal before it. */
		readonly fromPbx = true,
	) {
		super(message, description);
	}
}

/** The PBX did not answer, or not in time. */
export class Unreachable extends Explained {
	constructor(
		message: string,
		description: string,
		/** Whether the request may have reached the PBX. */
		readonly unknown: boolean,
	) {
		super(message, description);
	}
}

/** The PBX did not accept the client id and API key. */
export class SignInRefused extends Explained {
	constructor(
		message: string,
		description: string,
		readonly status?: number,
	) {
		super(message, description);
	}
}
