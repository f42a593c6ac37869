/**
 * What the server answers, as JSDoc types; made from the OpenAPI document, not to be edited:
 * `python -m tests.api.page_types` writes this file. Nothing here runs.
 */

/**
 * One forward and, with targets or a given gradient, one backward pass.
 *
 * @typedef {{
 *   loss: Cell | null,
 *   probabilities: MatrixValue | null,
 *   predictions: number[] | null,
 *   layers: Layer[],
 *   parameter_gradients: Record<string, Value>,
 *   grad_input: MatrixValue | null,
 * }} Evaluation
 */

/**
 * @typedef {number | "NaN" | "Infinity" | "-Infinity"} Cell
 */

/**
 * @typedef {Matrix | Omitted} MatrixValue
 */

/**
 * @typedef {Cell[][]} Matrix
 */

/**
 * Stands for a tensor of too many cells; `link`, if it has one, gives all of them.
 *
 * @typedef {{
 *   shape: number[],
 *   min: Cell,
 *   max: Cell,
 *   mean: Cell,
 *   omitted: true,
 *   link: string | null,
 * }} Omitted
 */

/**
 * One layer after a pass.
 *
 * @typedef {{
 *   name: string,
 *   type: "affine" | "relu" | "sigmoid" | "tanh" | "softplus" | "gelu" | "gelu_tanh" | "leaky_relu" | "softmax" | "layer_norm" | "batch_norm" | "dropout" | "residual" | "conv2d" | "max_pool" | "flatten" | "embedding" | "attention",
 *   input_shape: number[],
 *   output_shape: number[],
 *   output: Value,
 *   grad_output: Value | null,
 *   grad_input: Value | null,
 *   parameters: Record<string, Parameter>,
 * }} Layer
 */

/**
 * @typedef {Cells | Omitted} Value
 */

/**
 * @typedef {Cell | Vector | Matrix | Images} Cells
 */

/**
 * @typedef {Cell[]} Vector
 */

/**
 * @typedef {Matrix[] | Matrix[][]} Images
 */

/**
 * A parameter and dL/d(parameter).
 *
 * @typedef {{shape: number[], value: Value, gradient: Value | null}} Parameter
 */

/**
 * One result for each variation, in their order; with all fields or those asked for.
 *
 * @typedef {{results: EvaluatedFields[] | ProgramFields[]}} Batch
 */

/**
 * As an evaluation, with the `fields` that were asked for and no others.
 *
 * @typedef {{
 *   loss?: Cell | null,
 *   probabilities?: MatrixValue | null,
 *   predictions?: number[] | null,
 *   layers?: Layer[],
 *   parameter_gradients?: Record<string, Value>,
 *   grad_input?: MatrixValue | null,
 * }} EvaluatedFields
 */

/**
 * As an evaluation of a program, with the `fields` that were asked for and no others.
 *
 * @typedef {{
 *   loss?: Cell | null,
 *   output?: string,
 *   values?: Record<string, Value>,
 *   gradients?: Record<string, Value>,
 * }} ProgramFields
 */

/**
 * A pass of a program: the value of every name, and the gradient of each that has one.
 *
 * `loss` is null where the result, `output`, is an array.
 *
 * @typedef {{
 *   loss: Cell | null,
 *   output: string,
 *   values: Record<string, Value>,
 *   gradients: Record<string, Value>,
 * }} Program
 */

/**
 * RFC 9457; `request_id` is the answer's X-Request-ID, by which the server's log knows it.
 *
 * @typedef {{
 *   type: string,
 *   title: string,
 *   status: number,
 *   detail: string,
 *   request_id?: string,
 *   errors?: FieldError[],
 * }} Problem
 */

/**
 * One wrong field.
 *
 * `line`: In a text, counted from 1.
 *
 * @typedef {{
 *   pointer: string,
 *   code: string,
 *   message: string,
 *   line?: number,
 *   column?: number,
 *   allowed?: Allowed,
 * }} FieldError
 */

/**
 * What a field may be, in the words of JSON Schema; `shapes` are those of an array.
 *
 * @typedef {{
 *   type?: "integer" | "number" | "boolean" | "array",
 *   minimum?: number,
 *   maximum?: number,
 *   exclusiveMinimum?: number,
 *   exclusiveMaximum?: number,
 *   minItems?: number,
 *   maxItems?: number,
 *   enum?: string[],
 *   shapes?: number[][],
 * }} Allowed
 */

/**
 * A session and, this once, the token that lets one change it.
 *
 * `classes`: Names of the classes, or none.
 *
 * `initializer`: How the first parameters were drawn; null where they were not.
 *
 * @typedef {{
 *   id: string,
 *   version: number,
 *   data_version: number,
 *   preset: string | null,
 *   network: Network,
 *   parameters: Record<string, Value>,
 *   x: Value,
 *   t: Value | null,
 *   grad_output: Value | null,
 *   source: Source | null,
 *   data: Data | null,
 *   opened: Opened | null,
 *   classes: string[],
 *   initializer: Drawn | null,
 *   levels: ("network" | "layer" | "op" | "element")[],
 *   optimizer: Optimizer,
 *   view: View,
 *   cursor: Position,
 *   loss: Cell | null,
 *   probabilities: MatrixValue | null,
 *   predictions: number[] | null,
 *   created: string,
 *   expires: string,
 *   links: Links,
 *   edit_token: string,
 * }} NewSession
 */

/**
 * What a network is made of.
 *
 * `learned`: What of a program's names an optimiser moves.
 *
 * `clash`: Of a program that was taken up to where its shapes do not fit.
 *
 * `samples`: What of a program's names a run may draw mini-batches from; null where every step
 * learns from all that it is given.
 *
 * @typedef {{
 *   input_size: number,
 *   input_shape?: number[],
 *   layers: LayerSpec[],
 *   loss: LossSpec | null,
 *   dtype: "float64" | "float32",
 *   code?: string,
 *   learned?: string[],
 *   clash?: Clash | null,
 *   samples?: ProgramSamples | null,
 * }} Network
 */

/**
 * One layer of a network, with what its type has otherwise than usual.
 *
 * @typedef {{
 *   type: "affine" | "relu" | "sigmoid" | "tanh" | "softplus" | "gelu" | "gelu_tanh" | "leaky_relu" | "softmax" | "layer_norm" | "batch_norm" | "dropout" | "residual" | "conv2d" | "max_pool" | "flatten" | "embedding" | "attention",
 *   name: string,
 *   units?: number,
 *   bias?: boolean,
 *   slope?: number,
 *   epsilon?: number,
 *   ratio?: number,
 *   seed?: number,
 *   mode?: "train" | "inference",
 *   inverted?: boolean,
 *   layers?: boolean,
 *   filters?: number,
 *   size?: number,
 *   stride?: number,
 *   pad?: number,
 *   vocabulary?: number,
 *   heads?: number,
 * }} LayerSpec
 */

/**
 * The loss of a network, with what is otherwise than usual.
 *
 * @typedef {{
 *   type: "softmax_cross_entropy" | "squared_error" | "sigmoid_cross_entropy" | "code",
 *   reduction?: "mean" | "sum",
 *   weight_decay?: number,
 * }} LossSpec
 */

/**
 * Where shapes do not fit, counted from 1; nothing after that place is computed.
 *
 * `shapes`: Of the operands, in order.
 *
 * @typedef {{line: number, column: number, message: string, shapes: number[][]}} Clash
 */

/**
 * Names that a program is given samples by, a row each, and how many there are.
 *
 * @typedef {{names: string[], rows: number}} ProgramSamples
 */

/**
 * The rows of a data set that x and t are.
 *
 * @typedef {{dataset: string, split: string, rows: number[]}} Source
 */

