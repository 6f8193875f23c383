import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import { counted } from '../parts/format.ts';

const linePixels = 20;
const lineCharactersMax = 4000;

/** Text with numbers of lines, of which those in sight are drawn. */
export function TextView({ text, whole }: { readonly text: string; readonly whole: boolean }) {
  const lines = useMemo(() => text.replace(/\r?\n$/, '').split(/\r?\n/), [text]);
  const longest = useMemo(() => lines.reduce((most, line) => Math.max(most, line.length), 0), [lines]);
  const scroller = useRef<HTMLDivElement>(null);
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised by a compiler
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => linePixels,
    overscan: 20,
  });
  const digits = `${String(lines.length).length + 1}ch`;
  return (
    <>
      {!whole && <p className="artifact-note">The beginning of the file: {counted(lines.length, 'line')}.</p>}
      <div
        ref={scroller}
        className="artifact-text"
        role="region"
        aria-label="Text"
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
        tabIndex={0}
      >
        <div
          className="artifact-lines"
          style={{
            height: virtual.getTotalSize(),
            minWidth: `calc(${Math.min(longest, lineCharactersMax)}ch + ${digits} + 3rem)`,
          }}
        >
          {virtual.getVirtualItems().map(({ index, start }) => {
            const line = lines[index];
            return (
              <div key={index} className="artifact-line" style={{ transform: `translateY(${start}px)` }}>
                <span className="line-number" style={{ width: digits }} aria-hidden="true">
                  {index + 1}
                </span>
                <code>
                  {line.length > lineCharactersMax ? `${line.slice(0, lineCharactersMax)} …` : line}
                </code>
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}
