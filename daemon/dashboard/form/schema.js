// @ts-check
/** Reads JSON schemas as pydantic writes them. */

/** @import { Schema } from "../net/types.js" */

/**
 * A schema without the detours: references followed, "or null" taken apart.
 * @typedef {object} Shape
 * @property {Schema} schema
 * @property {boolean} nullable
 * @property {string} kind object, map, list, tuple, choice, flag, whole, number, text, union or other
 */

/**
 * @param {Schema} schema
 * @param {Schema} root whose `$defs` are meant
 * @returns {Shape}
 */
export function shapeOf(schema, root) {
  const { inner, nullable } = opened(schema, root);
  return { schema: inner, nullable, kind: kindOf(inner) };
}

/**
 * @param {Schema} schema
 * @param {Schema} root
 * @returns {{inner: Schema, nullable: boolean}}
 */
function opened(schema, root) {
  const found = followed(schema, root);
  if (!found.anyOf) return { inner: found, nullable: false };
  const some = found.anyOf.filter((/** @type {Schema} */ each) => each.type !== "null");
  const nullable = some.length < found.anyOf.length;
  if (some.length !== 1) return { inner: { ...found, anyOf: some }, nullable };
  const { anyOf: _, ...about } = found;
  return { inner: { ...followed(some[0], root), ...about }, nullable };
}

/**
 * @param {Schema} schema
 * @param {Schema} root
 * @returns {Schema}
 */
export function followed(schema, root) {
  if (!schema.$ref) return schema;
  const { $ref, ...about } = schema;
  return { ...followed(root.$defs?.[$ref.split("/").pop()] ?? {}, root), ...about };
}

/** @param {Schema} schema */
function kindOf(schema) {
  if (schema.enum) return "choice";
  if (schema.oneOf || schema.anyOf) return "union";
  if (schema.type === "object") return schema.properties ? "object" : "map";
  if (schema.type === "array") return schema.prefixItems ? "tuple" : "list";
  const simple = /** @type {Record<string, string>} */ ({ boolean: "flag", integer: "whole", number: "number", string: "text" });
  return simple[schema.type] ?? "other";
}

/**
 * Limits of a number, as people write them; empty where there are none.
 * @param {Schema} schema
 */
export function limits(schema) {
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const high = schema.maximum ?? schema.exclusiveMaximum;
  if (low !== undefined && high !== undefined) return `${schema.minimum === undefined ? "> " : ""}${low} … ${schema.maximum === undefined ? "< " : ""}${high}`;
  if (low !== undefined) return `${schema.minimum === undefined ? "> " : "≥ "}${low}`;
  return high === undefined ? "" : `${schema.maximum === undefined ? "< " : "≤ "}${high}`;
}
