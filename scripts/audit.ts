/**
 * `npm audit --omit=dev`: fails on any known vulnerability in what a user installs. A registry that offers no audit is
 * no vulnerability: that is said, and passes.
 */
import { spawnSync } from 'node:child_process';
import { projectRoot } from './support/project-root';

interface Report {
  vulnerabilities?: Record<string, { severity: string; range: string }>;
  error?: { summary?: string; detail?: string };
  message?: string;
}

/** The findings, one line each, or why there could be none. */
export function readAudit(stdout: string): { findings: string[] } | { notChecked: string } {
  let report: Report;
  try {
    report = JSON.parse(stdout) as Report;
  } catch {
    return { notChecked: 'npm audit wrote no report' };
  }
  if (!report.vulnerabilities) {
    return { notChecked: report.message ?? report.error?.summary ?? 'npm audit wrote no findings' };
  }
  const findings = Object.entries(report.vulnerabilities).map(
    ([name, { severity, range }]) => `${name} ${range}: ${severity}`,
  );
  return { findings };
}

if (require.main === module) {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    cwd: projectRoot(),
    encoding: 'utf8',
  });
  const audit = readAudit(stdout);
  if ('notChecked' in audit) {
    console.log(`audit: NOT CHECKED, the registry gave no answer (${audit.notChecked})`);
  } else {
    for (const finding of audit.findings) console.error(`audit: ${finding}`);
    if (audit.findings.length > 0) process.exitCode = 1;
    else console.log('audit: no known vulnerabilities in what a user installs');
  }
}