/**
 * What the samples that a session shows are a mini-batch of, and the next ones are drawn from.
 *
 * `seed` is that of the shuffles, and of points; `noise` is 0 where there are none.
 *
 * @typedef {{
 *   dataset: string,
 *   split: string,
 *   samples: number,
 *   batch_size: number,
 *   seed: number,
 *   noise: number,
 * }} Data
 */

/**
 * The step of a run that a session shows: x and t are its mini-batch.
 *
 * Steps up to `last` can be opened. While it is `unchanged`, strides lead from one to another.
 *
 * @typedef {{run: string, step: number, last: number, unchanged: boolean}} Opened
 */

/**
 * How parameters were drawn: `std` is that of `normal`.
 *
 * @typedef {{type: "normal" | "xavier" | "he" | "zeros", std: number, seed: number}} Drawn
 */

/**
 * An optimiser with the settings that its type has.
 *
 * @typedef {{
 *   type: "sgd" | "momentum" | "adagrad" | "adam",
 *   learning_rate: number,
 *   momentum?: number,
 *   beta1?: number,
 *   beta2?: number,
 *   epsilon?: number,
 * }} Optimizer
 */

/**
 * How a session is drawn and stepped.
 *
 * @typedef {{
 *   level: Level,
 *   loss: LossView,
 *   sample: number,
 *   single: boolean,
 *   open: string[],
 *   form: Form,
 *   update: boolean,
 * }} View
 */

/**
 * @typedef {"network" | "layer" | "op" | "element"} Level
 */

/**
 * @typedef {"opened" | "closed"} LossView
 */

/**
 * @typedef {"book" | "stable"} Form
 */

/**
 * Where the session stands: events below `seq` are done, and `element` cells of the next.
 *
 * `step` counts the steps of learning that were made by going on; where `goes_on`, the next stride
 * from the end begins another, and where `goes_back`, the one back from the start leads to the end
 * of the one before.
 *
 * @typedef {{
 *   seq: number,
 *   element: number,
 *   events: number,
 *   phase: "start" | "forward" | "loss" | "backward" | "update" | "end",
 *   at_start: boolean,
 *   at_end: boolean,
 *   step: number,
 *   goes_on: boolean,
 *   goes_back: boolean,
 * }} Position
 */

/**
 * Where the parts of a session are.
 *
 * @typedef {{
 *   self: string,
 *   graph: string,
 *   trace: string,
 *   layers: string,
 *   events: string,
 *   runs: string,
 * }} Links
 */

/**
 * The whole state of a session.
 *
 * `classes`: Names of the classes, or none.
 *
 * `initializer`: How the first parameters were drawn; null where they were not.
 *
 * @typedef {{
 *   id: string,
 *   version: number,
 *   data_version: number,
 *   preset: string | null,
 *   network: Network,
 *   parameters: Record<string, Value>,
 *   x: Value,
 *   t: Value | null,
 *   grad_output: Value | null,
 *   source: Source | null,
 *   data: Data | null,
 *   opened: Opened | null,
 *   classes: string[],
 *   initializer: Drawn | null,
 *   levels: ("network" | "layer" | "op" | "element")[],
 *   optimizer: Optimizer,
 *   view: View,
 *   cursor: Position,
 *   loss: Cell | null,
 *   probabilities: MatrixValue | null,
 *   predictions: number[] | null,
 *   created: string,
 *   expires: string,
 *   links: Links,
 * }} Session
 */

/**
 * What `Prefer: return=minimal` leaves of the answer to a change.
 *
 * @typedef {{version: number, cursor: Position, loss: Cell | null}} Minimal
 */

/**
 * The cursor after a stride, the events passed and the values they reveal.
 *
 * @typedef {{
 *   version: number,
 *   cursor: Position,
 *   events: StepEvent[],
 *   values: Record<string, Value | SteppedCell[]>,
 * }} Step
 */

/**
 * An event passed; at stride `element` with the cells passed and only their values.
 *
 * @typedef {{
 *   seq: number,
 *   phase: "forward" | "loss" | "backward" | "update",
 *   layer: string,
 *   node: string,
 *   op: string,
 *   reads: string[],
 *   writes: string[],
 *   rule: string,
 *   rule_name: string,
 *   shape: number[],
 *   elements: number,
 *   progress: number,
 *   cells?: number[][],
 *   values: Record<string, Value | SteppedCell[]>,
 * }} StepEvent
 */

/**
 * A cell that became known.
 *
 * @typedef {{index: number[], value: Cell}} SteppedCell
 */

/**
 * A session as lines of NumPy; `names` are those that the lines are given, with the tensors of the
 * session that they stand for. `backward` goes on from them: its first line is the gradient that it
 * starts from, and it is empty where nothing goes back. Where shapes do not fit, `fits` are the
 * ways to write that expression in which they would.
 *
 * @typedef {{
 *   code: string,
 *   lines: Line[],
 *   names: Record<string, string>,
 *   backward: BackLine[],
 *   fits: Fit[],
 * }} Code
 */

/**
 * A line of a program, from row `line` of the text to row `end`, counted from 1.
 *
 * `layers` are what it computes, by the names that events and drawings have for layers, or for the
 * lines of a program; `nodes` are its ops by their ids, those of a loss as it is when opened.
 *
 * @typedef {{line: number, end: number, layers: string[], nodes: string[]}} Line
 */

/**
 * A line of the backward half: the gradients that it makes known, by their keys in a trace, and the
 * ops and layers it belongs to. One without keys is a value that the others read.
 *
 * @typedef {{text: string, keys: string[], nodes: string[], layers: string[]}} BackLine
 */

/**
 * An expression whose operands fit, and the whole text with it.
 *
 * @typedef {{expression: string, code: string}} Fit
 */

/**
 * How to make the numbers of a session again: a new one from `base`, then `edits`.
 *
 * `base`: A body for a new session.
 *
 * `edits`: A PATCH of it, if there are any.
 *
 * `digest`: Equal where all numbers are: that of the new session tells.
 *
 * @typedef {{
 *   base: NewSessionBody | SessionWithData | SessionWithCode | SessionFromPreset,
 *   edits: (SetCell | Replace | Load | ChangeOptimizer | NameClasses | ChangeCode)[],
 *   digest: string,
 * }} Recipe
 */

/**
 * As `Evaluate`, with an optimiser and a view.
 *
 * @typedef {{
 *   network: NetworkBody,
 *   parameters?: Record<string, number | number[] | number[][] | number[][][] | number[][][][] | number[][][][][] | number[][][][][][]> | null,
 *   seed?: number,
 *   initializer?: "normal" | "xavier" | "he" | "zeros" | Initializer,
 *   x: number[][] | number[][][] | number[][][][] | number[][][][][] | number[][][][][][],
 *   t?: number[] | number[][] | null,
 *   grad_output?: number[][] | number[][][] | number[][][][] | number[][][][][] | number[][][][][][] | null,
 *   optimizer?: Sgd | Momentum | AdaGrad | Adam | null,
 *   view?: ViewBody | null,
 * }} NewSessionBody
 */

/**
 * What the network is made of; without layers, x holds the scores.
 *
 * Either `input_size` is needed or `input_shape`, whose product it is.
 *
 * @typedef {{
 *   input_size?: number | null,
 *   input_shape?: number[] | null,
 *   layers: LayerBody[],
 *   loss?: Loss | null,
 *   dtype?: "float64" | "float32",
 * }} NetworkBody
 */

/**
 * One layer; which fields its type takes, and what they may be, `catalogue` tells.
 *
 * @typedef {{
 *   type: "affine" | "relu" | "sigmoid" | "tanh" | "softplus" | "gelu" | "gelu_tanh" | "leaky_relu" | "softmax" | "layer_norm" | "batch_norm" | "dropout" | "residual" | "conv2d" | "max_pool" | "flatten" | "embedding" | "attention",
 *   name?: string | null,
 *   units?: number | null,
 *   bias?: boolean | null,
 *   slope?: number | null,
 *   epsilon?: number | null,
 *   ratio?: number | null,
 *   seed?: number | null,
 *   mode?: "train" | "inference" | null,
 *   inverted?: boolean | null,
 *   layers?: LayerBody[] | null,
 *   filters?: number | null,
 *   size?: number | null,
 *   stride?: number | null,
 *   pad?: number | null,
 *   vocabulary?: number | null,
 *   heads?: number | null,
 * }} LayerBody
 */

