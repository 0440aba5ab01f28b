// @ts-check
/** The public HTTP API. */

const BASE = "/api/v1";
const PATIENCE = 15;

/** Types of numbers as numpy names them.
 * @type {Record<string, any>} */
const TYPES = { f8: Float64Array, f4: Float32Array, u1: Uint8Array, b1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i1: Int8Array, i2: Int16Array, i4: Int32Array, u8: BigUint64Array, i8: BigInt64Array };

/** @typedef {{field: string, message: string}} Problem */
/** @typedef {Record<string, string | number | boolean | null | undefined>} Query */

/** An answer that is not what was asked for, or none at all (status 0). */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {Problem[]} [problems] field by field
   */
  constructor(status, message, problems = []) {
    super(message);
    this.status = status;
    this.problems = problems;
  }
}

/** Asks the daemon that served the page. */
export class Api {
  /**
   * @param {string} key
   * @param {() => void} [refused] called when the key is not accepted any more
   */
  constructor(key, refused = () => {}) {
    this.key = key;
    this._refused = refused;
  }

  /** What `Authorization` says. */
  get authorization() {
    return `ApiKey ${this.key}`;
  }

  /**
   * @param {string} path
   * @param {Query} [query]
   * @returns {Promise<any>}
   */
  async get(path, query) {
    return (await this._ask("GET", path, { query })).json();
  }

  /**
   * @param {string} path
   * @param {Query} [query]
   * @returns {Promise<ArrayBuffer>}
   */
  async bytes(path, query) {
    return (await this._ask("GET", path, { query, accept: "application/octet-stream" })).arrayBuffer();
  }

  /**
   * The numbers of an array.
   * @param {string} path
   * @param {Query} [query]
   * @returns {Promise<{shape: number[], values: Float64Array}>}
   */
  async array(path, query) {
    const answer = await this._ask("GET", path, { query, accept: "application/octet-stream" });
    const shape = (answer.headers.get("X-Shape") ?? "").split(",").filter(Boolean).map(Number);
    const Type = TYPES[(answer.headers.get("X-Dtype") ?? "<f8").replace(/^[<>|=]/, "")] ?? Float64Array;
    return { shape, values: Float64Array.from(new Type(await answer.arrayBuffer()), Number) };
  }

  /**
   * @param {string} path
   * @returns {Promise<Blob>}
   */
  async file(path) {
    return (await this._ask("GET", path, { accept: "*/*" })).blob();
  }

  /**
   * @param {string} path
   * @param {unknown} [body]
   * @param {number} [patience] seconds
   * @returns {Promise<any>}
   */
  async post(path, body, patience = PATIENCE) {
    return (await this._ask("POST", path, { body, patience })).json();
  }

  /**
   * @param {string} path
   * @param {unknown} body
   * @returns {Promise<any>}
   */
  async patch(path, body) {
    return (await this._ask("PATCH", path, { body })).json();
  }

  /**
   * @param {string} path
   * @returns {Promise<any>}
   */
  async delete(path) {
    return (await this._ask("DELETE", path, {})).json();
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{query?: Query, body?: unknown, accept?: string, patience?: number}} options
   */
  async _ask(method, path, { query = {}, body, accept = "application/json", patience = PATIENCE }) {
    const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
    const words = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    /** @type {Record<string, string>} */
    const headers = { Authorization: this.authorization, Accept: accept };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const signal = AbortSignal.timeout(1000 * patience);
    /** @type {Response} */
    let answer;
    try {
      const sent = body === undefined ? undefined : JSON.stringify(body);
      answer = await fetch(BASE + path + (words && `?${words}`), { method, headers, body: sent, signal });
    } catch (error) {
      throw new ApiError(0, error instanceof Error ? error.message : String(error));
    }
    if (answer.ok) return answer;
    if (answer.status === 401) this._refused();
    throw await problem(answer);
  }
}

/** @param {Response} answer */
async function problem(answer) {
  const found = await answer.json().catch(() => ({}));
  const detail = found.detail ?? answer.statusText;
  if (!Array.isArray(detail)) return new ApiError(answer.status, String(detail));
  return new ApiError(answer.status, detail.map((each) => `${each.field}: ${each.message}`).join("; "), detail);
}
