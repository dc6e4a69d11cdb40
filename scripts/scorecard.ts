/**
 * Node-RED's own judgement of the package: the scorecard that the public list of nodes shows, made by `node-red-dev`,
 * and `nrlint` over every example. Both tools say that all is well when they have not looked; this notices.
 * The card is left in .scorecard.json.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cardLines, cardProblems, validate } from './scorecard/card';
import { exampleFindings } from './scorecard/flows';
import { toolsFolder } from './scorecard/tools';
import { installLocked } from './support/install-locked';
import { projectRoot, readManifest } from './support/project-root';

function scorecard(root: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'scorecard-'));
  try {
    installLocked(toolsFolder(root));
    const validation = validate(root, folder);
    writeFileSync(join(root, '.scorecard.json'), `${JSON.stringify(validation.card, null, 2)}\n`);
    console.log(cardLines(validation).join('\n'));
    const examples = exampleFindings(root, folder);
    console.log(`nrlint: ${examples.count} examples, ${examples.problems.length} findings`);
    return [...cardProblems(validation, readManifest(root).keywords), ...examples.problems];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (require.main === module) {
  const problems = scorecard(projectRoot());
  for (const problem of problems) console.error(`scorecard: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}
