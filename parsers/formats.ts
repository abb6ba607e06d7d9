/**
 * All formats by dataset name. There is no list to edit: every file in `formats/` that exports a `format` is one.
 * The folder is read once, when this module is loaded; after that it is a plain map.
 */
import { readdirSync } from 'node:fs';
import type { Format } from './parser.ts';

const FOLDER = new URL('./formats/', import.meta.url);

async function load(): Promise<Map<string, Format>> {
  const formats = new Map<string, Format>();
  // `.js` in the published package, `.ts` in a checkout.
  const names = readdirSync(FOLDER).filter((name) => /\.(?:ts|js)$/.test(name) && !name.endsWith('.d.ts'));
  for (const name of names.sort()) {
    const module = (await import(new URL(name, FOLDER).href)) as { format?: Format };
    const dataset = name.replace(/\.(?:ts|js)$/, '');
    if (module.format === undefined || module.format.dataset !== dataset)
      throw new Error(`parsers/formats/${name} must export a format whose dataset is "${dataset}"`);
    formats.set(dataset, module.format);
  }
  return formats;
}

export const FORMATS: Map<string, Format> = await load();
