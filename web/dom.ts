/** What can stand inside an element. Text stays text: nothing here ever parses HTML. */
export type Child = Node | string | number | null | undefined | false | readonly Child[];
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * An element.
 *
 * @example h('a', { href: '#/' }, 'Overview')
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(tag), attributes, children);
}

/** An element of an SVG drawing. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

export function button(label: string, onClick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const element = h('button', { type: 'button', ...attributes }, label);
  element.addEventListener('click', onClick);
  return element;
}

/** A link to a page of this UI: `link('Run', 'runs', id)`. */
export function link(label: Child, ...path: string[]): HTMLAnchorElement {
  return h('a', { href: `#/${path.map(encodeURIComponent).join('/')}` }, label);
}

function filled<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name === 'href' && !/^(#|\/(?!\/))/.test(String(value)))
      throw new Error('A link of this page leads to this server.');
    element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

function append(parent: Element, child: Child): void {
  if (Array.isArray(child)) for (const each of child as readonly Child[]) append(parent, each);
  else if (child instanceof Node) parent.append(child);
  else if (child !== null && child !== undefined && child !== false) parent.append(String(child));
}
