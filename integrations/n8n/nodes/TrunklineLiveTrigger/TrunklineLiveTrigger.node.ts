import type {
	INodeType,
	INodeTypeDescription,
	ITriggerFunctions,
	ITriggerResponse,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

import { Unreachable } from '../../engine/errors';
import { explained } from '../TrunklineTrigger/explained';
import { Loop } from './loop';
import type { LiveSettings } from './loop';

export class TrunklineLiveTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: '3CX (Trunkline) Live Trigger',
		name: 'trunklineLiveTrigger',
		icon: {
			light: 'file:../Trunkline/trunkline.svg',
			dark: 'file:../Trunkline/trunkline.dark.svg',
		},
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["events"].join(", ") }}',
		description:
			'Looks every few seconds at the calls in progress on a 3CX phone system and starts the workflow for what happens',
		defaults: { name: '3CX Live Trigger' },
		eventTriggerDescription: '',
		activationMessage: 'From now on each event at the phone system starts this workflow.',
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'trunklineApi', required: true }],
		properties: [
			{
				displayName: 'Events',
				name: 'events',
				type: 'multiOptions',
				required: true,
				noDataExpression: true,
				default: ['callStarted', 'callAnswered', 'callEnded'],
				options: [
					{
						name: 'Call Answered',
						value: 'callAnswered',
						description: 'Somebody took a call',
					},
					{
						name: 'Call Changed',
						value: 'callChanged',
						description: 'The caller or the callee of a call is another one, as after a transfer',
					},
					{
						name: 'Call Ended',
						value: 'callEnded',
						description: 'A call is over; the item shows it as it was last seen',
					},
					{
						name: 'Call Started',
						value: 'callStarted',
						description: 'There is a new call',
					},
					{
						name: 'Call Waiting',
						value: 'callWaiting',
						description: 'A caller came into a queue and waits',
					},
					{
						name: 'Queue Waiting Above Number',
						value: 'queueWaiting',
						description: 'More callers wait in a queue than you allow',
					},
				],
				description: 'What starts the workflow, once for each event',
			},
			{
				displayName: 'Allowed Number of Waiting Callers',
				name: 'threshold',
				type: 'number',
				typeOptions: { minValue: 0, numberPrecision: 0 },
				default: 3,
				description: 'One more caller than this is an event',
				displayOptions: { show: { events: ['queueWaiting'] } },
			},
			{
				displayName: 'Queues',
				name: 'queues',
				type: 'string',
				default: '',
				placeholder: 'e.g. 800, 801',
				description:
					'Numbers of the queues to count, with commas between. Leave empty for all queues.',
				displayOptions: { show: { events: ['queueWaiting'] } },
			},
			{
				displayName: 'Options',
				name: 'options',
				type: 'collection',
				placeholder: 'Add option',
				default: {},
				options: [
					{
						displayName: 'Only Numbers',
						name: 'numbers',
						type: 'string',
						default: '',
						placeholder: 'e.g. 101, +15550100',
						description:
							'Give events only of calls whose caller or callee has one of these numbers, with commas between',
					},
					{
						displayName: 'Seconds Between Two Looks',
						name: 'interval',
						type: 'number',
						typeOptions: { minValue: 1, maxValue: 60 },
						default: 2,
						description: 'A call that begins and ends between two looks is not seen',
					},
				],
			},
		],
	};

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		const loop = new Loop(this, settingsOf(this));
		const closeFunction = async () => loop.stop();
		if (this.getMode() === 'manual') {
			return { closeFunction, manualTriggerFunction: async () => void loop.run(0) };
		}
		try {
			await loop.check();
		} catch (error) {
			// When n8n itself starts, a PBX that is away is waited for; a user who activates must see it.
			const byItself = ['init', 'leadershipChange'].includes(this.getActivationMode());
			if (!byItself || !(error instanceof Unreachable)) {
				throw explained(this.getNode(), error);
			}
		}
		void loop.run(0);
		return { closeFunction };
	}
}

function settingsOf(context: ITriggerFunctions): LiveSettings {
	const options = context.getNodeParameter('options', {}) as {
		numbers?: string;
		interval?: number;
	};
	return {
		events: context.getNodeParameter('events') as string[],
		interval: Math.min(Math.max(Number(options.interval ?? 2), 1), 60) * 1000,
		numbers: words(options.numbers ?? '').map((number) => number.replace(/^\+/, '')),
		threshold: Number(context.getNodeParameter('threshold', 3)),
		queues: words(context.getNodeParameter('queues', '') as string),
	};
}

function words(list: string): string[] {
	return list.split(/[,;\s]+/).filter((word) => word !== '');
}
