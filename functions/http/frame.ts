import * as z from 'zod';
import { type Route, route } from '../../shared/http/index.ts';

/**
 * What a logged page may do while the web UI shows it: run its own script and draw. It has no origin (so no
 * storage, no cookies, no parent), reaches no server and goes nowhere. Of foreign scripts it may load the
 * libraries that plotting tools leave out of what they write: plotly (as MLflow's `log_figure` writes it),
 * Vega and Bokeh. To serve them from here would mean a copy of each version that any of these tools ever wrote
 * into a page. It costs nothing that the page's own script could not do: there is no one in the frame to act as
 * and nothing to read but the page itself, and no more of that can leave than the address of a library. Of
 * jsDelivr the packages of npm only, since its other folders serve any repository there is.
 */
const policy = [
  'sandbox allow-scripts',
  "default-src 'none'",
  "script-src 'unsafe-inline' 'unsafe-eval' https://cdn.plot.ly https://cdn.jsdelivr.net/npm/ https://cdn.bokeh.org/bokeh/",
  "style-src 'unsafe-inline'",
  'img-src data: blob:',
  'media-src data: blob:',
  'font-src data:',
  'worker-src blob:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

/** Becomes the page that whoever framed it hands over, once. */
const html = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Preview</title></head>
<body><script>
addEventListener('message', function hand(event) {
  if (event.source !== parent || parent === self) return;
  removeEventListener('message', hand);
  document.open();
  document.write(event.data);
  document.close();
});
parent.postMessage('ready', '*');
</script></body>
</html>
`;

/** The empty document in which the web UI shows pages that users logged. */
export const frame: Route = route('GET', '/frame', {
  operation: 'webFrame',
  role: 'public',
  input: z.object({}),
  handle: async () =>
    new Response(html, {
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      },
    }),
});
