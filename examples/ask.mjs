// SPDX-License-Identifier: Apache-2.0
//
// Asks libpat from Node.js, which has no way to call C: by the helper that examples/ask.c is. One helper answers in the order it is asked,
// and costs a round trip through a pipe; a product with a proxy before it is better served by that (docs/products.md).
//
//   node ask.mjs ./ask /run/patd shop GET /orders/7 192.0.2.1 "Bearer pat_…"
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Gate {
  constructor(program, directory, product) {
    this.waiting = [];
    this.child = spawn(program, [directory, product], { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const [status, reason, person, tokenId, scopes] = line.split('\t');
      const answer = this.waiting.shift();
      if (!answer) return this.child.kill(); // an answer that nobody asked for: whose would the next be?
      answer({ status: Number(status), reason, person, tokenId, scopes: scopes ? scopes.split(' ') : [] });
    });
    // Who is gone says no to nobody and yes to nobody.
    this.child.on('exit', () => {
      this.gone = true;
      for (const answer of this.waiting.splice(0)) answer({ status: 503, reason: 'unavailable', scopes: [] });
    });
    this.child.stdin.on('error', () => {});
  }

  ask({ method, target, address, authorization = '' }) {
    const fields = [method, target, address, authorization];
    if (fields.some((field) => /[\t\r\n\0]/.test(field))) return Promise.resolve({ status: 400, reason: 'question_malformed', scopes: [] });
    if (this.gone) return Promise.resolve({ status: 503, reason: 'unavailable', scopes: [] });
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.child.stdin.write(fields.join('\t') + '\n', 'latin1');
    });
  }

  close() {
    this.child.stdin.end();
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const [program, directory, product, method, target, address, authorization] = process.argv.slice(2);
  const gate = new Gate(program, directory, product);
  console.log(JSON.stringify(await gate.ask({ method, target, address, authorization })));
  gate.close();
}
