import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Size } from '../plot/frame.ts';

type Drawings = typeof import('../plot/drawings.ts');

let drawings: Drawings | undefined;

/** The code that draws, once it is loaded. */
export function useDrawings(): Drawings | undefined {
  const [loaded, setLoaded] = useState(drawings);
  useEffect(() => {
    if (loaded !== undefined) return;
    let isGone = false;
    void import('../plot/drawings.ts').then((module) => {
      drawings = module;
      if (!isGone) setLoaded(module);
    });
    return () => {
      isGone = true;
    };
  }, [loaded]);
  return loaded;
}

interface DrawingProps {
  /** Keep it the same while nothing changes: another one is drawn anew. */
  readonly draw: (size: Size) => Element;
  readonly height: number;
  /** The drawing in words. */
  readonly label: string;
}

/** A drawing as wide as its place, drawn again when that or what it shows changes; the old one stays until then. */
export function Drawing({ draw, height, label }: DrawingProps) {
  const root = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = root.current!;
    const measure = () => setWidth(Math.floor(element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (width === 0) return;
    const drawing = draw({ width, height });
    // The words on its place tell it; its many texts, read one by one, would not.
    drawing.setAttribute('aria-hidden', 'true');
    root.current!.replaceChildren(drawing);
  }, [draw, width, height]);
  return <div ref={root} class="drawing" role="img" aria-label={label} style={{ height: `${height}px` }} />;
}
