// Starts the worker where there is no build: Node 20 does not apply `--import` loaders to the entry of a thread.
import { tsImport } from 'tsx/esm/api';

await tsImport('./decode-worker.ts', import.meta.url);