/**
 * The loss, the mean over the rows or their sum; `weight_decay` is lambda, of which half times the
 * sum of all squared weights is added.
 *
 * @typedef {{
 *   type: "softmax_cross_entropy" | "squared_error" | "sigmoid_cross_entropy",
 *   reduction?: "mean" | "sum" | null,
 *   weight_decay?: number | null,
 * }} Loss
 */

/**
 * How weights are drawn; `std` is for `normal`.
 *
 * @typedef {{type: "normal" | "xavier" | "he" | "zeros", std?: number}} Initializer
 */

/**
 * p -= learning_rate * g.
 *
 * @typedef {{type: "sgd", learning_rate?: number}} Sgd
 */

/**
 * v = momentum * v - learning_rate * g; p += v.
 *
 * @typedef {{type: "momentum", learning_rate?: number, momentum?: number}} Momentum
 */

/**
 * h += g * g; p -= learning_rate * g / (sqrt(h) + epsilon).
 *
 * @typedef {{type: "adagrad", learning_rate?: number, epsilon?: number}} AdaGrad
 */

/**
 * Bias-corrected Adam, epsilon outside the root.
 *
 * @typedef {{
 *   type: "adam",
 *   learning_rate?: number,
 *   beta1?: number,
 *   beta2?: number,
 *   epsilon?: number,
 * }} Adam
 */

/**
 * How the session is drawn and stepped; what is left out keeps its value.
 *
 * @typedef {{
 *   level?: "network" | "layer" | "op" | "element" | null,
 *   loss?: "opened" | "closed" | null,
 *   sample?: number | null,
 *   single?: boolean | null,
 *   open?: string[] | null,
 *   form?: "book" | "stable" | null,
 *   update?: boolean | null,
 * }} ViewBody
 */

/**
 * A network whose samples the server brings along.
 *
 * Without a loss every output's gradient is 1.
 *
 * @typedef {{
 *   network: NetworkBody,
 *   parameters?: Record<string, number | number[] | number[][] | number[][][] | number[][][][] | number[][][][][] | number[][][][][][]> | null,
 *   seed?: number,
 *   initializer?: "normal" | "xavier" | "he" | "zeros" | Initializer,
 *   data: Bands | Points | FirstRows,
 *   optimizer?: Sgd | Momentum | AdaGrad | Adam | null,
 *   view?: ViewBody | null,
 * }} SessionWithData
 */

/**
 * Made-up samples in clean tenths: the first number of a sample decides its class.
 *
 * @typedef {{dataset: "bands", samples: number, seed?: number}} Bands
 */

/**
 * Points in a plane, for networks of two inputs; the splits are two draws of one kind.
 *
 * With `batch_size` the session draws mini-batches of them; else it has all of them.
 *
 * `batch_size`: Rows of a mini-batch: the session shows one, and every step of learning draws the
 * next, by the seed and the step alone.
 *
 * `step`: After how many steps of learning the first mini-batch is.
 *
 * @typedef {{
 *   dataset: "xor" | "moons" | "circles" | "spiral" | "blobs",
 *   split?: "train" | "test",
 *   samples?: number,
 *   noise?: number,
 *   seed?: number,
 *   batch_size?: number | null,
 *   step?: number,
 * }} Points
 */

/**
 * The first rows of a data set, `mnist` or one's own; their order is a shuffle.
 *
 * Without `samples`, or with `batch_size`, the session names them and copies none but the mini-
 * batch that it shows, by default of 100 rows; runs learn from all of them.
 *
 * `batch_size`: Rows of a mini-batch: the session shows one, and every step of learning draws the
 * next, by the seed and the step alone.
 *
 * `step`: After how many steps of learning the first mini-batch is.
 *
 * @typedef {{
 *   dataset: string,
 *   split?: "train" | "test",
 *   samples?: number | null,
 *   seed?: number,
 *   batch_size?: number | null,
 *   step?: number,
 * }} FirstRows
 */

/**
 * As `Program`, with an optimiser and a view.
 *
 * `up_to_clash`: Where shapes do not fit, take the program up to there, with `network.clash` in the
 * answer, instead of refusing it.
 *
 * @typedef {{
 *   code: string,
 *   values?: Record<string, number | number[] | number[][] | number[][][] | number[][][][] | number[][][][][] | number[][][][][][]>,
 *   grad_output?: number | number[] | number[][] | number[][][] | number[][][][] | number[][][][][] | number[][][][][][] | null,
 *   up_to_clash?: boolean,
 *   optimizer?: Sgd | Momentum | AdaGrad | Adam | null,
 *   view?: ViewBody | null,
 * }} SessionWithCode
 */

/**
 * A preset brings everything itself; of those that show a digit, `row` chooses it.
 *
 * @typedef {{preset: string, row?: number | null}} SessionFromPreset
 */

/**
 * One cell of x, t, grad_output, a parameter; or `learning_rate`, which has no index.
 *
 * @typedef {{op: "set", tensor: string, index?: number[], value: number}} SetCell
 */

/**
 * A whole tensor, or the learning rate.
 *
 * @typedef {{
 *   op: "replace",
 *   tensor: string,
 *   value: number | number[] | number[][] | number[][][] | number[][][][] | number[][][][][] | number[][][][][][],
 * }} Replace
 */

/**
 * x and t from rows of a data set.
 *
 * @typedef {{op: "load", dataset: string, split: "train" | "test", rows: number[]}} Load
 */

/**
 * Another optimiser; what the old one had gathered is forgotten.
 *
 * @typedef {{op: "optimizer", optimizer: Sgd | Momentum | AdaGrad | Adam}} ChangeOptimizer
 */

/**
 * Names of the classes in their order; an empty list takes them away.
 *
 * @typedef {{op: "classes", names: string[]}} NameClasses
 */

/**
 * Another program in the place of the session's.
 *
 * Names that stay keep their numbers; those that are new need a value here. `grad_output` stays
 * where it fits the result, unless it is null here.
 *
 * `up_to_clash`: Where shapes do not fit, take the program up to there, with `network.clash` in the
 * answer, instead of refusing it.
 *
 * @typedef {{
 *   code: string,
 *   values?: Record<string, number | number[] | number[][] | number[][][] | number[][][][] | number[][][][][] | number[][][][][][]>,
 *   grad_output?: number | number[] | number[][] | number[][][] | number[][][][] | number[][][][][] | number[][][][][][] | null,
 *   op: "code",
 *   up_to_clash?: boolean,
 * }} ChangeCode
 */

/**
 * A drawing without numbers; ``loss`` is null where the network has none.
 *
 * @typedef {{
 *   nodes: GraphNode[],
 *   edges: GraphEdge[],
 *   groups: Group[],
 *   formulas: Record<string, Formula>,
 *   glyphs: Record<string, Glyph>,
 *   level: string,
 *   loss: "opened" | "closed" | null,
 *   form: string | null,
 *   width: number,
 *   height: number,
 *   insides: Record<string, Inside>,
 *   equations: Equation[],
 * }} Graph
 */

