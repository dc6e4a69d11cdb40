import type { SimReply } from '../support/server';
import { isJsonObject } from '../support/faults';
import type { Controller } from './controller';

type Json = Record<string, unknown>;

/** Which key `on_for` and `off_for` expect: `time` as in the first documentation, `delay` as in the later one. */
export type DurationKey = 'time' | 'delay';

const refused = (message: string): SimReply => ({ status: 400, json: { message } });
const codes = (...responseCodes: number[]): SimReply => ({ json: { responseCodes } });

function seconds(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** Carries out `POST /devices/{id}/command` on a controller. */
export function runCommand(device: Controller, command: Json, key: DurationKey): SimReply {
  const { name } = command;
  switch (name) {
    case 'on':
    case 'off': {
      const delay = command.delay === undefined ? 0 : seconds(command.delay);
      if (delay === undefined) return codes(-992);
      if (delay > 0) device.switchIn(name === 'on', delay);
      else device.switch(name === 'on', 'api');
      return codes(name === 'on' ? 102 : 103);
    }
    case 'on_for':
    case 'off_for': {
      const time = seconds(command[key]);
      if (time === undefined || time === 0) return codes(-992);
      device.switch(name === 'on_for', 'api', time);
      return codes(name === 'on_for' ? 104 : 105);
    }
    case 'on_at':
    case 'off_at': {
      const time = seconds(command.time);
      if (time === undefined) return codes(-992);
      device.switchAt(name === 'on_at', time * 1000);
      return codes(name === 'on_at' ? 106 : 107);
    }
    case 'limit_power': {
      const [power, time] = [seconds(command.power), seconds(command.time)];
      if (power === undefined || time === undefined) return codes(-986);
      device.limitPower(power, time);
      return codes(115);
    }
    case 'reset':
      device.reboot();
      return codes(10);
    default:
      return refused('Unknown command');
  }
}

/** Carries out `PUT /devices/{id}` on a controller. */
export function configure(device: Controller, body: Json): SimReply {
  const done: number[] = [];
  const info = isJsonObject(body.info) ? body.info : {};
  if (isJsonObject(info.ffr)) {
    const { enable, delay, ...thresholds } = info.ffr;
    const { config } = device;
    config.ffr =
      enable === true
        ? { enabled: true, ...thresholds, maxBackOff: delay }
        : { ...config.ffr, enabled: false };
    done.push(enable === true ? 108 : 109);
  }
  if (isJsonObject(info.flowmeter)) {
    const kinds: Record<string, number> = { none: 110, euf4315k: 111, tuf2000m: 112 };
    const code = kinds[String(info.flowmeter.type)] ?? -999;
    if (code > 0) device.config.flowmeter = info.flowmeter;
    done.push(code);
  }
  if (isJsonObject(info.capacity)) {
    const { enable, ...values } = info.capacity;
    device.config.capacity = { enabled: enable === true, ...values };
    done.push(enable === true ? 114 : 113);
  }
  if (info.samplePeriod !== undefined) {
    const period = seconds(info.samplePeriod);
    if (period) device.config.samplePeriod = period;
    done.push(period ? 120 : -985);
  }
  if (Array.isArray(body.schedule)) {
    if (body.schedule.length <= 39) device.setSchedule(body.schedule.filter(isJsonObject));
    done.push(body.schedule.length > 39 ? -985 : body.schedule.length === 0 ? 119 : 117);
  }
  return done.length === 0 ? refused('Nothing to configure') : codes(...done);
}
