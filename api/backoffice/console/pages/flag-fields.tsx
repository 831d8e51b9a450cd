import type { VNode } from 'preact';
import { channels } from '../../../../shared/domain/channel';
import { type Flag, flags } from '../../../../shared/domain/flag';
import { Field, Select } from '../parts';
import type { Words } from '../words';

/** The flag and the channel that it is set on. Not `offered`: every flag. */
export const FlagFields = ({
  words,
  offered = flags,
}: {
  words: Words;
  offered?: readonly Flag[];
}): VNode => (
  <>
    <Field label={words.flag} class="grow">
      <Select
        name="flag"
        value="resend-params"
        options={offered.map((flag) => [flag, words.flagNames[flag]] as const)}
      />
    </Field>
    <Field label={words.channel}>
      <Select
        name="channel"
        value="synchro"
        options={channels.map((channel) => [channel, words.channels[channel]] as const)}
      />
    </Field>
  </>
);