/**
 * A node, by its centre.
 *
 * An ``op`` is a circle, or where its name is long a box, and a ``layer`` is a box. A ``source`` is
 * a point where arrows begin, named by their labels; a ``constant`` is the formula ``symbol``
 * without a circle. ``nodes`` are the ids in trace events that the node stands for. ``image`` is
 * ``[rows, cols]`` on a box that shows the input as a picture; ``opens`` names the layer that opens
 * in the node's place, ``hides`` the op that opens there, ``closes`` the opened op that the node
 * belongs to; ``inside`` is a key of the graph's ``insides``, whose picture fits in the node at
 * ``inside_at``. At a ``clash`` the shapes that come in do not fit.
 *
 * @typedef {{
 *   id: string,
 *   kind: "op" | "layer" | "source" | "constant",
 *   op: string | null,
 *   layer: string | null,
 *   symbol: string | null,
 *   title: string | null,
 *   x: number,
 *   y: number,
 *   w: number,
 *   h: number,
 *   row: number | null,
 *   nodes: string[],
 *   image?: [number, number],
 *   opens?: string,
 *   hides?: string,
 *   closes?: string,
 *   inside?: string,
 *   inside_at?: Scaled,
 *   clash?: boolean,
 * }} GraphNode
 */

/**
 * Where the origin of a small picture stands, and its scale.
 *
 * @typedef {{x: number, y: number, scale: number}} Scaled
 */

/**
 * An arrow. A tensor's gradient has an arrow of its own, whose key ends in ``.grad``.
 *
 * ``key`` is the edge's key in the events and values of a trace. ``label`` is null where the number
 * stands in a constant itself; ``box`` is the number of a numbered arrow, at ``box_at``.
 *
 * @typedef {{
 *   from: string | null,
 *   to: string | null,
 *   id: string,
 *   direction: "forward" | "backward",
 *   tensor: string,
 *   shape: number[],
 *   shape_text: string,
 *   row: number | null,
 *   key: string,
 *   points: [number, number][],
 *   label: Label | null,
 *   box: number | null,
 *   box_at?: [number, number],
 *   description: string,
 * }} GraphEdge
 */

/**
 * The box of numbers at an edge, by its upper left corner, with the name and the shape.
 *
 * Modes: ``scalar`` one number; ``grid`` up to 8 rows and 8 columns; ``heat`` a heat map, with the
 * place of its ``legend``; ``fan`` an arrow for each class; ``name`` without numbers, which stand
 * elsewhere. Of a tensor of more than two axes a ``grid`` has ``blocks``, its matrices in row-major
 * order, each of so many rows and columns.
 *
 * @typedef {{
 *   mode: "scalar" | "grid" | "heat" | "fan" | "name",
 *   x: number,
 *   y: number,
 *   w: number,
 *   h: number,
 *   rows: number,
 *   cols: number,
 *   cell_w: number,
 *   cell_h: number,
 *   blocks?: Block[],
 *   legend?: Strip,
 *   fan?: Fan,
 *   name: LabelName,
 *   shape: LabelShape,
 * }} Label
 */

/**
 * One matrix of a tensor of more than two axes, by its upper left corner, and its place.
 *
 * @typedef {{x: number, y: number, caption: PlacedText}} Block
 */

/**
 * A text by the middle of its baseline.
 *
 * @typedef {{text: string, x: number, y: number}} PlacedText
 */

/**
 * A legend of shades, by its middle and its width.
 *
 * @typedef {{x: number, y: number, w: number}} Strip
 */

/**
 * One arrow for each class with its number over it (figure 5-28).
 *
 * Line and cell k belong to the class ``rows[k]``; the lines replace the edge's own, and
 * ``ellipsis`` is where dots stand for the classes that are left out.
 *
 * @typedef {{
 *   rows: number[],
 *   elided: boolean,
 *   lines: [number, number, number, number][],
 *   cells: [number, number, number, number][],
 *   ellipsis: [number, number] | null,
 * }} Fan
 */

/**
 * The name of an edge, a key of the graph's ``formulas``, by the middle of its baseline.
 *
 * @typedef {{x: number, y: number, formula: string}} LabelName
 */

/**
 * The shape that an edge carries; empty for a scalar.
 *
 * @typedef {{x: number, y: number, text: string}} LabelShape
 */

/**
 * A frame, by its upper left corner; ``closes`` names the layer that closes in its place.
 *
 * @typedef {{
 *   id: string,
 *   kind: string,
 *   title: string | null,
 *   layer: string | null,
 *   closes: string | null,
 *   x: number,
 *   y: number,
 *   w: number,
 *   h: number,
 * }} Group
 */

/**
 * A set formula; its origin is the left end of the baseline, ``ascent`` is above it.
 *
 * A glyph is ``[id, x, y, w, h]``, a rule (a fraction bar) ``[x, y, w, h]``. ``spoken`` is how it
 * is read aloud; what each language says in its own way stands in braces: ``{over|1|N}``.
 *
 * @typedef {{
 *   latex: string,
 *   spoken: string,
 *   width: number,
 *   height: number,
 *   ascent: number,
 *   glyphs: [string, number, number, number, number][],
 *   rules: [number, number, number, number][],
 * }} Formula
 */

/**
 * One outline: the ``viewBox`` of an SVG symbol and the path data in it.
 *
 * @typedef {{viewBox: string, d: string}} Glyph
 */

/**
 * What is in a closed box, in coordinates of its own.
 *
 * ``loss`` says in which pass its numbers are.
 *
 * @typedef {{
 *   nodes: GraphNode[],
 *   edges: GraphEdge[],
 *   groups: Group[],
 *   width: number,
 *   height: number,
 *   loss: "opened" | "closed",
 * }} Inside
 */

/**
 * The numbered equation of the arrow ``edge``.
 *
 * ``formula`` is the whole of it, ``parts`` are its factors and signs in order, and ``product`` is
 * the picture of a product with its result at the end.
 *
 * @typedef {{
 *   number: number,
 *   edge: string,
 *   formula: string,
 *   shapes: string,
 *   parts: EquationPart[],
 *   picture: EquationPicture,
 *   product?: EquationPicture,
 * }} Equation
 */

/**
 * A factor with its shape, or a sign without one.
 *
 * @typedef {{formula: string, shape: string}} EquationPart
 */

/**
 * An equation with the shapes under its factors and the brackets of figure 5-26.
 *
 * @typedef {{
 *   width: number,
 *   height: number,
 *   formulas: PlacedFormula[],
 *   texts: PlacedText[],
 *   lines: Bracket[],
 * }} EquationPicture
 */

/**
 * A formula by the left end of its baseline.
 *
 * @typedef {{formula: string, x: number, y: number}} PlacedFormula
 */

/**
 * A line between two sizes: equal ones joined (``inner``), or one led to the result.
 *
 * @typedef {{kind: "inner" | "outer", points: [number, number][], head: boolean}} Bracket
 */

/**
 * A whole pass; `update` is there where it goes on into the update.
 *
 * `drawing`: Where it is as before, so is this session's drawing at the same view.
 *
 * @typedef {{
 *   id: string,
 *   version: number,
 *   data_version: number,
 *   level: Level,
 *   loss: LossView,
 *   form: string | null,
 *   n: number,
 *   drawing: string,
 *   inputs: Record<string, Value>,
 *   outputs: Record<string, Value>,
 *   events: TraceEvent[],
 *   strides: Strides,
 *   update?: StepUpdate,
 * }} Trace
 */

/**
 * One op doing one thing, and the numbers that it makes known.
 *
 * @typedef {{
 *   seq: number,
 *   phase: "forward" | "loss" | "backward" | "update",
 *   layer: string,
 *   node: string,
 *   op: string,
 *   reads: string[],
 *   writes: string[],
 *   rule: string,
 *   rule_name: string,
 *   shape: number[],
 *   elements: number,
 *   progress: number,
 *   values: Record<string, Value>,
 * }} TraceEvent
 */

/**
 * The events at which a stride stops.
 *
 * @typedef {{step: number[], phase: number[], layer: number[]}} Strides
 */

/**
 * The step of the optimiser that a pass ends with.
 *
 * @typedef {{loss: Losses}} StepUpdate
 */

/**
 * The loss before the step, as the gradient predicts it, and as it came out.
 *
 * In a session without a loss: the sum of the given gradient times the output.
 *
 * @typedef {{before: Cell, predicted: Cell, after: Cell}} Losses
 */

