// A pool of four Node processes as one writes it with child_process, all in memory, the queue an array.
//
//   node pool.js ipc|lines rate COUNT IN-HAND   tasks at once to all, at most IN-HAND with each
//   node pool.js ipc|lines single COUNT         one task at a time
//   node pool.js ipc|lines respawn COUNT        kill -9 of a worker until its successor's `ready`
//   node pool.js ipc|lines hold COUNT           prints a line when so many are queued, and waits
//
// ipc: fork and process.send; lines: JSON lines over stdin and stdout, one write for each read.
"use strict";
const { fork, spawn } = require("node:child_process");

const [kind, mode, countText, inHandText] = process.argv.slice(2);
const WORKERS = 4;

function* messages(state, chunk) {
  const lines = (state.rest + chunk).split("\n");
  state.rest = lines.pop();
  for (const line of lines) yield JSON.parse(line);
}

if (kind === "worker") {
  if (mode === "ipc") {
    process.on("message", (task) => process.send({ id: task.id, result: {} }));
    process.send({ method: "ready" });
  } else {
    const state = { rest: "" };
    process.stdin.setEncoding("utf8").on("data", (chunk) => {
      let answers = "";
      for (const task of messages(state, chunk)) answers += JSON.stringify({ id: task.id, result: {} }) + "\n";
      process.stdout.write(answers);
    });
    process.stdout.write('{"method":"ready"}\n');
  }
} else {
  main();
}

// Starts a worker; `heard` gets each of its messages. Its `send` takes a list of tasks.
function start(heard, ended = () => {}) {
  if (kind === "ipc") {
    const child = fork(__filename, ["worker", "ipc"]);
    child.on("message", heard).on("exit", ended);
    return { child, send: (tasks) => tasks.forEach((task) => child.send(task)) };
  }
  const child = spawn(process.execPath, [__filename, "worker", "lines"], { stdio: ["pipe", "pipe", "inherit"] });
  const state = { rest: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    for (const message of messages(state, chunk)) heard(message);
  });
  child.on("exit", ended);
  // One write for all that are sent in one turn of the loop.
  let text = "";
  const flush = () => {
    child.stdin.write(text);
    text = "";
  };
  return {
    child,
    send: (tasks) => {
      if (text === "") setImmediate(flush);
      for (const task of tasks) text += JSON.stringify(task) + "\n";
    },
  };
}

function task(number) {
  return { id: number, method: "task", params: { type: "noop", data: {} } };
}

const now = () => Number(process.hrtime.bigint());

function report(count, elapsed, times) {
  const result = { count, seconds: elapsed / 1e9 };
  if (times.length > 0) {
    times.sort((a, b) => a - b);
    const at = (part) => times[Math.min(times.length - 1, Math.floor(times.length * part))] / 1e3;
    Object.assign(result, { p50_us: at(0.5), p99_us: at(0.99), max_us: at(1) });
  }
  console.log(JSON.stringify(result));
  process.exit(0);
}

async function startAll(answered) {
  const workers = [];
  for (let i = 0; i < WORKERS; i++) {
    await new Promise((ready) => {
      const worker = start((message) => (message.method === "ready" ? ready() : answered(worker, message)));
      workers.push(worker);
    });
  }
  return workers;
}

async function main() {
  const count = Number(countText);
  if (mode === "rate") {
    const inHand = Number(inHandText);
    let done = 0, begin = 0;
    const queue = Array.from({ length: count }, (_, i) => task(count - i));
    const workers = await startAll((worker) => {
      if (++done === count) report(count, now() - begin, []);
      else if (queue.length > 0) worker.send([queue.pop()]);
    });
    begin = now();
    for (const worker of workers) worker.send(queue.splice(-inHand));
  } else if (mode === "single") {
    const times = [];
    let begin = 0;
    const next = () => {
      if (times.length === count) report(count, 0, times);
      begin = now();
      workers[times.length % WORKERS].send([task(times.length)]);
    };
    const workers = await startAll(() => {
      times.push(now() - begin);
      next();
    });
    next();
  } else if (mode === "respawn") {
    const times = [];
    let begin = 0;
    const run = () => {
      const worker = start(
        () => {
          if (begin) times.push(now() - begin);
          if (times.length === count) report(count, 0, times);
          begin = now();
          worker.child.kill("SIGKILL");
        },
        run,
      );
    };
    run();
  } else if (mode === "hold") {
    await startAll(() => {});
    globalThis.queue = Array.from({ length: count }, (_, i) => task(i));
    console.log("ready");
  } else {
    process.exit(2);
  }
}
