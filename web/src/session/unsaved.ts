/** What the reader has changed by hand in forms and texts; a search or a filter is none of it. */
const touched = new Set<Element>();

addEventListener('input', ({ target }) => {
  if (target instanceof Element && isWork(target)) touched.add(target);
});

/** Whether the page holds something that a reader has written and not sent. */
export function hasUnsaved(): boolean {
  for (const element of touched) if (!element.isConnected) touched.delete(element);
  return touched.size > 0;
}

function isWork(element: Element): boolean {
  if (element.matches('[type="search"], [type="password"]')) return false;
  return element.matches('textarea') || element.closest('form:not([role="search"])') !== null;
}
