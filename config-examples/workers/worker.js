#!/usr/bin/env node
// A worker in Node: answers pings, does tasks, ends when it is asked to.
//
// Messages are JSON-RPC 2.0, one a line, on stdin and stdout. What else it has
// to say goes to stderr (console.error), which is its log.
'use strict';
const readline = require('node:readline');

const send = (message) =>
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n');
const notify = (method, params) => send({ method, params });

// Replace this by what you do. Whatever it returns is the result.
async function work(task) {
  if (task.type === 'fail') {
    throw Object.assign(new Error('asked to fail'), { retry: false });
  }
  notify('progress', { id: task.id, value: 1, message: 'done' });
  return { type: task.type, data: task.data };
}

async function answer({ method, params }) {
  if (method === 'ping') {
    return { result: {} };
  }
  if (method === 'task') {
    try {
      return { result: await work(params) };
    } catch (problem) {
      // retry: whether another attempt may help.
      const data = { retry: problem.retry !== false };
      return { error: { code: 1, message: problem.message, data } };
    }
  }
  return { error: { code: -32601, message: 'no method ' + method } };
}

const lines = readline.createInterface({ input: process.stdin });
lines.on('line', async (line) => {
  const message = JSON.parse(line);
  if (message.method === 'shutdown') {
    // Node ends when the answers that it owes are sent.
    lines.close();
    process.stdin.destroy();
  }
  if ('id' in message && 'method' in message) {
    send({ id: message.id, ...(await answer(message)) });
  }
});
notify('ready', {});
notify('log', { level: 'info', message: 'ready for work' });
