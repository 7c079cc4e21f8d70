// Rows as CSV. Rule: a cell is text, whoever wrote it: what a spreadsheet would compute begins with a space, which no other reader minds.

/** @source RFC 4180; OWASP CSV Injection: = + - @, tab and carriage return begin a formula; a number is one all the same */
const formula = /^[=+\-@\t\r](?![\d.]*$)/;

const cell = (text: string): string => {
  const plain = formula.test(text) ? ` ${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
};

export const csvOf = (rows: ReadonlyArray<readonly string[]>): string =>
  rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
