/** The systems that this package reads and commands, as `msg.device.vendor` names them. */
export const VENDORS = ['powersentrix', 'powerfox', 'automate-green', 'powerflex', 'enapter'] as const;

export type Vendor = (typeof VENDORS)[number];
