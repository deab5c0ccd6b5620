import type {
	IDataObject,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
	IPollFunctions,
} from 'n8n-workflow';
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';

import { connect } from '../../engine/connection';
import { callEnded, missedCall, voicemail } from './calls';
import { explained } from './explained';
import { eventLogEntry, newRecording } from './newest';
import { trunkUnregistered } from './trunks';
import { userChanged } from './users';
import { queueWaiting } from './waiting';
import type { Settings, Watch } from './watch';

const WATCHES: Readonly<Record<string, Watch>> = {
	callEnded,
	eventLogEntry,
	missedCall,
	newRecording,
	queueWaiting,
	trunkUnregistered,
	userChanged,
	voicemail,
};

/** The form of what is kept; another one is not read. */
const FORMAT = 1;

/** What the static data of the workflow hold: whose state it is, and the state. */
interface Kept {
	readonly format: number;
	readonly event: string;
	readonly server: string;
	readonly state: IDataObject;
}

/** Static data whose poll is not over: n8n begins the next one by the clock all the same. */
const polling = new WeakSet<object>();

export class TrunklineTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: '3CX (Trunkline) Trigger',
		name: 'trunklineTrigger',
		icon: {
			light: 'file:../Trunkline/trunkline.svg',
			dark: 'file:../Trunkline/trunkline.dark.svg',
		},
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["event"] }}',
		description:
			'Works with a 3CX phone system; as a trigger, starts the workflow for new calls, recordings and more',
		defaults: { name: '3CX Trigger' },
		polling: true,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'trunklineApi', required: true }],
		properties: [
			{
				displayName: 'Event',
				name: 'event',
				type: 'options',
				noDataExpression: true,
				default: 'callEnded',
				options: [
					{
						name: 'Call Ended',
						value: 'callEnded',
						description: 'Each new row of the call log: one for each leg of a call',
						action: 'On a call that ended',
					},
					{
						name: 'Call Reached Voicemail',
						value: 'voicemail',
						description: 'Each leg of a call that a mailbox took',
						action: 'On a call that reached voicemail',
					},
					{
						name: 'Event Log Entry',
						value: 'eventLogEntry',
						description: 'Each new entry of the event log, such as an error',
						action: 'On an event log entry',
					},
					{
						name: 'Missed Call',
						value: 'missedCall',
						description: 'Each call from outside that ended and that nobody took',
						action: 'On a missed call',
					},
					{
						name: 'New Recording',
						value: 'newRecording',
						description: 'Each new recording of a call',
						action: 'On a new recording',
					},
					{
						name: 'Queue Waiting Above Number',
						value: 'queueWaiting',
						description: 'More callers wait in a queue than you allow',
						action: 'On a queue with more waiting callers',
					},
					{
						name: 'Trunk Unregistered',
						value: 'trunkUnregistered',
						description: 'A trunk is no longer registered',
						action: 'On an unregistered trunk',
					},
					{
						name: 'User Changed',
						value: 'userChanged',
						description: 'A user was created, changed or deleted',
						action: 'On a changed user',
					},
				],
			},
			{
				displayName:
					'The first poll only remembers what is there. The trigger starts with what comes after it.',
				name: 'notice',
				type: 'notice',
				default: '',
			},
			{
				displayName: 'Allowed Number of Waiting Callers',
				name: 'threshold',
				type: 'number',
				typeOptions: { minValue: 0, numberPrecision: 0 },
				default: 3,
				description: 'One more caller than this is an event',
				displayOptions: { show: { event: ['queueWaiting'] } },
			},
			{
				displayName: 'Queues',
				name: 'queues',
				type: 'string',
				default: '',
				placeholder: 'e.g. 800, 801',
				description:
					'Numbers of the queues to look at, with commas between. Leave empty for all queues.',
				displayOptions: { show: { event: ['queueWaiting'] } },
			},
			{
				displayName: 'Types',
				name: 'types',
				type: 'multiOptions',
				default: ['Error'],
				options: [
					{ name: 'Error', value: 'Error' },
					{ name: 'Info', value: 'Info' },
					{ name: 'Warning', value: 'Warning' },
				],
				description: 'Which entries of the event log are events',
				displayOptions: { show: { event: ['eventLogEntry'] } },
			},
			{
				displayName: 'Include Internal Calls',
				name: 'internal',
				type: 'boolean',
				default: false,
				description: 'Whether calls between extensions are events too',
				displayOptions: { show: { event: ['missedCall', 'voicemail'] } },
			},
			{
				displayName: 'Minutes to Settle',
				name: 'settle',
				type: 'number',
				typeOptions: { minValue: 0, maxValue: 60, numberPrecision: 0 },
				default: 2,
				description:
					'How long a call must be over before it is a missed call, since a queue may ring the next person',
				displayOptions: { show: { event: ['missedCall'] } },
			},
			{
				displayName: 'Include Recovery',
				name: 'recovery',
				type: 'boolean',
				default: false,
				description:
					'Whether it is an event too when the trunk is registered again, or the queue is back at the allowed number',
				displayOptions: { show: { event: ['trunkUnregistered', 'queueWaiting'] } },
			},
		],
	};

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		const memory = this.getWorkflowStaticData('node');
		if (polling.has(memory)) return null;
		polling.add(memory);
		try {
			const events = await look(this, memory);
			return events.length === 0 ? null : [events.map((json) => ({ json }))];
		} catch (error) {
			throw explained(this.getNode(), error);
		} finally {
			polling.delete(memory);
		}
	}
}

async function look(context: IPollFunctions, memory: IDataObject): Promise<IDataObject[]> {
	const event = context.getNodeParameter('event') as string;
	const watch = WATCHES[event];
	if (watch === undefined) {
		throw new NodeOperationError(context.getNode(), `There is no event ${event}.`, {
			description: 'Choose one of the list.',
		});
	}
	const settings = settingsOf(context);
	const pbx = await connect(context);
	const now = new Date();
	if (context.getMode() === 'manual') {
		const latest = await watch.latest(pbx, settings, now);
		if (latest !== undefined) return [latest];
		throw new NodeOperationError(context.getNode(), `${pbx.server} has no such event yet.`, {
			description:
				'Pin an item with the fields that you expect, or try again after the first event.',
		});
	}
	const kept = memory.kept as unknown as Kept | undefined;
	const fits = kept?.format === FORMAT && kept.event === event && kept.server === pbx.server;
	const { events, state } = await watch.look(pbx, settings, fits ? kept.state : undefined, now);
	memory.kept = { format: FORMAT, event, server: pbx.server, state };
	return events;
}

function settingsOf(context: IPollFunctions): Settings {
	return {
		threshold: Number(context.getNodeParameter('threshold', 3)),
		queues: String(context.getNodeParameter('queues', ''))
			.split(/[,;\s]+/)
			.filter((number) => number !== ''),
		types: context.getNodeParameter('types', ['Error']) as string[],
		internal: context.getNodeParameter('internal', false) === true,
		recovery: context.getNodeParameter('recovery', false) === true,
		settle: Number(context.getNodeParameter('settle', 2)),
	};
}