/**
 * All layers of a session.
 *
 * @typedef {{layers: Layer[]}} Layers
 */

/**
 * Where one number comes from.
 *
 * The terms, and `omitted` more whose sum is `omitted_value`, add up to it, times `scale`; or the
 * largest of them is it, where `combine` is `max`; where it is `positive`, the value is 1 or 0 by
 * the sign of their sum.
 *
 * `omitted`: Terms that are not listed; the listed ones count most.
 *
 * `note`: Why the terms are not those of the rule: `others`, minus the other probabilities stand
 * for y - 1, which would lose digits; `digits`, a cell is rounded and its logarithm was taken
 * before the rounding; `complement`, another function of x stands for 1 - y; `root`, the factor is
 * 1 over the root of the cell, to which epsilon is added; `corrected`, the same of Adam, whose
 * running means are freed of their bias.
 *
 * `functions`: How each `function` of a factor is written where a number stands for `{x}`: `{(x)}`
 * is it in brackets where it is negative, `{-x}` with the other sign, `{value}` the factor's value,
 * `{(shift)}` the divisor's `shift`.
 *
 * @typedef {{
 *   tensor: string,
 *   index: number[],
 *   value: Cell,
 *   rule: string,
 *   rule_name: string,
 *   shapes: Record<string, number[]>,
 *   terms: Term[],
 *   scale: Cell,
 *   combine: "sum" | "max" | "positive",
 *   omitted: number,
 *   omitted_value: Cell,
 *   divisor: Divisor | null,
 *   note: "others" | "digits" | "complement" | "root" | "corrected" | null,
 *   functions: Record<string, string>,
 * }} Explanation
 */

/**
 * A product of factors and a coefficient.
 *
 * @typedef {{factors: Factor[], coefficient: Cell, value: Cell}} Term
 */

/**
 * One factor of a term and the cell it came from.
 *
 * `function`: What was taken of the cell, such as `log`; else `identity`.
 *
 * `cell_value`: The cell itself, before the function.
 *
 * @typedef {{
 *   tensor: string,
 *   index: number[],
 *   value: Cell,
 *   function: string,
 *   cell_value: Cell,
 * }} Factor
 */

/**
 * The sum by which the terms are divided, as in softmax: `scale` is 1 over its value.
 *
 * `shift`: What was subtracted in every exponent; 0 where exp is safe.
 *
 * @typedef {{
 *   terms: Term[],
 *   value: Cell,
 *   shift: Cell,
 *   omitted: number,
 *   omitted_value: Cell,
 * }} Divisor
 */

/**
 * One step of the optimiser.
 *
 * @typedef {{
 *   version: number,
 *   data_version: number,
 *   optimizer: Optimizer,
 *   loss: Losses,
 *   parameters: Record<string, Updated>,
 * }} Update
 */

/**
 * One parameter in a step of the optimiser: new = old + change.
 *
 * @typedef {{old: Value, gradient: Value, change: Value, new: Value}} Updated
 */

/**
 * The numerical check of all parameters.
 *
 * `objective`: What is differentiated: the loss or, in a session without one, `upstream`, the sum
 * of the given gradient times the output.
 *
 * @typedef {{
 *   h: number,
 *   seed: number,
 *   objective: "loss" | "upstream",
 *   sampled: boolean,
 *   tolerance: number,
 *   max_relative_error: Cell | null,
 *   parameters: Record<string, Checked>,
 * }} Check
 */

/**
 * How far the numerical gradient of one parameter is from backpropagation's.
 *
 * A cell's error is the difference over the larger of the two. `worst` is the cell with the largest
 * error, `backpropagated` and `numerical` are its gradients. Null stands where no cell could be
 * compared.
 *
 * `passed`: Whether no cell's error is above `tolerance`.
 *
 * `norm_error`: The error of all cells compared together, in the Euclidean norm.
 *
 * `mean_difference`: The mean of the differences themselves, as in the book.
 *
 * `places`: The cells that were nudged, counted row by row.
 *
 * `errors`: Their errors; null for a cell at a kink of a ReLU.
 *
 * @typedef {{
 *   shape: number[],
 *   passed: boolean | null,
 *   max_relative_error: Cell | null,
 *   norm_error: Cell | null,
 *   mean_difference: Cell | null,
 *   worst: number[] | null,
 *   backpropagated: Cell | null,
 *   numerical: Cell | null,
 *   cells: number,
 *   checked: number,
 *   places: number[],
 *   errors: (Cell | null)[],
 *   not_comparable: number[][],
 * }} Checked
 */

/**
 * One gradient and what steps with the number that it is of have given.
 *
 * `start` is what is differentiated, without a step, and `value` the number that is moved.
 *
 * `objective`: What is differentiated: the loss or, in a session without one, `upstream`, the sum
 * of the given gradient times the output.
 *
 * @typedef {{
 *   tensor: string,
 *   index: number[],
 *   objective: "loss" | "upstream",
 *   start: Cell,
 *   value: Cell,
 *   backpropagated: Cell,
 *   nudges: Nudge[],
 * }} Nudged
 */

/**
 * One step to either side: `numerical` is (`plus` - `minus`) / 2h.
 *
 * `error`: |numerical - backpropagated|
 *
 * `relative_error`: That over the larger of the two; 0 where both are 0.
 *
 * `kink`: Whether a ReLU opens or closes between the two sides.
 *
 * @typedef {{
 *   h: number,
 *   minus: Cell,
 *   plus: Cell,
 *   numerical: Cell,
 *   error: Cell,
 *   relative_error: Cell,
 *   kink: boolean,
 * }} Nudge
 */

/**
 * One tensor, or the part that `slice` names.
 *
 * @typedef {{name: string, dtype: string, shape: number[], value: Cells}} Tensor
 */

/**
 * The tensors that the same address gives as one file.
 *
 * @typedef {{version: number, tensors: TensorListed[]}} Tensors
 */

/**
 * One tensor of a list, without its numbers.
 *
 * @typedef {{name: string, dtype: string, shape: number[]}} TensorListed
 */

/**
 * The session's runs, oldest first.
 *
 * @typedef {{runs: Run[]}} Runs
 */

/**
 * A training run.
 *
 * `seconds_left`: At the pace of the last seconds; null unless it runs.
 *
 * `epoch`: How many times the samples were gone through.
 *
 * `samples`: Samples learned from, each as often as it came.
 *
 * `ended_by`: What has ended it before its last step.
 *
 * `optimizer`: With the learning rate that was asked for last.
 *
 * `fixed_batches`: Whether its mini-batches were given by their rows, in place of a seed.
 *
 * `evaluate_every`: Null where no samples are held out and it was not given.
 *
 * @typedef {{
 *   id: string,
 *   state: "queued" | "running" | "paused" | "interrupted" | "finished" | "stopped" | "failed",
 *   step: number,
 *   steps: number,
 *   loss: Cell | null,
 *   accuracy: Cell | null,
 *   gradient_norms: Record<string, Cell>,
 *   error: string | null,
 *   seconds_left: number | null,
 *   epoch: number,
 *   samples: number,
 *   ended_by: "loss_below" | "patience" | null,
 *   optimizer: Optimizer,
 *   schedule: Schedule,
 *   batch_size: number,
 *   fixed_batches: boolean,
 *   seed: number,
 *   evaluate_every: number | null,
 *   stop: Stop,
 * }} Run
 */

/**
 * How the learning rate falls, with the settings that its type has.
 *
 * @typedef {{
 *   type: "constant" | "step" | "cosine",
 *   every?: number,
 *   factor?: number,
 *   floor?: number,
 * }} Schedule
 */

/**
 * What may end a run early; null where it was not asked for.
 *
 * @typedef {{loss_below: number | null, patience: number | null}} Stop
 */

