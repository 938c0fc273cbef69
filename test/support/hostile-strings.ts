const ESC = '\u001b';

/** Texts that do harm where they are taken for something else than text, by what they attack. */
export const HOSTILE_STRINGS = {
  markup: [
    '<img src=x onerror="document.title=`owned`"><script>document.title="owned"</script>',
    '"><svg onload=alert(1)>',
    'javascript:alert(1)',
    "'-alert(1)-'",
    '</textarea></title><iframe src="https://evil.example">',
    '&lt;b&gt;not bold&lt;/b&gt;',
    ']]><!-- --!><style>*{display:none}</style>',
  ],
  template: [
    '{{constructor.constructor("alert(1)")()}}',
    '${7*7}#{7*7}<%= 7*7 %>',
    '{code} {message} {remedy} {detail} {id}',
    '%s%n%d%x%%',
  ],
  shell: [';reboot #', '$(reboot)`reboot`|reboot&', '../../../../etc/passwd', '-rf', "'; DROP TABLE devices; --"],
  formula: ['=HYPERLINK("https://evil.example","x")', '+1+cmd|/C calc!A0', '@SUM(1+1)', '-2+3'],
  terminal: [
    `${ESC}[2J${ESC}[H${ESC}[31mroot@master:~# `,
    `${ESC}]0;owned\u0007`,
    `${ESC}]52;c;cm0gLXJmIC8=\u0007`,
    `${ESC}]8;;https://evil.example\u0007link${ESC}]8;;\u0007`,
    '\u009b2J\u009d0;owned\u009c',
    'pi\b\b\bok\u007f',
    'pi\rok',
    '\u0000pi\u0000',
    '\u000e\u000f\u0005',
  ],
  forgedLine: [
    'pi\n{"level":"error","msg":"forged"}',
    'pi\r\n<3>forged',
    'pi\u2028forged\u2029forged\u0085forged\u000bforged\u000cforged',
    'pi\n\n\tReady   True   forged',
  ],
  bidi: ['\u202Egnp.exe\u202D\u2067', '\u2066pi\u2069\u200F\u061C', 'אבג raspberry 12', '\u206A\u206F'],
  invisible: [
    'raspberry\u200B\u200C\u200D\u2060\uFEFFpi',
    'pi\u00AD\u180E',
    'pi\u{E0041}\u{E0042}',
    '\uFFF9a\uFFFAb\uFFFB',
  ],
  unicode: ['\uD800', 'pi\uDFFF', '\uE000\u{F0000}', '\uFFFD', 'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L', '👩‍👩‍👧‍👦', 'ﷺ'.repeat(8)],
  yamlJson: [
    'a: b\n- c',
    '!!js/function "x"',
    '*alias',
    '&anchor x',
    '"}],"x":{"y":"',
    '\\u0000\\n\\"',
    'null',
    'yes',
    '0x10',
    '1e999',
    '~',
    '# comment',
    '---\n...',
    '__proto__',
    'constructor',
  ],
  long: ['x'.repeat(5000), 'ü'.repeat(3000), `${'\u0301'.repeat(2000)}a`, ' '.repeat(3000)],
} as const;

/** All of them. */
export const ALL_HOSTILE_STRINGS: readonly string[] = Object.values(HOSTILE_STRINGS).flat();

/** Control and format characters, line separators, lone surrogates, private use: what `printable` removes. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;

/** The first text inside `value`, keys included, that holds something not printable; undefined when all is well. */
export function firstUnprintable(value: unknown): string | undefined {
  if (typeof value === 'string') return UNPRINTABLE.test(value) ? JSON.stringify(value) : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const found = firstUnprintable(key) ?? firstUnprintable(child);
    if (found !== undefined) return `${key}: ${found}`;
  }
  return undefined;
}

/** Whether a text on a terminal holds nothing that acts on it, apart from line ends and the colours of `usher`. */
export function isTameOnTerminal(text: string): boolean {
  // eslint would have the escape spelled out in a literal refused; a pattern from text is none.
  const ownColours = new RegExp(`${ESC}\\[(?:0|2|31|32|33)m`, 'g');
  return !UNPRINTABLE.test(text.replaceAll(ownColours, '').replaceAll('\n', ''));
}
