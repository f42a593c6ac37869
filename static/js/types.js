/**
 * The shapes of what the server answers, as JSDoc types. Nothing here runs.
 *
 * A number that JSON cannot write is one of three strings (NaN, Infinity, -Infinity).
 * @typedef {number | "NaN" | "Infinity" | "-Infinity"} Cell
 * @typedef {Cell | NestedCells} Nested
 * @typedef {Nested[]} NestedCells
 * @typedef {readonly Cell[] | Float64Array | Float32Array} Cells  row-major
 * @typedef {{shape: number[], min: Cell, max: Cell, mean: Cell, omitted: true, link: string | null}} Omitted  too many cells
 * @typedef {Nested | Omitted} Value
 *
 * @typedef {"network" | "layer" | "op" | "element"} Level
 * @typedef {"opened" | "closed"} LossView
 * @typedef {"book" | "stable"} Form  how an opened loss is computed
 * @typedef {{level: Level, loss: LossView, sample: number, single: boolean, open: string[],
 *   form: Form}} View
 * @typedef {"phase" | "layer" | "op" | "element"} Stride
 * @typedef {{seq: number, element: number}} Cursor
 *
 * @typedef {{type: string, name?: string, units?: number | null}} LayerSpec
 * @typedef {{input_size: number, layers: LayerSpec[], loss?: {type: string} | null,
 *   dtype?: "float64" | "float32"}} Network
 * @typedef {{
 *   id: string, version: number, data_version: number, preset: string | null, network: Network,
 *   source: {dataset: string, split: string, rows: number[]} | null,
 *   parameters: Record<string, Value>, x: Value, t: Value | null,
 *   grad_output: Value | null, optimizer: {type: string, learning_rate: number}, view: View,
 *   loss: Cell | null, probabilities: Value | null, predictions: number[] | null,
 *   edit_token?: string,
 * }} Session
 *
 * @typedef {{
 *   seq: number, phase: "forward" | "loss" | "backward", layer: string, node: string, op: string,
 *   reads: string[], writes: string[], rule: string, rule_name: string, shape: number[],
 *   elements: number, values: Record<string, Value>,
 * }} TraceEvent
 * @typedef {{
 *   id: string, version: number, data_version: number, drawing: string, level: string, loss: string | null, form: string | null,
 *   n: number, inputs: Record<string, Value>, outputs: Record<string, Value>,
 *   events: TraceEvent[], strides: {phase: number[], layer: number[]},
 * }} Trace
 *
 * @typedef {{
 *   id: string, kind: "op" | "layer" | "source" | "constant", op: string | null,
 *   layer: string | null, symbol: string | null, title: string | null,
 *   x: number, y: number, w: number, h: number, row: number | null, nodes: string[],
 *   image?: [number, number], opens?: string, inside?: string,
 *   inside_at?: {x: number, y: number, scale: number},
 * }} GraphNode
 * @typedef {{
 *   mode: "scalar" | "grid" | "heat" | "fan" | "name", x: number, y: number, w: number, h: number,
 *   rows: number, cols: number, cell_w: number, cell_h: number, range?: {x: number, y: number},
 *   legend?: {x: number, y: number, w: number},
 *   fan?: {rows: number[], elided: boolean, lines: [number, number, number, number][],
 *     cells: [number, number, number, number][], ellipsis: [number, number] | null},
 *   name: {formula: string, x: number, y: number} | null,
 *   shape: {text: string, x: number, y: number} | null,
 * }} Label
 * @typedef {{
 *   id: string, direction: "forward" | "backward", tensor: string, from: string | null,
 *   to: string | null, shape: number[], shape_text: string, row: number | null, key: string,
 *   points: [number, number][], label: Label | null, box: number | null,
 *   box_at?: [number, number] | null, description: string,
 * }} GraphEdge
 * @typedef {{
 *   id: string, kind: string, title: string | null, layer: string | null,
 *   x: number, y: number, w: number, h: number, closes?: string | null,
 * }} Group
 * @typedef {{
 *   width: number, height: number, loss: LossView, nodes: GraphNode[], edges: GraphEdge[],
 *   groups: Group[],
 * }} Inside  what is in a closed box, in coordinates of its own
 * @typedef {{
 *   latex: string, spoken: string, width: number, height: number, ascent: number,
 *   glyphs: [string, number, number, number, number][], rules: [number, number, number, number][],
 * }} Formula
 * @typedef {{
 *   number: number, edge: string, formula: string, shapes: string,
 *   parts: {formula: string, shape: string}[], picture: EquationPicture,
 *   product?: EquationPicture,
 * }} Equation
 * @typedef {{
 *   width: number, height: number, formulas: {formula: string, x: number, y: number}[],
 *   texts: {text: string, x: number, y: number}[],
 *   lines: {kind: "inner" | "outer", points: [number, number][], head: boolean}[],
 * }} EquationPicture
 * @typedef {{
 *   level: Level, loss: LossView | null, form: string | null, width: number, height: number,
 *   nodes: GraphNode[], edges: GraphEdge[], groups: Group[], equations: Equation[],
 *   insides: Record<string, Inside>, formulas: Record<string, Formula>, glyphs: Record<string, {viewBox: string, d: string}>,
 * }} Graph
 *
 * @typedef {{key: string, index: number | null}} Spot  a tensor of the figure, or one cell of it (row-major)
 * @typedef {{tensor: string, index: number[], value: Cell, function?: string, cell_value?: Cell}} Factor
 * @typedef {{factors: Factor[], value: Cell, coefficient?: Cell}} Term
 * @typedef {{
 *   tensor: string, index: number[], value: Cell, rule: string, rule_name?: string,
 *   shapes: Record<string, number[]>, terms: Term[], scale: Cell, combine?: "sum" | "max",
 *   omitted?: number, omitted_value?: Cell, divisor?: Divisor | null,
 *   note?: "others" | "digits" | "complement" | null,
 * }} Explanation
 * @typedef {{terms: Term[], value: Cell, shift: Cell, omitted: number, omitted_value: Cell}} Divisor
 *
 * @typedef {{op: "set", tensor: string, index: number[], value: number}
 *   | {op: "replace", tensor: string, value: Nested}
 *   | {op: "load", dataset: string, split: string, rows: number[]}} Edit
 * @typedef {{id: string, title: string, network: Network, view: View, rows: number | null}} Preset
 *
 * @typedef {import("./api.js").Allowed} Allowed
 * @typedef {{name: string, shape: number[], classes: number, splits: Record<string, number>}} Dataset
 * @typedef {{
 *   limits: {input_size: Allowed, units: Allowed, layers: Allowed, samples: Allowed, parameters: Allowed,
 *     cells: Allowed, classes_in_rows: Allowed, seed: Allowed, learning_rate: Allowed},
 *   digits: Dataset,
 * }} Catalogue  what the server tells of its limits
 */
export {};
