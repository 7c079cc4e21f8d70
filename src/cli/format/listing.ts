// What ps, images and their like print: the default table, `table TEMPLATE`, a template a row, `json`, or ids alone.
import { printable } from '../../base/text.ts';
import { boolean, text } from '../flags/spec.ts';
import { print } from '../terminal.ts';
import { fitWidth, tableLines, tableWidth } from './table.ts';
import { parseTemplate } from './template.ts';

/** One column: its heading, and its cell for one row. The names are the fields of --format. */
export type Fields<Row> = Record<string, (row: Row) => unknown>;

export interface Listing<Row> {
  rows: readonly Row[];
  fields: Fields<Row>;
  /** Fields of the default table, in order. */
  shown: readonly string[];
  /** Which of those a terminal that is too narrow for all does without, the first ones first: the others are worth more whole than all of them cut. */
  expendable?: readonly string[];
  headings: Record<string, string>;
  /** What `--quiet` prints. */
  id: (row: Row) => string;
  /** Said on stderr when there is nothing and a person looks. */
  empty?: string;
}

export const listingFlags = {
  format: text('Print each row by a Go template, as "table TEMPLATE", or as json'),
  json: boolean('Print one JSON document'),
  'no-trunc': boolean('Do not shorten ids and commands'),
  quiet: boolean('Print ids only', { short: 'q' }),
};

export interface ListingChoice {
  format: string | undefined;
  json: boolean;
  quiet: boolean;
}

export function printListing<Row>(listing: Listing<Row>, choice: ListingChoice): void {
  for (const line of listingLines(listing, choice, fitWidth())) print(line);
}

export function listingLines<Row>(listing: Listing<Row>, choice: ListingChoice, fitTo: number | undefined): string[] {
  const values = () => listing.rows.map((row) => valuesOf(listing.fields, row));
  if (choice.json) return [JSON.stringify(values(), undefined, 2)];
  if (choice.quiet && choice.format === undefined) return listing.rows.map(listing.id);
  const format = choice.format ?? 'table';
  if (format === 'json') return values().map((row) => JSON.stringify(row));
  if (format === 'table') return defaultTable(listing, fitTo);
  if (!format.startsWith('table ')) return values().map(parseTemplate(format));
  const template = parseTemplate(format.slice('table '.length));
  const lines = [template(headingsOf(listing)), ...values().map(template)];
  return tableLines(
    lines.map((line) => line.split('\t')),
    fitTo,
  );
}

function defaultTable<Row>(listing: Listing<Row>, fitTo: number | undefined): string[] {
  const headings = headingsOf(listing);
  const linesOf = (shown: readonly string[]): string[][] => [
    shown.map((name) => headings[name] ?? name),
    ...listing.rows.map((row) => shown.map((name) => oneLine(String(listing.fields[name]?.(row) ?? '')))),
  ];
  let { shown } = listing;
  for (const name of listing.expendable ?? []) {
    if (fitTo === undefined || tableWidth(linesOf(shown)) <= fitTo) break;
    shown = shown.filter((each) => each !== name);
  }
  return tableLines(linesOf(shown), fitTo);
}

/** A cell is one line, and moves no cursor, whoever wrote it: the history of an image holds whole scripts. */
const oneLine = (cell: string): string => printable(cell.replace(/\s*\n\s*/g, ' ').trimEnd());

const headingsOf = <Row>(listing: Listing<Row>): Record<string, string> =>
  Object.fromEntries(Object.keys(listing.fields).map((name) => [name, listing.headings[name] ?? name.toUpperCase()]));

const valuesOf = <Row>(fields: Fields<Row>, row: Row): Record<string, unknown> =>
  Object.fromEntries(
    Object.keys(fields)
      .sort()
      .map((name) => [name, fields[name]?.(row)]),
  );
