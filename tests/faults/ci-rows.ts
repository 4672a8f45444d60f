/** The rows that every run of the tests includes; `FAULTS=all` runs the whole matrix. */
const CI_ROWS = [1, 3, 4, 7, 8, 10, 12, 13, 14, 16, 20, 22];

/** The whole matrix, with the long form of each row. */
export const EVERY_ROW = process.env['FAULTS'] === 'all';

const twoDigits = (row: number) => String(row).padStart(2, '0');

/** Of the rows above, but only in the whole matrix. */
const LONG_FORMS = ['tests/faults/row-04-host-frozen.test.ts'];

/** Files of rows that a run of the project `faults` leaves out. */
export const OTHER_ROWS = EVERY_ROW
  ? []
  : [
      ...Array.from({ length: 23 }, (_, index) => index + 1)
        .filter((row) => !CI_ROWS.includes(row))
        .map((row) => `tests/faults/row-${twoDigits(row)}-*.test.ts`),
      ...LONG_FORMS,
    ];
