import type { Page } from 'playwright-core';

/**
 * Texts that stand out too little from their ground: below the ratio of 4.5 of WCAG 2.2, success criterion 1.4.3.
 * Disabled controls and what is not visible do not count.
 */
export function poorContrasts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const MIN_RATIO = 4.5;
    type Colour = [red: number, green: number, blue: number, alpha: number];
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });

    const parse = (css: string): Colour => {
      if (canvas === null) return [0, 0, 0, 0];
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = css;
      canvas.fillRect(0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data;
      return [red, green, blue, alpha / 255];
    };
    const over = (top: Colour, below: Colour): Colour => {
      const mix = (at: 0 | 1 | 2): number => top[at] * top[3] + below[at] * (1 - top[3]);
      return [mix(0), mix(1), mix(2), 1];
    };
    const groundOf = (element: Element | null): Colour => {
      if (element === null) return [255, 255, 255, 1];
      const own = parse(getComputedStyle(element).backgroundColor);
      return own[3] === 1 ? own : over(own, groundOf(element.parentElement));
    };
    const luminance = ([red, green, blue]: Colour): number => {
      const [r = 0, g = 0, b = 0] = [red, green, blue].map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const poor: string[] = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      const element = node.parentElement;
      if (element === null || node.textContent?.trim() === '' || !element.checkVisibility()) continue;
      if (element.closest(':disabled, .unseen, option') !== null) continue;
      const ground = groundOf(element);
      const ink = over(parse(getComputedStyle(element).color), ground);
      const [low = 0, high = 0] = [luminance(ink), luminance(ground)].sort((a, b) => a - b);
      const ratio = (high + 0.05) / (low + 0.05);
      if (ratio < MIN_RATIO) poor.push(`${ratio.toFixed(2)} ${element.className} ${node.textContent ?? ''}`);
    }
    return poor;
  });
}
