import type { Request } from 'express';
import type { z } from 'zod';
import { UsherError } from '../../foundation/errors.ts';
import { printable } from '../../foundation/text.ts';

const MAX_DETAIL = 400;

/** The query as `schema` has it; unknown parameters are refused. @throws UsherError REQUEST_INVALID */
export function queryOf<Shape extends z.ZodRawShape>(
  request: Request,
  schema: z.ZodObject<Shape>,
): z.infer<z.ZodObject<Shape>> {
  return checked(request.query, schema);
}

/** The body as `schema` has it; unknown fields are refused, since most are misspelt. @throws UsherError REQUEST_INVALID */
export function bodyOf<Shape extends z.ZodRawShape>(
  request: Request,
  schema: z.ZodObject<Shape>,
): z.infer<z.ZodObject<Shape>> {
  return checked(request.body, schema);
}

function checked<Shape extends z.ZodRawShape>(given: unknown, schema: z.ZodObject<Shape>): z.infer<z.ZodObject<Shape>> {
  const parsed = schema.strict().safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => {
    return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`;
  });
  const detail = printable(problems.join('; '), MAX_DETAIL);
  throw new UsherError('REQUEST_INVALID', { detail }, { cause: parsed.error });
}