/**
 * What a run has seen, in columns: a row for each step that is told of, in their order.
 *
 * Null stands where nothing was measured. Loss and accuracy are what the step's mini-batch saw
 * before its update; the held-out samples are looked at after it.
 *
 * `accuracy`: Null of a program, which has no classes.
 *
 * `gradient_norms`: By parameter, of its gradient.
 *
 * `update_ratios`: By parameter, the norm of its change over the norm it had before.
 *
 * `dead`: By ReLU layer, the share of units that the mini-batch left closed.
 *
 * @typedef {{
 *   step: number[],
 *   loss: Cell[],
 *   accuracy: (number | null)[],
 *   test_loss: (Cell | null)[],
 *   test_accuracy: (number | null)[],
 *   learning_rate: number[],
 *   gradient_norms: Record<string, (Cell | null)[]>,
 *   update_ratios: Record<string, (Cell | null)[]>,
 *   dead: Record<string, (number | null)[]>,
 * }} History
 */

/**
 * The `data` of an event `progress` or `state`.
 *
 * @typedef {{
 *   run: string,
 *   state: "queued" | "running" | "paused" | "interrupted" | "finished" | "stopped" | "failed",
 *   step: number,
 *   steps: number,
 *   loss: Cell | null,
 *   accuracy: Cell | null,
 *   gradient_norms: Record<string, Cell>,
 *   seconds_left: number | null,
 *   epoch: number,
 *   samples: number,
 *   error?: string,
 * }} RunEvent
 */

/**
 * How a network fares while it learns.
 *
 * `loss` is told of the next update on the session's samples. Alarms stand with causes before what
 * follows from them. `scale` is for all layers of all networks.
 *
 * @typedef {{
 *   version: number,
 *   data_version: number,
 *   loss: Losses,
 *   scale: Scale,
 *   layers: LayerHealth[],
 *   alarms: Alarm[],
 * }} Health
 */

/**
 * The ends of a logarithmic scale.
 *
 * @typedef {{minimum: number, maximum: number}} Scale
 */

/**
 * How one layer fares; null for what it does not have.
 *
 * `value` and `gradient` are the roots of the mean squares of its outputs and of dL/d(output).
 *
 * `type`: Of a program, each of its lines is told of.
 *
 * `ratio`: The norm of the next change of W over the norm of W.
 *
 * `dead`: Of a ReLU layer, the share of units no sample opens.
 *
 * `saturated`: Of sigmoid and tanh, the share of outputs with hardly any slope.
 *
 * @typedef {{
 *   name: string,
 *   type: "affine" | "relu" | "sigmoid" | "tanh" | "softplus" | "gelu" | "gelu_tanh" | "leaky_relu" | "softmax" | "layer_norm" | "batch_norm" | "dropout" | "residual" | "conv2d" | "max_pool" | "flatten" | "embedding" | "attention" | "line",
 *   value: Cell,
 *   gradient: Cell | null,
 *   ratio: Cell | null,
 *   dead: number | null,
 *   saturated: number | null,
 * }} LayerHealth
 */

/**
 * Something that goes wrong, and the number whose derivation shows why.
 *
 * `unit`: A unit of the layer; or a class.
 *
 * `tensor`: Explain this cell, with `update=true`.
 *
 * `step`: Open this step of the run first: it shows there.
 *
 * @typedef {{
 *   name: "not_finite" | "unscaled_inputs" | "missing_class" | "symmetric" | "exploding" | "vanishing" | "rate_high" | "rate_low" | "saturated" | "dead_relus",
 *   layer: string | null,
 *   unit: number | null,
 *   measured: Cell,
 *   limit: number,
 *   tensor: string | null,
 *   index: number[],
 *   step: number | null,
 * }} Alarm
 */

/**
 * A square of the plane in `size` by `size` cells, row by row from the top.
 *
 * `classes` are the likeliest ones, -1 where the network has come to NaN; `certainty` is their
 * probability. `batch` names the points that the step at hand learns from; null without one.
 *
 * @typedef {{
 *   version: number,
 *   data_version: number,
 *   low: number[],
 *   high: number[],
 *   size: number,
 *   classes: number[],
 *   certainty: number[],
 *   points: number[][],
 *   labels: number[],
 *   batch: number[] | null,
 * }} Regions
 */

/**
 * The digits to whose right class the network gives the least probability.
 *
 * @typedef {{
 *   version: number,
 *   data_version: number,
 *   samples: number,
 *   wrong: number,
 *   digits: DoubtfulDigit[],
 * }} Doubtful
 */

/**
 * A digit, what it is and what the network takes it for; its pixels from 0 to 255.
 *
 * `prediction`: -1 where the network has come to NaN.
 *
 * @typedef {{
 *   row: number,
 *   label: number,
 *   prediction: number,
 *   label_probability: Cell,
 *   probability: Cell,
 *   pixels: number[],
 * }} DoubtfulDigit
 */

/**
 * All mistakes that have a name.
 *
 * @typedef {{faults: FaultRow[]}} Faults
 */

/**
 * A mistake that can be made.
 *
 * `of`: What it makes a wrong number of.
 *
 * @typedef {{
 *   id: "no_transpose" | "transposed_result" | "order" | "not_summed" | "last_sample" | "averaged_twice" | "not_averaged" | "mask_missing" | "mask_from_gradient" | "slope_missing" | "slope_of_input" | "own_factor" | "sign" | "upstream_ignored" | "class_count" | "in_place" | "diagonal_only" | "one_branch" | "accumulated" | "updated_first" | "stale" | "uphill" | "rate_missing" | "change_only" | "gradient_for_new",
 *   of: "gradient" | "update",
 * }} FaultRow
 */

/**
 * The mistakes that change something in the session's pass, and the gradients of it.
 *
 * `gradients`: What can be compared; parameters' first.
 *
 * @typedef {{faults: PlacesRow[], gradients: GradientRow[]}} Places
 */

/**
 * A mistake that changes something in a pass, and where; nearest to the loss first.
 *
 * @typedef {{
 *   id: "no_transpose" | "transposed_result" | "order" | "not_summed" | "last_sample" | "averaged_twice" | "not_averaged" | "mask_missing" | "mask_from_gradient" | "slope_missing" | "slope_of_input" | "own_factor" | "sign" | "upstream_ignored" | "class_count" | "in_place" | "diagonal_only" | "one_branch" | "accumulated" | "updated_first" | "stale",
 *   sites: Place[],
 * }} PlacesRow
 */

/**
 * Where a mistake can be made.
 *
 * `node`: The op's name in the graph; empty where branches meet.
 *
 * `op`: The op; empty where branches meet.
 *
 * `operand`: The tensor whose gradient goes wrong first.
 *
 * @typedef {{layer: string, node: string, op: string, operand: string}} Place
 */

/**
 * A gradient that can be compared.
 *
 * @typedef {{tensor: string, shape: number[]}} GradientRow
 */

/**
 * A mistake at work in a session: what it changes, who notices, and how it trains.
 *
 * `gradients`: The wrong numbers, under the keys of the trace.
 *
 * @typedef {{
 *   id: "no_transpose" | "transposed_result" | "order" | "not_summed" | "last_sample" | "averaged_twice" | "not_averaged" | "mask_missing" | "mask_from_gradient" | "slope_missing" | "slope_of_input" | "own_factor" | "sign" | "upstream_ignored" | "class_count" | "in_place" | "diagonal_only" | "one_branch" | "accumulated" | "updated_first" | "stale",
 *   site: Place | null,
 *   gradients: Record<string, Value>,
 *   check: Record<string, Flag>,
 *   curves: Curves,
 * }} Specimen
 */

/**
 * What the numerical check says of one parameter's gradient as the mistake makes it.
 *
 * @typedef {{max_relative_error: Cell | null, flagged: boolean}} Flag
 */

