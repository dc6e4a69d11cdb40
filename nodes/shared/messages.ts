import type { NodeMessageInFlow } from 'node-red';

/** Who a message is about. `id` is stable: a serial number or a vendor's id, never a key or a name. */
export interface DeviceBlock {
  id: string;
  vendor: string;
  model: string;
  name: string;
  serialNumber?: string;
  firmware?: string;
}

/** A message of a flow, with whatever properties other nodes gave it. */
export type FlowMessage = NodeMessageInFlow & Record<string, unknown>;

/** What one output gets; `null` for nothing. */
export type OutputMessage = Record<string, unknown> | null;

/** The topic of an answer: that of the message that asked, unless it has none. An inject node sends an empty one. */
export function topicOf<T>(msg: FlowMessage, own: T): string | T {
  const { topic } = msg;
  return topic === undefined || topic === '' ? own : topic;
}
