// @ts-check
/** The events of a stream, column by column. */

/** @typedef {number | string | null} Cell */

export class Table {
  constructor() {
    /** @type {Map<string, Cell[]>} */
    this.columns = new Map();
    /** @type {Record<string, string>} */
    this.units = {};
    this.length = 0;
  }

  /**
   * A column; empty if there is none.
   * @param {string} name
   * @returns {Cell[]}
   */
  column(name) {
    return this.columns.get(name) ?? [];
  }

  /**
   * A number of a row; NaN where there is none.
   * @param {string} name
   * @param {number} row
   */
  number(name, row) {
    const value = this.columns.get(name)?.[row];
    return typeof value === "number" ? value : NaN;
  }

  /**
   * A text of a row; empty where there is none.
   * @param {string} name
   * @param {number} row
   */
  text(name, row) {
    const value = this.columns.get(name)?.[row];
    return typeof value === "string" ? value : "";
  }

  /**
   * Put a row in its place, the next one or one that is there already.
   * @param {number} row
   * @param {Record<string, unknown>} values
   * @returns {boolean} false where rows before it are missing
   */
  set(row, values) {
    if (row > this.length || row < 0) return false;
    for (const [name, value] of Object.entries(values)) {
      if (value !== null && typeof value === "object") continue;
      this._column(name)[row] = /** @type {Cell} */ (value);
    }
    this.length = Math.max(this.length, row + 1);
    this._level();
    return true;
  }

  /**
   * Put rows in their place.
   * @param {number} start
   * @param {Record<string, Cell[]>} columns
   */
  splice(start, columns) {
    const rows = columns.seq_num?.length ?? 0;
    if (start > this.length) return;
    for (const [name, values] of Object.entries(columns)) {
      const column = this._column(name);
      for (let index = 0; index < values.length; index++) column[start + index] = values[index];
    }
    this.length = Math.max(this.length, start + rows);
    this._level();
  }

  /** @param {string} name */
  _column(name) {
    let column = this.columns.get(name);
    if (!column) this.columns.set(name, (column = []));
    return column;
  }

  /** All columns are equally long. */
  _level() {
    for (const column of this.columns.values()) while (column.length < this.length) column.push(null);
  }
}
