/** What Home Assistant is told once, when an alert of a device comes or goes. */
export type AlertEvent = Readonly<{ event_type: AlertChange; alert: string }> &
  Readonly<Record<string, unknown>>;

export const ALERT_CHANGES = ['raised', 'cleared'] as const;
type AlertChange = (typeof ALERT_CHANGES)[number];

/** By name what is known of each alert that is raised now. */
export type RaisedAlerts = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** Tells which alerts have come and gone from which are raised. */
export class AlertChanges {
  /** `undefined`: nobody has looked yet */
  private known: RaisedAlerts | undefined;

  /** @returns nothing at the first look, as those alerts may have been told before a restart */
  take(raised: RaisedAlerts): AlertEvent[] {
    const { known } = this;
    this.known = raised;
    if (!known) return [];
    return [
      ...eventsOf('cleared', known, (alert) => !raised.has(alert)),
      ...eventsOf('raised', raised, (alert) => !known.has(alert)),
    ];
  }
}

function eventsOf(
  change: AlertChange,
  alerts: RaisedAlerts,
  isMeant: (alert: string) => boolean,
): AlertEvent[] {
  return [...alerts]
    .filter(([alert]) => isMeant(alert))
    .map(([alert, about]) => ({ ...about, event_type: change, alert }));
}
