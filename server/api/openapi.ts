/** The OpenAPI document, made from the schemas that validate. */
import { z } from 'zod';
import { COMMANDS, ExportQuery, Problem, QUESTIONS } from './contract.ts';

type Properties = { properties?: Record<string, unknown>; required?: string[] };
const problem = {
  description: 'Problem (RFC 9457)',
  content: { 'application/problem+json': { schema: z.toJSONSchema(Problem) } },
};
const pathOf = (path: string): string => path.replace(/:([a-z]+)/g, '{$1}');
const inPath = (path: string): unknown[] =>
  [...path.matchAll(/:([a-z]+)/g)].map((m) => ({ name: m[1], in: 'path', required: true, schema: { type: 'string' } }));
function inQuery(schema: z.ZodType): unknown[] {
  const query = z.toJSONSchema(schema, { io: 'input' }) as Properties;
  return Object.entries(query.properties ?? {}).map(([p, of]) => ({
    name: p,
    in: 'query',
    required: query.required?.includes(p) ?? false,
    schema: of,
  }));
}

export function openapi(version: string): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  const at = (path: string): Record<string, unknown> => {
    paths[pathOf(path)] ??= {};
    return paths[pathOf(path)]!;
  };
  for (const [name, q] of Object.entries(QUESTIONS)) {
    at(q.path).get = {
      operationId: name,
      summary: q.says,
      parameters: [...inPath(q.path), ...inQuery(q.query)],
      responses: {
        200: {
          description: 'OK',
          content: { 'application/json': { schema: z.toJSONSchema(q.answer, { io: 'output' }) } },
        },
        304: { description: 'Nothing changed since the answer with this ETag' },
        default: problem,
      },
    };
  }
  at('/api/v1/refusals/export').get = {
    operationId: 'export',
    summary: 'Refused requests as a file',
    parameters: inQuery(ExportQuery),
    responses: {
      200: {
        description: 'CSV, one JSON object per line, or a JSON list',
        content: { 'text/csv': {}, 'application/x-ndjson': {}, 'application/json': {} },
      },
      default: problem,
    },
  };
  for (const [name, c] of Object.entries(COMMANDS)) {
    at(c.path)[c.method] = {
      operationId: name,
      summary: c.says,
      parameters: inPath(c.path),
      ...(c.method === 'delete'
        ? {}
        : {
            requestBody: {
              required: true,
              content: { 'application/json': { schema: z.toJSONSchema(c.body, { io: 'input' }) } },
            },
          }),
      responses: {
        200: {
          description: 'OK',
          content: { 'application/json': { schema: z.toJSONSchema(c.answer, { io: 'output' }) } },
        },
        default: problem,
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'why403', version, description: 'Why requests were refused.' },
    paths,
  };
}
