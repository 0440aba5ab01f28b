// @ts-check
/** What was found in the frame of a point: boxes with a class and a confidence. */

/** @import { App } from "../app/app.js" */
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
