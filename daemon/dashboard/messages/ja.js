// @ts-check
/** The page's words in Japanese. */

/** @type {Record<import("./index.js").Key, string>} */
export default {};
