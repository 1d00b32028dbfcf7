import { parentPort } from 'node:worker_threads';
import { allDomains } from './domains.ts';
import { serveParsing } from './source/files/ahead/parse-server.ts';

/** The program of the thread that parses ahead; see `ParseThread`. What an event is does not depend on the configuration. */
if (parentPort === null) throw new Error('This is the program of a thread.');
serveParsing(
  parentPort,
  allDomains().flatMap(({ topics }) => topics),
);
