import type { ComponentChildren, VNode } from 'preact';
import { passwordLength } from '../../../shared/domain/staff';
import type { Statut } from '../../../shared/domain/statut';
import { csrfField } from './csrf';
import { formContents } from './form-contents';
import { keptField, pageField, shownField, writeShown } from './form-input';
import { ageText, bytesText, timeText } from './format';
import type { ProblemText } from './problem-text';
import type { FormKey } from './form-key';
import type { Words } from './words';

// The small parts that all pages are made of.

export type Tone = 'good' | 'busy' | 'bad' | 'calm';

/** A word with a coloured dot. The dot is never the only sign. */
export const Badge = ({ tone, children }: { tone: Tone; children: ComponentChildren }): VNode => (
  <span class={`badge ${tone}`}>{children}</span>
);

export const StatutBadge = ({ words, statut }: { words: Words; statut: Statut }): VNode => (
  <Badge tone={statut === 0 ? 'good' : 'busy'}>{words.statuts[statut]}</Badge>
);

interface MomentProps {
  readonly words: Words;
  readonly at: Date;
  /** The kitchen's clock; without it UTC, which the browser turns into its own where it can. */
  readonly zone?: string | undefined;
}

/** A point in time, on the clock of the kitchen. */
export const Moment = ({ words, at, zone }: MomentProps): VNode => (
  <time dateTime={at.toISOString()} {...(zone === undefined ? { 'data-local': words.locale } : {})}>
    {timeText(words, at, zone ?? 'UTC')}
  </time>
);

/** e.g. `3 minutes ago`; the exact time is the title. */
export const Age = ({ words, at, zone = 'UTC' }: MomentProps): VNode => (
  <time dateTime={at.toISOString()} title={timeText(words, at, zone)}>
    {ageText(words, at)}
  </time>
);

export const Bytes = ({ words, count }: { words: Words; count: number | null }): VNode => (
  <span>{count === null ? '–' : bytesText(words, count)}</span>
);

