/** Every call of the API through the generated client; prints the name of each that was done. */

import { client } from "./client/client.gen.js";
import * as api from "./client/sdk.gen.js";
import type { Cell, Value } from "./client/types.gen.js";

declare const process: { env: Record<string, string> };

client.setConfig({ baseUrl: process.env.ADDRESS, throwOnError: true });

/** What a call answers; a refusal is thrown. */
async function done<T>(name: string, call: Promise<{ data?: T }>): Promise<NonNullable<T>> {
  const { data } = await call;
  if (data === undefined || data === null) throw new Error(`${name} answers nothing`);
  console.log(name);
  return data;
}

function assert(holds: unknown, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

function matrix(value: Value): Cell[][] {
  assert(Array.isArray(value) && Array.isArray(value[0]), "a matrix");
  return value as Cell[][];
}

const network = {
  input_size: 2,
  layers: [{ type: "affine", units: 3 }, { type: "relu" }, { type: "affine", units: 3 }],
  loss: { type: "softmax_cross_entropy" },
} as const;
const own = {
  network: { ...network, layers: [...network.layers] },
  x: [
    [1, 0.5],
    [-0.5, 2],
  ],
  t: [0, 2],
};

await done("evaluate", api.evaluate({ body: own }));
const many = await done("evaluate", api.evaluate({ body: { ...own, batch: [{}, { t: [1, 1] }], fields: ["loss"] } }));
assert("results" in many && many.results.length === 2, "a batch");

const index = await done("get_index", api.getIndex());
assert(index.links.presets, "links");
await done("get_catalogue", api.getCatalogue());
const { presets } = await done("get_presets", api.getPresets());
await done("get_datasets", api.getDatasets());
await done("get_problems", api.getProblems());
const row = await done("get_row", api.getRow({ path: { name: "mnist", split: "test", row: 3 } }));
assert(row.pixels.length === 784, "a digit");
const drawn = await done("prepare_drawing", api.prepareDrawing({ body: { pixels: [[0, 1, 0]] } }));
assert(drawn.pixels.length === 28, "a drawing");

const begun = await done("create_session", api.createSession({ body: { preset: presets[0].id } }));
assert(begun.preset === presets[0].id, "a preset");
const { id, edit_token } = await done("create_session", api.createSession({ body: own }));
const path = { id };
const auth = edit_token;
const headers = { "If-Match": "*" };

const session = await done("get_session", api.getSession({ path }));
assert(session.cursor.at_start && session.view.level === "op", "the beginning");
await done("fork_session", api.forkSession({ path }));
const { code, lines } = await done("get_code", api.getCode({ path }));
assert(code.includes("np.maximum") && lines[0].nodes.length === 3, "lines of NumPy");
const set = { op: "set", tensor: "affine1.W", index: [0, 1], value: 0.5 } as const;
await done("edit_session", api.editSession({ path, auth, headers, body: [{ ...set, index: [0, 1] }] }));
const step = await done("step_session", api.stepSession({ path, auth, body: { granularity: "op" } }));
assert(step.cursor.seq === 1, "a step");

const graph = await done("get_graph", api.getGraph({ path, query: { level: "network" } }));
assert(graph.edges[0].points[0][0] >= 0 && graph.nodes[0].kind, "a drawing");
const recipe = await done("get_recipe", api.getRecipe({ path }));
assert("network" in recipe.base, "a recipe");
const trace = await done("get_trace", api.getTrace({ path }));
assert(trace.events[0].phase === "forward", "a trace");
const { layers } = await done("get_layers", api.getLayers({ path }));
assert(layers[0].parameters.W.shape[1] === 3, "layers");
await done("get_layer", api.getLayer({ path: { id, name: "affine1" } }));
const figure = await done("get_figure", api.getFigure({ path }));
assert((await figure.text()).startsWith("<svg"), "a picture");
const script = await done("get_export", api.getExport({ path }));
assert(String(script instanceof Blob ? await script.text() : script).includes("import numpy"), "a script");
const query = { tensor: "affine1.W.grad", index: "0,1" };
const explained = await done("explain_number", api.explainNumber({ path, query }));
assert(explained.terms.length === 2, "a derivation");
const nudged = await done("nudge_number", api.nudgeNumber({ path, query: { ...query, h: [0.001, 0.0001] } }));
assert(nudged.nudges.length === 2 && nudged.objective === "loss", "a nudge");
const check = await done("check_session", api.checkSession({ path, auth, body: {} }));
assert(check.parameters["affine1.W"].cells === 6, "a check");

const { skills } = await done("get_skills", api.getSkills());
const exercise = await done("get_exercise", api.getExercise({ query: { skill: skills[0], seed: 1 } }));
assert("session" in exercise && exercise.seed === 1, "an exercise");
const sheet = await done("get_sheet", api.getSheet({ query: { skill: skills[0], count: 2 } }));
assert(sheet.items.length === 2 && sheet.key.length === 2, "a sheet");
await done("judge_answer", api.judgeAnswer({ body: { skill: "dW", seed: 7, answer: "4" } }));
await done("get_faults", api.getFaults());
const { faults } = await done("get_places", api.getPlaces({ path }));
const specimen = { path: { id, fault: faults[0].id }, query: { steps: 2 } };
assert((await done("get_specimen", api.getSpecimen(specimen))).curves.right.length === 3, "a mistake at work");
const mine = { tensor: "affine1.b.grad", value: [0.1, -0.2, 0.1] };
assert(!(await done("compare_gradient", api.compareGradient({ path, body: mine }))).equal, "homework");
assert("gradients" in (await done("get_hidden", api.getHidden({ path, query: { seed: 7 } }))), "a hidden mistake");
const suspect = { seed: 7, fault: "mask_missing", layer: "relu1" };
await done("judge_suspect", api.judgeSuspect({ path, body: suspect }));
const { lessons } = await done("get_lessons", api.getLessons());
await done("get_lesson", api.getLesson({ path: { lesson: lessons[0].id } }));
const said = { tensor: "affine1.b.grad", index: [0], answer: "0.25" };
assert(!(await done("judge_prediction", api.judgePrediction({ path, body: said }))).right, "a prediction");

const update = await done("update_session", api.updateSession({ path, auth, body: {} }));
assert("after" in Object(update.loss), "an update");

const one = { path: { id, name: "affine1.W" } };
const tensor = await done("get_tensor", api.getTensor(one));
assert(matrix(tensor.value)[0].length === 3, "a tensor");
const asked = { ...one, headers: { Accept: "application/x-npy" }, parseAs: "blob" } as const;
const npy = (await api.getTensor(asked)).data as unknown as Blob;
const putting = { path: one.path, auth, headers, bodySerializer: null, body: npy };
await done("put_tensor", api.putTensor(putting));
await done("get_tensors", api.getTensors({ path }));
const form = { Accept: "application/vnd.safetensors" };
const file = (await api.getTensors({ path, headers: form, parseAs: "blob" })).data as unknown as Blob;
await done("put_tensors", api.putTensors({ path, auth, headers, bodySerializer: null, body: file }));

const csv = new Blob(["a,b\n1,x\n2,y\n"], { type: "text/csv" });
const table = await done("create_dataset", api.createDataset({ bodySerializer: null, body: csv }));
await done("get_dataset", api.getDataset({ path: { name: table.name } }));

const { stream } = await api.getEvents({ path });
const run = await done("start_run", api.startRun({ path, auth, body: { steps: 1_000_000, batch_size: 1 } }));
const control = (action: "pause" | "stop") =>
  done("control_run", api.controlRun({ path: { id, run: run.id, action }, auth, body: {} }));
while ((await done("get_run", api.getRun({ path: { id, run: run.id } }))).step === 0);
assert((await control("pause")).state === "paused", "a pause");
const its = { path: { id, run: run.id }, auth };
const changed = await done("change_run", api.changeRun({ ...its, body: { learning_rate: 0.5 } }));
assert(changed.optimizer.learning_rate === 0.5, "a change of the rate");
assert((await done("get_history", api.getHistory({ path: its.path }))).loss.length > 0, "a history");
const health = await done("get_health", api.getHealth({ path, query: { run: run.id } }));
assert(health.layers.length === 3 && Array.isArray(health.alarms), "a health");
assert((await done("get_regions", api.getRegions({ path, query: { size: 8 } }))).classes.length === 64, "regions");
const digits = {
  network: { ...own.network, input_size: 784, layers: [{ type: "affine" as const, units: 10 }] },
  data: { dataset: "mnist" as const, samples: 10 },
};
const learner = await done("create_session", api.createSession({ body: digits }));
const doubts = await done("get_doubtful", api.getDoubtful({ path: { id: learner.id }, query: { count: 3 } }));
assert(doubts.digits.length === 3, "doubtful digits");
const opened = await done("open_step", api.openStep({ ...its, body: { step: 1 } }));
assert("opened" in opened && opened.opened?.step === 1, "a step that is opened");
await done("get_run", api.getRun({ path: { id, run: run.id } }));
await control("stop");
assert((await done("get_runs", api.getRuns({ path }))).runs.length === 1, "runs");
for await (const event of stream) {
  console.log("get_events");
  assert("gradient_norms" in Object(event), "an event");
  break;
}
await api.deleteSession({ path, auth });
console.log("delete_session");
