/** Sets that grow together. */
export class Groups {
  private readonly parents = new Map<string, string>();

  find(id: string): string {
    let root = id;
    for (let up = this.parents.get(root); up !== undefined && up !== root; up = this.parents.get(root))
      root = up;
    // Ways are shortened, so that long chains are walked once.
    for (let one = id; one !== root;) {
      const up = this.parents.get(one) ?? root;
      this.parents.set(one, root);
      one = up;
    }
    return root;
  }

  join(a: string, b: string): void {
    const [one, other] = [this.find(a), this.find(b)];
    if (one !== other) this.parents.set(one, other);
  }

  /** What the set of each of these is known by: its first id, whatever the order in which it was joined. */
  keys(ids: readonly string[]): Map<string, string> {
    const first = new Map<string, string>();
    for (const id of ids) {
      const root = this.find(id);
      const before = first.get(root);
      if (before === undefined || id < before) first.set(root, id);
    }
    return new Map(ids.map((id) => [id, first.get(this.find(id)) ?? id]));
  }
}
