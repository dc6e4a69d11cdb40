import { randomUUID } from 'node:crypto';

import { type DeviceError, toDeviceError } from '../core/errors';
import { tellsOutcome, unanswered } from './errors';

/** What a node gives for a message: what goes out, and what is shown. */
export interface Answer {
  sends: unknown[];
  status: string | undefined;
}

export type Reply = { again: true } | { error: DeviceError } | { answer: Answer };

/** One command that others are asked to carry out, however often and whomever. */
export class Question {
  /** the same in all its letters: whoever gets several of them carries it out once */
  readonly id = randomUUID();
  private due = true;
  private reply: Reply | undefined;
  /** who was asked last */
  private asked = '';
  /** letters by holder whose fate is not known */
  private readonly out = new Map<string, number>();

  isAnswered(): boolean {
    return this.reply !== undefined;
  }

  /** Whether its letter has to be sent. */
  isDue(): boolean {
    return this.due;
  }

  /** Its letter may have been lost, or was for another one. */
  sendAgain(): void {
    this.due = true;
  }

  /** Whether somebody may carry it out or have done so. */
  get isOut(): boolean {
    return this.out.size > 0;
  }

  /** A letter leaves. @returns takes that back */
  leaves(holder: string): () => void {
    this.due = false;
    this.asked = holder;
    this.out.set(holder, (this.out.get(holder) ?? 0) + 1);
    return () => this.comesBack(holder);
  }

  /** @param holder who says so, where it tells that */
  take(reply: Reply, holder = this.asked): void {
    this.reply = reply;
    if ('again' in reply) this.comesBack(holder);
    // It is the same for all letters that it got, or will get.
    else this.out.delete(holder);
  }

  taken(): Reply | undefined {
    const { reply } = this;
    this.reply = undefined;
    return reply;
  }

  /** What went wrong, for the sender: nobody knows that nothing was sent while somebody else may have been asked. */
  errorOf(thrown: unknown): DeviceError {
    const error = toDeviceError(thrown);
    return error.sent || !this.isOut || tellsOutcome(error) ? error : unanswered();
  }

  private comesBack(holder: string): void {
    const rest = (this.out.get(holder) ?? 0) - 1;
    if (rest > 0) this.out.set(holder, rest);
    else this.out.delete(holder);
  }
}
