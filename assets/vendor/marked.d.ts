// What the page uses of marked.

export interface Token {
  type: string;
  raw: string;
}

export class Marked {
  constructor(options: { gfm?: boolean; breaks?: boolean });
  use(extension: { renderer: { html?: (token: { text: string }) => string; image?: (token: { href: string; text: string }) => string } }): void;
  lexer(text: string): Token[];
  parser(tokens: Token[]): string;
}
