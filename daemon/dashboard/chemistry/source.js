// @ts-check
/** Fetches what a run was unmixed into, again and again while it grows. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { ArrayFacts } from "../net/types.js" */
/** @import { Run } from "../run/run.js" */

import { Store } from "../base/store.js";

/** @typedef {{shape: number[], values: Float64Array}} Numbers */

/**
 * @typedef {object} Component
 * @property {string} name of its standard, or a number; empty where it was not compared
 * @property {string} standard that it resembles most; empty where there is none
 * @property {number} correlation with it; NaN where there is none
 * @property {number} share of all counts; NaN where it is not told
 */

/**
 * Spectra and maps of a stack of frames.
 * @typedef {object} Stack
 * @property {"stack"} kind
 * @property {Run} run
 * @property {string} analysis that found it
 * @property {Component[]} components
 * @property {Float64Array} energies
 * @property {string} unit of the energies
 * @property {Numbers} spectra (component, energy)
 * @property {Numbers | null} standards (component, energy), on the spectra's scale
 * @property {Numbers} abundances (component, y, x)
 * @property {Float64Array | null} change per update
 * @property {Float64Array | null} misfit per update
 * @property {Record<string, any>} attributes
 */

/**
 * Patterns and weights of the points of a scan.
 * @typedef {object} Patterns
 * @property {"patterns"} kind
 * @property {Run} run
 * @property {Numbers} components (component, y, x)
 * @property {Numbers} weights (event, component)
 * @property {Record<string, any>} attributes
 */

/** In this order: what was found afterwards with everything known is better than what was found on the way. */
export const ANALYSES = ["unmixed", "stack", "unmixing"];
const LOOK = 1.5;
/** A run that has ended is looked at again after so long, ms. */
const CLOSED = 5000;
/** So much is fetched per second on average while a run grows, bytes. */
const TRAFFIC = 3e6;

/**
 * @param {App} app
 * @param {Scope} scope
 * @param {Store<Run | null>} runs
 * @param {Store<string>} [wanted] analysis that is rather shown than the first in the order
 * @returns {Store<Stack | Patterns | null>}
 */
export function chemistryOf(app, scope, runs, wanted = new Store("")) {
  const store = new Store(/** @type {Stack | Patterns | null} */ (null));
  let [drawn, busy, rest, asked] = ["", false, 0, 0];
  const look = async () => {
    const run = runs.value;
    if (busy || !run?.loaded || document.hidden || performance.now() < rest) return;
    busy = true;
    try {
      // A closed run, too, may be unmixed again at any time.
      if (run.open || performance.now() > asked + CLOSED) {
        await run.refresh(app.api);
        asked = performance.now();
      }
      const name = [wanted.value, ...ANALYSES].find((each) => run.detail?.analyses[each]?.length);
      if (!name) {
        store.set(null);
        return;
      }
      const facts = await app.api.get(`/runs/${run.uid}/analyses/${name}`);
      const now = JSON.stringify([run.uid, name, facts.attributes, facts.arrays.map((/** @type {ArrayFacts} */ each) => each.shape), run.open ? run.primary.length : "closed"]);
      if (now === drawn) return;
      const found = name === "unmixing" ? await patterns(app, run, facts) : await stack(app, run, name, facts);
      if (scope.ended || runs.value !== run || !found) return;
      drawn = now;
      rest = performance.now() + (run.open ? (1000 * size(found)) / TRAFFIC : 0);
      store.set(found);
    } catch {
      // asked again a little later: the analyst may just be writing
    } finally {
      busy = false;
    }
  };
  wanted.watch(scope, () => ((rest = 0), look()));
  runs.watch(scope, (run) => run && run.version.watch(scope, () => run.loaded && !store.value && look()));
  scope.every(LOOK, look);
  return store;
}

/**
 * @param {App} app
 * @param {Run} run
 * @param {string} analysis
 * @param {{attributes: Record<string, any>, arrays: ArrayFacts[]}} facts
 * @returns {Promise<Stack | null>}
 */
async function stack(app, run, analysis, { attributes, arrays }) {
  const has = (/** @type {string} */ key) => arrays.some((each) => each.key === key);
  const fetch = (/** @type {string} */ key) => (has(key) ? app.api.array(`/runs/${run.uid}/analyses/${analysis}/${key}`) : Promise.resolve(null));
  const [energies, spectra, standards, abundances, change, misfit] = await Promise.all(["energy", "spectra", has("standards") ? "standards" : "standard_spectra", "abundances", "change", "misfit"].map(fetch));
  if (!energies || !spectra || !abundances || spectra.shape[1] !== energies.shape[0]) return null;
  return {
    kind: "stack",
    run,
    analysis,
    components: Array.from({ length: spectra.shape[0] }, (_, index) => component(attributes, abundances, index)),
    energies: energies.values,
    unit: arrays.find((each) => each.key === "energy")?.units || "eV",
    spectra,
    standards: standards && standards.shape.join() === spectra.shape.join() ? standards : null,
    abundances,
    change: change?.values ?? null,
    misfit: misfit?.values ?? null,
    attributes: attributes.unmixing ?? attributes,
  };
}

/**
 * @param {Record<string, any>} attributes
 * @param {Numbers} abundances
 * @param {number} index
 * @returns {Component}
 */
function component(attributes, abundances, index) {
  const map = part(abundances, index);
  const told = attributes.unmixing?.components?.[index];
  return {
    name: String(told?.name ?? attributes.names?.[index] ?? ""),
    correlation: Number(told?.correlation ?? attributes.correlations?.[index] ?? NaN),
    standard: String(told?.standard ?? attributes.names?.[index] ?? ""),
    share: Number(told?.share ?? map.reduce((sum, value) => sum + value, 0) / map.length),
  };
}

/**
 * @param {App} app
 * @param {Run} run
 * @param {{attributes: Record<string, any>}} facts
 * @returns {Promise<Patterns>}
 */
async function patterns(app, run, { attributes }) {
  const [components, weights] = await Promise.all(["components", "weights"].map((key) => app.api.array(`/runs/${run.uid}/analyses/unmixing/${key}`)));
  return { kind: "patterns", run, components, weights, attributes };
}

/** @param {Stack | Patterns} found */
function size(found) {
  return 8 * (found.kind === "stack" ? found.abundances.values.length : found.components.values.length + found.weights.values.length);
}

/**
 * One row of an array with a first axis.
 * @param {Numbers} numbers
 * @param {number} index
 */
export function part({ shape, values }, index) {
  const length = values.length / (shape[0] || 1);
  return values.subarray(index * length, (index + 1) * length);
}
