import { SyntaxProblem } from './limits.ts';

export interface Token {
  kind: 'int' | 'float' | 'string' | 'name' | 'operator' | 'end';
  /** The operator or name; for a string its content; for a number its digits. */
  text: string;
  offset: number;
}

const SPACE = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const NUMBER =
  /0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*)?\.\d[\d_]*(?:[eE][+-]?\d+)?|\d[\d_]*(?:\.(?![.\p{L}_]))?(?:[eE][+-]?\d+)?/uy;
const NAME = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const POINTER = /#(?:acc|index)?/y;
const OPERATOR = /\?\.|\?\?|\*\*|\.\.|==|!=|<=|>=|&&|\|\||[-+*/%^<>!?:,.;|()[\]{}=]/y;
const RAW = /`((?:[^`]|``)*)`/y;
const QUOTED = /"((?:[^"\\\n]|\\[\s\S])*)"|'((?:[^'\\\n]|\\[\s\S])*)'/y;
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([\s\S]))/g;
const SIMPLE: Record<string, string> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

function unescaped(body: string, offset: number): string {
  return body.replace(ESCAPE, (whole: string, x, u, U, octal, simple: string | undefined) => {
    const hex = x ?? u ?? U;
    const code = hex === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hex, 16);
    if (code <= 0x10ffff) return String.fromCodePoint(code);
    const character = SIMPLE[simple ?? ''];
    if (character === undefined) throw new SyntaxProblem(`invalid escape ${whole} in a string`, offset);
    return character;
  });
}

/** Splits a source into tokens; the last one is `end`. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = offset;
    return pattern.exec(source);
  };
  const next = (): [Token['kind'], string, string] => {
    const number = take(NUMBER)?.[0];
    if (number) {
      const whole = number.replaceAll('_', '');
      const float = !/^0[xob]/i.test(whole) && /[.eE]/.test(whole);
      return [float ? 'float' : 'int', whole, number];
    }
    const name = take(NAME)?.[0] ?? take(POINTER)?.[0];
    if (name) return ['name', name, name];
    const raw = take(RAW);
    if (raw) return ['string', (raw[1] ?? '').replaceAll('``', '`'), raw[0]];
    const quoted = take(QUOTED);
    if (quoted) return ['string', unescaped(quoted[1] ?? quoted[2] ?? '', offset), quoted[0]];
    const operator = take(OPERATOR)?.[0];
    if (operator) return ['operator', operator, operator];
    const character = String.fromCodePoint(source.codePointAt(offset) ?? 0);
    if ('"\'`'.includes(character)) throw new SyntaxProblem('this string is not closed', offset);
    throw new SyntaxProblem(`unexpected character ${character}`, offset);
  };
  for (;;) {
    offset += take(SPACE)?.[0].length ?? 0;
    if (offset >= source.length) break;
    const [kind, text, consumed] = next();
    tokens.push({ kind, text, offset });
    offset += consumed.length;
  }
  tokens.push({ kind: 'end', text: 'the end', offset: source.length });
  return tokens;
}
