import { CommandGate, commandValue } from './commands';
import { commandMakerOf } from './exports';
import { type HeardCommand, LONGEST_PAYLOAD } from './heard-commands';
import type { ExportPort } from './port';
import type { DevicePublisher } from './publisher';

/** ms that a command waits for the device to be announced: as long as it is worth anything. */
const PATIENCE = 10_000;
/** Topics on which one waits. */
const MOST_WAITING = 100;

/** Takes Home Assistant's commands, and makes messages of those that fit an entity. */
export class CommandIntake {
  private readonly gate: CommandGate;
  /** by topic: the newest */
  private readonly waiting = new Map<string, { heard: HeardCommand; until: number }>();
  private closed = false;

  constructor(
    private readonly root: string,
    private readonly port: Pick<ExportPort, 'clock' | 'command' | 'notice'>,
    private readonly publisherOf: (device: string) => DevicePublisher | undefined,
  ) {
    this.gate = new CommandGate(port.clock);
  }

  received(topic: string, payload: string): void {
    this.take({ topic, payload, at: this.port.clock.now() });
  }

  take(heard: HeardCommand): void {
    const { topic, payload } = heard;
    this.waiting.delete(topic);
    if (this.closed || payload.length > LONGEST_PAYLOAD) return;
    const [device, key] = this.partsOf(topic);
    const publisher = this.publisherOf(device);
    if (!publisher?.isAnnounced) {
      // Home Assistant knows the device from before, and sees it as available.
      const until = this.port.clock.monotonic() + PATIENCE;
      if (this.waiting.size < MOST_WAITING) this.waiting.set(topic, { heard, until });
      return;
    }
    const entity = publisher.removed ? undefined : publisher.device.commandable(key);
    const asked = entity && commandValue(entity, payload);
    const make = commandMakerOf(publisher.device.who.vendor);
    if (!entity || !asked || !make) return;
    this.gate.pass(topic, payload, () => {
      if (this.closed || publisher.removed) return;
      const { who, memory } = publisher.device;
      const message = make({ device: who, entity, value: asked.value, memory, now: this.port.clock.now() });
      if (!message) {
        this.port.notice({ kind: 'commandUnknown', name: who.name });
        return;
      }
      const commandFor = { vendor: who.vendor, id: who.id };
      this.port.command({ topic: who.name, ...message, commandFor, _ha: { key } }, heard);
    });
  }

  /** The device has been announced: what waits for it is carried out. */
  announced(device: string): void {
    const now = this.port.clock.monotonic();
    for (const [topic, { heard, until }] of [...this.waiting]) {
      if (now >= until) this.waiting.delete(topic);
      else if (this.partsOf(topic)[0] === device) this.take(heard);
    }
  }

  close(): void {
    this.closed = true;
    this.gate.close();
    this.waiting.clear();
  }

  private partsOf(topic: string): [device: string, key: string] {
    const [device = '', key = ''] = topic.slice(this.root.length + 1).split('/');
    return [device, key];
  }
}
