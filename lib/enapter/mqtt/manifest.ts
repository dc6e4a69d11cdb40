import { type AttributeUse, type CommandUse, STATUS, type Usage } from './usage';

const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

/** A text in YAML: a JSON string is one. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

/** `gridPower` and `grid_power` as `Grid Power`. */
function displayName(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[_\s]+/)
    .filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ');
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].filter(([name]) => NAME.test(name)).sort(([a], [b]) => (a < b ? -1 : 1));
}

function attributeLines(name: string, use: AttributeUse, indent: string): string[] {
  if (use.type === null) return [`${indent}# ${name}: only null so far, so its type is not known`];
  const lines = [
    `${indent}${name}:`,
    `${indent}  display_name: ${quoted(displayName(name))}`,
    `${indent}  type: ${use.type}`,
  ];
  if (use.unit !== null && use.type === 'float') lines.push(`${indent}  unit: ${quoted(use.unit)}`);
  // The EMS demands that the values of a status are declared.
  if (name === STATUS && use.type === 'string') {
    lines.push(`${indent}  enum:`);
    for (const text of [...use.texts].sort()) {
      lines.push(
        `${indent}    ${quoted(text)}:`,
        `${indent}      display_name: ${quoted(displayName(text) || text)}`,
      );
    }
  }
  return lines;
}

function section(title: string, uses: ReadonlyMap<string, AttributeUse>): string[] {
  const lines = sorted(uses).flatMap(([name, use]) => attributeLines(name, use, '  '));
  const declares = lines.some((line) => !line.trimStart().startsWith('#'));
  return declares ? ['', `${title}:`, ...lines] : lines.length > 0 ? ['', `# ${title}`, ...lines] : [];
}

function commandLines(name: string, use: CommandUse): string[] {
  const args = sorted(use.arguments).filter(([, { type }]) => type !== null);
  const lines = [`  ${name}:`, `    display_name: ${quoted(displayName(name))}`, '    group: commands'];
  if (args.length > 0)
    lines.push('    arguments:', ...args.flatMap(([arg, one]) => attributeLines(arg, one, '      ')));
  return lines;
}

/**
 * Writes a `manifest.yml` (device/3.0) for what a flow has used so far. Types come from values that were seen, units from
 * the table of measurements for readings of this package; other units, descriptions and severities are for a person to add.
 *
 * @param displayed the device's name
 * @param commands names that nodes handle, whether one was received or not
 */
export function manifestYaml(usage: Usage, displayed: string, commands: readonly string[]): string {
  const uses = new Map(usage.commands);
  for (const name of commands) if (!uses.has(name)) uses.set(name, { arguments: new Map() });
  const alerts = [...usage.alerts].sort();
  const lines = [
    '# Made from what the flow has sent and received since it was started.',
    '# Add descriptions and the units that are missing, put this file into a zip as manifest.yml, and upload that as a blueprint.',
    'blueprint_spec: device/3.0',
    `display_name: ${quoted(displayed)}`,
    'runtime:',
    '  type: embedded',
    ...section('properties', usage.properties),
    ...section('telemetry', usage.telemetry),
  ];
  if (alerts.length > 0) {
    lines.push('', 'alerts:');
    for (const name of alerts) {
      lines.push(`  ${name}:`, `    display_name: ${quoted(displayName(name))}`, '    severity: warning');
    }
  }
  const named = sorted(uses);
  if (named.length > 0) {
    lines.push('', 'command_groups:', '  commands:', '    display_name: "Commands"', '', 'commands:');
    lines.push(...named.flatMap(([name, use]) => commandLines(name, use)));
  }
  return `${lines.join('\n')}\n`;
}
