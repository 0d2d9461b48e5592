// Writes the documentation that is generated: docs/configuration.md. `test/docs.test.ts` fails when it is not current.
import { writeFileSync } from 'node:fs';
import { configurationPage } from './configuration-page.ts';

writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage());
