import assert from 'node:assert/strict';

import { alreadyKnown, noOwner, tooMany, tooOld } from '../../../lib/cluster/errors';
import { Question } from '../../../lib/cluster/question';
import { DeviceError } from '../../../lib/core/errors';

describe('what a sender hears of a command that others were asked to carry out', () => {
  const codes = (question: Question): string[] =>
    [noOwner(), tooOld(10), tooMany(1), alreadyKnown()].map((error) => question.errorOf(error).code);
  const AS_SAID = ['UNREACHABLE', 'BUSY', 'BUSY', 'CONFLICT'];
  const UNKNOWN = ['OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN', 'CONFLICT'];

  it('is that nothing was sent, where no letter has left', () => {
    const question = new Question();
    assert.deepEqual(codes(question), AS_SAID);
    question.leaves('a')();
    assert.deepEqual(codes(question), AS_SAID);
  });

  it('is that nobody knows, while a letter is with somebody', () => {
    const question = new Question();
    question.leaves('a');
    assert.deepEqual(codes(question), UNKNOWN);
    question.leaves('a');
    question.take({ again: true }, 'a');
    assert.deepEqual(codes(question), UNKNOWN);
    question.take({ again: true });
    assert.deepEqual(codes(question), AS_SAID);
  });

  it('is what one says, unless another one was asked before', () => {
    const question = new Question();
    question.leaves('a');
    question.leaves('a');
    question.leaves('b');
    question.take({ error: tooOld(10) }, 'b');
    assert.deepEqual(codes(question), UNKNOWN);
    question.take({ error: tooOld(10) }, 'a');
    assert.deepEqual(codes(question), AS_SAID);
  });

  it('is what went wrong with what was sent', () => {
    const question = new Question();
    question.leaves('a');
    assert.equal(question.errorOf(new DeviceError('REJECTED', 'no')).code, 'REJECTED');
  });
});
