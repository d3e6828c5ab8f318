'use strict';
// A server that tells when it is well and ends without dropping a request.
const http = require('node:http');

let closing = false;
const server = http.createServer((request, response) => {
  if (request.url === '/healthz') {
    response.writeHead(closing ? 503 : 200).end();
    return;
  }
  response.setHeader('Connection', closing ? 'close' : 'keep-alive');
  response.end(`hello from ${process.env.PM_NAME}, process ${process.pid}\n`);
});
server.listen(Number(process.env.PORT || 3100), '127.0.0.1', () => {
  console.log(`listening on ${server.address().port}`);
});
process.on('SIGTERM', () => {
  closing = true;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
