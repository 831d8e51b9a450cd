import type { MessageKind } from '../../../../../shared/domain/message';
import type { ProbeEventText } from '../../../../../shared/domain/probe-event';

/** Texts of photos and messages. */
export const messagesEnglish = {
  // Photos
  noPhotos: 'No photos yet',
  noPhotosAdvice: 'They arrive on the photo channel.',
  // Messages
  noMessages: 'No messages yet',
  noMessagesAdvice: 'Messages, alerts and lab results for this kitchen are listed here, with their receipts.',
  writeMessage: 'Write a message',
  subject: 'Subject',
  messageHint: 'It is sent with the next synchronisation of the messages.',
  messageKinds: {
    message: 'message',
    'probe-alert': 'probe alert',
    analysis: 'lab result',
  } satisfies Record<MessageKind, string>,
  /** What happened to a probe, as the kitchen is told. */
  probeEvents: {
    'too warm': 'too warm',
    'still too warm': 'still too warm',
    'too cold': 'too cold',
    'still too cold': 'still too cold',
    'within its limits again': 'within its limits again',
    'no signal': 'no signal',
    'still no signal': 'still no signal',
    'the signal is back': 'the signal is back',
    'battery low': 'battery low',
    'battery nearly empty': 'battery nearly empty',
    'battery well again': 'battery well again',
  } satisfies Record<ProbeEventText, string>,
  read: 'read',
  delivered: 'delivered',
  /** The state of a message that is sent as a part of another one. */
  toldInDigest: 'Sent to the kitchen in a digest',
  probeDigest: (alerts: number) => `Digest of ${alerts} ${alerts === 1 ? 'probe alert' : 'probe alerts'}`,
  waitsForSync: 'waits',
};

export type MessagesWords = typeof messagesEnglish;