/**
 * Losses before each step and after the last.
 *
 * `still_falls`: Whether the loss falls in spite of the mistake.
 *
 * @typedef {{right: Cell[], wrong: Cell[], still_falls: boolean}} Curves
 */

/**
 * A gradient beside the session's own.
 *
 * `cells`: Cells that differ, at most 1,000; all of them where the shape does.
 *
 * `differing`: How many differ.
 *
 * `largest`: The largest difference; null where the shape differs.
 *
 * `value`: The session's own.
 *
 * @typedef {{
 *   tensor: string,
 *   shape: number[],
 *   equal: boolean,
 *   cells: number[][],
 *   differing: number,
 *   largest: Cell | null,
 *   value: Value,
 *   faults: NamedFault[],
 * }} Compared
 */

/**
 * A mistake that gives the very numbers that were sent.
 *
 * `sites`: Where it gives them, nearest to the tensor first.
 *
 * @typedef {{
 *   id: "no_transpose" | "transposed_result" | "order" | "not_summed" | "last_sample" | "averaged_twice" | "not_averaged" | "mask_missing" | "mask_from_gradient" | "slope_missing" | "slope_of_input" | "own_factor" | "sign" | "upstream_ignored" | "class_count" | "in_place" | "diagonal_only" | "one_branch" | "accumulated" | "updated_first" | "stale",
 *   fits: true,
 *   sites: Place[],
 * }} NamedFault
 */

/**
 * The gradients of a pass in which one mistake is hidden, and what it could be.
 *
 * `gradients`: All of them, right and wrong, under the keys of the trace.
 *
 * @typedef {{seed: number, gradients: Record<string, Value>, suspects: SuspectRow[]}} Hidden
 */

/**
 * A mistake that could be the hidden one, and the layers where it could be made.
 *
 * @typedef {{
 *   id: "no_transpose" | "transposed_result" | "order" | "not_summed" | "last_sample" | "averaged_twice" | "not_averaged" | "mask_missing" | "mask_from_gradient" | "slope_missing" | "slope_of_input" | "own_factor" | "sign" | "upstream_ignored" | "class_count" | "in_place" | "diagonal_only" | "one_branch" | "accumulated" | "updated_first" | "stale" | "uphill" | "rate_missing" | "change_only" | "gradient_for_new",
 *   layers: string[],
 * }} SuspectRow
 */

/**
 * What is to be said of a guess.
 *
 * `right`: Mistake and layer give the very numbers.
 *
 * `fault`: The mistake does, at this layer or another.
 *
 * `layer`: This or another mistake does at this layer.
 *
 * `id`: What was hidden; null until it may be told.
 *
 * @typedef {{
 *   right: boolean,
 *   fault: boolean,
 *   layer: boolean,
 *   id: "no_transpose" | "transposed_result" | "order" | "not_summed" | "last_sample" | "averaged_twice" | "not_averaged" | "mask_missing" | "mask_from_gradient" | "slope_missing" | "slope_of_input" | "own_factor" | "sign" | "upstream_ignored" | "class_count" | "in_place" | "diagonal_only" | "one_branch" | "accumulated" | "updated_first" | "stale" | "uphill" | "rate_missing" | "change_only" | "gradient_for_new" | null,
 *   site: Place | null,
 * }} Found
 */

/**
 * An exercise: what is given, and what is asked for.
 *
 * `kind`: What the answer is.
 *
 * `session`: A body for POST /sessions: this very pass.
 *
 * @typedef {{
 *   skill: "multiply" | "branch" | "relu" | "sigmoid" | "affine" | "shape_dX" | "shape_dW" | "shape_dB" | "dX" | "dW" | "dB" | "difference" | "mean" | "update",
 *   seed: number,
 *   surface: "network" | "program",
 *   kind: "number" | "shape",
 *   tensor: string,
 *   index: number[],
 *   learning_rate: number | null,
 *   session: NewSessionBody | SessionWithCode,
 * }} Item
 */

/**
 * What can be practised.
 *
 * @typedef {{
 *   skills: ("multiply" | "branch" | "relu" | "sigmoid" | "affine" | "shape_dX" | "shape_dW" | "shape_dB" | "dX" | "dW" | "dB" | "difference" | "mean" | "update")[],
 * }} Skills
 */

/**
 * Several exercises, no two the same.
 *
 * `key`: The answers, in the order of the exercises.
 *
 * @typedef {{items: Item[], key: (Cell | number[])[]}} Sheet
 */

/**
 * What is to be said of an answer; the right one and its derivation where it may be told.
 *
 * `few_digits`: Right as far as it goes; three digits are asked for.
 *
 * `faults`: Mistakes that give this very answer.
 *
 * `look_at`: What a wrong answer left out or misused; what it is made of, at least.
 *
 * @typedef {{
 *   right: boolean,
 *   few_digits: boolean,
 *   faults: ("no_transpose" | "transposed_result" | "order" | "not_summed" | "last_sample" | "averaged_twice" | "not_averaged" | "mask_missing" | "mask_from_gradient" | "slope_missing" | "slope_of_input" | "own_factor" | "sign" | "upstream_ignored" | "class_count" | "in_place" | "diagonal_only" | "one_branch" | "accumulated" | "updated_first" | "stale" | "uphill" | "rate_missing" | "change_only" | "gradient_for_new")[],
 *   look_at: LookedAt[],
 *   answer: Cell | number[] | null,
 *   explanation: Explanation | null,
 * }} Judged
 */

/**
 * Numbers that go into an answer: a cell, or all of a tensor.
 *
 * @typedef {{tensor: string, index: number[] | null}} LookedAt
 */

/**
 * All lessons in a language, in their order.
 *
 * @typedef {{lessons: LessonRow[]}} Lessons
 */

/**
 * A lesson in the list.
 *
 * `own`: From a folder of the server's own, `--lessons`.
 *
 * @typedef {{id: string, title: string, own: boolean}} LessonRow
 */

/**
 * A lesson; `question` and `prediction`, `task` and `condition` are there together or not.
 *
 * `own`: From a folder of the server's own, `--lessons`.
 *
 * `view`: The page's address with its figure, from the ? on.
 *
 * `text`: Safe HTML, whoever wrote the lesson.
 *
 * `question`: Safe HTML, whoever wrote the lesson.
 *
 * `task`: Safe HTML, whoever wrote the lesson.
 *
 * @typedef {{
 *   id: string,
 *   title: string,
 *   own: boolean,
 *   view: string,
 *   text: string,
 *   question: string,
 *   prediction: Prediction | null,
 *   task: string,
 *   condition: Condition | null,
 * }} Lesson
 */

/**
 * What is to be predicted; the right answer is not told.
 *
 * @typedef {{kind: "number" | "shape", tensor: string, index: number[]}} Prediction
 */

/**
 * What holds once the change has been made.
 *
 * `index` is one cell, or null for all of them. With the sign `shape` the tensor's shape is to be
 * `shape`; with another, the cells are compared with `number`, equal to nine digits.
 *
 * @typedef {{
 *   tensor: string,
 *   index: number[] | null,
 *   sign: "<" | ">" | "=" | "shape",
 *   number: Cell,
 *   shape: number[],
 * }} Condition
 */

/**
 * What is to be said of a prediction; the right answer where it was given or is to be told.
 *
 * `few_digits`: Right as far as it goes; three digits are asked for.
 *
 * `faults`: Mistakes that give this very answer.
 *
 * @typedef {{
 *   right: boolean,
 *   few_digits: boolean,
 *   faults: ("no_transpose" | "transposed_result" | "order" | "not_summed" | "last_sample" | "averaged_twice" | "not_averaged" | "mask_missing" | "mask_from_gradient" | "slope_missing" | "slope_of_input" | "own_factor" | "sign" | "upstream_ignored" | "class_count" | "in_place" | "diagonal_only" | "one_branch" | "accumulated" | "updated_first" | "stale" | "uphill" | "rate_missing" | "change_only" | "gradient_for_new")[],
 *   answer: Cell | number[] | null,
 * }} Predicted
 */

