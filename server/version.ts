/** The version of package.json, read once; both in a checkout and in the built package it lies above. */
import { existsSync, readFileSync } from 'node:fs';

function find(): string {
  for (const up of ['../package.json', '../../package.json']) {
    const url = new URL(up, import.meta.url);
    if (existsSync(url)) return (JSON.parse(readFileSync(url, 'utf8')) as { version: string }).version;
  }
  return '0.0.0';
}
export const VERSION = find();
