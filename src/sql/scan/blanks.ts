import { isDigit, isSpace } from './characters.ts';

/** Version comments up to this number are carried out. */
export const executedVersion = 50725;

/** A position in a text that can step over blanks and comments: the part of the scanner that yields no tokens. */
export class Blanks {
  readonly text: string;
  position = 0;
  /** Pairs of offsets the language does not see: comments and the brackets of version comments. */
  readonly removed: number[] = [];
  protected inVersionComment = false;

  constructor(text: string) {
    this.text = text;
  }

  /** True inside of a version comment that is being carried out. */
  get versioned(): boolean {
    return this.inVersionComment;
  }

  /** Skips blanks and comments; false when a comment never ends. */
  protected skip(): boolean {
    const { text } = this;
    for (;;) {
      while (isSpace(text.charCodeAt(this.position))) this.position++;
      const code = text.charCodeAt(this.position);
      if (code === 35) this.skipLine();
      else if (code === 45 && this.dashes()) this.skipLine();
      else if (code === 47 && text.charCodeAt(this.position + 1) === 42) {
        if (!this.comment()) return false;
      } else if (code === 42 && this.inVersionComment && text.charCodeAt(this.position + 1) === 47) {
        this.inVersionComment = false;
        this.remove(this.position, this.position + 2);
      } else return true;
    }
  }

  private remove(start: number, end: number): void {
    this.removed.push(start, end);
    this.position = end;
  }

  private dashes(): boolean {
    const { text, position } = this;
    if (text.charCodeAt(position + 1) !== 45) return false;
    const after = text.charCodeAt(position + 2);
    return Number.isNaN(after) || after <= 32;
  }

  private skipLine(): void {
    const end = this.text.indexOf('\n', this.position);
    this.remove(this.position, end < 0 ? this.text.length : end);
  }

  private comment(): boolean {
    const { text, position } = this;
    if (text.charCodeAt(position + 2) === 33 && !this.inVersionComment) {
      let at = position + 3;
      while (isDigit(text.charCodeAt(at)) && at < position + 9) at++;
      const digits = at - position - 3;
      if (digits < 5) at = position + 3;
      if (digits < 5 || Number(text.slice(position + 3, at)) <= executedVersion) {
        this.inVersionComment = true;
        this.remove(position, at);
        return true;
      }
    }
    const end = text.indexOf('*/', position + 2);
    this.remove(position, end < 0 ? text.length : end + 2);
    return end >= 0;
  }
}
