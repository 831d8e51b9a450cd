import { InvalidArgumentError } from 'commander';
import { type Channel, channels, isChannel } from '../../shared/domain/channel';

// Checks the values of options.

export function numberFrom(written: string): number {
  const value = Number(written);
  if (written.trim() === '' || !Number.isFinite(value))
    throw new InvalidArgumentError('It must be a number.');
  return value;
}

export function wholeFrom(written: string): number {
  const value = numberFrom(written);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}

export function shareFrom(written: string): number {
  const value = numberFrom(written);
  if (value < 0 || value > 1) throw new InvalidArgumentError('It must be between 0 and 1.');
  return value;
}

export function urlFrom(written: string): string {
  const isWeb = URL.canParse(written) && /^https?:$/.test(new URL(written).protocol);
  if (!isWeb) throw new InvalidArgumentError('It must be an address that begins with http:// or https://.');
  return written;
}

/** For an option that may be given several times. */
export function addChannel(name: string, before: readonly Channel[] = []): Channel[] {
  if (!isChannel(name)) throw new InvalidArgumentError(`The channels are ${channels.join(', ')}.`);
  return [...before, name];
}
