import { randomUUID } from 'node:crypto';

import { ApiError } from './api-error';

interface RuleRecord {
  id: string;
  slug: string;
  disabled: boolean;
  state: 'STARTED' | 'STOPPED';
  script: unknown;
}

type Body = Record<string, unknown>;

/** The rule engine of a gateway: it keeps rules, and runs none. */
export class Rules {
  private readonly rules: RuleRecord[] = [];
  private state: 'ACTIVE' | 'SUSPENDED' = 'ACTIVE';

  constructor(private readonly timezone: string) {}

  /** @param parts of the path below `rule_engine` */
  respond(method: string, parts: readonly string[], body: Body): Body {
    const [first = '', id = '', action = ''] = parts;
    if (first !== 'rules') return this.engine(method, first);
    if (id === '') return this.list(method, body);
    const rule = this.rules.find((one) => one.id === id);
    if (!rule) throw new ApiError(404, 'not_found', 'Rule not found.');
    switch (`${method} ${action}`) {
      case 'PATCH ':
        rule.slug = String(body.slug);
        break;
      case 'DELETE ':
        this.rules.splice(this.rules.indexOf(rule), 1);
        return {};
      case 'POST update_script':
        rule.script = body.script;
        break;
      case 'POST enable':
      case 'POST disable':
        rule.disabled = action === 'disable';
        rule.state = rule.disabled ? 'STOPPED' : 'STARTED';
    }
    return { rule };
  }

  private engine(method: string, action: string): Body {
    if (method === 'POST' && action === 'suspend') this.state = 'SUSPENDED';
    if (method === 'POST' && action === 'resume') this.state = 'ACTIVE';
    return { engine: { id: 'rule-engine', state: this.state, timezone: this.timezone } };
  }

  private list(method: string, { slug, script, disable }: Body): Body {
    // As older gateways do: all at once, without a total.
    if (method !== 'POST') return { rules: this.rules };
    const disabled = disable === true;
    const state = disabled ? 'STOPPED' : 'STARTED';
    const rule: RuleRecord = { id: randomUUID(), slug: String(slug), disabled, state, script };
    this.rules.push(rule);
    return { rule };
  }
}
