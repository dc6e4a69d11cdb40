import { randomUUID } from 'node:crypto';

import { ApiError } from './api-error';

/** A site as the API sends it. */
export interface SiteRecord {
  id: string;
  name: string;
  timezone: string;
  version: 'V3';
  authorized_role: string;
  location?: unknown;
}

/** The sites of an account; the first one is that of the gateway. */
export class Sites {
  readonly all: SiteRecord[];

  constructor(id: string) {
    this.all = [
      { id, name: 'Demo site', timezone: 'Europe/Bratislava', version: 'V3', authorized_role: 'OWNER' },
    ];
  }

  /** @param id none: the gateway's own */
  get(id?: string): SiteRecord {
    const site = id === undefined ? this.all[0] : this.all.find((one) => one.id === id);
    if (!site) throw new ApiError(404, 'not_found', 'Site not found.');
    return site;
  }

  create({ name, timezone, location }: Record<string, unknown>): SiteRecord {
    if (typeof name !== 'string' || name === '' || typeof timezone !== 'string') {
      throw new ApiError(422, 'validation_failed', 'name and timezone are needed.');
    }
    const site: SiteRecord = {
      id: randomUUID(),
      name,
      timezone,
      version: 'V3',
      authorized_role: 'OWNER',
      ...(location ? { location } : {}),
    };
    this.all.push(site);
    return site;
  }

  /** What is null stays as it is: the vendor's SDK sends it for what its caller did not give. */
  update(id: string | undefined, { name, timezone, location }: Record<string, unknown>): SiteRecord {
    const site = this.get(id);
    if (typeof name === 'string') site.name = name;
    if (typeof timezone === 'string') site.timezone = timezone;
    if (location) site.location = location;
    return site;
  }

  delete(id: string): void {
    const at = this.all.indexOf(this.get(id));
    this.all.splice(at, 1);
  }
}