/**
 * Real data that sessions can load, and made-up points with the most samples and noise.
 *
 * @typedef {{datasets: Dataset[], planes: Plane[]}} Datasets
 */

/**
 * A data set, with the rows of each split and the shape of one picture.
 *
 * @typedef {{
 *   name: string,
 *   title: string,
 *   splits: Record<string, number>,
 *   shape: number[],
 *   classes: number,
 *   license: string,
 *   source: string,
 * }} Dataset
 */

/**
 * Points in a plane, made when asked for; `classes` is null where a network decides.
 *
 * @typedef {{
 *   name: string,
 *   title: string,
 *   classes: number | null,
 *   samples: number,
 *   noise: number,
 * }} Plane
 */

/**
 * One's own data set: its columns in the order of `x`, and its classes in that of labels.
 *
 * @typedef {{
 *   name: string,
 *   splits: Record<string, number>,
 *   shape: number[],
 *   classes: number,
 *   class_names: string[],
 *   columns: string[],
 *   label: string,
 * }} OwnDataset
 */

/**
 * One sample of a data set; pixels from 0 to 255.
 *
 * @typedef {{row: number, label: number, pixels: number[]}} Row
 */

/**
 * A picture as a network takes one: 28 rows of 28 numbers, from 0 (paper) to 1 (ink).
 *
 * @typedef {{pixels: number[][]}} Picture
 */

/**
 * Where to begin.
 *
 * @typedef {{links: IndexLinks}} Index
 */

/**
 * Addresses; `evaluate` and `sessions` take POST.
 *
 * @typedef {{
 *   document: string,
 *   evaluate: string,
 *   sessions: string,
 *   catalogue: string,
 *   presets: string,
 *   lessons: string,
 *   datasets: string,
 *   problems: string,
 * }} IndexLinks
 */

/**
 * What networks and programs are made of, and every limit by the name of its field.
 *
 * @typedef {{
 *   functions: FunctionKind[],
 *   ops: OpKind[],
 *   layers: LayerKind[],
 *   losses: LossKind[],
 *   levels: LevelKind[],
 *   program: Calls,
 *   limits: Record<string, Allowed>,
 * }} Catalogue
 */

/**
 * A function of one number: it and dL/dx as LaTeX, its NumPy line, and how it is written.
 *
 * `plain` has `{x}` where the number stands, as in the `functions` of a derivation; `gradient` is
 * of `G`, what comes from above, and the result `Y`. At `kinks` the slope jumps. A `layer` of the
 * same name applies it cell by cell.
 *
 * @typedef {{
 *   name: string,
 *   title: string,
 *   formula: string,
 *   gradient: string,
 *   numpy: string,
 *   plain: string,
 *   kinks: number[],
 *   layer: boolean,
 *   fields: Record<string, Field>,
 *   texts: Record<string, Record<string, string>>,
 * }} FunctionKind
 */

/**
 * What a field may be, and what it is where it is left out; without that it is needed.
 *
 * @typedef {{
 *   type?: "integer" | "number" | "boolean" | "array",
 *   minimum?: number,
 *   maximum?: number,
 *   exclusiveMinimum?: number,
 *   exclusiveMaximum?: number,
 *   minItems?: number,
 *   maxItems?: number,
 *   enum?: string[],
 *   shapes?: number[][],
 *   default?: number | boolean | string,
 *   follows?: string,
 * }} Field
 */

/**
 * An op: its sign, and it as LaTeX and as a NumPy line of operands A, B, C.
 *
 * Formula and line are null where they hang on how the op is used, and on how many operands.
 * `texts` has the sentences that explain its rules, with the names of tensors in braces.
 *
 * @typedef {{
 *   name: string,
 *   symbol: string,
 *   formula: string | null,
 *   numpy: string | null,
 *   texts: Record<string, Record<string, string>>,
 * }} OpKind
 */

/**
 * A kind of layer: its title, its output as LaTeX, and what its fields may be.
 *
 * An `activation` is a function of one number, cell by cell. It has `learned` numbers to learn for
 * each that it takes, unless a field says how many. `texts` has the names of its fields.
 *
 * @typedef {{
 *   name: string,
 *   title: string,
 *   formula: string,
 *   activation: boolean,
 *   fields: Record<string, Field>,
 *   learned: number,
 *   texts: Record<string, Record<string, string>>,
 * }} LayerKind
 */

/**
 * A loss: its title, it as LaTeX for one sample, and what its fields may be.
 *
 * With `classes`, its scores are of classes, of which one is right.
 *
 * @typedef {{
 *   name: string,
 *   title: string,
 *   formula: string,
 *   classes: boolean,
 *   fields: Record<string, Field>,
 *   texts: Record<string, Record<string, string>>,
 * }} LossKind
 */

/**
 * A level at which networks are drawn.
 *
 * @typedef {{
 *   name: string,
 *   fields: Record<string, Field>,
 *   texts: Record<string, Record<string, string>>,
 * }} LevelKind
 */

/**
 * What lines of NumPy may call, as it is written: `np.exp`, or `conv2d`, which NumPy lacks.
 *
 * @typedef {{functions: string[], methods: string[], constants: string[]}} Calls
 */

/**
 * What there is to start from.
 *
 * @typedef {{presets: Preset[]}} Presets
 */

/**
 * A session to start from.
 *
 * A `network` with `code` is a program, and has a sketch of its graph. `chapter` is the part of the
 * book that it belongs to, or `beyond`; those of one chapter stand together.
 *
 * Where it shows a digit, `rows` is how many there are to choose from, and `doubtful` are those
 * over which its network wavers or errs, so that there is a gradient to see; else both are null.
 *
 * @typedef {{
 *   id: string,
 *   chapter: "5.6" | "5.1" | "6" | "7" | "beyond",
 *   title: string,
 *   network: Network,
 *   view: View,
 *   rows: number | null,
 *   doubtful: number[] | null,
 *   sketch: Sketch | null,
 * }} Preset
 */

/**
 * A graph in a few circles, as [x, y], and lines, as [x, y, x, y], in a box of 72 by 40.
 *
 * @typedef {{dots: number[][], lines: number[][], radius: number}} Sketch
 */

/**
 * What each problem's `type` means.
 *
 * @typedef {{problems: ProblemKind[]}} Problems
 */

/**
 * What a problem of this `type` means.
 *
 * @typedef {{type: string, title: string, status: number, meaning: string}} ProblemKind
 */

/**
 * @typedef {SetCell | Replace | InsertRow | DeleteRow | NameClasses | ChangeView | Load |
 *   ChangeOptimizer | ChangeCode | Reset} Edit
 */

/**
 * One more sample before `row`, or at the end where there is none.
 *
 * A row of x, with its target and the gradient given for it; what is not given is as in the row
 * before.
 *
 * @typedef {{
 *   op: "insert_row",
 *   row?: number | null,
 *   x?: number[] | null,
 *   t?: number | number[] | null,
 *   grad_output?: number[] | null,
 * }} InsertRow
 */

/**
 * One sample less: its row of x, its target, the gradient given for it.
 *
 * @typedef {{op: "delete_row", row: number}} DeleteRow
 */

/**
 * Another level, loss form, sample or way of writing shapes.
 *
 * @typedef {{
 *   level?: "network" | "layer" | "op" | "element" | null,
 *   loss?: "opened" | "closed" | null,
 *   sample?: number | null,
 *   single?: boolean | null,
 *   open?: string[] | null,
 *   form?: "book" | "stable" | null,
 *   update?: boolean | null,
 *   op: "view",
 * }} ChangeView
 */

/**
 * Back to the numbers that the server made: a preset's, samples, drawn parameters.
 *
 * What was sent stays; a preset's learning rate is its first one again.
 *
 * @typedef {{op: "reset"}} Reset
 */

export {};
