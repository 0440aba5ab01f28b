// @ts-check
/** What the API answers with, as far as the page looks at it. */

/**
 * @typedef {object} ProcessStatus
 * @property {number | null} pid
 * @property {boolean} alive
 * @property {number | null} heartbeat_age_s
 * @property {string} detail
 */

/**
 * @typedef {object} Item
 * @property {string} uid
 * @property {string} plan
 * @property {Record<string, any>} parameters
 * @property {Record<string, any>} metadata
 * @property {string} added_by
 * @property {string} added_at
 * @property {number | null} position
 */

/**
 * @typedef {object} Lock
 * @property {string} holder
 * @property {string} note
 * @property {string} since
 */

/**
 * @typedef {object} Flags
 * @property {boolean} loop
 * @property {boolean} autostart
 * @property {boolean} stop_on_failure
 */

/**
 * @typedef {object} Steering
 * @property {Record<string, number>[]} wished positions that an operator asked for and that are not measured yet
 * @property {Region[]} excluded regions that an operator took out of the run that grows
 */

/**
 * @typedef {object} EngineFacts
 * @property {number | null} loop_age_s
 * @property {number} analyst_restarts
 * @property {{p99: number, worst: number, stalls: number} | null} [loop] ms and a number, of the run that grows
 * @property {number} documents
 */

/**
 * @typedef {object} Status
 * @property {string} version
 * @property {string} data
 * @property {string} time
 * @property {Record<"server" | "engine" | "analyst", ProcessStatus>} processes
 * @property {string | null} engine_state
 * @property {{uid: string, path: string, points: number} | null} run
 * @property {Item | null} item
 * @property {number} queue_length
 * @property {boolean} queue_running
 * @property {boolean} queue_stop_pending
 * @property {boolean} queue_starting
 * @property {string} queue_uid
 * @property {Flags} flags
 * @property {Lock | null} lock
 * @property {{reason: string, since: number} | null} suspended
 * @property {string | null} paused_by
 * @property {{free_bytes: number, points: number} | null} room
 * @property {EngineFacts | null} [engine]
 * @property {Steering | null} [steering]
 * @property {Record<"plans" | "devices" | "runs" | "history" | "lock", string>} uids
 */

/**
 * @typedef {object} RunSummary
 * @property {string} uid
 * @property {number} scan_id
 * @property {string} path
 * @property {string} plan_name
 * @property {number} time
 * @property {number | null} duration
 * @property {string} exit_status
 * @property {string} reason
 * @property {number} points
 * @property {{position: Record<string, number>, value: number} | null} best
 * @property {string} sample
 * @property {string} operator
 * @property {string} proposal
 */

/**
 * @typedef {object} ArrayFacts
 * @property {string} key
 * @property {number[]} shape
 * @property {string} dtype
 * @property {string[]} dimensions
 * @property {string | null} units
 */

/**
 * @typedef {RunSummary & {
 *   start: Record<string, any>,
 *   stop: Record<string, any> | null,
 *   statistics: Record<string, any>,
 *   streams: Record<string, ArrayFacts[]>,
 *   analyses: Record<string, ArrayFacts[]>,
 * }} RunDetail
 */

/** @typedef {Record<string, any>} Schema */

/**
 * @typedef {object} Plan
 * @property {string} name
 * @property {string} description
 * @property {Schema} schema
 * @property {Record<string, any>} defaults
 */

/**
 * @typedef {object} DeviceAxis
 * @property {string} name
 * @property {string | null} units
 * @property {number | null} low
 * @property {number | null} high
 * @property {number | null} position
 */

/**
 * @typedef {object} Reading
 * @property {string} name
 * @property {number | string} value
 * @property {string | null} units
 */

/**
 * @typedef {object} Device
 * @property {string} name
 * @property {string} kind
 * @property {string} class
 * @property {DeviceAxis[]} axes
 * @property {Reading[]} [readings]
 */

/**
 * @typedef {{kind: "box", limits: Record<string, [number, number]>}
 *   | {kind: "circle", axes: [string, string], centre: [number, number], radius: number}
 *   | {kind: "polygon", axes: [string, string], vertices: [number, number][]}} Region
 */

export {};
