import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/*
 * A receiver in a process of its own: reads each body, answers 200. Prints its port on the first line of stdout; GET
 * answers how many bodies it has taken.
 */
let taken = 0;
const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(String(taken));
    return;
  }
  request.resume().on('end', () => {
    taken += 1;
    response.end();
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
