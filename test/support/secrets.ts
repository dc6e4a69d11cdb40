/** Shorter texts turn up by themselves. */
const SHORTEST = 6;

/** What is secret in a credential: itself, and where it is a JSON document, the keys and passwords in it. */
export function secretsOf(credential: string): string[] {
  const inner = leaves(parsed(credential));
  return [credential, ...inner].filter((secret) => secret.length >= SHORTEST);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Texts below keys that sound secret; of a PEM file, each full line, since a part of it is bad enough. */
function leaves(value: unknown, isSecret = false): string[] {
  if (typeof value === 'string') {
    if (!isSecret) return [];
    return value.includes('-----BEGIN')
      ? value.split('\n').filter((line) => /^[\w+/=]{40,}$/.test(line))
      : [value];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    leaves(child, isSecret || /password|secret|token|private_?key/i.test(key)),
  );
}

/** The forms in which a secret can turn up: raw, in a URL, in a form, in JSON (twice: messages are shown as JSON). */
export function spellingsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const form = new URLSearchParams({ '': secret }).toString().slice(1);
  const forms = [secret, encodeURIComponent(secret), encodeURIComponent(secret).toLowerCase(), form, json];
  return [...new Set([...forms, JSON.stringify(json).slice(1, -1), Buffer.from(secret).toString('base64')])];
}
