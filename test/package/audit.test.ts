import assert from 'node:assert/strict';

import { readAudit } from '../../scripts/audit';

describe('audit', () => {
  it('lists what npm found', () => {
    const report = { vulnerabilities: { got: { severity: 'high', range: '<14' } } };
    assert.deepEqual(readAudit(JSON.stringify(report)), { findings: ['got <14: high'] });
    assert.deepEqual(readAudit('{"vulnerabilities":{}}'), { findings: [] });
  });

  it('takes a registry without audit for no answer, not for a clean one', () => {
    assert.deepEqual(readAudit('{"message":"405 Method Not Allowed"}'), {
      notChecked: '405 Method Not Allowed',
    });
    assert.ok('notChecked' in readAudit(''));
  });
});
