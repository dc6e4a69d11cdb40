import type { ConnectionConfig } from './config';

/** The topics of one standalone device. */
export interface Topics {
  telemetry: string;
  properties: string;
  logs: string;
  commands: string;
  responses: string;
}

/** Where properties go: as the vendor's SDK does, or as its documentation says. */
export type PropertiesTopic = 'register' | 'properties';

export function topicsOf(
  { hardwareId, channelId }: Pick<ConnectionConfig, 'hardwareId' | 'channelId'>,
  properties: PropertiesTopic,
): Topics {
  const device = `${hardwareId}/${channelId}`;
  return {
    telemetry: `v1/from/${device}/v1/telemetry`,
    properties: `v1/from/${device}/v1/${properties}`,
    logs: `v1/from/${device}/v3/logs`,
    commands: `v1/to/${device}/v1/command/requests`,
    responses: `v1/from/${device}/v1/command/responses`,
  };
}
