import { request } from '../api/client.ts';
import { type Answer, answerOf } from './answer.ts';

/** Asks an endpoint as a caller would, by MLflow's scoring protocol. Throws `ApiError`. */
export async function call(endpoint: string, deployment: string, body: string): Promise<Answer> {
  const started = performance.now();
  const response = await request(`/endpoints/${encodeURIComponent(endpoint)}/invocations`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(deployment === '' ? {} : { 'x-cairn-deployment': deployment }),
    },
    body,
  });
  const text = await response.text();
  return {
    status: response.status,
    milliseconds: performance.now() - started,
    deployment: response.headers.get('x-cairn-deployment'),
    version: response.headers.get('x-cairn-version'),
    ...answerOf(text),
  };
}
