import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import {
  findLogTable,
  type LogColumn,
  type LogTable,
  logTables,
} from '../../../../shared/catalog/log-tables';
import type { Page as ListPage } from '../../../../shared/domain/page';
import { notFound } from '../../../../shared/errors/catalog';
import type { TableMark } from '../../../../shared/stores/solutions/inventory-store';
import type { LogRow, LogValue } from '../../../../shared/stores/logs/log-read-store';
import { decode } from '../../../http/decode';
import { bigIdOf, pageOfQuery, pageQuery, pathId, pathText } from '../../http/request-fields';
import type { LogService } from '../../services/logs';
import type { InventoryService } from '../../services/inventory';
import type { SolutionDetail, SolutionService } from '../../services/solutions';
import { blankless } from '../form-input';
import { exactText, numberText, timeText } from '../format';
import { Badge, Empty, Pager, Table } from '../parts';
import type { Visit, Visiting } from '../visit';
import type { Words } from '../words';
import { LabelWithWireName, labelText, choiceText, columnHead } from '../label-text';
import { SolutionPage } from './solution-frame';

interface Services {
  readonly solutions: Pick<SolutionService, 'get'>;
  readonly logs: Pick<LogService, 'acceptLosses'>;
  readonly inventory: Pick<InventoryService, 'tables' | 'latestReadings'>;
}

const query = pageQuery(bigIdOf);
const shownRows = 100;

/** The logs of a solution: its tables, and the latest readings of one. */
export function createReadingPageRoutes(services: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/solutions/:id/readings',
    visiting.page(async (visit, request) => {
      const id = pathId(request, 'solution');
      const solution = await services.solutions.get(visit.caller, id);
      return tablesPage(visit, solution, await services.inventory.tables(visit.caller, id));
    }),
  );

  router.get(
    '/solutions/:id/readings/:table',
    visiting.page(async (visit, request) => {
      const table = pathTable(request);
      const id = pathId(request, 'solution');
      const solution = await services.solutions.get(visit.caller, id);
      const page = { ...pageOfQuery(decode(query, blankless(request.query))), limit: shownRows };
      return readingsPage(
        visit,
        solution,
        table,
        await services.inventory.latestReadings(visit.caller, id, table, page),
      );
    }),
  );

  router.post(
    '/solutions/:id/readings/:table/accept-losses',
    visiting.form(async (caller, request) => {
      const solutionId = pathId(request, 'solution');
      await services.logs.acceptLosses(caller, { solutionId, table: pathTable(request), reason: null });
      return `/solutions/${solutionId}?done=accepted`;
    }),
  );

  return router;
}

function pathTable(request: Request): LogTable {
  const table = findLogTable(pathText(request, 'table'));
  if (table === undefined) throw notFound('log table');
  return table;
}

function tablesPage(visit: Visit, solution: SolutionDetail, marks: readonly TableMark[]): VNode {
  const { words } = visit;
  const byTable = new Map(marks.map(({ table, highestId }) => [table, highestId]));
  const shown = logTables.filter(({ table }) => byTable.has(table));
  return (
    <SolutionPage visit={visit} solution={solution} tab="readings">
      {shown.length === 0 ? (
        <Empty title={words.noReadings}>{words.noReadingsAdvice}</Empty>
      ) : (
        <Table
          label={words.tabs.readings}
          columns={[words.table, words.channel, { label: words.highestId, isNumber: true }, words.download]}
        >
          {shown.map(({ name, table, channel }) => (
            <tr>
              <th scope="row">
                <a href={`/solutions/${solution.id}/readings/${name}`}>
                  <LabelWithWireName words={words} name={name} />
                </a>
              </th>
              <td class="soft">{words.channels[channel]}</td>
              <td class="number">{numberText(words, Number(byTable.get(table) ?? 0))}</td>
              <td>
                <a href={csvPath(solution, name)} aria-label={words.downloadCsv(name)}>
                  CSV
                </a>{' '}
                <a href={excelPath(solution, name)} aria-label={words.downloadForExcel(name)}>
                  Excel
                </a>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </SolutionPage>
  );
}

const csvPath = ({ id }: SolutionDetail, table: string) => `/api/solutions/${id}/logs/${table}?format=csv`;
const excelPath = (solution: SolutionDetail, table: string) => `${csvPath(solution, table)}&for=excel`;

function readingsPage(
  visit: Visit,
  solution: SolutionDetail,
  table: LogTable,
  { items, next }: ListPage<LogRow>,
): VNode {
  const { words } = visit;
  const path = `/solutions/${solution.id}/readings/${table.name}`;
  const columns = orderedColumns(table);
  const filled = columns.filter(({ column }) =>
    items.some(({ values }) => (values[column] ?? null) !== null),
  );
  return (
    <SolutionPage visit={visit} solution={solution} tab="readings">
      <div class="section-head">
        <h2>
          <a href={`/solutions/${solution.id}/readings`}>{words.tabs.readings}</a> /{' '}
          <LabelWithWireName words={words} name={table.name} />
        </h2>
        <span class="buttons">
          <a class="button quiet" href={csvPath(solution, table.name)}>
            {words.downloadCsv(table.name)}
          </a>
          <a class="button quiet" href={excelPath(solution, table.name)}>
            {words.downloadForExcel(table.name)}
          </a>
        </span>
      </div>
      {items.length === 0 ? (
        <Empty title={words.noReadings} />
      ) : (
        <Table
          label={labelText(words, table.name)}
          columns={[{ label: 'Id', isNumber: true }, ...filled.map((column) => columnHead(words, column))]}
        >
          {items.map((row) => (
            <tr>
              <th scope="row" class="number">
                {row.id}
              </th>
              {filled.map((column) => (
                <ReadingCell
                  words={words}
                  solution={solution}
                  column={column}
                  value={row.values[column.column] ?? null}
                />
              ))}
            </tr>
          ))}
        </Table>
      )}
      <Pager words={words} base={path} next={next} />
    </SolutionPage>
  );
}

/** The table's own columns come before the columns of all tables. */
function orderedColumns({ columns }: LogTable): readonly LogColumn[] {
  const last = ['UserName', 'IsConform', 'CorrectiveAction', 'Comment', 'PhotoName'];
  return [
    ...columns.filter(({ name }) => !last.includes(name)),
    ...columns.filter(({ name }) => last.includes(name)),
  ];
}

const isNumeric = ({ type }: LogColumn) => type === 'decimal' || type === 'integer';

interface CellProps {
  readonly words: Words;
  readonly solution: SolutionDetail;
  readonly column: LogColumn;
  readonly value: LogValue;
}

function ReadingCell({ words, solution, column, value }: CellProps): VNode {
  if (value === null) return <td class="soft">–</td>;
  if (column.name === 'IsConform' && typeof value === 'boolean') {
    return (
      <td>
        <Badge tone={value ? 'good' : 'bad'}>{value ? words.conform : words.notConform}</Badge>
      </td>
    );
  }
  if (column.name === 'PhotoName' && typeof value === 'string') {
    return (
      <td>
        <a href={`/solutions/${solution.id}/photos/${encodeURIComponent(value)}`}>{value}</a>
      </td>
    );
  }
  if (value instanceof Date) return <td>{timeText(words, value, solution.timezone)}</td>;
  if (typeof value === 'boolean') return <td>{value ? words.yes : words.no}</td>;
  if (typeof value === 'number') return <td class="number">{exactText(words, value)}</td>;
  return <td class={isNumeric(column) ? 'number' : undefined}>{choiceText(words, column, value)}</td>;
}
