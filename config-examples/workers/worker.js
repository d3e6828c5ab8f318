#!/usr/bin/env node
// A worker in Node: answers pings, does tasks, lets go of them, ends when asked to.
//
// Messages are JSON-RPC 2.0, one a line, on stdin and stdout. What else it has
// to say goes to stderr (console.error), which is its log.
'use strict';
const readline = require('node:readline');

const inHand = new Map();
const send = (message) =>
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n');
const notify = (method, params) => send({ method, params });

// Replace this by what you do. Whatever it returns is the result; give the
// signal to what takes long (fetch, timers, child processes).
async function work(task, signal) {
  if (task.type === 'fail') {
    throw Object.assign(new Error('asked to fail'), { retry: false });
  }
  notify('progress', { id: task.id, value: 1, message: 'done' });
  signal.throwIfAborted();
  return { type: task.type, data: task.data };
}

async function done(task) {
  const control = new AbortController();
  inHand.set(task.id, control);
  try {
    return { result: await work(task, control.signal) };
  } catch (problem) {
    // retry: whether another attempt may help.
    const data = { retry: problem.retry !== false };
    return { error: { code: 1, message: problem.message, data } };
  } finally {
    inHand.delete(task.id);
  }
}

const lines = readline.createInterface({ input: process.stdin });
lines.on('line', async (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'ping') {
    send({ id, result: {} });
  } else if (method === 'task') {
    send({ id, ...(await done(params)) });
  } else if (method === 'cancel') {
    inHand.get(params.id)?.abort();
  } else if (method === 'shutdown') {
    // Node ends when the answers that it owes are sent.
    lines.close();
    process.stdin.destroy();
  } else if (id !== undefined && method) {
    send({ id, error: { code: -32601, message: 'no method ' + method } });
  }
});
notify('ready', {});
notify('log', { level: 'info', message: 'ready for work' });
