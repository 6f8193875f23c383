import { useEffect, useRef } from 'react';

/**
 * A page that someone logged, in a frame without an origin: its scripts draw, but reach neither this page
 * nor its storage nor any server. The frame is an empty document of the server with a policy of its own:
 * one made here would inherit this page's, under which no figure draws itself.
 */
export function HtmlView({ html, title }: { readonly html: string; readonly title: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    const hand = (event: MessageEvent) => {
      const target = frame.current?.contentWindow;
      if (!target || event.source !== target || event.data !== 'ready') return;
      removeEventListener('message', hand);
      // A frame without an origin cannot be named; whoever is in it is what this page put there.
      target.postMessage(html, '*');
    };
    addEventListener('message', hand);
    return () => removeEventListener('message', hand);
  }, [html]);
  return (
    <iframe
      ref={frame}
      key={html}
      className="artifact-html"
      title={title}
      src="/frame"
      sandbox="allow-scripts"
    />
  );
}
