import { observeWindowOffset, observeWindowRect, Virtualizer, windowScroll } from '@tanstack/virtual-core';
import { useSignal } from '@preact/signals';
import { useLayoutEffect, useMemo } from 'preact/hooks';

interface Options {
  count: number;
  /** Height of every row in CSS pixels. */
  rowPx: number;
  /** Where the first row begins, from the top of the document. */
  topPx: number;
}

export interface WindowOfRows {
  /** Indices of the rows to be drawn: those in sight and a few around them. */
  first: number;
  /** The one after the last. */
  end: number;
  /** Heights of what is left out. */
  beforePx: number;
  afterPx: number;
  /** Scrolls until the row is in sight. */
  show: (index: number) => void;
}

const AROUND = 12;

/** Which of many rows of one height are to be drawn while the window scrolls. */
export function useWindow({ count, rowPx, topPx }: Options): WindowOfRows {
  const drawn = useSignal(0);
  const options = {
    ...{ count, overscan: AROUND, scrollMargin: topPx },
    ...{ observeElementRect: observeWindowRect, observeElementOffset: observeWindowOffset, scrollToFn: windowScroll },
    getScrollElement: () => window,
    estimateSize: () => rowPx,
    initialRect: { width: innerWidth, height: innerHeight },
    initialOffset: () => scrollY,
    onChange: () => (drawn.value += 1),
  };
  const rows = useMemo(() => new Virtualizer<Window, Element>(options), []);
  rows.setOptions(options);
  useLayoutEffect(() => rows._didMount(), [rows]);
  useLayoutEffect(() => rows._willUpdate());
  useLayoutEffect(() => rows.measure(), [rows, rowPx]);
  // Read, so that this is done again when another part comes into sight.
  const items = drawn.value < 0 ? [] : rows.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const end = (items.at(-1)?.index ?? -1) + 1;
  return {
    first,
    end,
    beforePx: first * rowPx,
    afterPx: (count - end) * rowPx,
    show: (index) => {
      rows.scrollToIndex(index, { align: 'auto' });
    },
  };
}
