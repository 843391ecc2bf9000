/** A write to the directory was refused: what was wrong and what is allowed. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError'
  readonly code: 'invalid' | 'taken' | 'missing'
  /** The field at fault, keys joined by dots; '' when it is the whole. */
  readonly field: string

  constructor(code: DirectoryError['code'], field: string, sentence: string) {
    super(field === '' ? sentence : `${field}: ${sentence}`)
    this.code = code
    this.field = field
  }
}
