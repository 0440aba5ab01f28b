// @ts-check
/** What was found in the frame of a point: boxes with a class and a confidence. */

/** @import { App } from "../app/app.js" */
/** @import { Frame } from "../net/frames.js" */
/** @import { Run } from "../run/run.js" */
/** @import { Detection } from "./panel.js" */

const ANALYSIS = "detections";
const CORNERS = 4;

/**
 * The detections of a point: rows of `analysis/detections` whose `event` is the point's, with `boxes` (x0, y0, x1, y1 in
 * pixels of the camera), `scores` and `labels`, whose names are the attribute `classes`.
 * @param {App} app
 * @param {Run} run
 * @param {number} point from 1
 * @returns {Promise<Detection[]>}
 */
export async function detectionsOf(app, run, point) {
  if (!run.detail?.analyses[ANALYSIS]) return [];
  const path = `/runs/${run.uid}/analyses/${ANALYSIS}`;
  const [facts, ...arrays] = await Promise.all([app.api.get(path), ...["event", "boxes", "scores", "labels"].map((key) => app.api.array(`${path}/${key}`))]);
  const [events, boxes, scores, labels] = arrays.map((array) => array.values);
  const rows = Array.from(events, (event, row) => (event === point - 1 ? row : -1)).filter((row) => row >= 0);
  return rows.map((row) => {
    const [x0, y0, x1, y1] = boxes.subarray(row * CORNERS, (row + 1) * CORNERS);
    return { box: { x0, y0, x1, y1 }, label: String(facts.attributes.classes?.[labels[row]] ?? labels[row]), score: scores[row] };
  });
}

/**
 * The point that a live frame was taken for: the first whose event came after it; 0 where that is not known yet.
 * @param {Run} run
 * @param {Frame} frame
 */
export function pointOf(run, frame) {
  const times = run.primary.column("time");
  let point = 0;
  for (let row = times.length - 1; row >= 0 && Number(times[row]) >= frame.time; row--) point = row + 1;
  return point;
}

/** How many of each class, as in `3 Pb3, 1 Pb5`. @param {Detection[]} found */
export function counted(found) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { label } of found) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].map(([label, number]) => `${number} ${label}`).join(", ");
}
