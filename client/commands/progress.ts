import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import type { Channel } from '../../shared/domain/channel';
import type { OnSyncEvent, SyncEvent } from '../sync-events';
import { megabytes, plural, seconds, whatIsIn } from '../wording';

// The only file that uses cli-progress.

export interface Progress {
  readonly onEvent: OnSyncEvent;
  /** Leaves the last state on the screen. */
  stop(): void;
}

/** Shows a bar for each channel on a terminal, and elsewhere a line for each step. */
export function createSyncProgress(channels: readonly Channel[], terminal: NodeJS.WriteStream): Progress {
  return terminal.isTTY ? createBars(channels, terminal) : createLines((line) => terminal.write(`${line}\n`));
}

/** A line for each step. */
export function createLines(print: (line: string) => void): Progress {
  let lastWaitingAt = -Infinity;
  const onEvent: OnSyncEvent = (event) => {
    const said = stepOf(event);
    if (said === null || event.kind === 'sending' || event.kind === 'fetching') return;
    if (event.kind === 'waiting') {
      if (event.seconds - lastWaitingAt < 30) return;
      lastWaitingAt = event.seconds;
    }
    print('channel' in event ? `${event.channel.padEnd(11)}${said}` : said);
  };
  return { onEvent, stop: () => undefined };
}

function createBars(channels: readonly Channel[], terminal: NodeJS.WriteStream): Progress {
  const bars = new MultiBar(
    {
      format: '{channel} {bar} {percentage}% {step}',
      stream: terminal,
      barsize: 24,
      hideCursor: true,
      clearOnComplete: false,
      stopOnComplete: false,
    },
    Presets.shades_classic,
  );
  const byChannel = new Map<Channel, SingleBar>(
    channels.map((channel) => [channel, bars.create(100, 0, { channel: channel.padEnd(11), step: '' })]),
  );
  const onEvent: OnSyncEvent = (event) => {
    const step = stepOf(event);
    if (step === null) return;
    if (event.kind === 'logged-in') return;
    if (event.kind === 'retry') {
      bars.log(`${step}\n`);
      return;
    }
    byChannel.get(event.channel)?.update(percentOf(event), { step: step.slice(0, 60).padEnd(60) });
  };
  return { onEvent, stop: () => bars.stop() };
}

/** The progress of a channel after this event. Sending and fetching count by bytes. */
function percentOf(event: SyncEvent): number {
  switch (event.kind) {
    case 'logged-in':
    case 'retry':
      return 0;
    case 'statut':
      return 2;
    case 'asked':
      return 5;
    case 'built':
      return 10;
    case 'sending':
      return 10 + Math.round((40 * event.bytes) / Math.max(1, event.of));
    case 'accepted':
    case 'waiting':
      return 50;
    case 'ready':
      return 60;
    case 'fetching':
      return 60 + Math.round(event.of === null ? 0 : (30 * event.bytes) / Math.max(1, event.of));
    case 'fetched':
      return 90;
    case 'carried-out':
      return 95;
    case 'confirmed':
      return 100;
  }
}

/** The text for a person; null: none. */
function stepOf(event: SyncEvent): string | null {
  switch (event.kind) {
    case 'logged-in':
      return 'logged in';
    case 'retry':
      return `${event.message} Again in ${seconds(event.delayMs)}.`;
    case 'statut':
      return event.statut === 0 ? null : 'an earlier sync is under way: finishing it first';
    case 'asked':
      return `the server asks for ${plural(event.parameterFiles.length, 'parameter file')} and ${plural(event.highestIds.size, 'table')}`;
    case 'built':
      return `to send: ${whatIsIn(event.contents)} (${megabytes(event.bytes)})`;
    case 'sending':
      return `sending ${megabytes(event.bytes)} of ${megabytes(event.of)}`;
    case 'accepted':
      return 'received by the server';
    case 'waiting':
      return `the server is processing (${event.seconds} s)`;
    case 'ready':
      return 'processed';
    case 'fetching':
      return `fetching ${megabytes(event.bytes)}`;
    case 'fetched':
      return event.files.length === 0 ? 'no instructions' : plural(event.files.length, 'instruction file');
    case 'carried-out':
      return `${event.file.name}: ${plural(event.file.count, 'instruction')}${event.failed === 0 ? '' : `, ${event.failed} failed`}`;
    case 'confirmed':
      return 'confirmed';
  }
}
