/**
 * Types that only the page has; what the server answers and takes is in types.js. Nothing here runs.
 *
 * @import * as api from "./types.js"
 *
 * @typedef {api.Cell | NestedCells} Nested  any rank
 * @typedef {Nested[]} NestedCells
 * @typedef {Nested | api.Omitted} Value
 * @typedef {readonly api.Cell[] | Float64Array | Float32Array} Cells  row-major
 *
 * @typedef {Omit<api.Session, "x" | "t" | "grad_output" | "parameters" | "probabilities"> & {
 *   x: Value, t: Value | null, grad_output: Value | null, parameters: Record<string, Value>,
 *   probabilities: Value | null, edit_token?: string,
 * }} Session  as the page keeps it: with its own edits made, and its token when it is new
 * @typedef {(api.SetCell & {index: number[]}) | api.Load
 *   | {op: "replace", tensor: string, value: Nested} | {op: "view", single: boolean} | api.Reset
 *   | api.InsertRow | api.DeleteRow | api.NameClasses
 *   | {op: "code", code: string, values: Record<string, Nested>, grad_output?: Nested | null, up_to_clash?: boolean}} Edit  those that the page makes
 *
 * @typedef {"step" | "phase" | "layer" | "op" | "element"} Stride
 * @typedef {{seq: number, element: number}} Cursor
 * @typedef {{key: string, index: number | null}} Spot  a tensor of the figure, or one cell of it (row-major)
 *
 * @typedef {{
 *   upTo: number, given: ReadonlyMap<string, ReadonlySet<number>>, asked: ReadonlyMap<string, number | null>,
 * }} Held  events that may be over; cells that are shown all the same; by key the cell that is asked for, or null for a shape
 * @typedef {ReadonlyMap<string, {value: Nested, cells: readonly number[]}>} Struck  by key wrong numbers, and the cells that they are wrong in (row-major)
 *
 * @typedef {{type: string, name?: string, units?: number | null, [field: string]: unknown}} LayerSpec
 * @typedef {{input_size: number, input_shape?: number[], layers: LayerSpec[], loss?: {type: string, [field: string]: unknown} | null,
 *   dtype?: "float64" | "float32"}} Network  as it is sent
 * @typedef {{
 *   limits: Record<"input_size" | "units" | "layers" | "samples" | "parameters" | "cells"
 *     | "classes_in_rows" | "seed" | "std" | "learning_rate" | "steps" | "file_bytes", api.Allowed>,
 *   layers: api.LayerKind[], program: api.Calls,
 *   losses: api.LossKind[],
 *   digits: Pick<api.Dataset, "name" | "shape" | "classes" | "splits">,
 *   planes: Pick<api.Plane, "name" | "classes" | "samples" | "noise">[],
 * }} Catalogue  what the server tells of its limits
 * @typedef {api.OwnDataset} OwnDataset
 */
export {};
