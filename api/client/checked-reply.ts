import { z } from 'zod';
import { UsherError } from '../../foundation/errors.ts';
import type { Http } from './http.ts';
import type { ApiRequest } from './request-to.ts';

/** The reply in the shape that the document says. @throws UsherError INTERNAL when it has another; as {@link Http.json} */
export async function checkedReply<Reply, Shape extends z.ZodType<Reply>>(
  http: Http,
  shape: Shape,
  call: ApiRequest<Reply>,
): Promise<z.infer<Shape>> {
  const parsed = shape.safeParse(await http.json(call));
  if (parsed.success) return parsed.data;
  const detail = `the reply to ${call.method} ${call.path} has another shape: ${z.prettifyError(parsed.error)}`;
  throw new UsherError('INTERNAL', { detail }, { cause: parsed.error });
}
