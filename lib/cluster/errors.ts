import { DeviceError, type ErrorCode, type ErrorParams } from '../core/errors';

function unsent(code: ErrorCode, reason: string, message: string, params: ErrorParams = {}): DeviceError {
  return new DeviceError(code, message, { reason, sent: false, params });
}

/** The engine is lost, or another member owns it meanwhile: a command that has not left may begin elsewhere. */
export function notOwner(): DeviceError {
  return unsent(
    'UNREACHABLE',
    'clusterLost',
    'This instance does not own the device: its cluster is lost to it.',
  );
}

/** The engine has not answered, and may do so soon. */
export function isAway({ code }: DeviceError): boolean {
  return code === 'UNREACHABLE' || code === 'TIMEOUT';
}

export function isNotOwner(error: DeviceError): boolean {
  return error.reason === 'clusterLost' && !error.sent;
}

export function noOwner(): DeviceError {
  return unsent(
    'UNREACHABLE',
    'clusterNoOwner',
    'No instance of the cluster owns the device, so nothing was sent.',
  );
}

export function tooOld(seconds: number): DeviceError {
  return unsent('BUSY', 'clusterOld', `The command is older than ${seconds} s, and was not sent.`, {
    seconds,
  });
}

export function passedBy(): DeviceError {
  return unsent(
    'CANCELLED',
    'clusterOlder',
    'A newer command to this device has begun, so this one was not sent.',
  );
}

export function isPassedBy(thrown: unknown): boolean {
  return thrown instanceof DeviceError && thrown.reason === 'clusterOlder';
}

export function alreadyKnown(): DeviceError {
  return unsent('CONFLICT', 'clusterKnown', 'A command with this id has been carried out already.');
}

/** Whether it says what became of a command that nothing more was sent for. */
export function tellsOutcome({ reason }: DeviceError): boolean {
  return reason === 'clusterKnown' || reason === 'clusterFailed';
}

export function failedBefore(): DeviceError {
  return unsent(
    'CONFLICT',
    'clusterFailed',
    'A command with this id has failed already, and was not tried again. Send it with an id of its own.',
  );
}

export function tooMany(limit: number): DeviceError {
  return unsent('BUSY', 'queueFull', `More than ${limit} others wait for their turn already.`, { limit });
}

/** Its sender waits for a response, which nobody else could give. */
export function ownedElsewhere(): DeviceError {
  return unsent(
    'NOT_SUPPORTED',
    'clusterElsewhere',
    'Another instance of the cluster owns this part of the flow, and the sender waits here.',
  );
}

export function noSuchNode(): DeviceError {
  return unsent(
    'NOT_FOUND',
    'clusterNoNode',
    'The owner of the device has no such node: its flow file is another one.',
  );
}

export function otherSettings(): DeviceError {
  return unsent(
    'CONFLICT',
    'clusterOtherSettings',
    "The owner's flow file has other settings for this node, so nothing was sent.",
  );
}

export function notForwardable(): DeviceError {
  return unsent(
    'INVALID_INPUT',
    'clusterNotForwardable',
    'The message cannot be sent to the owner of the device: it is too long, or not plain data.',
  );
}

/** Nobody knows what became of it, such as where its owner is gone, and it is nothing that may be begun again. */
export function begunElsewhere(): DeviceError {
  return new DeviceError(
    'OUTCOME_UNKNOWN',
    'This command has begun before, and nobody knows whether it took effect. Look before you repeat it.',
    { reason: 'clusterBegun', sent: true },
  );
}

/** The owner was asked and has not answered. */
export function unanswered(): DeviceError {
  return new DeviceError(
    'OUTCOME_UNKNOWN',
    'The instance that owns the device has not answered: nobody knows whether the command took effect.',
    { reason: 'clusterUnanswered', sent: true },
  );
}

/** What an error says over the engine. */
export interface PlainError {
  code: string;
  reason: string;
  message: string;
  sent: boolean;
  params: ErrorParams;
}

export function plainError({ code, reason, message, sent, params }: DeviceError): PlainError {
  return { code, reason, message, sent, params };
}
