/** The OpenAPI document, made from the schemas that validate. */
import { z } from 'zod';
import { Problem, QUESTIONS } from './contract.ts';

export function openapi(version: string): unknown {
  const paths: Record<string, unknown> = {};
  for (const [name, q] of Object.entries(QUESTIONS)) {
    const query = z.toJSONSchema(q.query, { io: 'input' }) as {
      properties?: Record<string, unknown>;
      required?: string[];
    };
    const parameters = [
      ...[...q.path.matchAll(/:([a-z]+)/g)].map((m) => ({
        name: m[1],
        in: 'path',
        required: true,
        schema: { type: 'string' },
      })),
      ...Object.entries(query.properties ?? {}).map(([p, schema]) => ({
        name: p,
        in: 'query',
        required: query.required?.includes(p) ?? false,
        schema,
      })),
    ];
    paths[q.path.replace(/:([a-z]+)/g, '{$1}')] = {
      get: {
        operationId: name,
        summary: q.says,
        parameters,
        responses: {
          200: {
            description: 'OK',
            content: { 'application/json': { schema: z.toJSONSchema(q.answer, { io: 'output' }) } },
          },
          default: {
            description: 'Problem (RFC 9457)',
            content: { 'application/problem+json': { schema: z.toJSONSchema(Problem) } },
          },
        },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'why403', version, description: 'Why requests were refused. Read-only.' },
    paths,
  };
}
