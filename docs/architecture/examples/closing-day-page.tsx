import type { VNode } from 'preact';
import { Page } from '../../../api/backoffice/console/layout';
import { Empty, Table } from '../../../api/backoffice/console/parts';
import type { Visit } from '../../../api/backoffice/console/visit';
import type { Words } from '../../../api/backoffice/console/words';
import type { ClosingDay } from './closing-day-store';
import type { ClosingDaysWords } from './closing-day-words';

/** Until its words are among those of the console, they are handed in. */
type VisitWithWords = Visit & { readonly words: Words & ClosingDaysWords };

export function closingDaysPage(visit: VisitWithWords, days: readonly ClosingDay[]): VNode {
  const { words } = visit;
  return (
    <Page visit={visit} title={words.closingDays}>
      {days.length === 0 ? (
        <Empty title={words.noClosingDays} />
      ) : (
        <Table label={words.closingDays} columns={[words.day, words.reason]} fit="stacks">
          {days.map(({ day, reason }) => (
            <tr>
              <th scope="row">{day}</th>
              <td data-label={words.reason}>{reason}</td>
            </tr>
          ))}
        </Table>
      )}
    </Page>
  );
}
