/** Where a command stands among those of its node that have not begun. */
export interface Place {
  readonly device: string;
  readonly arrived: number;
}

/**
 * Lets the commands of each device begin in the order in which their messages came, whatever each of them has to wait for: the
 * copies of a dead owner's commands come before those of the present.
 */
export class Line {
  private readonly places = new Map<string, Place[]>();

  /** @param moved one has left, and another may be the next */
  constructor(private readonly moved: () => void) {}

  /** @param again a place that was left, and is taken again */
  enter({ device, arrived }: Place, again: Place = { device, arrived }): Place {
    const list = this.places.get(device) ?? [];
    this.places.set(device, list);
    if (list.includes(again)) return again;
    const at = list.findIndex((other) => other.arrived > arrived);
    list.splice(at === -1 ? list.length : at, 0, again);
    return again;
  }

  isNext(place: Place): boolean {
    return this.places.get(place.device)?.[0] === place;
  }

  leave(place: Place): void {
    const list = this.places.get(place.device);
    const at = list?.indexOf(place) ?? -1;
    if (!list || at === -1) return;
    list.splice(at, 1);
    if (list.length === 0) this.places.delete(place.device);
    this.moved();
  }
}
