/** An element's content: text, an element for each name, or the same element again for each item. */
export interface XmlNodes {
  readonly [name: string]: string | number | XmlNodes | readonly (string | number | XmlNodes)[];
}

/** Writes an XML document, indented, with a newline at its end. */
export function xml(root: string, nodes: XmlNodes): string {
  return `${element(root, nodes, '')}\n`;
}

function element(name: string, content: string | number | XmlNodes, indent: string): string {
  if (typeof content !== 'object') return `${indent}<${name}>${escapeText(String(content))}</${name}>`;
  const inner = Object.entries(content).flatMap(([child, value]) => {
    const items: readonly (string | number | XmlNodes)[] = Array.isArray(value) ? value : [value];
    return items.map((item) => element(child, item, `${indent}  `));
  });
  return `${indent}<${name}>\n${inner.join('\n')}\n${indent}</${name}>`;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
