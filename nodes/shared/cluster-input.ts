import { createHash } from 'node:crypto';

import type { Node } from 'node-red';

import type { Answer } from '../../lib/cluster/forward';
import type { CommandPermit } from '../../lib/cluster/permit';
import type { Work } from '../../lib/cluster/work';
import type { Cluster } from '../../lib/cluster/cluster';
import { notOwner, ownedElsewhere } from '../../lib/cluster/errors';
import type { DeviceError } from '../../lib/core/errors';
import { isRecord } from '../../lib/core/values';
import type { Duty } from './cluster-duty';
import type { FlowMessage, InputResult, Outgoing } from './messages';

/**
 * What a message of a node is about, for instances that share the work: `command` has an effect at a device, `read` asks for
 * something, `owner` is for what only the owner counts, plans or tells.
 */
export type Role = 'command' | 'read' | 'owner';

/** What of this Node-RED's part in a cluster a message needs. */
interface Part {
  /** `undefined`: its settings are wrong */
  readonly cluster: Cluster | undefined;
  readonly problem: DeviceError | undefined;
  /** Digest of what a node does by the flow file here. */
  settingsOf(node: Node): string;
  /** A message is left to another instance, and counts as such. */
  leave(): void;
  /** The same, where it has been counted. */
  dropped(): void;
}

/** One message of one node. */
export interface ClusterInput {
  duty: Duty;
  msg: FlowMessage;
  role: Role;
  /** only one instance gets such messages, whatever they look like */
  single: boolean;
  /** Does the node's work with a message, and gives its result. */
  work: (msg: FlowMessage, send: (part: NonNullable<Outgoing>) => void, permit?: CommandPermit) => Given;
  send: (part: NonNullable<Outgoing>) => void;
  deliver: (result: InputResult) => void;
  fail: (thrown: unknown) => void;
  /** It was left to another instance. */
  drop: () => void;
}

type Given = InputResult | Promise<InputResult>;

/** Longest id of a sender. */
const LONGEST_ID = 200;
/** What cannot be sent to another instance, and goes out again with its answer. */
const KEPT_HERE = ['req', 'res', '_client', 'socket', '_session'];

/** Only this instance got the message: its sender waits here. */
function isSingle(msg: FlowMessage): boolean {
  return msg.req !== undefined || msg.res !== undefined || msg._client !== undefined;
}

/** Its sender waits for a response, which goes out at this instance alone. */
export function isAwaited({ res }: FlowMessage): boolean {
  return res !== undefined;
}

/** Decides where a message is worked on, and how often. */
export function takeInput(runtime: Part, input: ClusterInput): void {
  const { duty, msg, role, send, deliver, fail, drop } = input;
  const { cluster } = runtime;
  const single = input.single || isSingle(msg);
  if (role !== 'command') {
    const here = role === 'read' ? duty.reads || single : duty.active;
    if (here) settle(() => input.work(msg, send), deliver, fail);
    else if (runtime.problem && role === 'read') fail(notOwner());
    else if (isAwaited(msg)) fail(ownedElsewhere());
    else {
      runtime.leave();
      drop();
    }
    return;
  }
  if (!cluster) {
    fail(runtime.problem ?? notOwner());
    return;
  }
  const about = aboutOf(runtime, input);
  if (single) {
    const work: Work<Answer> = {
      ...about,
      run: (permit) => answer(input.work, msg, permit),
      outcome: (result) => plainText(result.sends.map(plainSends)),
    };
    cluster.forward
      .ask(work, () => plainOf(msg), runtime.settingsOf(duty.node))
      .then(({ sends, status }) => {
        for (const one of sends) if (one !== null) send(restored(one, msg) as NonNullable<Outgoing>);
        deliver({ send: null, status });
      })
      .catch(fail);
    return;
  }
  cluster.commands
    .shared<InputResult>({ ...about, run: async (permit) => input.work(msg, send, permit) })
    .then((done) => {
      if (done.dropped) {
        runtime.dropped();
        drop();
      } else deliver(done.result);
    })
    .catch(fail);
}

/** Carries out at this node what another instance got. */
async function answer(work: ClusterInput['work'], msg: FlowMessage, permit: CommandPermit): Promise<Answer> {
  const sends: unknown[] = [];
  const { send, status } = await work(msg, (part) => sends.push(part), permit);
  if (send !== null) sends.push(send);
  return { sends, status };
}

/** The same as another instance is told: without what stays where it came from. */
export async function plainAnswer(...given: Parameters<typeof answer>): Promise<Answer> {
  const { sends, status } = await answer(...given);
  return { sends: sends.map(plainSends), status };
}

function settle(work: () => Given, deliver: ClusterInput['deliver'], fail: ClusterInput['fail']): void {
  let result: Given;
  try {
    result = work();
  } catch (thrown) {
    fail(thrown);
    return;
  }
  if (result instanceof Promise) result.then(deliver).catch(fail);
  else deliver(result);
}

function aboutOf({ cluster }: Part, { duty, msg }: ClusterInput): Omit<Work<never>, 'run' | 'outcome'> {
  const { commandId } = msg;
  const id = typeof commandId === 'number' ? String(commandId) : commandId;
  return {
    node: duty.node.id,
    partition: duty.partition,
    commandId: typeof id === 'string' && id !== '' ? id.slice(0, LONGEST_ID) : undefined,
    arrived: cluster?.engine.time() ?? 0,
    print: printOf(msg),
    target: targetOf(msg),
  };
}

/** By what a message says, copies of it are told from others. */
function printOf({ payload, topic, port, deviceId, operation }: FlowMessage): string {
  const text = plainText([payload, topic, port, deviceId, operation]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** What of its node's devices or ports a message is about, as far as it says so itself. */
function targetOf({ payload, port, deviceId }: FlowMessage): string {
  const given = isRecord(payload) ? payload : {};
  const named = [given.port ?? port, given.deviceId ?? deviceId].map((one) =>
    typeof one === 'string' || typeof one === 'number' ? String(one).trim() : '',
  );
  return named.join(' ').slice(0, LONGEST_ID);
}

function plainText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '';
  }
}

/** A message without what stays here. */
function plainOf(msg: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(msg).filter(([name]) => !KEPT_HERE.includes(name)));
}

function plainSends(send: unknown): unknown {
  if (Array.isArray(send)) return send.map(plainSends);
  return isRecord(send) ? plainOf(send) : send;
}

/** What the owner sends of a message goes out with what stayed here. */
function restored(send: unknown, msg: FlowMessage): unknown {
  if (Array.isArray(send)) return send.map((one) => restored(one, msg));
  if (!isRecord(send) || send._msgid !== msg._msgid) return send;
  const kept = KEPT_HERE.filter((name) => msg[name] !== undefined).map((name) => [name, msg[name]]);
  return { ...send, ...Object.fromEntries(kept) };
}