interface CardProps {
  readonly title?: ComponentChildren;
  readonly aside?: ComponentChildren;
  readonly id?: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export const Card = ({ title, aside, id, class: extra, children }: CardProps): VNode => (
  <section class={`card ${extra ?? ''}`} id={id}>
    {title !== undefined && (
      <header class="card-head">
        <h2>{title}</h2>
        {aside}
      </header>
    )}
    {children}
  </section>
);

interface Column {
  readonly label: ComponentChildren;
  readonly isNumber?: boolean;
}

interface TableProps {
  /** The name of the table for screen readers. */
  readonly label: string;
  readonly columns: readonly (Column | string)[];
  /** How it fits into little space: cells below each other on a phone, or closer to each other everywhere. */
  readonly fit?: 'stacks' | 'compact';
  readonly children: ComponentChildren;
}

/** It scrolls by itself where it is wider than the page, with the keyboard too. */
export const Table = ({ label, columns, fit, children }: TableProps): VNode => (
  <div class="scroll" role="region" aria-label={label} tabIndex={0}>
    <table class={fit}>
      <thead>
        <tr>
          {columns.map((column) => {
            const { label: text, isNumber = false } = typeof column === 'string' ? { label: column } : column;
            return (
              <th scope="col" class={isNumber ? 'number' : undefined}>
                {text}
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
);

/** A box that ticks all of a list; a script shows it. */
export const tickAllColumn = (words: Words, name: string): Column => ({
  label: <input type="checkbox" data-tick-all={name} hidden aria-label={words.tickAll} />,
});

/** Shown if there is nothing, with what that means. */
export const Empty = ({ title, children }: { title: string; children?: ComponentChildren }): VNode => (
  <div class="empty">
    <p class="empty-title">{title}</p>
    {children !== undefined && <p>{children}</p>}
  </div>
);

/** `base`: the page's path and query without a cursor. `parameter`: where a page has several lists. */
export const Pager = ({
  words,
  base,
  next,
  parameter = 'cursor',
}: {
  words: Words;
  base: string;
  next: string | null;
  parameter?: string;
}): VNode | null =>
  next === null ? null : (
    <nav class="pager" aria-label={words.pages}>
      <a
        class="button quiet"
        href={`${base}${base.includes('?') ? '&' : '?'}${parameter}=${encodeURIComponent(next)}`}
      >
        {words.nextPage}
      </a>
    </nav>
  );

interface FormProps {
  readonly action: string;
  readonly csrf: FormKey;
  readonly class?: string;
  readonly label?: string;
  readonly id?: string;
  readonly children: ComponentChildren;
}

/**
 * A form that changes something. It sends along what it showed, so that only changed fields count, and it shows again
 * what was entered before and refused.
 */
export function ActionForm({ action, csrf: key, class: extra, label, id, children }: FormProps): VNode {
  const written = key.written?.action === action ? key.written : null;
  const { content, shown } = formContents(children, written);
  const hasInputs = shown.texts.size > 0 || shown.boxes.size > 0;
  return (
    <form method="post" action={action} class={extra} aria-label={label} id={id}>
      <input type="hidden" name={csrfField} value={key.token} />
      <input type="hidden" name={pageField} value={key.page} />
      {hasInputs && <input type="hidden" name={shownField} value={writeShown(shown)} />}
      {written !== null && written.keptId !== null && (
        <input type="hidden" name={keptField} value={written.keptId} />
      )}
      {content}
    </form>
  );
}

interface FieldProps {
  readonly label: ComponentChildren;
  readonly hint?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export const Field = ({ label, hint, class: extra, children }: FieldProps): VNode => (
  <label class={`field ${extra ?? ''}`}>
    <span class="field-label">{label}</span>
    {children}
    {hint !== undefined && <span class="hint">{hint}</span>}
  </label>
);

/** A text with its line breaks, which an input of one line would remove. */
export const TextInput = ({ name, text }: { name: string; text: string }): VNode =>
  /[\r\n]/.test(text) ? (
    <textarea name={name} rows={Math.min(12, text.split(/\r\n?|\n/).length + 1)}>
      {text}
    </textarea>
  ) : (
    <input name={name} value={text} />
  );

/** For a password that someone chooses. */
export const NewPasswordInput = ({ name, isRequired }: { name: string; isRequired: boolean }): VNode => (
  <input
    name={name}
    type="password"
    required={isRequired}
    minLength={passwordLength.least}
    autocomplete="new-password"
  />
);

interface SelectProps {
  readonly name: string;
  readonly value: string;
  /** Value and text. */
  readonly options: readonly (readonly [string, string])[];
  readonly form?: string;
}

export const Select = ({ name, value, options, form }: SelectProps): VNode => (
  <select name={name} form={form}>
    {options.map(([option, text]) => (
      <option value={option} selected={option === value}>
        {text}
      </option>
    ))}
  </select>
);

/** What went wrong with what was typed. */
export const ProblemNote = ({ problem }: { problem: ProblemText | null }): VNode | null =>
  problem === null ? null : (
    <p class="notice bad" role="alert">
      {problem}
    </p>
  );

/** Terms and what they are. Entries that are null are left out. */
export const Facts = ({
  entries,
}: {
  entries: readonly (readonly [ComponentChildren, ComponentChildren] | null)[];
}): VNode => (
  <dl class="facts">
    {entries.map((entry) =>
      entry === null ? null : (
        <div>
          <dt>{typeof entry[0] === 'string' ? capitalised(entry[0]) : entry[0]}</dt>
          <dd>{entry[1]}</dd>
        </div>
      ),
    )}
  </dl>
);

/** Filters are links: they work without JavaScript, and can be sent to a colleague. */
export const Tabs = ({
  label,
  tabs,
}: {
  label: string;
  tabs: readonly {
    readonly href: string;
    readonly text: string;
    readonly isCurrent: boolean;
    readonly count?: number;
  }[];
}): VNode => (
  <nav class="tabs" aria-label={label}>
    {tabs.map(({ href, text, isCurrent, count }) => (
      <a href={href} aria-current={isCurrent ? 'page' : undefined}>
        {capitalised(text)}
        {count !== undefined && count > 0 && <span class="count">{count}</span>}
      </a>
    ))}
  </nav>
);

const capitalised = (text: string) => text.charAt(0).toLocaleUpperCase() + text.slice(1);
