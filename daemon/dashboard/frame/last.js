// @ts-check
/** The last frame that was recorded: what there is to see while no camera runs. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Frame } from "../net/frames.js" */
/** @import { Run } from "../run/run.js" */
/** @import { Detection } from "./panel.js" */

import { t } from "../messages/index.js";
import { decode } from "../net/frames.js";
import { detectionsOf } from "./detections.js";

/**
 * The frame of a point.
 * @param {App} app
 * @param {Run} run
 * @param {string} camera
 * @param {number} number of the point, from 1
 * @param {number} [largest]
 * @returns {Promise<Frame>}
 */
export async function frameOf(app, run, camera, number, largest) {
  const message = await app.api.bytes(`/runs/${run.uid}/previews/primary/${encodeURIComponent(camera)}/${number - 1}`, { largest });
  return { ...decode(message), camera };
}

/**
 * Give the last frame of the run that the page follows, once.
 * @param {App} app
 * @param {Scope} scope
 * @param {(frame: Frame, from: string, found: Detection[]) => void} give
 */
export function lastFrame(app, scope, give) {
  let asked = false;
  const look = async () => {
    const run = app.runs.run.value;
    const camera = run?.loaded ? run.cameras[0] : undefined;
    if (asked || !run || !camera || !run.primary.length) return;
    asked = true;
    const point = run.primary.length;
    const [frame, found] = await Promise.all([frameOf(app, run, camera, point).catch(() => null), detectionsOf(app, run, point).catch(() => [])]);
    if (frame && !scope.ended) give(frame, t("frame.from", { point, scan: run.start.scan_id ?? "" }), found);
  };
  const inner = scope.inner();
  app.runs.run.watch(inner, (run) => {
    const here = inner.inner();
    run?.version.watch(here, look);
  });
}
